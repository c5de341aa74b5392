//! The clocks of others, as their answers tell them: a wrong clock of ours shows against them.

use std::collections::HashMap;
use std::sync::Arc;

use domain::clock::{Clock, Timestamp};
use http::HeaderMap;
use parking_lot::Mutex;

/// How our clock stood against another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockReading {
    pub host: String,
    /// When the answer came, by our clock.
    pub at: Timestamp,
    /// Whole seconds that our clock is behind; less than nothing when it is ahead.
    pub seconds_behind: i64,
}

/// Hosts beyond this number are not noted.
const MOST_HOSTS: usize = 256;

/// What was read lately, the last of each host.
#[derive(Debug, Clone, Default)]
pub(super) struct Clocks {
    clock: Option<Clock>,
    seen: Arc<Mutex<HashMap<String, (Timestamp, i64)>>>,
}

impl Clocks {
    pub(super) fn watching(clock: Clock) -> Clocks {
        Clocks { clock: Some(clock), seen: Arc::default() }
    }

    pub(super) fn note(&self, host: Option<&str>, headers: &HeaderMap) {
        let (Some(clock), Some(host)) = (&self.clock, host) else { return };
        let date = headers.get(http::header::DATE).and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return };
        let now = clock.now();
        let reading = (now, theirs.timestamp().as_second() - now.seconds());
        let mut seen = self.seen.lock();
        if let Some(known) = seen.get_mut(host) {
            *known = reading;
        } else if seen.len() < MOST_HOSTS {
            seen.insert(host.to_owned(), reading);
        }
    }

    pub(super) fn readings(&self) -> Vec<ClockReading> {
        let seen = self.seen.lock();
        seen.iter()
            .map(|(host, (at, seconds_behind))| ClockReading {
                host: host.clone(),
                at: *at,
                seconds_behind: *seconds_behind,
            })
            .collect()
    }
}

/// The host of a URL, with its port when it names one.
#[must_use]
pub fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_tells_how_far_our_clock_is_off() {
        let clocks = Clocks::watching(Clock::manual("2026-11-20T12:00:00.9Z".parse().unwrap()));
        let mut headers = HeaderMap::new();
        clocks.note(Some("api.example.com"), &headers);
        assert!(clocks.readings().is_empty());
        headers.insert(http::header::DATE, "Fri, 20 Nov 2026 12:01:30 GMT".parse().unwrap());
        clocks.note(host_of("https://me@api.example.com:444/v1?x=y"), &headers);
        let reading = clocks.readings().remove(0);
        assert_eq!((reading.host.as_str(), reading.seconds_behind), ("api.example.com:444", 90));
    }
}
