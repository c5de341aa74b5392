//! How many messages an account may still send today.

use domain::clock::Timestamp;

/// Counts the messages of one day (UTC) against a limit. Pure: time comes in.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    limit: Option<u32>,
    /// Days since 1970.
    day: i64,
    used: u64,
}

const DAY: i64 = 86_400_000_000;

impl Allowance {
    /// `used` is what was sent on this day before.
    pub(crate) fn new(limit: Option<u32>, used: u64, now: Timestamp) -> Allowance {
        Allowance { limit, day: now.day(), used }
    }

    fn turn(&mut self, now: Timestamp) {
        let day = now.day();
        if day != self.day {
            *self = Allowance { limit: self.limit, day, used: 0 };
        }
    }

    /// Another limit; what was used stays used.
    pub(crate) fn set_limit(&mut self, limit: Option<u32>) {
        self.limit = limit;
    }

    /// How many of `wanted` may be sent today; they are taken.
    pub(crate) fn take(&mut self, wanted: usize, now: Timestamp) -> usize {
        self.turn(now);
        let granted = match self.limit {
            None => wanted,
            Some(limit) => {
                let left = u64::from(limit).saturating_sub(self.used);
                usize::try_from(left).unwrap_or(usize::MAX).min(wanted)
            }
        };
        self.used += granted as u64;
        granted
    }

    /// Puts back what was taken and not sent.
    pub(crate) fn give_back(&mut self, unused: usize) {
        self.used = self.used.saturating_sub(unused as u64);
    }

    /// Takes over what all processes together have sent today, when that is more than this one knows of.
    pub(crate) fn at_least(&mut self, used: u64, now: Timestamp) {
        self.turn(now);
        self.used = self.used.max(used);
    }

    /// Until when nothing more may be sent; none while something may.
    pub(crate) fn spent_until(&self, now: Timestamp) -> Option<Timestamp> {
        let day = now.day();
        let is_spent = day == self.day && self.limit.is_some_and(|limit| self.used >= u64::from(limit));
        is_spent.then(|| Timestamp::from_micros((day + 1) * DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_for_a_day() {
        let noon = Timestamp::from_micros(DAY / 2);
        let mut allowance = Allowance::new(Some(10), 4, noon);
        assert_eq!(allowance.take(4, noon), 4);
        assert_eq!(allowance.take(4, noon), 2);
        assert_eq!(allowance.spent_until(noon), Some(Timestamp::from_micros(DAY)));
        allowance.give_back(1);
        assert_eq!((allowance.spent_until(noon), allowance.take(4, noon)), (None, 1));
        let tomorrow = Timestamp::from_micros(DAY + 1);
        assert_eq!((allowance.spent_until(tomorrow), allowance.take(40, tomorrow)), (None, 10));
    }

    #[test]
    fn without_a_limit_everything_may_leave() {
        let now = Timestamp::from_micros(0);
        let mut allowance = Allowance::new(None, 1_000_000, now);
        assert_eq!((allowance.take(5_000, now), allowance.spent_until(now)), (5_000, None));
        allowance.set_limit(Some(10));
        assert!(allowance.spent_until(now).is_some());
        allowance.set_limit(Some(2_000_000));
        allowance.at_least(2_000_000, now);
        assert!(allowance.spent_until(now).is_some());
    }
}
