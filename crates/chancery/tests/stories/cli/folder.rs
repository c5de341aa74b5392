//! The data folder: a mistyped one is told, and not made into an empty server.

use super::program::Folder;

#[test]
fn a_folder_without_a_server_is_told_and_left_alone() {
    let folder = Folder::new();
    for arguments in [
        &["key", "list"][..],
        &["channel", "list"],
        &["backup", "copy"],
        &["audit", "verify"],
        &["send", "--to", "jane@example.com", "--text", "Hi"],
    ] {
        let said = folder.fails(arguments);
        assert!(said.contains("there is no Chancery in the data folder"), "{arguments:?}: {said}");
        assert!(said.contains("chancery setup"), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}
