//! The one clock of a run: nanoseconds since the first look at it, monotonic, shared by the load
//! generator and the sinks (they live in one process, so a difference of two readings is a latency).

use std::sync::OnceLock;
use std::time::{Duration, Instant};

static BEGINNING: OnceLock<Instant> = OnceLock::new();

/// Nanoseconds since the run began.
pub fn now() -> u64 {
    let beginning = *BEGINNING.get_or_init(Instant::now);
    u64::try_from(beginning.elapsed().as_nanos()).expect("a run is shorter than 584 years")
}

/// Seconds from `start` (a reading of `now`) until this instant.
pub fn seconds_since(start: u64) -> f64 {
    now().saturating_sub(start) as f64 / 1e9
}

/// Sleeps on the calling thread until the watch shows `due`. The kernel's timer is exact to about
/// 60 µs, tokio's only to a millisecond, which would show up in every latency of an open loop.
pub fn sleep_until(due: u64) {
    let left = due.saturating_sub(now());
    if left > 0 {
        std::thread::sleep(Duration::from_nanos(left));
    }
}
