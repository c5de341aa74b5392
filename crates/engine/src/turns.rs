//! A loop that looks for what is due, sleeps until the next is, and is woken when somebody brings more.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::clock::Timestamp;
use tokio::sync::Notify;

/// What such a loop tells others, and they tell it.
pub(crate) struct Turns {
    /// How often somebody asked for a look, and the number of the request after which it last looked.
    asked: AtomicU64,
    looked: AtomicU64,
    wake: Notify,
    /// When the next work is due, in microseconds.
    next_due: AtomicI64,
}

impl Turns {
    pub(crate) fn new() -> Turns {
        Turns {
            asked: AtomicU64::new(1),
            looked: AtomicU64::new(0),
            wake: Notify::new(),
            next_due: AtomicI64::new(i64::MAX),
        }
    }

    /// There may be something to do.
    pub(crate) fn look_again(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.wake.notify_one();
    }

    /// A look begins; what is asked for from now on needs another.
    pub(crate) fn begin(&self) -> Look {
        Look(self.asked.load(Ordering::SeqCst))
    }

    /// A look ends with nothing left to do before `next`.
    pub(crate) fn end(&self, look: Look, next: Option<Timestamp>) {
        self.next_due.store(next.map_or(i64::MAX, Timestamp::micros), Ordering::SeqCst);
        self.looked.store(look.0, Ordering::SeqCst);
    }

    /// Waits until somebody asks for a look.
    pub(crate) async fn asked_for(&self) {
        self.wake.notified().await;
    }

    /// Whether nothing is left to do at this time.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        self.asked.load(Ordering::SeqCst) == self.looked.load(Ordering::SeqCst)
            && self.next_due.load(Ordering::SeqCst) > now.micros()
    }
}

/// A look that has begun.
pub(crate) struct Look(u64);
