//! Whoever reads the results may stop: the command ends quietly, and what it did is done.

use super::program::Folder;
use super::{mail_server, set_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_pipe_ends_a_command_quietly() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    set_up(&folder, &mail);
    // More than a pipe holds, so that the writer is still at it when the reader is gone.
    let rows: String = (0..4_000).map(|n| format!("Reader {n},reader{n}@example.com\n")).collect();
    let file = folder.path().join("readers.csv");
    std::fs::write(&file, format!("name,email\n{rows}")).unwrap();
    folder.text(&["contact", "import", file.to_str().unwrap()]);
    for arguments in [
        &["contact", "list", "--limit", "4000"][..],
        &["contact", "list", "--limit", "4000", "--json"],
        &["contact", "export"],
        &["openapi"],
    ] {
        let (status, said) = folder.half_read(arguments);
        assert!(status.success() && said.is_empty(), "{arguments:?}: {status} {said}");
    }
}
