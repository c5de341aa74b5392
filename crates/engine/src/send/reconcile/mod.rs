//! Asking the provider what became of a message whose outcome is unknown: soon, then at growing distances, then not any
//! more. Never sends anything again that the provider may have.

mod round;

use std::sync::Arc;
use std::time::Duration;

use domain::access::Principal;
use domain::clock::Timestamp;
use domain::failure::{LookUp, OnUnknown, Words};
use domain::ids::{MessageId, TenantId};
use domain::message::{EventKind, MessageState};
use providers::LookUpRequest;
use store::Tx;
use store::inquiries::{self, Inquiry};
use store::jobs::{self, Job};
use store::messages::{self, Change};

use super::load;
use super::outcome;
use crate::core::Core;
use crate::jobs::{JobOutcome, RECONCILE};
use crate::{Engine, Error};

pub(crate) use round::round;

/// How long after the outcome became unknown the provider is asked: it needs a moment before a message can be found, and
/// one that cannot answer now may be able to tomorrow. After the last time a person decides, or the account's rule.
const DISTANCES: [Duration; 5] = [
    Duration::from_secs(150),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];
/// What is due already, because nobody was there to ask, is asked after this.
const SOON: Duration = Duration::from_secs(30);
/// Providers show what they took for a few days at least; later a no proves nothing.
const A_NO_COUNTS_FOR: Duration = Duration::from_hours(20);

/// When the provider is asked the next time, having been asked so often.
fn next(since: Timestamp, asked: u32, now: Timestamp) -> Option<Timestamp> {
    let distance = DISTANCES.get(usize::try_from(asked).ok()?)?;
    Some(since.plus(*distance).max(now.plus(SOON)))
}

/// Writes the job that will ask.
pub(super) fn schedule(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    message: MessageId,
    now: Timestamp,
) -> Result<(), Error> {
    let due_at = now.plus(DISTANCES[0]);
    let inquiry = Inquiry { message, since: now, asked: 0, due_at: Some(due_at) };
    inquiries::put(tx, tenant, &inquiry)?;
    enqueue(tx, core, tenant, message, due_at, now)
}

fn enqueue(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    message: MessageId,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let job = Job {
        tenant,
        id: core.ids.next(),
        kind: RECONCILE.to_owned(),
        payload: serde_json::json!({ "message_id": message }),
        due_at,
        attempts: 0,
    };
    Ok(jobs::insert(tx, &job, now)?)
}

/// Asks, and settles the message by the answer.
pub(crate) async fn run(core: &Arc<Core>, job: &Job) -> Result<JobOutcome, Error> {
    let tenant = job.tenant;
    let Some(id) = job.payload.get("message_id").and_then(|id| id.as_str()).and_then(|id| id.parse().ok())
    else {
        return Ok(JobOutcome::Done);
    };
    let found = core
        .store
        .read(move |tx| {
            let stored = load::stored(tx, tenant, id)?;
            let attempts = store::attempts::of_message(tx, tenant, id)?;
            let inquiry = inquiries::get(tx, tenant, id)?;
            Ok::<_, Error>(stored.map(|stored| (stored, attempts, inquiry)))
        })
        .await?;
    let Some((stored, attempts, inquiry)) = found else { return Ok(JobOutcome::Done) };
    let now = core.clock.now();
    if stored.message.state != MessageState::Unknown {
        core.store.write(tenant, move |tx| inquiries::delete(tx, tenant, id)).await?;
        return Ok(JobOutcome::Done);
    }
    // A second job for the same message, or one that came too early.
    let inquiry = match inquiry {
        Some(Inquiry { due_at: Some(due_at), .. }) if due_at > now => {
            return Ok(JobOutcome::At(due_at, "it is not time to ask yet".to_owned()));
        }
        Some(Inquiry { due_at: None, .. }) => return Ok(JobOutcome::Done),
        Some(inquiry) => inquiry,
        None => Inquiry { message: id, since: stored.message.created_at, asked: 0, due_at: Some(now) },
    };
    let sender = stored.message.account.and_then(|account| core.senders.get(tenant, account));
    let Some(sender) = sender else { return Ok(JobOutcome::Done) };
    let link = sender.link();
    // Counted before it is asked, so that a crash in between does not ask for ever.
    let inquiry =
        Inquiry { asked: inquiry.asked + 1, due_at: next(inquiry.since, inquiry.asked + 1, now), ..inquiry };
    core.store.write(tenant, move |tx| inquiries::put(tx, tenant, &inquiry)).await?;
    let envelope = &stored.body.envelope;
    let request = LookUpRequest {
        message_id: id,
        rfc_message_id: stored.message.rfc_message_id.clone().unwrap_or_default(),
        provider_id: stored.message.provider_message_id.clone(),
        recipients: envelope.to.iter().map(|mailbox| mailbox.address.to_string()).collect(),
        sent_from: attempts.first().map_or(stored.message.created_at, |attempt| attempt.started_at),
        sent_until: attempts.last().and_then(|attempt| attempt.ended_at).unwrap_or(now),
    };
    let on_unknown = stored.message.on_unknown.unwrap_or(link.account.on_unknown);
    let answer = match &link.provider {
        Ok(provider) => provider.look_up(&request).await,
        Err(detail) => LookUp::Failed(Words::plain(format!("the account cannot be connected: {detail}"))),
    };
    match answer {
        LookUp::Found { provider_id, words } => {
            settle(core, tenant, id, provider_id, &words).await?;
            Ok(JobOutcome::Done)
        }
        LookUp::NotFound if now.since(request.sent_until) <= A_NO_COUNTS_FOR => {
            let words = Words::plain("the provider never got it: sent again");
            send_again(core, tenant, id, words).await?;
            Ok(JobOutcome::Done)
        }
        LookUp::NotFound => {
            let why = "the provider does not show it, and may not show what is so old";
            ask_on(core, tenant, &inquiry, OnUnknown::Hold, why).await
        }
        LookUp::Unsupported => {
            ask_on(
                core,
                tenant,
                &Inquiry { due_at: None, ..inquiry },
                on_unknown,
                "the provider cannot be asked",
            )
            .await
        }
        LookUp::Failed(words) => ask_on(core, tenant, &inquiry, on_unknown, &words.detail).await,
    }
}

/// Asks again at the next distance; after the last one the rule decides.
async fn ask_on(
    core: &Arc<Core>,
    tenant: TenantId,
    inquiry: &Inquiry,
    rule: OnUnknown,
    why: &str,
) -> Result<JobOutcome, Error> {
    if let Some(due_at) = inquiry.due_at {
        return Ok(JobOutcome::At(due_at, why.to_owned()));
    }
    give_to_rule(core, tenant, inquiry, rule, why).await?;
    Ok(JobOutcome::Done)
}

async fn settle(
    core: &Arc<Core>,
    tenant: TenantId,
    id: MessageId,
    provider_id: Option<String>,
    words: &Words,
) -> Result<(), Error> {
    let (now, words) = (core.clock.now(), words.clone());
    core.store
        .write(tenant, move |tx| {
            let Some(message) = messages::get(tx, tenant, id)? else { return Ok(()) };
            if message.state != MessageState::Unknown {
                return Ok(());
            }
            inquiries::delete(tx, tenant, id)?;
            let key = format!("reconciled-{}", message.attempts);
            outcome::note(tx, tenant, id, &key, EventKind::Reconciled, &words, now)?;
            let change = Change {
                attempts: message.attempts,
                provider_message_id: provider_id.clone(),
                sent_at: Some(now),
                ..Change::default()
            };
            outcome::move_to(tx, tenant, &message, MessageState::Sent, &change, now)
        })
        .await?;
    core.feed.wake();
    Ok(())
}

async fn send_again(core: &Arc<Core>, tenant: TenantId, id: MessageId, words: Words) -> Result<(), Error> {
    let engine = Engine { core: Arc::clone(core) };
    let only_unknown = |state| {
        if state == MessageState::Unknown {
            Ok(())
        } else {
            Err(Error::conflict("not_unknown", "it was settled meanwhile"))
        }
    };
    match engine.requeue(&Principal::system(tenant), id, EventKind::Resent, words, only_unknown).await {
        Ok(()) | Err(Error::Conflict { .. } | Error::NotFound(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

/// Nobody can be asked (any more): the account's rule decides. Holding means that the message stays as it is, for a person.
async fn give_to_rule(
    core: &Arc<Core>,
    tenant: TenantId,
    inquiry: &Inquiry,
    rule: OnUnknown,
    why: &str,
) -> Result<(), Error> {
    let id = inquiry.message;
    if rule == OnUnknown::Resend {
        let words = Words::plain(format!("{why}: sent again, as the account says"));
        return send_again(core, tenant, id, words).await;
    }
    let (asked, now) = (inquiry.asked, core.clock.now());
    let given_up = Inquiry { due_at: None, ..*inquiry };
    let words = Words::plain(format!(
        "asked {asked} times, without an answer that settles it ({why}): a person has to decide"
    ));
    core.store
        .write(tenant, move |tx| {
            inquiries::put(tx, tenant, &given_up)?;
            let Some(message) = messages::get(tx, tenant, id)? else { return Ok(()) };
            if message.state == MessageState::Unknown {
                let key = format!("asked-{}", message.attempts);
                outcome::note(tx, tenant, id, &key, EventKind::Unknown, &words, now)?;
            }
            Ok::<_, Error>(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_grow_and_end() {
        let since = Timestamp::from_micros(0);
        let mut now = since;
        let mut minutes = Vec::new();
        for asked in 0.. {
            let Some(at) = next(since, asked, now) else { break };
            minutes.push(at.since(since).as_secs() / 60);
            now = at;
        }
        assert_eq!(minutes, [2, 10, 60, 360, 1440]);
        let late = since.plus(Duration::from_hours(100));
        assert_eq!(next(since, 1, late), Some(late.plus(SOON)), "what nobody asked in time is asked soon");
    }
}
