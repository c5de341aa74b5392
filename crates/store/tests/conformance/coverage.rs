//! No query is left out: each public function of the store is named somewhere in this suite.

use std::path::Path;

/// Every Rust file of a folder, as one text each, with its name.
fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_query_is_driven() {
    let suite: String = files("tests/conformance").into_iter().map(|(_, text)| text).collect();
    let mut queries = 0;
    let lists = ["messages", "contacts", "conversations", "search"].into_iter().flat_map(|module| {
        files(&format!("src/{module}")).into_iter().map(move |(_, text)| (module.to_owned(), text))
    });
    for (module, text) in files("src").into_iter().chain(lists) {
        for line in text.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
            let name = line.split(['(', '<']).next().unwrap_or_default();
            // Migrations and servers are no queries; their tests do not call them by these names.
            if ["migrations", "testing"].contains(&module.as_str()) {
                continue;
            }
            queries += 1;
            assert!(suite.contains(&format!("{module}::{name}(")), "no test calls {module}::{name}");
        }
    }
    assert!(queries > 100, "only {queries} queries were found in the sources");
}
