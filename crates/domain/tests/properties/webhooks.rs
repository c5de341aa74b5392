//! Webhooks: every type of event fits its own patterns and no other noun's, and the waits of a delivery stay near their
//! schedule.

use std::time::Duration;

use domain::chance::Chance;
use domain::event::FeedType;
use domain::webhook::{ATTEMPTS, EventPattern, wait_after};
use proptest::prelude::*;

fn any_kind() -> impl Strategy<Value = FeedType> {
    (0..FeedType::ALL.len()).prop_map(|place| FeedType::ALL[place])
}

proptest! {
    #[test]
    fn a_pattern_takes_exactly_its_noun(kind in any_kind(), other in any_kind()) {
        prop_assume!(kind != FeedType::WebhookUpdated && other != FeedType::WebhookUpdated);
        let noun = |kind: FeedType| kind.as_str().split_once('.').unwrap().0.to_owned();
        let all: EventPattern = "*".parse().unwrap();
        let of_noun: EventPattern = format!("{}.*", noun(kind)).parse().unwrap();
        let exact: EventPattern = kind.as_str().parse().unwrap();
        prop_assert!(all.matches(other) && of_noun.matches(kind) && exact.matches(kind));
        prop_assert_eq!(of_noun.matches(other), noun(kind) == noun(other));
        prop_assert_eq!(exact.matches(other), kind == other);
        for pattern in [all, of_noun, exact] {
            prop_assert_eq!(pattern.to_string().parse::<EventPattern>(), Ok(pattern));
        }
    }

    #[test]
    fn any_text_is_a_pattern_that_fits_something_or_is_refused(text in "[a-z_]{0,12}[.]?[a-z*_]{0,12}") {
        if let Ok(pattern) = text.parse::<EventPattern>() {
            prop_assert!(FeedType::ALL.iter().any(|kind| pattern.matches(*kind)));
            prop_assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn waits_grow_and_stay_within_a_tenth(seed: u64, attempt in 0..40_u32) {
        let chance = Chance::seeded(seed);
        let Some(wait) = wait_after(attempt, &chance) else {
            prop_assert!(attempt == 0 || attempt >= ATTEMPTS);
            return Ok(());
        };
        let planned = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000][attempt as usize - 1];
        let planned = Duration::from_secs(planned);
        prop_assert!(wait >= planned * 9 / 10 && wait <= planned * 11 / 10, "{:?} after {}", wait, attempt);
    }
}
