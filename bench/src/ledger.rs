//! Counts, per message number, how often it arrived at a sink, and how long it took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use crate::histogram::Histogram;
use crate::{letters, watch};

/// What has arrived so far. Numbers are dense (0, 1, 2, …), so one byte each is all it keeps.
#[derive(Debug)]
pub struct Ledger {
    arrivals: Vec<AtomicU8>,
    distinct: AtomicU64,
    timed_distinct: AtomicU64,
    duplicates: AtomicU64,
    unreadable: AtomicU64,
    last: AtomicU64,
    /// Latencies are recorded of numbers below this one (the others are background load).
    timed_below: u64,
    pub latency: Histogram,
}

impl Ledger {
    /// A ledger for the numbers 0..capacity.
    pub fn new(capacity: u64) -> Arc<Self> {
        Self::timing_below(capacity, capacity)
    }

    pub fn timing_below(capacity: u64, timed_below: u64) -> Arc<Self> {
        Arc::new(Self {
            arrivals: (0..capacity).map(|_| AtomicU8::new(0)).collect(),
            distinct: AtomicU64::new(0),
            timed_distinct: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            unreadable: AtomicU64::new(0),
            last: AtomicU64::new(0),
            timed_below,
            latency: Histogram::default(),
        })
    }

    /// Enters one message as the sink took it, whatever its wrapping (MIME or JSON).
    pub fn enter(&self, content: &[u8]) {
        let Some(mark) = letters::find_mark(content) else {
            self.unreadable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        self.enter_number(mark.number, mark.at);
    }

    fn enter_number(&self, number: u64, at: u64) {
        let now = watch::now();
        let Some(slot) = usize::try_from(number).ok().and_then(|index| self.arrivals.get(index)) else {
            self.unreadable.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if slot.fetch_add(1, Ordering::Relaxed) > 0 {
            self.duplicates.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.distinct.fetch_add(1, Ordering::Relaxed);
        if number < self.timed_below {
            self.timed_distinct.fetch_add(1, Ordering::Relaxed);
            self.latency.record(now.saturating_sub(at));
        }
        self.last.fetch_max(now, Ordering::Relaxed);
    }

    /// How many different numbers arrived.
    pub fn distinct(&self) -> u64 {
        self.distinct.load(Ordering::Relaxed)
    }

    /// The same, of those below `timed_below`.
    pub fn timed_distinct(&self) -> u64 {
        self.timed_distinct.load(Ordering::Relaxed)
    }

    /// Arrivals beyond the first of each number.
    pub fn duplicates(&self) -> u64 {
        self.duplicates.load(Ordering::Relaxed)
    }

    /// Messages without a mark, or with a number that nobody sent.
    pub fn unreadable(&self) -> u64 {
        self.unreadable.load(Ordering::Relaxed)
    }

    pub fn arrivals_of(&self, number: u64) -> u8 {
        usize::try_from(number)
            .ok()
            .and_then(|index| self.arrivals.get(index))
            .map_or(0, |slot| slot.load(Ordering::Relaxed))
    }

    /// The reading of the watch at the last first arrival.
    pub fn last_arrival(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }

    /// Waits until `expected` numbers arrived, or until nothing new came for `patience`.
    pub async fn wait_for(&self, expected: u64, patience: Duration) -> u64 {
        let mut best = self.distinct();
        let mut progress = watch::now();
        while self.distinct() < expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if self.distinct() > best {
                best = self.distinct();
                progress = watch::now();
            }
            if watch::seconds_since(progress) > patience.as_secs_f64() {
                break;
            }
        }
        self.distinct()
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;

    #[test]
    fn counts_each_number_once_and_names_the_rest() {
        let ledger = Ledger::timing_below(3, 2);
        for content in
            ["bench-id: 0\nbench-at: 0\n", "bench-id: 2\r\nbench-at: 0\r\n", "bench-id: 0\nbench-at: 0\n"]
        {
            ledger.enter(content.as_bytes());
        }
        ledger.enter(b"no mark at all");
        ledger.enter(b"bench-id: 77\nbench-at: 1\n");
        assert_eq!((ledger.distinct(), ledger.duplicates(), ledger.unreadable()), (2, 1, 2));
        assert_eq!((ledger.arrivals_of(0), ledger.arrivals_of(1), ledger.arrivals_of(2)), (2, 0, 1));
        assert_eq!((ledger.timed_distinct(), ledger.latency.count()), (1, 1));
    }
}
