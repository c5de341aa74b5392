//! Counts durations in buckets less than one percent wide, from many tasks at once, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// Buckets per power of two; 128 makes the error of a percentile at most 0.8 %.
const STEPS: u64 = 128;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Enough for every u64: 128 exact buckets, then 57 powers of two.
const BUCKETS: usize = (STEPS as usize) * (64 - STEP_BITS as usize + 1);

#[derive(Debug)]
pub struct Histogram {
    buckets: Vec<AtomicU64>,
    count: AtomicU64,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        let buckets = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, count: AtomicU64::new(0), max: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Records one duration in nanoseconds.
    pub fn record(&self, nanoseconds: u64) {
        self.buckets[bucket(nanoseconds)].fetch_add(1, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.max.fetch_max(nanoseconds, Ordering::Relaxed);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.buckets.iter().for_each(|bucket| bucket.store(0, Ordering::Relaxed));
        self.count.store(0, Ordering::Relaxed);
        self.max.store(0, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The duration in nanoseconds that `share` (0.99) of the recorded ones do not exceed.
    /// None when nothing was recorded.
    pub fn percentile(&self, share: f64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = ((count as f64 * share).ceil() as u64).clamp(1, count);
        let mut seen = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            seen += bucket.load(Ordering::Relaxed);
            if seen >= rank {
                return Some(upper_edge(index).min(self.max.load(Ordering::Relaxed)));
            }
        }
        Some(self.max.load(Ordering::Relaxed))
    }

    /// A percentile in milliseconds with three decimals, as the figures print it.
    pub fn percentile_ms(&self, share: f64) -> Option<f64> {
        self.percentile(share).map(milliseconds)
    }

    pub fn max_ms(&self) -> Option<f64> {
        (self.count() > 0).then(|| milliseconds(self.max.load(Ordering::Relaxed)))
    }
}

/// Nanoseconds as milliseconds with three decimals.
pub fn milliseconds(nanoseconds: u64) -> f64 {
    (nanoseconds as f64 / 1_000.0).round() / 1_000.0
}

fn bucket(value: u64) -> usize {
    if value < STEPS {
        return value as usize;
    }
    let power = 63 - value.leading_zeros();
    let shift = power - STEP_BITS;
    let step = (value >> shift) - STEPS;
    (STEPS * u64::from(shift + 1) + step) as usize
}

fn upper_edge(index: usize) -> u64 {
    let index = index as u64;
    if index < STEPS {
        return index;
    }
    let shift = index / STEPS - 1;
    let step = index % STEPS + STEPS;
    (u128::from(step + 1) << shift).min(u128::from(u64::MAX)) as u64
}

#[cfg(test)]
mod tests {
    use super::{Histogram, bucket, upper_edge};

    #[test]
    fn every_value_falls_into_a_bucket_whose_edges_are_close() {
        for value in [0, 1, 127, 128, 129, 255, 256, 1_000, 65_535, 1_000_000, 123_456_789, u64::MAX / 2] {
            let edge = upper_edge(bucket(value));
            assert!(edge >= value, "{value} above its bucket's edge {edge}");
            assert!(edge - value <= value / 100 + 1, "{value} is far from {edge}");
        }
        assert!(bucket(u64::MAX) < super::BUCKETS);
    }

    #[test]
    fn percentiles_of_a_plain_ramp() {
        let histogram = Histogram::default();
        for millisecond in 1..=1_000_u64 {
            histogram.record(millisecond * 1_000_000);
        }
        let p50 = histogram.percentile_ms(0.5).expect("recorded");
        let p99 = histogram.percentile_ms(0.99).expect("recorded");
        assert!((495.0..=505.0).contains(&p50), "{p50}");
        assert!((985.0..=1_000.0).contains(&p99), "{p99}");
        assert_eq!(histogram.max_ms(), Some(1_000.0));
    }

    #[test]
    fn nothing_recorded_gives_no_figure() {
        assert_eq!(Histogram::default().percentile(0.5), None);
        assert_eq!(Histogram::default().max_ms(), None);
    }
}
