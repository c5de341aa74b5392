//! A disk that is full: callers are told, nothing is half kept, and when there is room again work goes on by itself.
//! The disk is a limit on the size of files, which holds for a whole process; so the story plays in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use store::{Error, Store, settings};

use crate::ground::OURS;

const FOLDER: &str = "CHANCERY_TEST_FULL_DISK_IN";

#[test]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let limited = "trap '' XFSZ; exec prlimit --fsize=8388608:unlimited -- \"$0\" \"$@\"";
    let child = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full_disk::the_story_in_its_own_process", "--nocapture"])
        .env(FOLDER, folder.path())
        .output();
    let Ok(child) = child else {
        eprintln!("NOT TESTED: there is no shell here to set a limit with");
        return;
    };
    let said = String::from_utf8_lossy(&child.stderr);
    if child.status.code() == Some(127) {
        eprintln!("NOT TESTED: there is no prlimit here: {said}");
        return;
    }
    assert!(child.status.success(), "{}{said}", String::from_utf8_lossy(&child.stdout));
    assert!(said.contains("the disk had room again"), "{said}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "its parent names the folder in the environment")]
fn the_story_in_its_own_process() {
    // Without its parent there is no limit, and nothing to tell.
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let store = Store::open_sqlite(&folder.join("chancery.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kept = fill(&store).await;
        a_statement_finds_the_disk_full(&store).await;
        still_there(&store, kept).await;
        give_room();
        put(&store, "after".into(), 2_000_000).await.unwrap();
        still_there(&store, kept).await;
    });
    store.stop();
    again(&folder);
    eprintln!("the disk had room again");
}

async fn put(store: &Store, name: String, bytes: usize) -> Result<(), Error> {
    store.write(OURS, move |tx| settings::put(tx, OURS, &name, &"x".repeat(bytes))).await
}

/// Writes until the commit finds no room; gives how many were kept.
async fn fill(store: &Store) -> usize {
    for number in 0..1_000 {
        match put(store, format!("fill {number}"), 200_000).await {
            Ok(()) => {}
            Err(Error::Unavailable(_)) => {
                assert!(number > 3, "the limit came too early");
                return number;
            }
            Err(other) => panic!("a full disk is no {other:?}"),
        }
    }
    panic!("the disk was never full");
}

/// Large enough to leave the cache before the commit: SQLite gives up the whole group in the middle of it.
async fn a_statement_finds_the_disk_full(store: &Store) {
    let (let_go, held) = mpsc::channel::<()>();
    let holding = store.write(OURS, move |_| {
        held.recv().ok();
        Ok::<(), Error>(())
    });
    let group =
        (0..9).map(|number| put(store, format!("group {number}"), if number == 4 { 60_000_000 } else { 10 }));
    let release = async move {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        drop(let_go);
    };
    let (_, answers, ()) =
        futures_util::future::join3(holding, futures_util::future::join_all(group), release).await;
    assert!(matches!(answers[4], Err(Error::Unavailable(_))), "{:?}", answers[4]);
    for (number, answer) in answers.into_iter().enumerate() {
        // Those who came a moment later make a group of their own, and their few bytes may still fit.
        assert!(
            matches!(answer, Ok(()) | Err(Error::Unavailable(_))),
            "closure {number} was answered {answer:?}"
        );
        let name = format!("group {number}");
        let found = store.read(move |tx| settings::get(tx, OURS, &name)).await.unwrap();
        assert_eq!(found.is_some(), answer.is_ok(), "closure {number} was answered {answer:?}");
    }
}

async fn still_there(store: &Store, kept: usize) {
    for number in 0..=kept {
        let name = format!("fill {number}");
        let found = store.read(move |tx| settings::get(tx, OURS, &name)).await.unwrap();
        assert_eq!(found.is_some(), number < kept, "fill {number}");
    }
}

fn give_room() {
    let own = std::process::id().to_string();
    let raised = Command::new("prlimit").args(["--fsize=unlimited:unlimited", "--pid", &own]).status();
    assert!(raised.unwrap().success());
}

/// What was kept survives the end of the process.
fn again(folder: &Path) {
    let store = Store::open_sqlite(&folder.join("chancery.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let after = runtime.block_on(store.read(|tx| settings::get(tx, OURS, "after"))).unwrap();
    assert_eq!(after.map(|text| text.len()), Some(2_000_000));
    store.stop();
}
