//! Dates in queries: days, months and years in UTC, and spans back from now.

use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// The beginning of what a word names: `2026-11-20`, `2026-11`, `2026`, `today`, `yesterday`, or `12h`, `7d`, `2w`, `3m`,
/// `1y` back from now.
pub(super) fn beginning(word: &str, now: Timestamp) -> Option<Timestamp> {
    let word = word.to_lowercase();
    match word.as_str() {
        "now" => return Some(now),
        "today" => return midnight(day_of(now)?),
        "yesterday" => return midnight(day_of(now.minus(DAY))?),
        _ => {}
    }
    back(&word, now).or_else(|| midnight(day(&word)?))
}

fn back(word: &str, now: Timestamp) -> Option<Timestamp> {
    let (last, _) = word.char_indices().last()?;
    let count: u32 = word[..last].parse().ok().filter(|count| *count < 10_000)?;
    let unit = match &word[last..] {
        "h" => Duration::from_hours(1),
        "d" => DAY,
        "w" => DAY * 7,
        "m" => DAY * 30,
        "y" => DAY * 365,
        _ => return None,
    };
    Some(now.minus(unit * count))
}

fn day(word: &str) -> Option<Date> {
    let mut parts = word.split(['-', '/', '.']);
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = parts.next().map_or(Some(1), |month| month.parse().ok())?;
    let day = parts.next().map_or(Some(1), |day| day.parse().ok())?;
    if parts.next().is_some() { None } else { Date::new(year, month, day).ok() }
}

fn day_of(time: Timestamp) -> Option<Date> {
    let instant = jiff::Timestamp::from_microsecond(time.micros()).ok()?;
    Some(instant.to_zoned(TimeZone::UTC).date())
}

fn midnight(day: Date) -> Option<Timestamp> {
    // Before 1970 nothing was written.
    let day = day.max(date(1970, 1, 1));
    let instant = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_micros(instant.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_months_years_and_spans() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        for (word, begins) in [
            ("2026-11-01", "2026-11-01T00:00:00Z"),
            ("2026/11/1", "2026-11-01T00:00:00Z"),
            ("2026-10", "2026-10-01T00:00:00Z"),
            ("2025", "2025-01-01T00:00:00Z"),
            ("today", "2026-11-20T00:00:00Z"),
            ("Yesterday", "2026-11-19T00:00:00Z"),
            ("7d", "2026-11-13T12:00:00Z"),
            ("12h", "2026-11-20T00:00:00Z"),
        ] {
            assert_eq!(beginning(word, now), Some(begins.parse().unwrap()), "{word}");
        }
        for word in ["", "7", "99999d", "2026-13", "2026-11-31", "d", "1-2-3-4", "ä", "-7d"] {
            assert_eq!(beginning(word, now), None, "{word}");
        }
    }
}
