//! The suppression list by the command line: kept by hand, in and out by files, and heeded by what is sent.

use serde_json::json;

use super::program::Folder;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_kept_from_a_script() {
    let folder = Folder::new();
    let owner = ["setup", "--email", "olivia@company.example.com", "--password-stdin", "--json"];
    folder.json_with_input(&owner, "correct horse battery\n");
    let add = ["suppression", "add", "jane@example.com", "--detail", "asked by phone", "--json"];
    let entry = folder.json(&add);
    assert_eq!((&entry["reason"], &entry["source"]), (&json!("manual"), &json!("chancery")), "{entry}");
    let outside = tempfile::tempdir().unwrap();
    let path = |name: &str| outside.path().join(name).to_string_lossy().into_owned();
    let csv = path("list.csv");
    std::fs::write(&csv, "address,reason\njoe@example.com,complaint\nnobody,\n").unwrap();
    let rehearsed = folder.text(&["suppression", "import", &csv, "--dry-run"]);
    assert!(
        rehearsed.starts_with("nothing was changed; an import would give: 1 added, 0 known, 1 refused of 2")
    );
    assert!(rehearsed.contains("row 3, address: "), "{rehearsed}");
    assert_eq!(folder.json(&["suppression", "import", &csv, "--json"])["added"], 1);
    let listed = folder.text(&["suppression", "list", "--reason", "complaint"]);
    assert!(listed.contains("joe@example.com") && !listed.contains("jane@example.com"), "{listed}");
    let id = entry["id"].as_str().unwrap();
    folder.text(&["suppression", "remove", id, "--reason", "called again"]);
    let exported = path("export.csv");
    folder.text(&["suppression", "export", "--output", &exported]);
    let exported = std::fs::read_to_string(&exported).unwrap();
    assert!(exported.contains("joe@example.com,email,complaint,imported from a file,"), "{exported}");
    assert_eq!(exported.lines().count(), 2, "{exported}");
}
