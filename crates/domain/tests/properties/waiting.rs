//! Back-off: no wait is longer than the ceiling, none is next to nothing, and the attempts end.

use domain::backoff::Backoff;
use domain::chance::Chance;
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_wait_stays_in_its_bounds(attempt in 0..200_u32, seed: u64, which in 0..2_usize) {
        let backoff = [Backoff::DELIVERY, Backoff::JOB][which];
        let Some(wait) = backoff.wait_after(attempt, &Chance::seeded(seed)) else {
            prop_assert!(attempt >= backoff.attempts);
            return Ok(());
        };
        prop_assert!(attempt < backoff.attempts);
        let bound = backoff.first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1))).min(backoff.ceiling);
        prop_assert!(wait <= bound && wait >= bound / 10, "{:?} after attempt {} of {:?}", wait, attempt, bound);
    }

    #[test]
    fn any_shape_of_waits_is_computed(first in 0..u64::MAX, ceiling in 0..u64::MAX, attempt: u32, seed: u64) {
        let (first, ceiling) = (std::time::Duration::from_millis(first), std::time::Duration::from_millis(ceiling));
        let backoff = Backoff { first, ceiling, attempts: u32::MAX };
        if let Some(wait) = backoff.wait_after(attempt, &Chance::seeded(seed)) {
            prop_assert!(wait <= ceiling);
        }
    }
}
