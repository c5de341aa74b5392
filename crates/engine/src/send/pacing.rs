//! A token bucket for one account: so many messages a second, with a burst of one second's worth.

use std::time::Duration;

use domain::clock::Timestamp;

/// Counts what may leave. Pure: time comes in.
#[derive(Debug, Clone)]
pub(crate) struct Pacing {
    per_second: Option<u32>,
    /// Millionths of a message.
    tokens: u64,
    filled_at: Timestamp,
}

const ONE: u64 = 1_000_000;

impl Pacing {
    pub(crate) fn new(per_second: Option<u32>, now: Timestamp) -> Pacing {
        Pacing { per_second, tokens: u64::from(per_second.unwrap_or(0)) * ONE, filled_at: now }
    }

    /// How many of `wanted` may leave now; they are taken.
    pub(crate) fn take(&mut self, wanted: usize, now: Timestamp) -> usize {
        let Some(rate) = self.per_second else { return wanted };
        let elapsed = u64::try_from(now.since(self.filled_at).as_micros()).unwrap_or(u64::MAX);
        let limit = u64::from(rate) * ONE;
        // `rate` messages a second are `rate` millionths a microsecond.
        self.tokens = self.tokens.saturating_add(elapsed.saturating_mul(u64::from(rate))).min(limit);
        self.filled_at = now;
        let granted = usize::try_from(self.tokens / ONE).unwrap_or(usize::MAX).min(wanted);
        self.tokens -= granted as u64 * ONE;
        granted
    }

    /// Whether nothing may leave at this time.
    pub(crate) fn is_spent(&self, now: Timestamp) -> bool {
        self.clone().take(1, now) == 0
    }

    /// Puts back what was taken and not used.
    pub(crate) fn give_back(&mut self, unused: usize) {
        if self.per_second.is_some() {
            self.tokens = self.tokens.saturating_add(unused as u64 * ONE);
        }
    }

    /// When the next message may leave.
    pub(crate) fn next(&self, now: Timestamp) -> Timestamp {
        match self.per_second {
            None => now,
            Some(rate) => {
                let missing = ONE.saturating_sub(self.tokens);
                now.plus(Duration::from_micros(missing.div_ceil(u64::from(rate.max(1)))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_rate_leaves_in_a_second() {
        let start = Timestamp::from_micros(0);
        let mut pacing = Pacing::new(Some(10), start);
        assert_eq!(pacing.take(25, start), 10);
        assert_eq!(pacing.take(25, start), 0);
        let next = pacing.next(start);
        assert_eq!(next, start.plus(Duration::from_millis(100)));
        assert_eq!(pacing.take(25, next), 1);
        assert_eq!(pacing.take(25, start.plus(Duration::from_secs(60))), 10);
    }
}
