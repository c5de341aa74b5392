//! When to try again: exponential back-off with full jitter, as pure arithmetic.

use std::time::Duration;

use crate::chance::Chance;

/// The shape of a series of retries.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The bound of the first wait.
    pub first: Duration,
    /// No wait is longer.
    pub ceiling: Duration,
    /// Attempts in all; after the last one the work has failed.
    pub attempts: u32,
}

impl Backoff {
    /// For messages: waits of up to 30 s, 1 min, 2 min … 4 h; 20 attempts spread over about two days.
    /// RFC 5321 section 4.5.4.1 asks for several tries over days; a person waits for these, so the first are close.
    pub const DELIVERY: Backoff =
        Backoff { first: Duration::from_secs(30), ceiling: Duration::from_hours(4), attempts: 20 };

    /// For internal work such as parsing or reconciling.
    pub const JOB: Backoff =
        Backoff { first: Duration::from_secs(5), ceiling: Duration::from_mins(30), attempts: 12 };

    /// How long to wait after attempt number `attempt` (from 1), or `None` when no attempt is left.
    /// Full jitter: evenly between a tenth of the bound and the bound, so that a crowd of retries spreads out.
    #[must_use]
    pub fn wait_after(&self, attempt: u32, chance: &Chance) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let doublings = attempt.saturating_sub(1).min(20);
        let bound = self.first.saturating_mul(1_u32 << doublings).min(self.ceiling);
        let floor = bound / 10;
        let spread = u64::try_from((bound - floor).as_millis()).unwrap_or(u64::MAX);
        Some(floor + Duration::from_millis(chance.below(spread + 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_ceiling_and_end() {
        let chance = Chance::seeded(3);
        let backoff = Backoff::DELIVERY;
        for attempt in 1..backoff.attempts {
            let wait = backoff.wait_after(attempt, &chance).expect("an attempt is left");
            assert!(wait <= backoff.ceiling);
            assert!(wait >= backoff.first / 10);
        }
        assert_eq!(backoff.wait_after(backoff.attempts, &chance), None);
    }
}
