//! Webhooks to programs outside: which events they get, when a delivery is tried again, and what is sent and signed.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::chance::Chance;
use crate::clock::Timestamp;
use crate::event::FeedType;

crate::words! {
    /// How far a delivery has come.
    pub enum DeliveryState {
        /// It is tried now, or again later.
        Waiting = "waiting",
        /// The other side answered 2xx.
        Delivered = "delivered",
        /// It was tried as often as it is, or the other side does not want it.
        Failed = "failed",
    }
}

/// The type of the event that a person sends to try a webhook. It is of no feed.
pub const TEST_EVENT: &str = "webhook.test";

/// One pattern of a subscription: `*`, `message.*` or `message.sent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPattern(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Everything,
    /// All types of one noun.
    Noun(String),
    One(FeedType),
}

impl EventPattern {
    /// Whether an event of this type is wanted.
    ///
    /// `webhook.updated` never is: a webhook that fails and recovers would tell of itself for ever.
    #[must_use]
    pub fn matches(&self, kind: FeedType) -> bool {
        if kind == FeedType::WebhookUpdated {
            return false;
        }
        match &self.0 {
            Pattern::Everything => true,
            Pattern::Noun(noun) => noun_of(kind) == noun,
            Pattern::One(one) => *one == kind,
        }
    }
}

fn noun_of(kind: FeedType) -> &'static str {
    kind.as_str().split('.').next().unwrap_or_default()
}

/// A pattern that no event fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected *, all events of a noun such as message.*, or the type of an event such as message.delivered"
)]
pub struct NoSuchEvent;

impl FromStr for EventPattern {
    type Err = NoSuchEvent;

    fn from_str(text: &str) -> Result<EventPattern, NoSuchEvent> {
        let pattern = match text.strip_suffix(".*") {
            _ if text == "*" => Pattern::Everything,
            Some(noun) => Pattern::Noun(noun.to_owned()),
            None => Pattern::One(text.parse().map_err(|_| NoSuchEvent)?),
        };
        let pattern = EventPattern(pattern);
        let fits = FeedType::ALL.iter().any(|kind| pattern.matches(*kind));
        if fits { Ok(pattern) } else { Err(NoSuchEvent) }
    }
}

impl fmt::Display for EventPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pattern::Everything => formatter.write_str("*"),
            Pattern::Noun(noun) => write!(formatter, "{noun}.*"),
            Pattern::One(kind) => formatter.write_str(kind.as_str()),
        }
    }
}

/// The waits between attempts, as Standard Webhooks recommends: 27.6 hours in all.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(10),
];

/// Attempts of one delivery, until it has failed.
pub const ATTEMPTS: u32 = WAITS.len() as u32 + 1;

/// After so long without anything but failures a webhook is switched off,
pub const PATIENCE: Duration = Duration::from_hours(5 * 24);

/// if so many deliveries were given up meanwhile, each after all its attempts over a day: one attempt that fails long after
/// another says nothing of the time between them.
pub const GIVEN_UP: u32 = 3;

/// How long to wait after attempt number `attempt` (from 1), or nothing when none is left. A tenth more or less, so that
/// what failed together does not come back together.
#[must_use]
pub fn wait_after(attempt: u32, chance: &Chance) -> Option<Duration> {
    let wait = *WAITS.get(usize::try_from(attempt.checked_sub(1)?).ok()?)?;
    let tenth = wait / 10;
    let spread = u64::try_from((tenth * 2).as_millis()).unwrap_or(u64::MAX);
    Some(wait - tenth + Duration::from_millis(chance.below(spread + 1)))
}

/// The body of a webhook. `data` has the ids of the event and the object that it is about.
#[must_use]
pub fn body(kind: &str, at: Timestamp, seq: Option<i64>, data: &serde_json::Value) -> String {
    serde_json::json!({ "type": kind, "timestamp": at, "seq": seq, "data": data }).to_string()
}

/// What a signature is computed over (Standard Webhooks 1.0): id, time in seconds and body, with dots between them.
#[must_use]
pub fn signed_content(id: &str, seconds: i64, body: &str) -> String {
    format!("{id}.{seconds}.{body}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_what_it_says() {
        let fits = |pattern: &str, kind| pattern.parse::<EventPattern>().map(|pattern| pattern.matches(kind));
        assert_eq!(fits("*", FeedType::MessageSent), Ok(true));
        assert_eq!(fits("message.*", FeedType::MessageSent), Ok(true));
        assert_eq!(fits("message.*", FeedType::ContactCreated), Ok(false));
        assert_eq!(fits("contact.*", FeedType::ContactImportProgressed), Ok(false), "another noun");
        assert_eq!(fits("message.sent", FeedType::MessageDelivered), Ok(false));
        assert_eq!(fits("*", FeedType::WebhookUpdated), Ok(false));
        for wrong in ["", "message", "message.", "nothing.*", "*.sent", "message.gone", "webhook.*", ".*"] {
            assert_eq!(wrong.parse::<EventPattern>(), Err(NoSuchEvent), "{wrong}");
        }
    }

    #[test]
    fn attempts_spread_over_about_a_day() {
        let chance = Chance::seeded(1);
        let all: Duration = (1..ATTEMPTS).map(|attempt| wait_after(attempt, &chance).unwrap()).sum();
        assert!(all > Duration::from_hours(24) && all < Duration::from_hours(31), "{all:?}");
        assert_eq!((wait_after(ATTEMPTS, &chance), wait_after(0, &chance)), (None, None));
    }
}
