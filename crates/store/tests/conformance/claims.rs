//! Leases: what one process has claimed, no other gets, however many ask at once.

use std::collections::BTreeSet;

use domain::ids::{EpochId, MessageId};
use futures_util::future::join_all;
use store::deliveries::{self, Lane};
use store::{Store, jobs, journal, schedules};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    a_delivery_is_leased_once,
    a_job_is_leased_once,
    a_journal_entry_is_leased_once,
    a_round_of_a_schedule_is_taken_once,
}

const ROWS: usize = 300;

/// Four claimers over two processes; each claims until nothing is left.
async fn claimers(ground: &Ground) -> Vec<(Store, EpochId)> {
    let ids = domain::ids::Ids::new(domain::clock::Clock::manual(at(0)), domain::chance::Chance::seeded(5));
    let other = ground.another_store().await;
    [&ground.store, &other, &ground.store, &other].map(|store| (store.clone(), ids.next())).to_vec()
}

fn each_once<T: Ord + std::fmt::Debug>(claimed: Vec<T>) {
    let all = claimed.len();
    let distinct: BTreeSet<T> = claimed.into_iter().collect();
    assert_eq!((all, distinct.len()), (ROWS, ROWS));
}

async fn a_delivery_is_leased_once(ground: &Ground) {
    let account = ids().next();
    ground
        .write(move |tx| {
            let ids = ids();
            for number in 0..ROWS {
                let due = i64::try_from(number % 17).unwrap();
                deliveries::insert(tx, &sample::delivery(OURS, ids.next(), account, due))?;
            }
            deliveries::insert(tx, &sample::delivery(OURS, ids.next(), account, 5_000))
        })
        .await;
    let claiming = claimers(ground).await.into_iter().map(|(store, epoch)| async move {
        let mut mine: Vec<MessageId> = Vec::new();
        loop {
            let claimed = store
                .write_any(move |tx| deliveries::claim(tx, epoch, (OURS, account, Lane::Prompt), at(100), 7))
                .await
                .unwrap();
            assert!(claimed.len() <= 7, "{} were leased for a limit of 7", claimed.len());
            assert!(claimed.is_sorted_by_key(|delivery| delivery.due_at));
            if claimed.is_empty() {
                return mine;
            }
            assert!(claimed.iter().all(|delivery| delivery.lease == Some(epoch)));
            mine.extend(claimed.iter().map(|delivery| delivery.message));
        }
    });
    each_once(join_all(claiming).await.into_iter().flatten().collect());
}

async fn a_job_is_leased_once(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            for number in 0..ROWS {
                let tenant = if number % 2 == 0 { OURS } else { THEIRS };
                jobs::insert(tx, &sample::job(&ids, tenant, i64::try_from(number % 17).unwrap()), at(0))?;
            }
            Ok(())
        })
        .await;
    let claiming = claimers(ground).await.into_iter().map(|(store, epoch)| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.write_any(move |tx| jobs::claim(tx, epoch, at(100), 7)).await.unwrap();
            assert!(claimed.len() <= 7, "{} were leased for a limit of 7", claimed.len());
            if claimed.is_empty() {
                return mine;
            }
            assert!(claimed.iter().all(|job| job.attempts == 1));
            mine.extend(claimed.iter().map(|job| job.id));
        }
    });
    each_once(join_all(claiming).await.into_iter().flatten().collect());
}

async fn a_journal_entry_is_leased_once(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            for number in 0..ROWS {
                let tenant = if number % 2 == 0 { OURS } else { THEIRS };
                let entry = sample::entry(&ids, tenant, &number.to_string(), 0);
                assert!(journal::insert(tx, &entry, None, b"bytes")?);
            }
            Ok(())
        })
        .await;
    let claiming = claimers(ground).await.into_iter().map(|(store, epoch)| async move {
        let mut mine = Vec::new();
        loop {
            let claimed = store.write_any(move |tx| journal::claim(tx, epoch, at(100), 7)).await.unwrap();
            assert!(claimed.len() <= 7, "{} were leased for a limit of 7", claimed.len());
            if claimed.is_empty() {
                return mine;
            }
            mine.extend(claimed.into_iter().map(|(_, id)| id));
        }
    });
    each_once(join_all(claiming).await.into_iter().flatten().collect());
}

async fn a_round_of_a_schedule_is_taken_once(ground: &Ground) {
    for round in 0..10 {
        let taking = claimers(ground).await.into_iter().map(|(store, _)| async move {
            store
                .write_any(move |tx| schedules::take(tx, "clean-up", at(round * 60), at(round * 60 + 60)))
                .await
                .unwrap()
        });
        let taken = join_all(taking).await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 1, "round {round}");
    }
}
