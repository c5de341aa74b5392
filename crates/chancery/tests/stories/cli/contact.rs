//! Contacts by the command line: in from a file, listed, and out again.

use serde_json::json;

use super::program::Folder;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_come_in_and_go_out_by_files() {
    let folder = Folder::new();
    let owner = ["setup", "--email", "olivia@company.example.com", "--password-stdin", "--json"];
    folder.json_with_input(&owner, "correct horse battery\n");
    let outside = tempfile::tempdir().unwrap();
    let path = |name: &str| outside.path().join(name).to_string_lossy().into_owned();
    let csv = path("people.csv");
    std::fs::write(&csv, "Who,Mail\nJane Doe,jane@example.com\nNobody,\n").unwrap();
    let import = ["contact", "import", &csv, "--map", "Who=name", "--map", "Mail=email", "--json"];
    let rehearsed = folder.json(&[&import[..], &["--dry-run"]].concat());
    let done = folder.json(&import);
    for report in [&rehearsed, &done] {
        assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)), "{report}");
    }
    assert_eq!(folder.json(&["contact", "list", "jan", "--json"])["name"], "Jane Doe");
    let cards = path("people.vcf");
    folder.text(&["contact", "export", "--format", "vcard", "--output", &cards]);
    assert!(std::fs::read_to_string(&cards).unwrap().contains("EMAIL:jane@example.com\r\n"));
    let again = folder.text(&["contact", "import", &cards]);
    assert!(again.contains("0 created, 0 updated, 1 unchanged, 0 refused of 1 rows"), "{again}");
    assert!(folder.text(&["contact", "export"]).contains(",Jane Doe,jane@example.com,"));
}
