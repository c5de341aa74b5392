//! A circuit breaker for one account: after failures in a row it pauses, then lets one message through to try.

use std::time::Duration;

use domain::clock::Timestamp;

/// Failures in a row before the account pauses.
const PATIENCE: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What is known of an account's recent attempts. Pure: time comes in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Circuit {
    failures: u32,
    paused_until: Option<Timestamp>,
}

/// Whether an attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// One attempt at a time, to see whether the provider is back.
    OneAtATime,
    ClosedUntil(Timestamp),
}

impl Circuit {
    /// An attempt reached the provider and was answered.
    pub(crate) fn succeeded(&mut self) {
        *self = Circuit::default();
    }

    /// An attempt failed in a way that says something about the provider, not about the message.
    ///
    /// Those that were under way when the pause began say nothing new: only the first of them counts.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        if matches!(self.gate(now), Gate::ClosedUntil(_)) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= PATIENCE {
            let doublings = (self.failures - PATIENCE).min(10);
            let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
            self.pause_until(now.plus(pause));
        }
    }

    /// The provider asked to wait.
    pub(crate) fn pause_until(&mut self, until: Timestamp) {
        self.paused_until = Some(self.paused_until.map_or(until, |already| already.max(until)));
    }

    pub(crate) fn gate(&self, now: Timestamp) -> Gate {
        match self.paused_until {
            Some(until) if now < until => Gate::ClosedUntil(until),
            _ if self.failures >= PATIENCE => Gate::OneAtATime,
            _ => Gate::Open,
        }
    }

    /// Whether it is known that the account does not work at the moment.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_pauses_after_failures_in_a_row_then_lets_one_try() {
        let mut circuit = Circuit::default();
        let start = Timestamp::from_micros(0);
        for _ in 0..PATIENCE - 1 {
            circuit.failed(start);
        }
        assert_eq!(circuit.gate(start), Gate::Open);
        circuit.failed(start);
        let until = start.plus(FIRST_PAUSE);
        assert_eq!(circuit.gate(start), Gate::ClosedUntil(until));
        assert_eq!(circuit.gate(until), Gate::OneAtATime);
        circuit.failed(until);
        assert_eq!(circuit.gate(until), Gate::ClosedUntil(until.plus(FIRST_PAUSE * 2)));
        circuit.succeeded();
        assert_eq!(circuit.gate(until), Gate::Open);
    }

    #[test]
    fn a_crowd_that_fails_together_counts_once() {
        let mut circuit = Circuit::default();
        let start = Timestamp::from_micros(0);
        for _ in 0..100 {
            circuit.failed(start);
        }
        assert_eq!(circuit.gate(start), Gate::ClosedUntil(start.plus(FIRST_PAUSE)));
    }
}
