//! Replays of webhooks: one at a time, from the first event to the last, and gone when they are old.

use domain::ids::{Ids, TenantId, WebhookId, WebhookReplayId};
use store::webhook_replays::{self, ReplayState, WebhookReplay};
use store::{Error, Tx};

use crate::ground::{Ground, OURS, THEIRS, at, ids};

on_both! {
    a_replay_is_kept_with_how_far_it_is,
    those_that_run_are_found,
    old_ones_go_when_they_have_ended,
}

fn replay(ids: &Ids, webhook: WebhookId) -> WebhookReplay {
    WebhookReplay {
        id: ids.next(),
        webhook,
        state: ReplayState::Running,
        since: at(1),
        only_failed: true,
        first_seq: 3,
        last_seq: 90,
        reached_seq: 3,
        replayed: 0,
        reason: None,
        created_at: at(2),
        updated_at: at(2),
    }
}

/// The replay of a business.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids) -> Result<(WebhookId, WebhookReplayId), Error> {
    let replay = replay(ids, ids.next());
    webhook_replays::insert(tx, tenant, &replay)?;
    Ok((replay.webhook, replay.id))
}

/// Whatever we see of theirs is nothing.
pub fn assert_unseen(tx: &mut Tx<'_>, (webhook, id): (WebhookId, WebhookReplayId)) -> Result<(), Error> {
    assert_eq!(webhook_replays::get(tx, OURS, id)?, None);
    assert_eq!(webhook_replays::list(tx, OURS, webhook, "~", 9)?, []);
    assert_eq!(webhook_replays::running_of(tx, OURS, webhook)?, None);
    Ok(())
}

/// Changes of ours with their ids.
pub fn meddle(tx: &mut Tx<'_>, (webhook, id): (WebhookId, WebhookReplayId)) -> Result<(), Error> {
    let ids = Ids::new(domain::clock::Clock::manual(at(70)), domain::chance::Chance::seeded(7));
    let state = ReplayState::Cancelled;
    webhook_replays::progress(
        tx,
        OURS,
        &WebhookReplay { id, state, reached_seq: 80, ..replay(&ids, webhook) },
    )?;
    webhook_replays::delete_old(tx, OURS, at(10_000))
}

async fn a_replay_is_kept_with_how_far_it_is(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let webhook: WebhookId = ids.next();
            let (first, second) = (replay(&ids, webhook), replay(&ids, webhook));
            let other = replay(&ids, ids.next());
            for one in [&first, &second, &other] {
                webhook_replays::insert(tx, OURS, one)?;
            }
            assert_eq!(webhook_replays::get(tx, OURS, first.id)?, Some(first.clone()));
            assert_eq!(webhook_replays::get(tx, THEIRS, first.id)?, None);
            assert_eq!(
                webhook_replays::list(tx, OURS, webhook, "~", 9)?,
                [second.clone(), first.clone()],
                "newest first"
            );
            let before = second.id.to_string();
            assert_eq!(webhook_replays::list(tx, OURS, webhook, &before, 9)?, std::slice::from_ref(&first));
            let further = WebhookReplay {
                state: ReplayState::Cancelled,
                reached_seq: 40,
                replayed: 12,
                reason: Some("The webhook was removed.".into()),
                updated_at: at(5),
                ..first
            };
            webhook_replays::progress(tx, OURS, &further)?;
            webhook_replays::progress(tx, THEIRS, &WebhookReplay { replayed: 99, ..further.clone() })?;
            assert_eq!(webhook_replays::get(tx, OURS, further.id)?, Some(further));
            Ok(())
        })
        .await;
}

async fn those_that_run_are_found(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            assert_eq!(webhook_replays::running(tx)?, []);
            let done = WebhookReplay { state: ReplayState::Done, ..replay(&ids, ids.next()) };
            let runs = WebhookReplay { webhook: done.webhook, ..replay(&ids, ids.next()) };
            let theirs = replay(&ids, ids.next());
            webhook_replays::insert(tx, OURS, &done)?;
            assert_eq!(webhook_replays::running_of(tx, OURS, done.webhook)?, None);
            webhook_replays::insert(tx, OURS, &runs)?;
            webhook_replays::insert(tx, THEIRS, &theirs)?;
            assert_eq!(webhook_replays::running(tx)?, [(OURS, runs.id), (THEIRS, theirs.id)]);
            assert_eq!(webhook_replays::running_of(tx, OURS, done.webhook)?, Some(runs));
            Ok(())
        })
        .await;
}

async fn old_ones_go_when_they_have_ended(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let runs = replay(&ids, ids.next());
            let done = WebhookReplay { state: ReplayState::Done, ..replay(&ids, runs.webhook) };
            for one in [&runs, &done] {
                webhook_replays::insert(tx, OURS, one)?;
            }
            webhook_replays::delete_old(tx, OURS, at(-10))?;
            assert_eq!(webhook_replays::list(tx, OURS, runs.webhook, "~", 9)?.len(), 2);
            webhook_replays::delete_old(tx, OURS, at(1_000))?;
            assert_eq!(webhook_replays::list(tx, OURS, runs.webhook, "~", 9)?, [runs]);
            Ok(())
        })
        .await;
}
