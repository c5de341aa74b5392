//! From an outcome to the next state. Pure: what is decided here is written elsewhere.

use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, OnUnknown, Outcome, RejectReason, Words};
use domain::message::{EventKind, MessageState};
use store::attempts::Attempt;

use super::load;
use super::outcome::Attempted;

/// Why a message is not all well although it is sent.
pub(super) const SOME_REFUSED: &str = "some_refused";

/// What happens to the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    Done,
    RetryAt(Timestamp),
    /// Stays in the queue until its account works again.
    Hold,
    Reconcile,
}

/// The decision: the message's state, its reason, what happens to the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub state: MessageState,
    pub reason: Option<(&'static str, String)>,
    pub next: Next,
    pub event: EventKind,
}

/// What earlier attempts of the same trial mean for a further one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// When the provider forgets that it had the request: the same request from then on is a second message.
    forgotten_at: Option<Timestamp>,
    /// Whether any of them, or this one, may have been taken.
    in_doubt: bool,
}

impl Before {
    pub(super) fn of(attempted: &Attempted, attempts: &[Attempt]) -> Before {
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

/// What follows from an attempt for a message that `was` in a state.
pub(super) fn decide(
    attempted: &Attempted,
    before: Before,
    was: MessageState,
    on_unknown: OnUnknown,
) -> Decision {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::ids::{AccountId, MessageId, TenantId};

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
