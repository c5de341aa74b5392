//! Remembers for a few seconds who a token belongs to, so that a busy key costs no query per request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::clock::Timestamp;
use parking_lot::RwLock;

/// How long a revocation by another process may stay unnoticed.
const LIFETIME: Duration = Duration::from_secs(5);
/// Tokens remembered at once; far more than are in use, far less than memory.
const CAPACITY: usize = 4_096;

/// Values by the SHA-256 of their token.
pub(super) struct Cache<T> {
    entries: RwLock<HashMap<[u8; 32], (Timestamp, T)>>,
    /// Rises with each eviction, so that what was read before one is not remembered after it.
    generation: AtomicU64,
}

impl<T> Default for Cache<T> {
    fn default() -> Cache<T> {
        Cache { entries: RwLock::default(), generation: AtomicU64::new(0) }
    }
}

impl<T: Clone> Cache<T> {
    pub(super) fn get(&self, hash: &[u8; 32], now: Timestamp) -> Option<T> {
        let entries = self.entries.read();
        let (since, value) = entries.get(hash)?;
        (now.since(*since) < LIFETIME && now >= *since).then(|| value.clone())
    }

    /// To be taken before the database is read for [`Cache::put`].
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Remembers what was read, unless something was evicted since `generation` was taken.
    pub(super) fn put(&self, hash: [u8; 32], value: T, now: Timestamp, generation: u64) {
        let mut entries = self.entries.write();
        if self.generation() != generation {
            return;
        }
        if entries.len() >= CAPACITY {
            entries.retain(|_, (since, _)| now.since(*since) < LIFETIME);
        }
        if entries.len() >= CAPACITY {
            entries.clear();
        }
        entries.insert(hash, (now, value));
    }

    /// Forgets every value that `gone` names; to be called after the commit that made it worthless.
    pub(super) fn evict(&self, gone: impl Fn(&T) -> bool) {
        let mut entries = self.entries.write();
        self.generation.fetch_add(1, Ordering::SeqCst);
        entries.retain(|_, (_, value)| !gone(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_remembered_for_a_few_seconds_and_not_past_an_eviction() {
        let cache = Cache::default();
        let start = Timestamp::from_micros(1_000_000);
        cache.put([1; 32], "a", start, cache.generation());
        assert_eq!(cache.get(&[1; 32], start.plus(Duration::from_secs(4))), Some("a"));
        assert_eq!(cache.get(&[1; 32], start.plus(Duration::from_secs(5))), None);

        let before = cache.generation();
        cache.evict(|value| *value == "a");
        assert_eq!(cache.get(&[1; 32], start), None);
        cache.put([1; 32], "a", start, before);
        assert_eq!(cache.get(&[1; 32], start), None);
    }

    #[test]
    fn it_stays_small() {
        let cache = Cache::default();
        let start = Timestamp::from_micros(0);
        for number in 0..10_000_u32 {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&number.to_be_bytes());
            cache.put(hash, number, start, cache.generation());
        }
        assert!(cache.entries.read().len() <= CAPACITY);
    }
}
