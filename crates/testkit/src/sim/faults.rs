//! Faults on demand: each is used up by the next request that it fits.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Faults that wait for their request. `K` is where it happens, `F` what.
#[derive(Debug)]
pub struct Faults<K, F>(Mutex<VecDeque<(K, F)>>);

impl<K, F> Default for Faults<K, F> {
    fn default() -> Faults<K, F> {
        Faults(Mutex::new(VecDeque::new()))
    }
}

impl<K: PartialEq + Clone, F: Clone> Faults<K, F> {
    /// The next `times` requests at this place get this fault.
    pub fn plan(&self, place: K, fault: F, times: usize) {
        self.0.lock().extend(std::iter::repeat_n((place, fault), times));
    }

    /// Takes the fault that is planned for this place, if any.
    pub(super) fn take(&self, place: &K) -> Option<F> {
        let mut planned = self.0.lock();
        let found = planned.iter().position(|(at, _)| at == place)?;
        planned.remove(found).map(|(_, fault)| fault)
    }

    /// Faults that nobody has met yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.lock().len()
    }

    /// Forgets all planned faults.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}
