//! Every path that our Markdown names exists, so that prose cannot drift away from the tree.

use std::path::Path;

use super::{Finding, Source, Sources};

/// A word in code marks that begins so is meant as a path of this repository.
const FOLDERS: [&str; 9] =
    ["crates/", "docs/", "web/", "bench/", "deploy/", "xtask/", "fuzz/", ".ci/", ".config/"];

/// Made by a build or a run, and so not in the tree.
const MADE: [&str; 4] = ["web/dist", "web/node_modules", "bench/results", "fuzz/artifacts"];

pub fn check(sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in sources.ending(&[".md"]) {
        for (number, line) in prose(page) {
            for path in named_paths(line) {
                if !exists(&sources.root, page, &path) {
                    let sentence = format!("names `{path}`, which does not exist");
                    findings.push(Finding::breach(format!("{}:{number}", page.path), sentence));
                }
            }
        }
    }
    findings
}

/// The numbered lines outside of fenced blocks: those show drawings and commands.
fn prose(page: &Source) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    page.text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            return None;
        }
        (!fenced).then_some((index + 1, line))
    })
}

/// The targets of links and the paths in code marks, without anchors.
fn named_paths(line: &str) -> Vec<String> {
    let marked = line
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)));
    let linked = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let linked = linked.filter(|target| {
        !target.contains("://") && !target.starts_with(['#', '/']) && !target.starts_with("mailto:")
    });
    marked
        .chain(linked)
        .filter(|path| is_plain(path))
        .map(without_anchor)
        .filter(|path| !path.is_empty())
        .collect()
}

/// A pattern such as `crates/*/src` or `docs/NAME.md` names no single path.
fn is_plain(path: &str) -> bool {
    !path.contains(['*', '<', '{', '…', ' ', '$']) && !path.contains("NAME") && !path.contains("NNNN")
}

fn without_anchor(path: &str) -> String {
    let path = path.split(['#', ':']).next().unwrap_or(path);
    path.trim_end_matches('/').to_owned()
}

fn exists(root: &Path, page: &Source, path: &str) -> bool {
    let beside = root.join(&page.path).parent().map(|folder| folder.join(path));
    let made = MADE.iter().any(|made| path.starts_with(made));
    made || root.join(path).exists() || beside.is_some_and(|beside| beside.exists())
}

#[cfg(test)]
mod tests {
    use super::named_paths;

    #[test]
    fn finds_links_and_paths_in_code_marks() {
        let line =
            "See [style](docs/STYLE.md#names), `crates/store/src/db/` and [the site](https://example.com/a).";
        assert_eq!(named_paths(line), ["crates/store/src/db", "docs/STYLE.md"]);
    }

    #[test]
    fn leaves_commands_patterns_and_foreign_words_alone() {
        let line = "Run `cargo xtask ci`; all of `crates/*/README.md`, `text/html`, `crates/providers/src/NAME/`, [up](#top).";
        assert!(named_paths(line).is_empty());
    }
}
