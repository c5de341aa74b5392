//! How an account stands: for the choice between several, and in words for people.

use domain::clock::Timestamp;
use store::accounts::Health;

use super::Sender;
use crate::send::circuit::Gate;
use crate::send::routing::Standing;

/// Whether an account is used at the moment, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outlook {
    pub usable: bool,
    pub paused_until: Option<Timestamp>,
    pub why: Option<String>,
}

impl Sender {
    /// How the account stands for the choice between several.
    pub(crate) fn standing(&self, now: Timestamp) -> Standing {
        let link = self.link();
        let waiting = self.waiting.lock();
        if !link.is_usable(waiting.health) || waiting.allowance.spent_until(now).is_some() {
            return Standing::Unusable;
        }
        match waiting.circuit.gate(now) {
            Gate::Open => Standing::Usable,
            Gate::OneAtATime if waiting.len() == 0 && link.slots.available_permits() == link.slot_count => {
                Standing::Probe
            }
            Gate::OneAtATime | Gate::ClosedUntil(_) => Standing::Unusable,
        }
    }

    /// What people are told of that.
    pub(crate) fn outlook(&self, now: Timestamp) -> Outlook {
        let link = self.link();
        let waiting = self.waiting.lock();
        let hindered =
            |why: &str, paused_until| Outlook { usable: false, paused_until, why: Some(why.to_owned()) };
        if !link.account.enabled {
            return hindered("it is switched off", None);
        }
        if let Err(detail) = &link.provider {
            return hindered(detail, None);
        }
        if waiting.health == Health::Stopped {
            return hindered("it was stopped: its credentials or settings are refused", None);
        }
        if let Some(until) = waiting.allowance.spent_until(now) {
            return hindered("it has sent all that its daily limit allows", Some(until));
        }
        match waiting.circuit.gate(now) {
            Gate::Open => Outlook { usable: true, paused_until: None, why: None },
            Gate::OneAtATime => {
                hindered("it failed several times in a row; one message at a time tries it", None)
            }
            Gate::ClosedUntil(until) if waiting.circuit.is_failing() => {
                hindered("it failed several times in a row and pauses", Some(until))
            }
            Gate::ClosedUntil(until) => hindered("the provider asked to wait", Some(until)),
        }
    }
}
