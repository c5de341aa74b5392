//! Counts attempts to sign in per address and origin, so that a password cannot be guessed by trying.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use domain::clock::Timestamp;
use parking_lot::Mutex;

use crate::Error;

const ATTEMPTS: u32 = 10;
const WINDOW: Duration = Duration::from_secs(15 * 60);
const CAPACITY: usize = 10_000;

/// Who tries: the folded address, and where from when that is known.
pub(super) type Who = (String, Option<IpAddr>);

#[derive(Default)]
pub(super) struct Throttle(Mutex<HashMap<Who, Attempts>>);

struct Attempts {
    since: Timestamp,
    count: u32,
}

impl Throttle {
    /// Counts an attempt before it is made: many at the same moment must not slip through together.
    pub(super) fn attempt(&self, who: Who, now: Timestamp) -> Result<(), Error> {
        let mut all = self.0.lock();
        if all.len() >= CAPACITY {
            all.retain(|_, attempts| now.since(attempts.since) < WINDOW);
        }
        if all.len() >= CAPACITY {
            all.clear();
        }
        let attempts = all.entry(who).or_insert(Attempts { since: now, count: 0 });
        if now.since(attempts.since) >= WINDOW {
            *attempts = Attempts { since: now, count: 0 };
        }
        if attempts.count >= ATTEMPTS {
            let left = WINDOW.saturating_sub(now.since(attempts.since)).as_secs().max(1);
            return Err(Error::TooMany(u32::try_from(left).unwrap_or(u32::MAX)));
        }
        attempts.count += 1;
        Ok(())
    }

    /// Forgets the attempts of somebody who got in.
    pub(super) fn forget(&self, who: &Who) {
        self.0.lock().remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_attempt_has_to_wait_and_others_do_not() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0);
        let jane = || ("jane@example.com".to_owned(), None);
        for _ in 0..10 {
            throttle.attempt(jane(), start).expect("still allowed");
        }
        let minute = start.plus(Duration::from_secs(60));
        assert!(matches!(throttle.attempt(jane(), minute), Err(Error::TooMany(840))));
        throttle.attempt(("joe@example.com".to_owned(), None), minute).expect("somebody else");
        throttle.attempt(jane(), start.plus(WINDOW)).expect("allowed again");
    }
}
