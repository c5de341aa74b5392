//! One attempt: the provider is asked once, and what came of it is written down before the slot is given back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::failure::{Outcome, Words};
use domain::outgoing::Outgoing;
use futures_util::FutureExt as _;
use store::accounts::{self, Health};
use store::feed::{self, Facts};

use super::checked::{self, Ready};
use super::outcome::{self, Attempted};
use super::routing;
use super::sender::{self, Item, Link, Said, Sender};
use crate::core::Core;

/// No provider takes longer; what has not answered by then is unknown.
const LONGEST: Duration = Duration::from_mins(15);

/// Lets a started delivery go, in a task of its own.
pub(super) fn spawn(core: &Arc<Core>, sender: &Arc<Sender>, link: &Arc<Link>, item: Item) {
    let (core, sender, link) = (Arc::clone(core), Arc::clone(sender), Arc::clone(link));
    core.tasks.clone().spawn(async move {
        attempt(&core, &sender, &link, item).await;
        // The slot was given back with the item: somebody may be waiting for it.
        sender.wake();
    });
}

async fn attempt(core: &Arc<Core>, sender: &Sender, link: &Arc<Link>, item: Item) {
    let started_at = item.started_at.unwrap_or_else(|| core.clock.now());
    let outcome = match checked::ready(core, sender, link, &item).await {
        Ready::Go(outgoing) => ask(link, &outgoing).await,
        Ready::Blocked => return,
        Ready::Not(outcome) => outcome,
    };
    let ended_at = core.clock.now();
    metrics::counter!("chancery_attempts_total", "outcome" => outcome.class().as_str()).increment(1);
    let (said, wait) = judge(core, &outcome, item.attempts, ended_at);
    sender.note_attempt(said, ended_at);
    if !matches!(outcome, Outcome::Sent { .. } | Outcome::Unknown(_)) {
        sender.note_unsent();
    }
    let candidates = if routing::may_move(&outcome) {
        core.senders.candidates(sender.tenant, link.account.channel, ended_at)
    } else {
        Vec::new()
    };
    let capabilities = providers::find(&link.account.provider).map(|manifest| manifest.capabilities);
    let attempted = Attempted {
        tenant: sender.tenant,
        message: item.message,
        account: sender.id,
        number: item.attempts,
        started_at,
        ended_at,
        outcome,
        wait,
        look_up: capabilities.is_some_and(|can| can.look_up),
        is_repeatable: capabilities.is_some_and(|can| can.idempotency_key),
        remembers_for: capabilities.and_then(|can| can.remembers_for()),
        on_unknown: link.account.on_unknown,
        candidates,
    };
    // What an attempt with old settings says of them is no news about those that were put in their place.
    let is_current = Arc::ptr_eq(link, &sender.link());
    record(core, sender, attempted, is_current).await;
}

async fn ask(link: &Link, outgoing: &Outgoing) -> Outcome {
    let provider = match &link.provider {
        Ok(provider) => provider,
        Err(detail) => return Outcome::Misconfigured(Words::plain(detail.clone())),
    };
    let Ok(_connection) = link.connections.acquire().await else {
        return Outcome::Temporary(Words::plain("the account was closed before the message left"));
    };
    let asked = AssertUnwindSafe(provider.send(outgoing)).catch_unwind();
    match tokio::time::timeout(LONGEST, asked).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            tracing::error!(message = %outgoing.id, "A provider's code panicked; whether the message left is unknown.");
            Outcome::Unknown(Words::plain("an internal error interrupted the request"))
        }
        Err(_) => Outcome::Unknown(Words::plain("no answer within 15 minutes")),
    }
}

/// What the outcome says about the account, and how long to wait before the next attempt, if there is one.
fn judge(core: &Core, outcome: &Outcome, attempts: u32, now: Timestamp) -> (Said, Option<Duration>) {
    let wait = Backoff::DELIVERY.wait_after(attempts, &core.chance);
    match outcome {
        Outcome::Sent { .. } | Outcome::Rejected { .. } => (Said::Works, None),
        Outcome::Temporary(_) => (Said::Fails, wait),
        Outcome::RateLimited { after, .. } => {
            let after = after.unwrap_or(Duration::from_secs(10)).max(Duration::from_secs(1));
            // Spread the return, or all who waited come back in the same instant.
            let spread = Duration::from_millis(core.chance.below(2_000));
            (Said::WaitUntil(now.plus(after)), Some(after + spread))
        }
        Outcome::Unknown(_) => (Said::Fails, wait),
        Outcome::Misconfigured(_) => (Said::Nothing, None),
    }
}

/// Writes the outcome down. While the database cannot take it, it is tried again: an outcome that is forgotten is unknown.
async fn record(core: &Arc<Core>, sender: &Sender, attempted: Attempted, is_current: bool) {
    let now = attempted.ended_at;
    let is_sent = matches!(attempted.outcome, Outcome::Sent { .. });
    let health = if is_current { health_after(&attempted.outcome, sender) } else { None };
    let sent_count = if is_sent { sender.note_sent(now) } else { None };
    let (tenant, account) = (sender.tenant, sender.id);
    let attempted = Arc::new(attempted);
    let mut pause = Duration::from_millis(50);
    let onward = loop {
        let (taken, writing, noted) = (Arc::clone(&attempted), Arc::clone(core), health.clone());
        let written = core
            .store
            .write(tenant, move |tx| {
                let onward = outcome::apply(tx, &writing, &taken)?;
                if let Some((health, words)) = &noted {
                    accounts::set_health(tx, tenant, account, *health, words.as_deref(), now)?;
                    if *health == Health::Ok {
                        // While it was in trouble its webhooks may have been as well.
                        store::account_cursors::hurry(tx, tenant, account, now)?;
                    }
                    let facts = Facts {
                        account_id: Some(account.to_string()),
                        state: Some(health.to_string()),
                        ..Facts::default()
                    };
                    feed::append(tx, tenant, FeedType::ChannelAccountUpdated, now, &facts)?;
                }
                if let Some(count) = sent_count {
                    sender::write_sent(tx, tenant, account, count, now)?;
                }
                Ok::<_, crate::Error>(onward)
            })
            .await;
        match written {
            Ok(onward) => break onward,
            Err(error) => {
                tracing::error!(message = %attempted.message, %error, "The outcome of a send could not be written; trying again.");
                if core.stopping.is_cancelled() && pause > Duration::from_secs(2) {
                    return;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
        }
    };
    core.feed.wake();
    if matches!(attempted.outcome, Outcome::Misconfigured(_)) && !is_current {
        sender.look_again();
    } else if matches!(attempted.outcome, Outcome::Misconfigured(_)) {
        tracing::error!(account = %account, "An account was stopped: its credentials or settings are refused.");
    }
    outcome::after(core, sender, &attempted, onward);
    if let Some((health, _)) = health {
        sender.set_health(health);
    }
}

/// A change of the account's health, when this attempt makes one.
fn health_after(outcome: &Outcome, sender: &Sender) -> Option<(Health, Option<String>)> {
    let was = sender.health();
    match outcome {
        Outcome::Misconfigured(words) => Some((Health::Stopped, Some(words.detail.clone()))),
        Outcome::Sent { .. } if was != Health::Ok && was != Health::Stopped => Some((Health::Ok, None)),
        // One failure says nothing of an account that has worked; of one that was never tried it says all there is.
        Outcome::Temporary(words) | Outcome::Unknown(words)
            if was == Health::Unchecked || (was == Health::Ok && !sender.is_usable()) =>
        {
            Some((Health::Failing, Some(words.detail.clone())))
        }
        _ => None,
    }
}
