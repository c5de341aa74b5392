//! Webhooks to programs outside: their secrets, the cursor, and deliveries from the event to the end of their log.

use domain::event::FeedType;
use domain::ids::{EpochId, Ids, TenantId, WebhookDeliveryId, WebhookId};
use domain::webhook::DeliveryState;
use store::webhook_deliveries::{self, WebhookDelivery};
use store::webhook_log::{self, WebhookAttempt};
use store::webhooks_out::{self, Waiting, Webhook, WebhookSecret};
use store::{Error, Tx, feed};

use crate::ground::{Ground, OURS, THEIRS, at, ids};

on_both! {
    a_webhook_reads_back_and_goes,
    secrets_end_at_their_time,
    the_cursor_says_who_is_behind,
    a_delivery_is_made_once_leased_and_settled,
    lists_go_by_state_and_type,
    what_is_sent_again_begins_anew,
    old_deliveries_leave_with_all_that_hangs_on_them,
    the_feed_is_found_by_time,
}

fn webhook(ids: &Ids, tenant: TenantId) -> Webhook {
    Webhook {
        tenant,
        id: ids.next(),
        url: "https://example.com/hook".into(),
        description: "Till".into(),
        events: vec!["message.*".into(), "contact.created".into()],
        enabled: true,
        disabled_reason: None,
        from_seq: 3,
        first_failed_at: None,
        given_up: 0,
        last_delivered_at: None,
        last_error: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn secret(ids: &Ids) -> WebhookSecret {
    WebhookSecret { id: ids.next(), sealed: vec![0, 1, 255], created_at: at(0), expires_at: None }
}

fn delivery(ids: &Ids, webhook: WebhookId, seq: i64) -> WebhookDelivery {
    WebhookDelivery {
        id: ids.next(),
        webhook,
        seq,
        event_type: "message.sent".into(),
        state: DeliveryState::Waiting,
        attempts: 0,
        attempts_before: 0,
        next_attempt_at: Some(at(seq)),
        created_at: at(0),
        last_status: None,
        last_error: None,
    }
}

fn attempt(number: u32) -> WebhookAttempt {
    WebhookAttempt {
        number,
        at: at(1),
        url: "https://example.com/hook".into(),
        signature: "v1,abc".into(),
        status: Some(500),
        headers: serde_json::json!([["server", "x"]]),
        body: Some("broken".into()),
        error: Some("the answer was 500".into()),
        took_ms: 12,
    }
}

/// The webhook and the delivery of a business.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<(WebhookId, WebhookDeliveryId), Error> {
    let webhook = webhook(ids, tenant);
    webhooks_out::put(tx, &webhook)?;
    webhooks_out::add_secret(tx, tenant, webhook.id, &secret(ids))?;
    webhooks_out::move_cursor(tx, tenant, 0)?;
    let delivery = delivery(ids, webhook.id, 1);
    webhook_log::put_body(tx, tenant, 1, "{}", at(0))?;
    webhook_deliveries::insert(tx, tenant, &delivery)?;
    webhook_log::log(tx, tenant, delivery.id, &attempt(1))?;
    Ok((webhook.id, delivery.id))
}

/// Whatever we see of theirs is nothing.
pub fn assert_unseen(
    tx: &mut Tx<'_>,
    (webhook, delivery): (WebhookId, WebhookDeliveryId),
) -> Result<(), Error> {
    assert_eq!(webhooks_out::get(tx, OURS, webhook)?, None);
    assert!(webhooks_out::all(tx, OURS)?.iter().all(|one| one.tenant == OURS && one.id != webhook));
    assert_eq!(webhooks_out::secrets(tx, OURS, webhook, at(0))?, []);
    assert_eq!(webhook_deliveries::get(tx, OURS, delivery)?, None);
    assert_eq!(webhook_deliveries::list(tx, OURS, webhook, None, "", "~", 9)?, []);
    assert_eq!(webhook_log::attempts(tx, OURS, delivery)?, []);
    assert_eq!(webhook_deliveries::of_events(tx, OURS, webhook, 0, 99)?, []);
    assert_eq!(webhook_deliveries::under_way(tx, OURS, webhook)?, 0);
    Ok(())
}

/// Changes of ours with their ids.
pub fn meddle(tx: &mut Tx<'_>, (theirs, delivery): (WebhookId, WebhookDeliveryId)) -> Result<(), Error> {
    let ids = Ids::new(domain::clock::Clock::manual(at(70)), domain::chance::Chance::seeded(5));
    let epoch: EpochId = ids.next();
    webhooks_out::expire_secrets(tx, OURS, theirs, at(1))?;
    webhooks_out::forget_secrets(tx, OURS, theirs, at(99))?;
    webhooks_out::move_cursor(tx, OURS, 99)?;
    assert!(!webhooks_out::delete(tx, OURS, theirs)?);
    webhook_log::put_body(tx, OURS, 1, "ours", at(0))?;
    assert_eq!(webhook_deliveries::claim(tx, epoch, OURS, theirs, at(99), 9)?, []);
    let stolen = WebhookDelivery { id: delivery, ..self::delivery(&ids, theirs, 1) };
    assert!(!webhook_deliveries::settle(tx, epoch, OURS, &stolen)?);
    assert!(!webhook_deliveries::again(tx, OURS, delivery, at(1))?);
    webhook_log::log(tx, OURS, delivery, &attempt(7))?;
    webhook_log::delete_of(tx, OURS, theirs, 9)?;
    webhook_log::delete_old(tx, OURS, at(10_000), 9)?;
    webhook_deliveries::release(tx, epoch)
}

async fn a_webhook_reads_back_and_goes(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let first = webhook(&ids, OURS);
            let second = webhook(&ids, OURS);
            webhooks_out::put(tx, &second)?;
            webhooks_out::put(tx, &first)?;
            assert_eq!(webhooks_out::all(tx, OURS)?, [first.clone(), second.clone()]);
            let changed = Webhook {
                url: "https://example.org/".into(),
                events: vec!["*".into()],
                enabled: false,
                disabled_reason: Some("gone".into()),
                from_seq: 9,
                first_failed_at: Some(at(3)),
                given_up: 4,
                last_delivered_at: Some(at(2)),
                last_error: Some("500".into()),
                updated_at: at(4),
                ..first
            };
            webhooks_out::put(tx, &changed)?;
            assert_eq!(webhooks_out::get(tx, OURS, changed.id)?, Some(changed.clone()));
            assert_eq!(webhooks_out::get(tx, THEIRS, changed.id)?, None);
            webhooks_out::add_secret(tx, OURS, changed.id, &secret(&ids))?;
            assert!(webhooks_out::delete(tx, OURS, changed.id)?);
            assert!(!webhooks_out::delete(tx, OURS, changed.id)?);
            assert_eq!(webhooks_out::secrets(tx, OURS, changed.id, at(0))?, []);
            assert_eq!(webhooks_out::all(tx, OURS)?, [second]);
            Ok(())
        })
        .await;
}

async fn secrets_end_at_their_time(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let of = webhook(&ids, OURS);
            let (first, second) = (secret(&ids), secret(&ids));
            webhooks_out::add_secret(tx, OURS, of.id, &first)?;
            webhooks_out::expire_secrets(tx, OURS, of.id, at(50))?;
            webhooks_out::expire_secrets(tx, OURS, of.id, at(90))?;
            webhooks_out::add_secret(tx, OURS, of.id, &second)?;
            let ending = WebhookSecret { expires_at: Some(at(50)), ..first };
            assert_eq!(webhooks_out::secrets(tx, OURS, of.id, at(49))?, [second.clone(), ending]);
            assert_eq!(webhooks_out::secrets(tx, OURS, of.id, at(50))?, std::slice::from_ref(&second));
            webhooks_out::forget_secrets(tx, OURS, of.id, at(60))?;
            assert_eq!(webhooks_out::secrets(tx, OURS, of.id, at(0))?, [second]);
            Ok(())
        })
        .await;
}

async fn the_cursor_says_who_is_behind(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            for tenant in [OURS, THEIRS] {
                for _ in 0..3 {
                    feed::append(tx, tenant, FeedType::TagChanged, at(0), &feed::Facts::default())?;
                }
            }
            assert_eq!(webhooks_out::behind(tx)?, [], "nobody asks");
            let ours = webhook(&ids, OURS);
            webhooks_out::put(tx, &ours)?;
            webhooks_out::put(tx, &Webhook { enabled: false, ..webhook(&ids, THEIRS) })?;
            assert_eq!(webhooks_out::behind(tx)?, [(OURS, 3)]);
            assert_eq!(webhooks_out::cursor(tx, OURS)?, 0);
            webhooks_out::move_cursor(tx, OURS, 2)?;
            webhooks_out::move_cursor(tx, OURS, 3)?;
            assert_eq!((webhooks_out::cursor(tx, OURS)?, webhooks_out::cursor(tx, THEIRS)?), (3, 0));
            assert_eq!(webhooks_out::behind(tx)?, []);
            Ok(())
        })
        .await;
}

async fn a_delivery_is_made_once_leased_and_settled(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let of = webhook(&ids, OURS);
            webhooks_out::put(tx, &of)?;
            assert_eq!(webhooks_out::waiting(tx)?, []);
            let late = delivery(&ids, of.id, 20);
            let early = delivery(&ids, of.id, 10);
            for one in [&late, &early] {
                assert!(webhook_deliveries::insert(tx, OURS, one)?);
            }
            let twice = delivery(&ids, of.id, 10);
            assert!(!webhook_deliveries::insert(tx, OURS, &twice)?, "one for each event");
            webhook_log::put_body(tx, OURS, 10, "first", at(0))?;
            webhook_log::put_body(tx, OURS, 10, "second", at(0))?;
            assert_eq!(webhook_log::body(tx, OURS, 10)?.as_deref(), Some("first"));
            assert_eq!(webhook_log::body(tx, THEIRS, 10)?, None);
            let waiting = |next| Waiting { tenant: OURS, webhook: of.id, next };
            assert_eq!(webhooks_out::waiting(tx)?, [waiting(at(10))]);
            let (mine, other): (EpochId, EpochId) = (ids.next(), ids.next());
            assert_eq!(webhook_deliveries::claim(tx, mine, OURS, of.id, at(9), 4)?, []);
            let begun = WebhookDelivery { attempts: 1, ..early.clone() };
            assert_eq!(
                webhook_deliveries::claim(tx, mine, OURS, of.id, at(10), 4)?,
                std::slice::from_ref(&begun)
            );
            assert_eq!(webhook_deliveries::claim(tx, other, OURS, of.id, at(10), 4)?, [], "it is held");
            assert_eq!(webhook_deliveries::under_way(tx, OURS, of.id)?, 1);
            assert_eq!(webhooks_out::waiting(tx)?, [waiting(at(20))]);
            assert!(!webhook_deliveries::again(tx, OURS, early.id, at(11))?, "it is under way");
            let failed = WebhookDelivery {
                next_attempt_at: Some(at(15)),
                last_status: Some(500),
                last_error: Some("the answer was 500".into()),
                ..begun
            };
            assert!(!webhook_deliveries::settle(tx, other, OURS, &failed)?, "not its lease");
            assert!(webhook_deliveries::settle(tx, mine, OURS, &failed)?);
            assert_eq!(webhook_deliveries::get(tx, OURS, early.id)?, Some(failed));
            assert_eq!(webhook_deliveries::claim(tx, mine, OURS, of.id, at(99), 9)?.len(), 2);
            webhook_deliveries::release(tx, other)?;
            assert_eq!(webhook_deliveries::under_way(tx, OURS, of.id)?, 2);
            webhook_deliveries::release(tx, mine)?;
            assert_eq!(webhook_deliveries::under_way(tx, OURS, of.id)?, 0);
            let known = webhook_deliveries::get(tx, OURS, early.id)?.unwrap();
            assert_eq!((known.attempts, known.next_attempt_at), (2, Some(at(15))), "an attempt is counted");
            webhook_log::log(tx, OURS, early.id, &attempt(2))?;
            webhook_log::log(tx, OURS, early.id, &attempt(1))?;
            assert_eq!(webhook_log::attempts(tx, OURS, early.id)?, [attempt(1), attempt(2)]);
            webhooks_out::put(tx, &Webhook { enabled: false, ..of })?;
            assert_eq!(webhooks_out::waiting(tx)?, [], "what is off is not sent to");
            Ok(())
        })
        .await;
}

async fn lists_go_by_state_and_type(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (of, other) = (webhook(&ids, OURS), webhook(&ids, OURS));
            let all = [
                WebhookDelivery {
                    state: DeliveryState::Failed,
                    next_attempt_at: None,
                    ..delivery(&ids, of.id, 1)
                },
                WebhookDelivery { event_type: "contact.created".into(), ..delivery(&ids, of.id, 2) },
                WebhookDelivery { state: DeliveryState::Delivered, ..delivery(&ids, of.id, 3) },
            ];
            for one in &all {
                webhook_deliveries::insert(tx, OURS, one)?;
            }
            webhook_deliveries::insert(tx, OURS, &delivery(&ids, other.id, 3))?;
            let list = |tx: &mut Tx<'_>, state, kind: &str, before: &str, limit| {
                let rows = webhook_deliveries::list(tx, OURS, of.id, state, kind, before, limit)?;
                Ok::<_, Error>(rows.into_iter().map(|row| row.seq).collect::<Vec<i64>>())
            };
            assert_eq!(list(tx, None, "", "~", 9)?, [3, 2, 1]);
            assert_eq!(list(tx, None, "", &all[2].id.to_string(), 1)?, [2]);
            assert_eq!(list(tx, Some(DeliveryState::Failed), "", "~", 9)?, [1]);
            assert!(list(tx, Some(DeliveryState::Failed), "contact.created", "~", 9)?.is_empty());
            assert_eq!(list(tx, Some(DeliveryState::Waiting), "", "~", 9)?, [2]);
            assert_eq!(list(tx, None, "contact.created", "~", 9)?, [2]);
            // Of one event in several states the newest come first, and no more than were asked for.
            assert_eq!(list(tx, None, "message.sent", "~", 9)?, [3, 1]);
            assert_eq!(list(tx, None, "message.sent", "~", 1)?, [3]);
            assert_eq!(list(tx, None, "message.sent", &all[2].id.to_string(), 9)?, [1]);
            assert_eq!(list(tx, Some(DeliveryState::Delivered), "message.sent", "~", 9)?, [3]);
            let mut of_events = webhook_deliveries::of_events(tx, OURS, of.id, 1, 3)?;
            of_events.sort_by_key(|(seq, ..)| *seq);
            let expected = [(2, all[1].id, DeliveryState::Waiting), (3, all[2].id, DeliveryState::Delivered)];
            assert_eq!(of_events, expected);
            Ok(())
        })
        .await;
}

async fn what_is_sent_again_begins_anew(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let of = webhook(&ids, OURS);
            webhooks_out::put(tx, &of)?;
            let spent = WebhookDelivery {
                state: DeliveryState::Failed,
                attempts: 8,
                next_attempt_at: None,
                ..delivery(&ids, of.id, 1)
            };
            webhook_deliveries::insert(tx, OURS, &spent)?;
            assert!(webhook_deliveries::again(tx, OURS, spent.id, at(30))?);
            let anew = WebhookDelivery {
                state: DeliveryState::Waiting,
                attempts_before: 8,
                next_attempt_at: Some(at(30)),
                ..spent
            };
            assert_eq!(webhook_deliveries::get(tx, OURS, anew.id)?, Some(anew.clone()));
            assert_eq!(webhook_log::next_test_seq(tx, OURS)?, -1);
            webhook_log::put_body(tx, OURS, 5, "{}", at(0))?;
            webhook_log::put_body(tx, OURS, -1, "{}", at(0))?;
            assert_eq!(webhook_log::next_test_seq(tx, OURS)?, -2);
            assert_eq!(webhook_log::next_test_seq(tx, THEIRS)?, -1);
            Ok(())
        })
        .await;
}

async fn old_deliveries_leave_with_all_that_hangs_on_them(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let of = webhook(&ids, OURS);
            let mut kept = Vec::new();
            for seq in 1..=6 {
                // The last but one waits for a time to come, the last is under way.
                let next = (seq > 4).then(|| at(if seq == 5 { 5_000 } else { 0 }));
                let one = WebhookDelivery { next_attempt_at: next, ..delivery(&ids, of.id, seq) };
                webhook_log::put_body(tx, OURS, seq, "{}", at(0))?;
                webhook_deliveries::insert(tx, OURS, &one)?;
                webhook_log::log(tx, OURS, one.id, &attempt(1))?;
                kept.push(one.id);
            }
            let claimed = webhook_deliveries::claim(tx, ids.next(), OURS, of.id, at(0), 1)?;
            assert_eq!(claimed[0].seq, 6);
            assert_eq!(webhook_log::delete_old(tx, OURS, at(-10), 9)?, 0, "nothing is that old");
            assert_eq!(webhook_log::delete_old(tx, OURS, at(1_000), 3)?, 3);
            assert_eq!(webhook_log::delete_old(tx, OURS, at(1_000), 3)?, 1);
            assert_eq!(webhook_log::delete_old(tx, OURS, at(1_000), 3)?, 0);
            for (place, id) in kept.iter().enumerate() {
                let is_kept = place >= 4;
                assert_eq!(webhook_deliveries::get(tx, OURS, *id)?.is_some(), is_kept, "{place}");
                assert_eq!(webhook_log::attempts(tx, OURS, *id)?.len(), usize::from(is_kept));
                let body = webhook_log::body(tx, OURS, place as i64 + 1)?;
                assert_eq!(body.is_some(), is_kept, "{place}");
            }
            assert_eq!(webhook_log::delete_of(tx, OURS, of.id, 1)?, 1);
            assert_eq!(webhook_log::delete_of(tx, OURS, of.id, 9)?, 1);
            assert_eq!(webhook_log::attempts(tx, OURS, kept[5])?, []);
            Ok(())
        })
        .await;
}

async fn the_feed_is_found_by_time(ground: &Ground) {
    ground
        .write(|tx| {
            assert_eq!(feed::last_before(tx, OURS, at(5))?, 0);
            for seconds in [10, 10, 20, 30, 40] {
                feed::append(tx, OURS, FeedType::TagChanged, at(seconds), &feed::Facts::default())?;
            }
            for (seconds, seq) in [(0, 0), (10, 0), (11, 2), (20, 2), (25, 3), (40, 4), (41, 5), (999, 5)] {
                assert_eq!(feed::last_before(tx, OURS, at(seconds))?, seq, "before {seconds}");
            }
            Ok(())
        })
        .await;
}
