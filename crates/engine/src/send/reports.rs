//! A provider's report about a message of ours: written down once, and the state moved by rank.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::ids::{MessageId, TenantId};
use domain::message::{Direction, EventKind, MessageState};
use domain::outgoing::{About, DeliveryReport};
use providers::ASKED;
use store::Tx;
use store::message_events::{self, MessageEvent};
use store::messages::{self, Change, Message};

use super::{decision, outcome};
use crate::core::Core;
use crate::{Error, suppression};

/// Vendors round the times of one event differently.
const SECOND: Duration = Duration::from_secs(1);

/// What became of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It says something new about this message.
    New(MessageId),
    /// It was known already.
    Known(MessageId),
    /// It is about no message of ours.
    Stranger,
}

/// Applies one report.
pub(crate) fn apply_report(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    source: &str,
    report: &DeliveryReport,
    now: Timestamp,
) -> Result<Applied, Error> {
    let Some(message) = find(tx, tenant, &report.about)? else { return Ok(Applied::Stranger) };
    let event = MessageEvent {
        dedupe_key: event_key(source, report),
        at: report.at.unwrap_or(now),
        kind: report.kind,
        source: source.to_owned(),
        code: report.words.code.clone(),
        detail: report.words.detail.clone(),
        recipient: report.recipient.clone(),
        machine: report.machine,
    };
    let state = message.state.after(report.kind);
    // What moves the state cannot have been heard before; the rest is looked up, which costs a question.
    let may_be_heard = state == message.state && may_be_asked_for(report.kind);
    if (may_be_heard && was_asked_for(tx, tenant, message.id, source, report)?)
        || !message_events::insert(tx, tenant, message.id, &event)?
    {
        return Ok(Applied::Known(message.id));
    }
    suppression::learn(tx, core, tenant, &message, source, report, now)?;
    if state != message.state {
        if message.state == MessageState::Unknown {
            // The provider has it: nobody needs to decide any more. A delivery row of it there is none.
            tracing::debug!(message = %message.id, "A report settled an unknown message.");
        }
        let bad = matches!(state, MessageState::Bounced | MessageState::Failed);
        // That some recipients were refused stays true, whatever is reported of the others.
        let (was_code, was_detail) = match message.reason_code.as_deref() {
            Some(decision::SOME_REFUSED) => (message.reason_code.clone(), message.reason_detail.clone()),
            _ => (None, None),
        };
        let change = Change {
            reason_code: if bad { Some(report.kind.to_string()) } else { was_code },
            reason_detail: if bad { Some(report.words.detail.clone()) } else { was_detail },
            attempts: message.attempts,
            provider_message_id: report
                .about
                .provider_id
                .clone()
                .filter(|_| message.provider_message_id.is_none()),
            sent_at: message.sent_at.is_none().then_some(event.at),
            delivered_at: (report.kind == EventKind::Delivered).then_some(event.at),
        };
        outcome::move_to(tx, tenant, &message, state, &change, now)?;
    }
    Ok(Applied::New(message.id))
}

/// The key under which a report stands in the timeline.
pub(crate) fn event_key(source: &str, report: &DeliveryReport) -> String {
    format!("{source}:{}", report.dedupe_key)
}

/// Whether a report that was asked for says something new of a message of ours. Some providers give no mark by which what
/// they told by webhook is known when they are asked: then it is known by what it says of whom, and when.
pub(crate) fn is_news(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    source: &str,
    report: &DeliveryReport,
) -> Result<bool, Error> {
    let Some(message) = find(tx, tenant, &report.about)? else { return Ok(false) };
    let key = event_key(source, report);
    let has_no_mark = report.dedupe_key.starts_with(ASKED);
    let is_same = |event: &MessageEvent| {
        let same_time =
            || report.at.is_none_or(|at| at.minus(SECOND) <= event.at && event.at <= at.plus(SECOND));
        let once = !repeats(report.kind) || (has_no_mark && same_time());
        event.dedupe_key == key || (once && says_the_same(event, source, report))
    };
    Ok(!message_events::of_message(tx, tenant, message.id)?.iter().any(is_same))
}

/// Whether a webhook comes late, and what it says was asked for before and stands in the timeline without its mark.
fn was_asked_for(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: MessageId,
    source: &str,
    report: &DeliveryReport,
) -> Result<bool, Error> {
    let asked = format!("{source}:{ASKED}");
    let is_same = |event: &MessageEvent| {
        // An answer holds everything until it was given.
        let until_then = || report.at.is_none_or(|at| at <= event.at.plus(SECOND));
        event.dedupe_key.starts_with(&asked)
            && (!repeats(report.kind) || until_then())
            && says_the_same(event, source, report)
    };
    Ok(message_events::of_message(tx, tenant, message)?.iter().any(is_same))
}

/// What providers are asked for says more than that a message was taken.
fn may_be_asked_for(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Accepted | EventKind::Sent | EventKind::Other)
}

/// Whether it can happen to a recipient again.
fn repeats(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Deferred
            | EventKind::Opened
            | EventKind::Clicked
            | EventKind::Unsubscribed
            | EventKind::Resubscribed
    )
}

fn says_the_same(event: &MessageEvent, source: &str, report: &DeliveryReport) -> bool {
    let who = |one: &Option<String>| one.as_ref().map(|address| address.to_lowercase());
    let same_recipient = event.recipient.is_none()
        || report.recipient.is_none()
        || who(&event.recipient) == who(&report.recipient);
    event.source == source && is_alike(event.kind, report.kind) && same_recipient
}

/// A bounce is a bounce: a provider that is asked may not say of which kind.
fn is_alike(known: EventKind, said: EventKind) -> bool {
    known == said || (known == EventKind::BouncedHard && said == EventKind::BouncedSoft)
}

fn find(tx: &mut Tx<'_>, tenant: TenantId, about: &About) -> Result<Option<Message>, Error> {
    if let Some(id) = about.message_id
        && let Some(message) = messages::get(tx, tenant, id)?
    {
        return Ok(Some(message).filter(|message| message.direction == Direction::Outbound));
    }
    if let Some(rfc_id) = &about.rfc_message_id
        && let Some(message) = sent_as(tx, tenant, rfc_id)?
    {
        return Ok(Some(message).filter(|message| message.direction == Direction::Outbound));
    }
    match &about.provider_id {
        Some(provider_id) => by_provider_id(tx, tenant, provider_id),
        None => Ok(None),
    }
}

fn by_provider_id(tx: &mut Tx<'_>, tenant: TenantId, provider_id: &str) -> Result<Option<Message>, Error> {
    match messages::by_provider_id(tx, tenant, provider_id)? {
        Some(id) => Ok(messages::get(tx, tenant, id)?),
        None => Ok(None),
    }
}

/// The message of ours that went out under a Message-ID: ours, or the one that a provider wrote in its place.
pub(crate) fn sent_as(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    rfc_message_id: &str,
) -> Result<Option<Message>, Error> {
    if let Some(id) = own_message(rfc_message_id) {
        return Ok(messages::get(tx, tenant, id)?);
    }
    match providers::provider_id_in(rfc_message_id) {
        Some(provider_id) => by_provider_id(tx, tenant, provider_id),
        None => Ok(None),
    }
}

/// The message that a Message-ID of ours names: its left part is the message's id.
pub(crate) fn own_message(rfc_message_id: &str) -> Option<MessageId> {
    MessageId::from_suffix(rfc_message_id.split('@').next()?)
}
