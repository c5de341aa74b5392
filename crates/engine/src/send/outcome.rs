//! From an outcome to the next state: decided purely, then written in one transaction.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::failure::{OnUnknown, Outcome, RejectReason, Words};
use domain::ids::{AccountId, MessageId, TenantId};
use domain::message::{Direction, EventKind, MessageState};
use store::Tx;
use store::attempts::{self, Attempt};
use store::deliveries;
use store::feed::{self, Facts};
use store::message_events::{self, MessageEvent};
use store::messages::{self, Change, Message};

use super::reconcile;
use super::sender::Sender;
use crate::Error;
use crate::core::Core;

/// Why a message is not all well although it is sent.
pub(super) const SOME_REFUSED: &str = "some_refused";

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
    pub on_unknown: OnUnknown,
}

/// What happens to the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    Done,
    RetryAt(Timestamp),
    /// Stays in the queue until its account works again.
    Hold,
    Reconcile,
}

/// The decision: the message's state, its reason, what happens to the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Decision {
    state: MessageState,
    reason: Option<(&'static str, String)>,
    next: Next,
    event: EventKind,
}

fn decide(attempted: &Attempted, was: MessageState, on_unknown: OnUnknown) -> Decision {
    let ended = attempted.ended_at;
    match &attempted.outcome {
        // The provider has reported about it while its request was still open: it has it, whatever became of the request.
        Outcome::Temporary(_) | Outcome::RateLimited { .. } | Outcome::Unknown(_) if was.is_reported() => {
            Decision { state: was, reason: None, next: Next::Done, event: EventKind::Unknown }
        }
        Outcome::Sent { refused, .. } => {
            let state = was.after(EventKind::Sent);
            let reason = (!refused.is_empty()).then(|| (SOME_REFUSED, refusals(refused)));
            Decision { state, reason, next: Next::Done, event: EventKind::Sent }
        }
        Outcome::Temporary(words) | Outcome::RateLimited { words, .. } => match attempted.wait {
            Some(wait) => Decision {
                state: MessageState::Queued,
                reason: Some(("retrying", words.detail.clone())),
                next: Next::RetryAt(ended.plus(wait)),
                event: EventKind::Deferred,
            },
            None => Decision {
                state: MessageState::Failed,
                reason: Some((RejectReason::Exhausted.as_str(), words.detail.clone())),
                next: Next::Done,
                event: EventKind::Failed,
            },
        },
        Outcome::Rejected { reason, words } => Decision {
            state: MessageState::Failed,
            reason: Some((reason.as_str(), words.detail.clone())),
            next: Next::Done,
            event: EventKind::Failed,
        },
        Outcome::Misconfigured(words) => Decision {
            state: MessageState::Held,
            reason: Some(("account_stopped", words.detail.clone())),
            next: Next::Hold,
            event: EventKind::Held,
        },
        Outcome::Unknown(words) => unknown(attempted, words, on_unknown),
    }
}

/// Nobody knows whether it was sent: ask the provider; where that is not possible, do as the account says.
fn unknown(attempted: &Attempted, words: &Words, on_unknown: OnUnknown) -> Decision {
    let reason = Some(("no_answer", words.detail.clone()));
    if let (true, Some(wait)) = (attempted.is_repeatable, attempted.wait) {
        return Decision {
            state: MessageState::Queued,
            reason,
            next: Next::RetryAt(attempted.ended_at.plus(wait)),
            event: EventKind::Deferred,
        };
    }
    if attempted.look_up {
        return Decision {
            state: MessageState::Unknown,
            reason,
            next: Next::Reconcile,
            event: EventKind::Unknown,
        };
    }
    match (on_unknown, attempted.wait) {
        (OnUnknown::Resend, Some(wait)) => Decision {
            state: MessageState::Queued,
            reason,
            next: Next::RetryAt(attempted.ended_at.plus(wait)),
            event: EventKind::Resent,
        },
        _ => Decision { state: MessageState::Unknown, reason, next: Next::Done, event: EventKind::Unknown },
    }
}

fn refusals(refused: &[(String, Words)]) -> String {
    let parts: Vec<String> = refused.iter().map(|(to, words)| format!("{to}: {}", words.detail)).collect();
    parts.join("; ")
}

/// Writes an attempt and what follows from it.
pub(crate) fn apply(tx: &mut Tx<'_>, core: &Core, attempted: &Attempted) -> Result<(), Error> {
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
    let on_unknown = message.on_unknown.unwrap_or(attempted.on_unknown);
    let decision = decide(attempted, message.state, on_unknown);
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
    move_to(tx, tenant, &message, decision.state, &change, attempted.ended_at)
}

/// After the commit: the sender learns when to look again.
pub(super) fn after(core: &Core, sender: &Sender, attempted: &Attempted) {
    if let (Outcome::Temporary(_) | Outcome::RateLimited { .. } | Outcome::Unknown(_), Some(wait)) =
        (&attempted.outcome, attempted.wait)
    {
        sender.note_due(deliveries::Lane::Prompt, attempted.ended_at.plus(wait), core.clock.now());
    }
    if matches!(attempted.outcome, Outcome::Unknown(_)) {
        core.jobs_wake.notify_one();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn attempted(outcome: Outcome, wait: Option<Duration>, look_up: bool) -> Attempted {
        let at = Timestamp::from_micros(1_000_000);
        Attempted {
            tenant: TenantId(1),
            message: MessageId::from_u128(1),
            account: AccountId::from_u128(2),
            number: 1,
            started_at: at,
            ended_at: at,
            outcome,
            wait,
            look_up,
            is_repeatable: false,
            on_unknown: OnUnknown::Hold,
        }
    }

    #[test]
    fn an_unknown_outcome_is_retried_where_a_second_request_is_harmless() {
        let wait = Some(Duration::from_secs(30));
        let unknown = attempted(Outcome::Unknown(Words::plain("the line broke")), wait, true);
        let repeatable = Attempted { is_repeatable: true, ..unknown };
        let retried = decide(&repeatable, MessageState::Sending, OnUnknown::Hold);
        assert_eq!(retried.state, MessageState::Queued);
        let last = decide(&Attempted { wait: None, ..repeatable }, MessageState::Sending, OnUnknown::Hold);
        assert_eq!((last.state, last.next), (MessageState::Unknown, Next::Reconcile));
    }

    #[test]
    fn an_unknown_outcome_is_never_retried_unless_told_to() {
        let unknown = || Outcome::Unknown(Words::plain("the line broke"));
        let wait = Some(Duration::from_secs(30));
        let held = decide(&attempted(unknown(), wait, false), MessageState::Sending, OnUnknown::Hold);
        assert_eq!((held.state, held.next), (MessageState::Unknown, Next::Done));
        let asked = decide(&attempted(unknown(), wait, true), MessageState::Sending, OnUnknown::Resend);
        assert_eq!((asked.state, asked.next), (MessageState::Unknown, Next::Reconcile));
        let resent = decide(&attempted(unknown(), wait, false), MessageState::Sending, OnUnknown::Resend);
        assert_eq!(resent.state, MessageState::Queued);
    }

    #[test]
    fn a_delivery_report_that_came_before_the_answer_stands() {
        let sent = Outcome::Sent { provider_id: None, words: Words::default(), refused: Vec::new() };
        let decision = decide(&attempted(sent, None, false), MessageState::Delivered, OnUnknown::Hold);
        assert_eq!(decision.state, MessageState::Delivered);
    }

    #[test]
    fn what_was_delivered_is_not_unknown_because_its_request_broke() {
        let unknown = || Outcome::Unknown(Words::plain("the line broke"));
        for was in [MessageState::Sent, MessageState::Delivered, MessageState::Bounced] {
            let decision = decide(&attempted(unknown(), None, true), was, OnUnknown::Resend);
            assert_eq!((decision.state, decision.next), (was, Next::Done));
        }
    }

    #[test]
    fn the_last_temporary_failure_is_final() {
        let temporary = Outcome::Temporary(Words::plain("busy"));
        let decision = decide(&attempted(temporary, None, false), MessageState::Sending, OnUnknown::Hold);
        assert_eq!((decision.state, decision.next), (MessageState::Failed, Next::Done));
    }
}
