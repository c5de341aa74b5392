//! Places for deliveries that are being accepted: what a message is given before its transaction is committed.

use std::sync::Arc;

use domain::clock::Timestamp;
use domain::ids::MessageId;
use domain::outgoing::Outgoing;
use store::deliveries::Lane;
use tokio::sync::OwnedSemaphorePermit;

use super::{Item, Sender, WINDOW, place};
use crate::send::circuit::Gate;

/// A place for a delivery that is being accepted. Dropped without use, it gives the place back.
pub(crate) struct Reservation {
    sender: Arc<Sender>,
    lane: Lane,
    leased: bool,
    slot: Option<OwnedSemaphorePermit>,
    started_at: Timestamp,
}

impl Reservation {
    /// Whether the delivery is leased to this process from its insert on.
    pub(crate) fn is_leased(&self) -> bool {
        self.leased
    }

    /// Since when it counts as started, when a slot was free.
    pub(crate) fn started_at(&self) -> Option<Timestamp> {
        self.slot.as_ref().map(|_| self.started_at)
    }

    /// After the commit: gives the delivery to its sender.
    pub(crate) fn hand_over(mut self, message: MessageId, outgoing: Option<Arc<Outgoing>>) {
        let slot = self.slot.take();
        let mut waiting = self.sender.waiting.lock();
        if self.leased {
            let started_at = slot.as_ref().map(|_| self.started_at);
            let attempts = u32::from(slot.is_some());
            let item = Item { message, lane: self.lane, attempts, started_at, slot, outgoing };
            waiting.lane(self.lane).push_back(item);
        } else {
            waiting.suspect(self.lane);
        }
        drop(waiting);
        self.sender.wake.notify_one();
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.leased {
            let mut waiting = self.sender.waiting.lock();
            waiting.reserved -= 1;
            // A slot that is still here was used for nothing.
            if self.slot.is_some() {
                waiting.give_back(1);
            }
        }
    }
}

impl Sender {
    /// A place for a delivery that is due now.
    ///
    /// It is leased when the window has room and nothing older waits in the database, and gets a slot when nothing waits
    /// at all: then the mark that it is started rides on the commit that accepts it.
    pub(crate) fn reserve(self: &Arc<Sender>, lane: Lane, now: Timestamp) -> Reservation {
        let link = self.link();
        let mut waiting = self.waiting.lock();
        let unhindered = link.is_usable(waiting.health) && waiting.circuit.gate(now) == Gate::Open;
        let first = !waiting.backlog[place(lane)] && !waiting.backlog[0];
        let leased = self.runs && unhindered && first && waiting.len() < WINDOW;
        let nothing_waits = waiting.prompt.is_empty() && (lane == Lane::Prompt || waiting.bulk.is_empty());
        let may_start = leased && nothing_waits && waiting.grant(1, now) == 1;
        let slot = if may_start { Arc::clone(&link.slots).try_acquire_owned().ok() } else { None };
        if may_start && slot.is_none() {
            waiting.give_back(1);
        }
        if leased {
            waiting.reserved += 1;
        }
        drop(waiting);
        Reservation { sender: Arc::clone(self), lane, leased, slot, started_at: now }
    }
}
