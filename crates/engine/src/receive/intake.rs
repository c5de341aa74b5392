//! Entries that this process has in hand: straight from their commit, or claimed from the journal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use domain::ids::{JournalId, TenantId};
use parking_lot::Mutex;
use store::journal::Entry;
use tokio::sync::Notify;

/// Entries held in memory; the rest waits in the journal.
const WINDOW: usize = 2_048;
/// Bytes of bodies held in memory.
const WINDOW_BYTES: usize = 64 << 20;

/// One entry to work on.
#[derive(Debug, Clone)]
pub(crate) struct InHand {
    pub tenant: TenantId,
    pub id: JournalId,
    /// The entry with its body, when it came straight from its acceptance.
    pub fresh: Option<(Arc<Entry>, Bytes)>,
}

impl InHand {
    /// Bytes that it holds in memory.
    fn size(&self) -> usize {
        self.fresh.as_ref().map_or(0, |(_, body)| body.len())
    }
}

/// The queue before the workers.
pub(crate) struct Intake {
    waiting: Mutex<Waiting>,
    pub(super) wake: Notify,
    busy: AtomicUsize,
}

struct Waiting {
    entries: VecDeque<InHand>,
    bytes: usize,
    reserved: usize,
    backlog: bool,
    /// How often a backlog was suspected: what is suspected while the journal is asked is not in its answer.
    suspicions: u64,
    /// Entries that are tried again after a while.
    later: usize,
}

/// What may be claimed, as of a moment.
#[derive(Debug)]
pub(super) struct Room {
    pub entries: usize,
    suspicions: u64,
}

impl Intake {
    pub(crate) fn new() -> Intake {
        let waiting = Waiting {
            entries: VecDeque::new(),
            bytes: 0,
            reserved: 0,
            backlog: true,
            suspicions: 0,
            later: 0,
        };
        Intake { waiting: Mutex::new(waiting), wake: Notify::new(), busy: AtomicUsize::new(0) }
    }

    /// Whether an entry that is being accepted can be held from its insert on. Every `true` is followed by
    /// [`Intake::hand_over`] or [`Intake::give_back`].
    pub(super) fn reserve(&self) -> bool {
        let mut waiting = self.waiting.lock();
        let fits = !waiting.backlog
            && waiting.entries.len() + waiting.reserved < WINDOW
            && waiting.bytes < WINDOW_BYTES;
        if fits {
            waiting.reserved += 1;
        }
        fits
    }

    pub(super) fn hand_over(&self, entry: InHand) {
        let mut waiting = self.waiting.lock();
        waiting.reserved -= 1;
        waiting.bytes += entry.size();
        waiting.entries.push_back(entry);
        drop(waiting);
        self.wake.notify_one();
    }

    pub(super) fn give_back(&self) {
        self.waiting.lock().reserved -= 1;
    }

    /// The journal may hold entries that nobody has in hand.
    pub(crate) fn look_again(&self) {
        let mut waiting = self.waiting.lock();
        waiting.backlog = true;
        waiting.suspicions += 1;
        drop(waiting);
        self.wake.notify_one();
    }

    pub(super) fn take(&self) -> Option<InHand> {
        let mut waiting = self.waiting.lock();
        let entry = waiting.entries.pop_front()?;
        waiting.bytes -= entry.size();
        self.busy.fetch_add(1, Ordering::SeqCst);
        Some(entry)
    }

    pub(super) fn finished(&self) {
        self.busy.fetch_sub(1, Ordering::SeqCst);
    }

    /// How many entries to claim from the journal now; none when it is known to hold nothing.
    pub(super) fn room(&self) -> Room {
        let waiting = self.waiting.lock();
        let has_room = waiting.backlog && waiting.entries.len() < WINDOW / 2;
        let entries = if has_room { WINDOW - waiting.entries.len() } else { 0 };
        Room { entries, suspicions: waiting.suspicions }
    }

    pub(super) fn claimed(&self, room: &Room, entries: Vec<(TenantId, JournalId)>) {
        let mut waiting = self.waiting.lock();
        if waiting.suspicions == room.suspicions {
            waiting.backlog = entries.len() == room.entries;
        }
        waiting.entries.extend(entries.into_iter().map(|(tenant, id)| InHand { tenant, id, fresh: None }));
    }

    pub(super) fn put_off(&self) {
        self.waiting.lock().later += 1;
    }

    pub(super) fn back_again(&self, entry: InHand) {
        let mut waiting = self.waiting.lock();
        waiting.later -= 1;
        waiting.bytes += entry.size();
        waiting.entries.push_back(entry);
        drop(waiting);
        self.wake.notify_one();
    }

    pub(crate) fn is_idle(&self) -> bool {
        let waiting = self.waiting.lock();
        waiting.entries.is_empty()
            && waiting.reserved == 0
            && !waiting.backlog
            && self.busy.load(Ordering::SeqCst) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_while_the_journal_is_asked_is_asked_for_again() {
        let intake = Intake::new();
        let room = intake.room();
        intake.look_again();
        intake.claimed(&room, Vec::new());
        assert!(intake.room().entries > 0 && !intake.is_idle());
        let room = intake.room();
        intake.claimed(&room, Vec::new());
        assert!(intake.room().entries == 0 && intake.is_idle());
    }
}
