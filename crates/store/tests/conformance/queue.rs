//! The send queue, jobs, schedules, epochs, the journal, idempotency keys and the feed.

use domain::event::FeedType;
use domain::ids::{AccountId, EpochId, MessageId};
use store::deliveries::{self, Delivery, Lane};
use store::journal::{self, Entry, JournalState};
use store::{epochs, feed, idempotency, jobs, schedules};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample::{self, hash};

on_both! {
    a_delivery_is_leased_started_and_done,
    what_never_left_is_taken_back,
    a_delivery_goes_on_with_another_account,
    what_a_dead_process_held_is_free,
    a_job_is_retried_and_done,
    the_journal_keeps_what_came_in,
    an_idempotency_key_is_reserved_once,
    the_feed_goes_on_behind_a_number,
}

async fn a_delivery_is_leased_started_and_done(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (account, epoch, other): (AccountId, EpochId, EpochId) = (ids.next(), ids.next(), ids.next());
            let key = (OURS, account, Lane::Prompt);
            let late = sample::delivery(OURS, ids.next(), account, 50);
            let early = sample::delivery(OURS, ids.next(), account, 10);
            let bulk = Delivery { lane: Lane::Bulk, ..sample::delivery(OURS, ids.next(), account, 1) };
            let held = Delivery {
                lease: Some(other),
                started_at: Some(at(2)),
                attempts: 1,
                ..sample::delivery(OURS, ids.next(), account, 1)
            };
            for delivery in [&late, &early, &bulk, &held] {
                deliveries::insert(tx, delivery)?;
                assert_eq!(deliveries::get(tx, OURS, delivery.message)?.as_ref(), Some(delivery));
            }
            assert_eq!(deliveries::next_due(tx, OURS, account, Lane::Prompt)?, Some(at(10)));
            assert_eq!(deliveries::waiting(tx, OURS, account, 100)?, 4);
            assert_eq!(deliveries::waiting(tx, OURS, account, 3)?, 3);
            assert!(deliveries::claim(tx, epoch, key, at(9), 10)?.is_empty(), "nothing is due yet");
            let leased = Delivery { lease: Some(epoch), ..early.clone() };
            assert_eq!(deliveries::claim(tx, epoch, key, at(10), 10)?, [leased]);
            assert_eq!(deliveries::leased_by(tx, epoch, 10)?.len(), 1);
            assert!(!deliveries::start(tx, OURS, early.message, at(11), other)?, "not its lease");
            assert!(deliveries::start(tx, OURS, early.message, at(11), epoch)?);
            assert!(!deliveries::start(tx, OURS, early.message, at(12), epoch)?, "started once");
            let started = deliveries::get(tx, OURS, early.message)?.unwrap();
            assert_eq!((started.attempts, started.started_at), (1, Some(at(11))));
            assert!(!deliveries::cancel(tx, OURS, early.message)?, "too late");
            deliveries::retry(tx, OURS, early.message, at(90))?;
            let again = deliveries::get(tx, OURS, early.message)?.unwrap();
            assert_eq!(
                (again.lease, again.started_at, again.due_at, again.attempts),
                (None, None, at(90), 1)
            );
            assert!(deliveries::cancel(tx, OURS, early.message)?);
            deliveries::delete(tx, OURS, held.message)?;
            assert_eq!(deliveries::get(tx, OURS, held.message)?, None);
            Ok(())
        })
        .await;
}

async fn a_delivery_goes_on_with_another_account(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (one, other): (AccountId, AccountId) = (ids.next(), ids.next());
            let (epoch, stranger): (EpochId, EpochId) = (ids.next(), ids.next());
            let rows: Vec<Delivery> = (0..5).map(|_| sample::delivery(OURS, ids.next(), one, 10)).collect();
            let later = sample::delivery(OURS, ids.next(), one, 80);
            for row in rows.iter().chain([&later]) {
                deliveries::insert(tx, row)?;
            }
            let key = (OURS, one, Lane::Prompt);
            let first = deliveries::waiting_behind(tx, key, at(50), None, 3)?;
            assert_eq!(first, rows[..3]);
            let behind = first.last().map(|row| (row.due_at, row.message));
            assert_eq!(deliveries::waiting_behind(tx, key, at(50), behind, 3)?, rows[3..]);
            let moved = (OURS, rows[0].message);
            assert!(deliveries::reroute(tx, moved, one, other, at(60))?);
            assert!(!deliveries::reroute(tx, moved, one, other, at(60))?, "it is not there any more");
            let row = deliveries::get(tx, OURS, rows[0].message)?.unwrap();
            assert_eq!((row.account, row.due_at, row.lease, row.started_at), (other, at(60), None, None));
            deliveries::claim(tx, epoch, key, at(50), 10)?;
            assert!(deliveries::waiting_behind(tx, key, at(50), None, 10)?.is_empty(), "all are held");
            deliveries::release(tx, OURS, rows[1].message, stranger)?;
            assert!(deliveries::waiting_behind(tx, key, at(50), None, 10)?.is_empty(), "not its lease");
            deliveries::release(tx, OURS, rows[1].message, epoch)?;
            assert!(deliveries::start(tx, OURS, rows[2].message, at(51), epoch)?);
            deliveries::release(tx, OURS, rows[2].message, epoch)?;
            assert_eq!(deliveries::waiting_behind(tx, key, at(50), None, 10)?, [rows[1].clone()]);
            Ok(())
        })
        .await;
}

async fn what_never_left_is_taken_back(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (account, ours, other): (AccountId, EpochId, EpochId) = (ids.next(), ids.next(), ids.next());
            let message: MessageId = ids.next();
            let started = Delivery {
                lease: Some(ours),
                started_at: Some(at(1)),
                attempts: 1,
                ..sample::delivery(OURS, message, account, 0)
            };
            deliveries::insert(tx, &started)?;
            assert!(!deliveries::take_back(tx, OURS, message, other)?, "somebody else's");
            assert!(!deliveries::take_back(tx, THEIRS, message, ours)?, "another tenant's");
            assert!(deliveries::take_back(tx, OURS, message, ours)?);
            let waiting = Delivery { lease: None, started_at: None, attempts: 0, ..started };
            assert_eq!(deliveries::get(tx, OURS, message)?, Some(waiting));
            Ok(())
        })
        .await;
}

async fn what_a_dead_process_held_is_free(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (account, dead, alive): (AccountId, EpochId, EpochId) = (ids.next(), ids.next(), ids.next());
            epochs::begin(tx, dead, at(0), at(10))?;
            epochs::begin(tx, alive, at(0), at(10))?;
            assert!(epochs::renew(tx, alive, at(60))?);
            assert_eq!(epochs::dead(tx, at(11), alive)?, [dead]);
            assert_eq!(epochs::dead(tx, at(10), alive)?, []);
            assert_eq!(epochs::others(tx, alive)?, [dead]);
            let messages: [MessageId; 2] = [ids.next(), ids.next()];
            for (message, started_at) in messages.into_iter().zip([None, Some(at(1))]) {
                deliveries::insert(
                    tx,
                    &Delivery {
                        lease: Some(dead),
                        started_at,
                        ..sample::delivery(OURS, message, account, 0)
                    },
                )?;
            }
            assert_eq!(deliveries::release_unstarted(tx, dead)?, 1);
            let left: Vec<MessageId> =
                deliveries::leased_by(tx, dead, 10)?.iter().map(|delivery| delivery.message).collect();
            assert_eq!(left, [messages[1]]);
            epochs::end(tx, dead)?;
            assert!(!epochs::renew(tx, dead, at(99))?, "it was declared dead");
            Ok(())
        })
        .await;
}

async fn a_job_is_retried_and_done(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let epoch: EpochId = ids.next();
            assert_eq!(jobs::next_due(tx)?, None);
            let job = sample::job(&ids, OURS, 5);
            jobs::insert(tx, &job, at(0))?;
            assert_eq!(jobs::next_due(tx)?, Some(at(5)));
            let claimed = jobs::Job { attempts: 1, ..job.clone() };
            assert_eq!(jobs::claim(tx, epoch, at(5), 10)?, [claimed]);
            assert_eq!(jobs::next_due(tx)?, None, "a leased job is not due");
            jobs::retry(tx, OURS, job.id, at(30), "it failed")?;
            assert!(jobs::claim(tx, epoch, at(29), 10)?.is_empty());
            assert_eq!(jobs::claim(tx, epoch, at(30), 10)?[0].attempts, 2);
            jobs::release(tx, epoch)?;
            assert_eq!(jobs::claim(tx, epoch, at(30), 10)?[0].attempts, 3);
            jobs::delete(tx, OURS, job.id)?;
            jobs::release(tx, epoch)?;
            assert!(jobs::claim(tx, epoch, at(99), 10)?.is_empty());
            assert!(schedules::take(tx, "clean-up", at(0), at(60))?);
            assert!(!schedules::take(tx, "clean-up", at(59), at(119))?);
            assert!(schedules::take(tx, "clean-up", at(60), at(120))?);
            Ok(())
        })
        .await;
}

async fn the_journal_keeps_what_came_in(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (epoch, other): (EpochId, EpochId) = (ids.next(), ids.next());
            let mut entry = Entry { account: Some(ids.next()), ..sample::entry(&ids, OURS, "key", 0) };
            assert!(journal::insert(tx, &entry, Some(epoch), b"hello")?);
            let twin = sample::entry(&ids, OURS, "key", 1);
            assert!(!journal::insert(tx, &twin, None, b"hello")?, "it came before");
            assert!(journal::insert(tx, &sample::entry(&ids, THEIRS, "key", 1), Some(other), b"hello")?);
            assert_eq!(journal::by_key(tx, OURS, "key")?.as_ref(), Some(&entry));
            assert_eq!(journal::get(tx, OURS, entry.id)?.as_ref(), Some(&entry));
            assert_eq!(journal::body(tx, OURS, entry.id)?.as_deref(), Some(&b"hello"[..]));
            assert_eq!((journal::get(tx, OURS, twin.id)?, journal::body(tx, OURS, twin.id)?), (None, None));
            assert!(journal::claim(tx, other, at(99), 10)?.is_empty(), "both are being worked on");
            journal::release(tx, epoch)?;
            assert_eq!(journal::claim(tx, epoch, at(99), 10)?, [(OURS, entry.id)]);
            entry.attempts = 1;
            journal::count_attempt(tx, &entry)?;
            journal::put_aside(tx, &entry)?;
            assert!(!journal::replay(tx, OURS, entry.id, epoch)?, "it is being worked on");
            entry = Entry {
                state: JournalState::Failed,
                reason: Some("odd".into()),
                attempts: 2,
                message: Some(ids.next()),
                conversation: Some(ids.next()),
                ..entry
            };
            journal::finish(tx, &entry)?;
            assert_eq!(journal::get(tx, OURS, entry.id)?.as_ref(), Some(&entry));
            assert!(journal::replay(tx, OURS, entry.id, epoch)?);
            let again = journal::get(tx, OURS, entry.id)?.unwrap();
            assert_eq!((again.state, again.reason), (JournalState::Received, None));
            Ok(())
        })
        .await;
}

async fn an_idempotency_key_is_reserved_once(ground: &Ground) {
    ground
        .write(|tx| {
            assert_eq!(idempotency::reserve(tx, OURS, "key", &hash("a"), at(0))?, None);
            assert_eq!(
                idempotency::reserve(tx, THEIRS, "key", &hash("a"), at(0))?,
                None,
                "each tenant has its own"
            );
            let known = idempotency::reserve(tx, OURS, "key", &hash("b"), at(1))?.unwrap();
            assert_eq!(
                (known.fingerprint, known.created_at, known.answer),
                (hash("a").to_vec(), at(0), None)
            );
            idempotency::finish(tx, OURS, "key", 202, b"answer")?;
            assert_eq!(idempotency::find(tx, OURS, "key")?.unwrap().answer, Some((202, b"answer".to_vec())));
            idempotency::release(tx, OURS, "key")?;
            assert!(idempotency::find(tx, OURS, "key")?.is_some(), "what was answered stays");
            idempotency::take_over(tx, OURS, "key", &hash("c"), at(2))?;
            let taken = idempotency::find(tx, OURS, "key")?.unwrap();
            assert_eq!(
                (taken.fingerprint, taken.created_at, taken.answer),
                (hash("c").to_vec(), at(2), None)
            );
            idempotency::release(tx, OURS, "key")?;
            assert!(idempotency::find(tx, OURS, "key")?.is_none());
            assert!(idempotency::record(tx, OURS, ("done", &hash("a")), at(9), (200, b""))?);
            assert!(!idempotency::record(tx, OURS, ("done", &hash("b")), at(9), (200, b""))?);
            assert_eq!(idempotency::find(tx, OURS, "done")?.unwrap().answer, Some((200, vec![])));
            assert_eq!(idempotency::delete_old(tx, at(9))?, 1, "the other tenant's, which is older");
            Ok(())
        })
        .await;
}

async fn the_feed_goes_on_behind_a_number(ground: &Ground) {
    ground
        .write(|tx| {
            assert_eq!(feed::last(tx, OURS)?, 0);
            let facts = feed::Facts { message_id: Some("msg_1".into()), ..feed::Facts::default() };
            for seq in 1..=5 {
                feed::append(tx, OURS, FeedType::MessageSent, at(seq), &facts)?;
                assert_eq!(feed::last(tx, OURS)?, seq);
            }
            let behind = feed::after(tx, OURS, 3, 9)?;
            let expected = [4, 5].map(|seq| feed::Event {
                seq,
                kind: FeedType::MessageSent,
                at: at(seq),
                facts: facts.clone(),
            });
            assert_eq!(behind, expected);
            assert_eq!((feed::last(tx, OURS)?, feed::last(tx, THEIRS)?), (5, 0));
            assert!(feed::after(tx, THEIRS, 0, 9)?.is_empty());
            Ok(())
        })
        .await;
}
