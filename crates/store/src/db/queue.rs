//! The bounded queue in front of a writer thread: two lanes, many callers, one taker.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use super::Error;
use super::work::{Lane, Work};

/// How many closures may wait. Beyond it callers are told to come back (503), so memory stays bounded.
const CAPACITY: usize = 16_384;
pub(crate) struct Queue {
    lanes: Mutex<Lanes>,
    arrived: Condvar,
}

struct Lanes {
    bulk_per_take: usize,
    prompt: VecDeque<Box<dyn Work>>,
    bulk: VecDeque<Box<dyn Work>>,
    closed: bool,
}

impl Queue {
    /// `bulk_per_take` is how much bulk work one commit may carry, so that a prompt closure never waits behind much of it.
    pub(crate) fn new(bulk_per_take: usize) -> Queue {
        let lanes = Lanes { bulk_per_take, prompt: VecDeque::new(), bulk: VecDeque::new(), closed: false };
        Queue { lanes: Mutex::new(lanes), arrived: Condvar::new() }
    }

    /// Puts work behind what waits.
    pub(crate) fn push(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let mut lanes = self.lanes.lock();
        if lanes.closed {
            return Err(Error::Unavailable("the server is stopping".into()));
        }
        let lane = match work.lane() {
            Lane::Prompt => &mut lanes.prompt,
            Lane::Bulk => &mut lanes.bulk,
        };
        if lane.len() >= CAPACITY {
            return Err(Error::Busy);
        }
        lane.push_back(work);
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits for work and takes up to `most` pieces; nothing once the queue is closed and empty.
    pub(crate) fn take(&self, most: usize) -> Option<Vec<Box<dyn Work>>> {
        let mut lanes = self.lanes.lock();
        while lanes.prompt.is_empty() && lanes.bulk.is_empty() {
            if lanes.closed {
                return None;
            }
            self.arrived.wait(&mut lanes);
        }
        Some(lanes.drain(most))
    }

    /// Takes what is there now, without waiting.
    pub(crate) fn take_more(&self, most: usize) -> Vec<Box<dyn Work>> {
        self.lanes.lock().drain(most)
    }

    /// Lets the taker finish what waits and end.
    pub(crate) fn close(&self) {
        self.lanes.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Forgets what waits and takes nothing more: as if the process had ended here.
    pub(crate) fn abandon(&self) {
        let mut lanes = self.lanes.lock();
        lanes.closed = true;
        lanes.prompt.clear();
        lanes.bulk.clear();
        drop(lanes);
        self.arrived.notify_all();
    }

    /// How many closures wait.
    pub(crate) fn waiting(&self) -> usize {
        let lanes = self.lanes.lock();
        lanes.prompt.len() + lanes.bulk.len()
    }
}

impl Lanes {
    fn drain(&mut self, most: usize) -> Vec<Box<dyn Work>> {
        let prompt = self.prompt.len().min(most);
        let bulk = self.bulk.len().min(most - prompt).min(self.bulk_per_take);
        let mut taken = Vec::with_capacity(prompt + bulk);
        taken.extend(self.prompt.drain(..prompt));
        taken.extend(self.bulk.drain(..bulk));
        taken
    }
}
