//! Migrations: processes that start at once, and a database that is of a newer version than the program.

use store::{Error, Store, args, newest_migration, settings};

use crate::ground::{Ground, OURS, blocking};

on_both! {
    a_database_of_a_newer_version_is_refused,
    opening_again_changes_nothing,
    several_may_migrate_at_once,
}

async fn a_database_of_a_newer_version_is_refused(ground: &Ground) {
    ground
        .write(|tx| {
            settings::put(tx, OURS, "kept", "yes")?;
            tx.run(
                "INSERT INTO migrations (number, name) VALUES ($1, $2)",
                &args![newest_migration() + 1, "0099_later"],
            )
        })
        .await;
    ground.stop().await;
    let refused = ground.reopen().await.err().expect("it is of a newer version");
    let (words, later) = (refused.to_string(), newest_migration() + 1);
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
    assert!(
        words.contains(&format!("of a newer version (step {later})"))
            && words.contains("use the newer program"),
        "{words}"
    );
}

async fn opening_again_changes_nothing(ground: &Ground) {
    ground.write(|tx| settings::put(tx, OURS, "kept", "yes")).await;
    ground.stop().await;
    let reopened = ground.reopen().await.unwrap();
    assert_eq!(reopened.read(|tx| settings::get(tx, OURS, "kept")).await.unwrap().as_deref(), Some("yes"));
    blocking(move || reopened.stop()).await;
}

/// All tables are dropped, then several processes start at the same moment.
async fn several_may_migrate_at_once(ground: &Ground) {
    for round in 0..3 {
        ground
            .store
            .write(OURS, |tx| {
                for table in crate::dump::tables(tx)? {
                    let drop: &'static str = format!("DROP TABLE {table}").leak();
                    tx.execute(drop, &[])?;
                }
                Ok::<(), Error>(())
            })
            .await
            .unwrap();
        let opened = futures_util::future::join_all((0..4).map(|_| ground.reopen())).await;
        let opened: Vec<Store> = opened.into_iter().map(|store| store.unwrap()).collect();
        for store in &opened {
            store.write(OURS, move |tx| settings::put(tx, OURS, "round", &format!("{round}"))).await.unwrap();
        }
        let steps: i64 = opened[0]
            .read(|tx| tx.one("SELECT COUNT(*) FROM migrations", &[], store::db::only))
            .await
            .unwrap();
        assert_eq!(steps, newest_migration());
        blocking(move || opened.iter().for_each(Store::stop)).await;
    }
}
