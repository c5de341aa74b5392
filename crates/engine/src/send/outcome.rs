//! From an outcome to the next state: decided purely, then written in one transaction.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::failure::{AttemptOutcome, OnUnknown, Outcome, RejectReason, Words};
use domain::ids::{AccountId, MessageId, TenantId};
use domain::message::{Direction, EventKind, MessageState};
use store::Tx;
use store::attempts::{self, Attempt};
use store::deliveries;
use store::feed::{self, Facts};
use store::message_events::{self, MessageEvent};
use store::messages::{self, Change, Message};

use super::elsewhere;
use super::load;
use super::reconcile;
use super::routing::Candidate;
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

/// What earlier attempts of the same trial mean for a further one.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    /// When the provider forgets that it had the request: the same request from then on is a second message.
    forgotten_at: Option<Timestamp>,
    /// Whether any of them, or this one, may have been taken.
    in_doubt: bool,
}

impl Before {
    fn of(attempted: &Attempted, attempts: &[Attempt]) -> Before {
        let trial = load::trial(attempts);
        let of_trial = || attempts.iter().filter(|attempt| attempt.number >= trial);
        let began = of_trial().map(|attempt| attempt.started_at).min();
        Before {
            forgotten_at: began.zip(attempted.remembers_for).map(|(began, life)| began.plus(life)),
            in_doubt: of_trial().any(|attempt| attempt.outcome == AttemptOutcome::Unknown),
        }
    }

    fn forbids(self, at: Timestamp) -> bool {
        self.forgotten_at.is_some_and(|forgotten| at >= forgotten)
    }
}

fn decide(attempted: &Attempted, before: Before, was: MessageState, on_unknown: OnUnknown) -> Decision {
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
            // An earlier attempt may have been taken, and by then the provider does not know it again.
            Some(wait) if attempted.is_repeatable && before.in_doubt && before.forbids(ended.plus(wait)) => {
                unknown(attempted, before, words, on_unknown)
            }
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
        Outcome::Unknown(words) => unknown(attempted, before, words, on_unknown),
    }
}

/// Nobody knows whether it was sent: ask the provider; where that is not possible, do as the account says.
fn unknown(attempted: &Attempted, before: Before, words: &Words, on_unknown: OnUnknown) -> Decision {
    let reason = Some(("no_answer", words.detail.clone()));
    if let (true, Some(wait)) = (attempted.is_repeatable, attempted.wait)
        && !before.forbids(attempted.ended_at.plus(wait))
    {
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
            remembers_for: None,
            on_unknown: OnUnknown::Hold,
            candidates: Vec::new(),
        }
    }

    fn decide_first(attempted: &Attempted, was: MessageState, on_unknown: OnUnknown) -> Decision {
        decide(attempted, Before::default(), was, on_unknown)
    }

    #[test]
    fn a_request_is_not_repeated_when_the_provider_may_have_forgotten_it() {
        let hours = |hours| Timestamp::from_micros(0).plus(Duration::from_hours(hours));
        let attempt = |number, at, outcome| Attempt {
            number,
            account: AccountId::from_u128(2),
            started_at: at,
            ended_at: Some(at),
            outcome,
            code: None,
            detail: String::new(),
        };
        let late = |outcome, ended_at| Attempted {
            is_repeatable: true,
            remembers_for: Some(Duration::from_hours(24)),
            ended_at,
            ..attempted(outcome, Some(Duration::from_hours(2)), true)
        };
        let in_doubt = [attempt(1, hours(0), AttemptOutcome::Unknown)];
        let refused = [attempt(1, hours(0), AttemptOutcome::Temporary)];
        let unknown = || Outcome::Unknown(Words::plain("the line broke"));
        let busy = || Outcome::Temporary(Words::plain("busy"));
        for (outcome, before, ended_at, state) in [
            (unknown(), &in_doubt, hours(21), MessageState::Queued),
            (unknown(), &in_doubt, hours(22), MessageState::Unknown),
            (busy(), &in_doubt, hours(21), MessageState::Queued),
            (busy(), &in_doubt, hours(22), MessageState::Unknown),
            (busy(), &refused, hours(22), MessageState::Queued),
        ] {
            let attempted = late(outcome, ended_at);
            let before = Before::of(&attempted, before);
            let decision = decide(&attempted, before, MessageState::Sending, OnUnknown::Hold);
            assert_eq!(decision.state, state, "{attempted:?}");
        }
        let settled = [
            attempt(1, hours(0), AttemptOutcome::Unknown),
            attempt(2, hours(1), AttemptOutcome::Rejected),
            attempt(3, hours(30), AttemptOutcome::Unknown),
        ];
        let attempted = late(unknown(), hours(31));
        let before = Before::of(&attempted, &settled);
        assert_eq!(before.forgotten_at, Some(hours(54)), "a new trial is a new request");
    }

    #[test]
    fn an_unknown_outcome_is_retried_where_a_second_request_is_harmless() {
        let wait = Some(Duration::from_secs(30));
        let unknown = attempted(Outcome::Unknown(Words::plain("the line broke")), wait, true);
        let repeatable = Attempted { is_repeatable: true, ..unknown };
        let retried = decide_first(&repeatable, MessageState::Sending, OnUnknown::Hold);
        assert_eq!(retried.state, MessageState::Queued);
        let last =
            decide_first(&Attempted { wait: None, ..repeatable }, MessageState::Sending, OnUnknown::Hold);
        assert_eq!((last.state, last.next), (MessageState::Unknown, Next::Reconcile));
    }

    #[test]
    fn an_unknown_outcome_is_never_retried_unless_told_to() {
        let unknown = || Outcome::Unknown(Words::plain("the line broke"));
        let wait = Some(Duration::from_secs(30));
        let held = decide_first(&attempted(unknown(), wait, false), MessageState::Sending, OnUnknown::Hold);
        assert_eq!((held.state, held.next), (MessageState::Unknown, Next::Done));
        let asked = decide_first(&attempted(unknown(), wait, true), MessageState::Sending, OnUnknown::Resend);
        assert_eq!((asked.state, asked.next), (MessageState::Unknown, Next::Reconcile));
        let resent =
            decide_first(&attempted(unknown(), wait, false), MessageState::Sending, OnUnknown::Resend);
        assert_eq!(resent.state, MessageState::Queued);
    }

    #[test]
    fn a_delivery_report_that_came_before_the_answer_stands() {
        let sent = Outcome::Sent { provider_id: None, words: Words::default(), refused: Vec::new() };
        let decision = decide_first(&attempted(sent, None, false), MessageState::Delivered, OnUnknown::Hold);
        assert_eq!(decision.state, MessageState::Delivered);
    }

    #[test]
    fn what_was_delivered_is_not_unknown_because_its_request_broke() {
        let unknown = || Outcome::Unknown(Words::plain("the line broke"));
        for was in [MessageState::Sent, MessageState::Delivered, MessageState::Bounced] {
            let decision = decide_first(&attempted(unknown(), None, true), was, OnUnknown::Resend);
            assert_eq!((decision.state, decision.next), (was, Next::Done));
        }
    }

    #[test]
    fn the_last_temporary_failure_is_final() {
        let temporary = Outcome::Temporary(Words::plain("busy"));
        let decision =
            decide_first(&attempted(temporary, None, false), MessageState::Sending, OnUnknown::Hold);
        assert_eq!((decision.state, decision.next), (MessageState::Failed, Next::Done));
    }
}
