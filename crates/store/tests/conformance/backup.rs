//! A backup is taken while the server works; it opens, and it holds one moment with everything that was answered before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::{Error, Store, counters, journal, settings};

use crate::ground::{Ground, OURS, blocking, ids};
use crate::sample;

#[tokio::test]
async fn a_backup_of_a_running_database_holds_everything() {
    let ground = Ground::sqlite().await;
    ground
        .write(|tx| {
            let ids = ids();
            for number in 0..400 {
                journal::insert(tx, &sample::entry(&ids, OURS, &number.to_string(), 0), None, &[7; 100_000])?;
            }
            settings::put(tx, OURS, "before", "yes")
        })
        .await;
    let target = ground.folder.path().join("copy.db");
    let done = Arc::new(AtomicBool::new(false));
    let copying = {
        let (store, target, done) = (ground.store.clone(), target.clone(), Arc::clone(&done));
        async move {
            let mut told = Vec::new();
            let told =
                blocking(move || store.backup(&target, |pages, all| told.push((pages, all))).map(|()| told))
                    .await;
            done.store(true, Ordering::SeqCst);
            told.unwrap()
        }
    };
    let writing = async {
        let mut rounds = 0_u32;
        while !done.load(Ordering::SeqCst) {
            ground
                .write(|tx| {
                    counters::add(tx, OURS, "pair.left", 1)?;
                    counters::add(tx, OURS, "pair.right", 1)
                })
                .await;
            rounds += 1;
        }
        rounds
    };
    let (told, rounds) = futures_util::future::join(copying, writing).await;
    assert!(rounds > 0);
    let pages: Vec<u64> = told.iter().map(|(pages, _)| *pages).collect();
    assert!(pages.is_sorted(), "a copy never begins anew: {pages:?}");
    assert!(told.last().is_some_and(|(pages, all)| pages == all && *all > 9_000), "{:?}", told.last());

    let copy = blocking(move || Store::open_sqlite(&target)).await.unwrap();
    let (before, pair, sound) = copy
        .read(|tx| {
            let sound: String = tx.one("PRAGMA integrity_check", &[], store::db::only)?;
            Ok::<_, Error>((
                settings::get(tx, OURS, "before")?,
                counters::with_prefix(tx, OURS, "pair.")?,
                sound,
            ))
        })
        .await
        .unwrap();
    assert_eq!((before.as_deref(), sound.as_str()), (Some("yes"), "ok"));
    assert!(pair.is_empty() || pair[0].1 == pair[1].1, "{pair:?}");
    let entries: i64 = copy
        .read(|tx| tx.one::<i64>("SELECT COUNT(*) FROM inbound_journal", &[], store::db::only))
        .await
        .unwrap();
    assert_eq!(entries, 400);
    blocking(move || copy.stop()).await;
    ground.end().await;
}

#[tokio::test]
async fn a_backup_of_postgres_is_left_to_its_tools() {
    let Some(ground) = Ground::postgres().await else { return };
    let (store, target) = (ground.store.clone(), ground.folder.path().join("copy.db"));
    let refused = blocking(move || store.backup(&target, |_, _| {})).await;
    assert!(matches!(&refused, Err(Error::Unavailable(words)) if words.contains("pg_dump")), "{refused:?}");
    ground.end().await;
}
