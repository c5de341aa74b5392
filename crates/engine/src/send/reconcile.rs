//! Asking the provider what became of a message whose outcome is unknown.

use std::sync::Arc;
use std::time::Duration;

use domain::access::Principal;
use domain::backoff::Backoff;
use domain::clock::Timestamp;
use domain::failure::{LookUp, OnUnknown, Words};
use domain::ids::{MessageId, TenantId};
use domain::message::{EventKind, MessageState};
use providers::LookUpRequest;
use store::Tx;
use store::jobs::{self, Job};
use store::messages::{self, Change};

use super::load;
use super::outcome;
use crate::core::Core;
use crate::jobs::{JobOutcome, RECONCILE};
use crate::{Engine, Error};

/// Providers need a moment before a message can be found.
const FIRST_LOOK: Duration = Duration::from_secs(150);

/// Writes the job that will ask.
pub(super) fn schedule(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    message: MessageId,
    now: Timestamp,
) -> Result<(), Error> {
    let job = Job {
        tenant,
        id: core.ids.next(),
        kind: RECONCILE.to_owned(),
        payload: serde_json::json!({ "message_id": message }),
        due_at: now.plus(FIRST_LOOK),
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
            Ok::<_, Error>(stored.map(|stored| (stored, attempts)))
        })
        .await?;
    let Some((stored, attempts)) = found else { return Ok(JobOutcome::Done) };
    if stored.message.state != MessageState::Unknown {
        return Ok(JobOutcome::Done);
    }
    let sender = stored.message.account.and_then(|account| core.senders.get(tenant, account));
    let Some(sender) = sender else { return Ok(JobOutcome::Done) };
    let link = sender.link();
    let Ok(provider) = &link.provider else {
        return Ok(JobOutcome::Again("the account cannot be connected".to_owned()));
    };
    let now = core.clock.now();
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
    match provider.look_up(&request).await {
        LookUp::Found { provider_id, words } => {
            settle(core, tenant, id, provider_id, &words).await?;
            Ok(JobOutcome::Done)
        }
        LookUp::NotFound => {
            let words = Words::plain("the provider never got it: sent again");
            send_again(core, tenant, id, words).await?;
            Ok(JobOutcome::Done)
        }
        LookUp::Unsupported => {
            give_to_rule(core, tenant, id, on_unknown, "the provider cannot be asked").await?;
            Ok(JobOutcome::Done)
        }
        LookUp::Failed(words) if job.attempts >= Backoff::JOB.attempts => {
            give_to_rule(core, tenant, id, on_unknown, &words.detail).await?;
            Ok(JobOutcome::Done)
        }
        LookUp::Failed(words) => Ok(JobOutcome::Again(words.detail)),
    }
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

/// Nobody can be asked: the account's rule decides. Holding means that the message stays as it is, for a person.
async fn give_to_rule(
    core: &Arc<Core>,
    tenant: TenantId,
    id: MessageId,
    rule: OnUnknown,
    why: &str,
) -> Result<(), Error> {
    match rule {
        OnUnknown::Hold => Ok(()),
        OnUnknown::Resend => {
            send_again(core, tenant, id, Words::plain(format!("{why}: sent again, as the account says")))
                .await
        }
    }
}
