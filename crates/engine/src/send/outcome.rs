//! An attempt's outcome and what follows from it, written in one transaction.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::failure::{OnUnknown, Outcome, Words};
use domain::ids::{AccountId, MessageId, TenantId};
use domain::message::{Direction, EventKind, MessageState};
use store::Tx;
use store::attempts::{self, Attempt};
use store::deliveries;
use store::feed::{self, Facts};
use store::message_events::{self, MessageEvent};
use store::messages::{self, Change, Message};

use super::decision::{Before, Next, decide};
use super::elsewhere;
use super::reconcile;
use super::routing::Candidate;
use super::sender::Sender;
use crate::Error;
use crate::core::Core;

/// An attempt with everything that decides what comes next.
#[derive(Debug, Clone)]
pub(crate) struct Attempted {
    pub tenant: TenantId,
    pub message: MessageId,
    pub account: AccountId,
    /// From 1.
    pub number: u32,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub outcome: Outcome,
    /// How long to wait before the next attempt; none when no attempt is left.
    pub wait: Option<Duration>,
    /// Whether the provider can be asked what became of it.
    pub look_up: bool,
    /// Whether the same request a second time is harmless there.
    pub is_repeatable: bool,
    /// How long the provider remembers that it had the request; nothing when for ever.
    pub remembers_for: Option<Duration>,
    pub on_unknown: OnUnknown,
    /// The accounts of the channel as they stand now; asked only of an outcome that may move the message.
    pub candidates: Vec<Candidate>,
}

/// Where and when the delivery goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Onward {
    /// With this account, at a time.
    Here(Timestamp),
    /// With another one, now.
    With(AccountId),
    Nowhere,
}

/// Writes an attempt and what follows from it.
pub(crate) fn apply(tx: &mut Tx<'_>, core: &Core, attempted: &Attempted) -> Result<Onward, Error> {
    let (tenant, id) = (attempted.tenant, attempted.message);
    let Some(message) = messages::get(tx, tenant, id)? else { return Err(Error::NotFound("message")) };
    let words = attempted.outcome.words();
    let attempt = Attempt {
        number: attempted.number,
        account: attempted.account,
        started_at: attempted.started_at,
        ended_at: Some(attempted.ended_at),
        outcome: attempted.outcome.class(),
        code: words.code.clone(),
        detail: words.detail.clone(),
    };
    attempts::insert(tx, tenant, id, &attempt)?;
    let message = Message { attempts: attempted.number, ..message };
    let elsewhere = elsewhere::look(tx, core, attempted, &message)?;
    if elsewhere.moved.is_some() {
        return Ok(elsewhere.moved.map_or(Onward::Nowhere, Onward::With));
    }
    let attempted = &Attempted { wait: elsewhere.wait, ..attempted.clone() };
    let on_unknown = message.on_unknown.unwrap_or(attempted.on_unknown);
    let before = match attempted.outcome {
        Outcome::Sent { .. } | Outcome::Rejected { .. } => Before::default(),
        _ if attempted.remembers_for.is_none() => Before::default(),
        _ => Before::of(attempted, &attempts::of_message(tx, tenant, id)?),
    };
    let decision = decide(attempted, before, message.state, on_unknown);
    match &decision.next {
        Next::Done => deliveries::delete(tx, tenant, id)?,
        Next::RetryAt(at) => deliveries::retry(tx, tenant, id, *at)?,
        Next::Hold => deliveries::retry(tx, tenant, id, attempted.ended_at)?,
        Next::Reconcile => {
            deliveries::delete(tx, tenant, id)?;
            reconcile::schedule(tx, core, tenant, id, attempted.ended_at)?;
        }
    }
    let provider_id = match &attempted.outcome {
        Outcome::Sent { provider_id, .. } => provider_id.clone(),
        _ => None,
    };
    if decision.event != EventKind::Sent {
        let key = format!("attempt-{}", attempted.number);
        note(tx, tenant, id, &key, decision.event, words, attempted.ended_at)?;
    }
    let kept = (decision.state == message.state && decision.reason.is_none())
        .then(|| (message.reason_code.clone(), message.reason_detail.clone()));
    let (reason_code, reason_detail) = kept.unwrap_or_else(|| match decision.reason {
        Some((code, detail)) => (Some(code.to_owned()), Some(detail)),
        None => (None, None),
    });
    let change = Change {
        reason_code,
        reason_detail,
        attempts: attempted.number,
        provider_message_id: provider_id,
        sent_at: (decision.event == EventKind::Sent).then_some(attempted.ended_at),
        delivered_at: None,
    };
    move_to(tx, tenant, &message, decision.state, &change, attempted.ended_at)?;
    Ok(match decision.next {
        Next::RetryAt(at) => Onward::Here(at),
        Next::Done | Next::Hold | Next::Reconcile => Onward::Nowhere,
    })
}

/// After the commit: the sender that has the message now learns when to look.
pub(super) fn after(core: &Core, sender: &Sender, attempted: &Attempted, onward: Onward) {
    match onward {
        Onward::Here(at) => sender.note_due(deliveries::Lane::Prompt, at, core.clock.now()),
        Onward::With(other) => {
            if let Some(other) = core.senders.get(attempted.tenant, other) {
                other.look_again();
            }
        }
        Onward::Nowhere => {}
    }
    if matches!(attempted.outcome, Outcome::Unknown(_)) {
        core.jobs.look_again();
    }
}

/// Writes a step of ours into the message's timeline.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MessageId,
    key: &str,
    kind: EventKind,
    words: &Words,
    at: Timestamp,
) -> Result<(), Error> {
    let event = MessageEvent {
        dedupe_key: key.to_owned(),
        at,
        kind,
        source: "chancery".to_owned(),
        code: words.code.clone(),
        detail: words.detail.clone(),
        recipient: None,
        machine: None,
    };
    message_events::insert(tx, tenant, id, &event)?;
    Ok(())
}

/// Moves a message to a state and tells the feed.
pub(crate) fn move_to(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: &Message,
    state: MessageState,
    change: &Change,
    at: Timestamp,
) -> Result<(), Error> {
    messages::set_state(tx, tenant, message.id, state, change)?;
    let facts = Facts {
        message_id: Some(message.id.to_string()),
        conversation_id: Some(message.conversation.to_string()),
        state: Some(state.to_string()),
        direction: Some(Direction::Outbound.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::of_state(state), at, &facts)?;
    Ok(())
}
