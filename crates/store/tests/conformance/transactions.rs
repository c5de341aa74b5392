//! What a transaction promises: all or nothing, each caller answered, a reader sees one moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use domain::ids::TenantId;
use store::{Error, Store, Tx, args, counters, settings, tenants};

use crate::ground::{Ground, OURS, at};

on_both! {
    a_closure_that_fails_leaves_nothing,
    a_failure_in_a_group_undoes_only_itself,
    a_closure_cannot_go_on_after_a_failed_statement,
    a_unique_key_that_exists_is_a_conflict,
    a_panic_ends_one_closure_and_not_the_writer,
    what_was_answered_is_read_by_everybody,
    a_reader_sees_one_moment,
    a_reader_cannot_write,
    many_callers_are_all_answered,
    a_full_queue_sends_callers_away,
    a_caller_may_go_away,
    arguments_stand_by_their_number,
    a_stopped_store_says_so,
    a_cut_connection_is_made_anew,
}

const NOT_A_STATEMENT: &str = "SELECT nothing FROM nowhere";

fn refuse() -> Result<(), Error> {
    Err(Error::Unexpected("refused by the closure".into()))
}

/// Holds the writer of our tenant until the sender is dropped, so that what is written meanwhile becomes one group.
fn hold(store: &Store) -> (mpsc::Sender<()>, impl Future<Output = Result<(), Error>>) {
    let (let_go, held) = mpsc::channel::<()>();
    let store = store.clone();
    let writing = async move {
        store
            .write(OURS, move |_: &mut Tx<'_>| {
                held.recv().ok();
                Ok::<(), Error>(())
            })
            .await
    };
    (let_go, writing)
}

async fn a_closure_that_fails_leaves_nothing(ground: &Ground) {
    let refused = ground
        .store
        .write(OURS, |tx| {
            settings::put(tx, OURS, "kept", "no")?;
            refuse()
        })
        .await;
    assert!(matches!(&refused, Err(Error::Unexpected(words)) if words.contains("refused")), "{refused:?}");
    assert_eq!(ground.read(|tx| settings::get(tx, OURS, "kept")).await, None);
}

/// In one commit with others, only what failed is undone and everybody hears their own answer.
async fn a_failure_in_a_group_undoes_only_itself(ground: &Ground) {
    let (let_go, holding) = hold(&ground.store);
    let group = (0..40).map(|number: u32| {
        let store = ground.store.clone();
        async move {
            store
                .write(OURS, move |tx| {
                    settings::put(tx, OURS, &format!("closure {number}"), "here")?;
                    match number % 4 {
                        1 => refuse().map(|()| 0),
                        2 => tx.query(NOT_A_STATEMENT, &[], |_| Ok(())).map(|_| 0),
                        _ => Ok(number),
                    }
                })
                .await
        }
    });
    let release = async move {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        drop(let_go);
    };
    let (held, answers, ()) =
        futures_util::future::join3(holding, futures_util::future::join_all(group), release).await;
    held.unwrap();
    for (number, answer) in (0..40).zip(answers) {
        let kept = number % 4 == 0 || number % 4 == 3;
        assert_eq!(answer.ok(), kept.then_some(number));
        let name = format!("closure {number}");
        let found = ground.read(move |tx| settings::get(tx, OURS, &name)).await;
        assert_eq!(found.is_some(), kept, "closure {number}");
    }
}

/// PostgreSQL gives a transaction up after a failed statement. A closure that goes on regardless must hear of it, on
/// both, instead of being told that its work was kept.
async fn a_closure_cannot_go_on_after_a_failed_statement(ground: &Ground) {
    let went_on = ground
        .store
        .write(OURS, |tx| {
            settings::put(tx, OURS, "before", "x")?;
            drop(tx.query(NOT_A_STATEMENT, &[], |_| Ok(())));
            drop(settings::put(tx, OURS, "after", "x"));
            Ok::<_, Error>(())
        })
        .await;
    assert!(matches!(went_on, Err(Error::Unexpected(_))), "{went_on:?}");
    let kept =
        ground.read(|tx| Ok((settings::get(tx, OURS, "before")?, settings::get(tx, OURS, "after")?))).await;
    assert_eq!(kept, (None, None));
}

async fn a_unique_key_that_exists_is_a_conflict(ground: &Ground) {
    const INSERT: &str = "INSERT INTO settings (tenant_id, name, value) VALUES ($1, $2, $3)";
    ground.write(|tx| tx.run(INSERT, &args![OURS, "language", "en"])).await;
    let counted = ground.store.write(OURS, |tx| tx.execute(INSERT, &args![OURS, "language", "de"])).await;
    assert!(matches!(counted, Err(Error::Conflict(_))), "{counted:?}");
    let deferred = ground.store.write(OURS, |tx| tx.run(INSERT, &args![OURS, "language", "de"])).await;
    assert!(matches!(deferred, Err(Error::Conflict(_))), "{deferred:?}");
    let empty =
        ground.store.write(OURS, |tx| tx.run(INSERT, &args![OURS, "tone", Option::<i64>::None])).await;
    assert!(matches!(empty, Err(Error::Unexpected(_))), "a missing value is no conflict: {empty:?}");
}

async fn a_panic_ends_one_closure_and_not_the_writer(ground: &Ground) {
    let panicked = ground
        .store
        .write(OURS, |tx| {
            settings::put(tx, OURS, "kept", "no")?;
            assert_eq!(
                settings::get(tx, OURS, "kept")?.as_deref(),
                Some("yes"),
                "this panic is part of the test"
            );
            Ok::<_, Error>(())
        })
        .await;
    assert!(matches!(panicked, Err(Error::Unexpected(_))), "{panicked:?}");
    for _ in 0..8 {
        let panicked = ground.store.read(|_| -> Result<(), Error> { panic!("so is this one") }).await;
        assert!(matches!(panicked, Err(Error::Unexpected(_))), "{panicked:?}");
    }
    ground.write(|tx| settings::put(tx, OURS, "later", "yes")).await;
    let found =
        ground.read(|tx| Ok((settings::get(tx, OURS, "kept")?, settings::get(tx, OURS, "later")?))).await;
    assert_eq!(found, (None, Some("yes".into())));
}

async fn what_was_answered_is_read_by_everybody(ground: &Ground) {
    let other = ground.another_store().await;
    for round in 0..20_i64 {
        ground.write(move |tx| settings::put(tx, OURS, "round", &round.to_string())).await;
        let seen = other.read(|tx| settings::get(tx, OURS, "round")).await.unwrap();
        assert_eq!(seen, Some(round.to_string()));
    }
}

/// Two counters are always raised together; no reader may ever see them differ.
async fn a_reader_sees_one_moment(ground: &Ground) {
    let writer = async {
        for _ in 0..100 {
            ground
                .write(|tx| {
                    counters::add(tx, OURS, "pair.left", 1)?;
                    counters::add(tx, OURS, "pair.right", 1)
                })
                .await;
        }
    };
    let reader = async {
        for _ in 0..100 {
            let (left, right) = ground
                .read(|tx| {
                    let left = counters::with_prefix(tx, OURS, "pair.left")?;
                    std::thread::sleep(std::time::Duration::from_micros(300));
                    Ok((left, counters::with_prefix(tx, OURS, "pair.right")?))
                })
                .await;
            assert_eq!(left.first().map(|pair| pair.1), right.first().map(|pair| pair.1));
        }
    };
    futures_util::future::join(writer, reader).await;
}

async fn a_reader_cannot_write(ground: &Ground) {
    let written = ground
        .store
        .read(|tx| {
            settings::put(tx, OURS, "kept", "no")?;
            settings::get(tx, OURS, "kept")
        })
        .await;
    assert!(written.is_err(), "{written:?}");
    assert_eq!(ground.read(|tx| settings::get(tx, OURS, "kept")).await, None);
}

async fn many_callers_are_all_answered(ground: &Ground) {
    let calls = (0..1_000_i64).map(|number| {
        let (store, tenant) = (ground.store.clone(), TenantId(number % 7));
        async move {
            let lane = number % 3;
            let write = move |tx: &mut Tx<'_>| counters::add(tx, tenant, "calls", 1).map(|()| number);
            match lane {
                0 => store.write_bulk(tenant, write).await,
                1 => store.write_any(write).await,
                _ => store.write(tenant, write).await,
            }
        }
    });
    let answers: Vec<i64> =
        futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, (0..1_000).collect::<Vec<_>>());
    let counted = ground
        .read(|tx| {
            let mut sum = 0;
            for tenant in 0..7 {
                sum += counters::with_prefix(tx, TenantId(tenant), "calls")?
                    .iter()
                    .map(|pair| pair.1)
                    .sum::<i64>();
            }
            Ok(sum)
        })
        .await;
    assert_eq!(counted, 1_000);
    assert_eq!(ground.store.waiting(), 0);
}

/// Memory stays bounded: who finds the queue full is told at once, and nothing of it is done. Bulk work has a queue of its
/// own.
async fn a_full_queue_sends_callers_away(ground: &Ground) {
    const CALLERS: usize = 17_000;
    let (let_go, holding) = hold(&ground.store);
    let calls = (0..CALLERS).map(|_| ground.store.write(OURS, |_| Ok::<(), Error>(())));
    let release = async move {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert!(ground.store.waiting() > 16_000, "{} wait", ground.store.waiting());
        let bulk = ground.store.write_bulk(OURS, |tx| settings::put(tx, OURS, "bulk", "done"));
        let go = async { drop(let_go) };
        futures_util::future::join(bulk, go).await.0.unwrap();
    };
    let (held, answers, ()) =
        futures_util::future::join3(holding, futures_util::future::join_all(calls), release).await;
    held.unwrap();
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(done.len() >= 16_000 && !refused.is_empty(), "{} done, {} refused", done.len(), refused.len());
    assert!(refused.iter().all(|refused| matches!(refused, Err(Error::Busy))));
    assert_eq!(ground.read(|tx| settings::get(tx, OURS, "bulk")).await.as_deref(), Some("done"));
}

/// A caller that gave up does not undo what it asked for, and keeps nobody waiting.
async fn a_caller_may_go_away(ground: &Ground) {
    let ran = Arc::new(AtomicU32::new(0));
    let (let_go, holding) = hold(&ground.store);
    let count = Arc::clone(&ran);
    let mut gone = Box::pin(ground.store.write(OURS, move |tx| {
        count.fetch_add(1, Ordering::SeqCst);
        settings::put(tx, OURS, "asked", "yes")
    }));
    let holding = async { holding.await.unwrap() };
    let leaving = async move {
        let patience = std::time::Duration::from_millis(50);
        assert!(tokio::time::timeout(patience, &mut gone).await.is_err(), "the writer is held");
        drop(gone);
        drop(let_go);
    };
    futures_util::future::join(holding, leaving).await;
    ground.write(|_| Ok(())).await;
    assert!(ran.load(Ordering::SeqCst) >= 1);
    assert_eq!(ground.read(|tx| settings::get(tx, OURS, "asked")).await.as_deref(), Some("yes"));
}

/// `$2` before `$1`, one used twice: numbers are positions on both.
async fn arguments_stand_by_their_number(ground: &Ground) {
    const SELECT: &str = "SELECT name FROM tenants WHERE name = $2 AND tenant_id = $1 AND name >= $2";
    let found = ground
        .write(|tx| {
            tenants::insert(tx, OURS, "Example Ltd", at(0))?;
            tx.first(SELECT, &args![OURS, "Example Ltd"], store::db::only::<String>)
        })
        .await;
    assert_eq!(found.as_deref(), Some("Example Ltd"));
}

async fn a_stopped_store_says_so(ground: &Ground) {
    ground.stop().await;
    let late = ground.store.write(OURS, |tx| settings::put(tx, OURS, "late", "x")).await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    let reopened = ground.reopen().await.unwrap();
    assert_eq!(reopened.read(|tx| settings::get(tx, OURS, "late")).await.unwrap(), None);
    crate::ground::blocking(move || reopened.stop()).await;
}

/// Nobody is told of a connection that was lost while it was idle; what was under way is run again or refused, never half.
async fn a_cut_connection_is_made_anew(ground: &Ground) {
    for round in 0..3_i64 {
        let reads = (0..8).map(|_| ground.read(|tx| settings::get(tx, OURS, "round")));
        futures_util::future::join_all(reads).await;
        ground.cut_connections().await;
        ground.write(move |tx| settings::put(tx, OURS, "round", &round.to_string())).await;
        for _ in 0..8 {
            let seen = ground.read(|tx| settings::get(tx, OURS, "round")).await;
            assert_eq!(seen, Some(round.to_string()));
        }
    }
    let writing = ground.store.write(OURS, |tx| {
        counters::add(tx, OURS, "half", 1)?;
        tx.query("SELECT 1 FROM settings", &[], |_| Ok(()))?;
        std::thread::sleep(std::time::Duration::from_millis(200));
        counters::add(tx, OURS, "half", 1)
    });
    let cutting = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        ground.cut_connections().await;
    };
    let (written, ()) = futures_util::future::join(writing, cutting).await;
    let counted = ground.read(|tx| counters::with_prefix(tx, OURS, "half")).await;
    let expected = if written.is_ok() { vec![("half".to_owned(), 2)] } else { vec![] };
    assert_eq!(counted, expected, "after {written:?}");
}
