//! The memory that messages on their way in take together. Without a common limit, every connection of a stranger is worth a
//! whole message of memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What all sessions hold, in bytes.
#[derive(Debug)]
pub(super) struct Room {
    held: AtomicUsize,
    most: usize,
}

/// What one session holds, until this is dropped.
#[derive(Debug)]
pub(super) struct Part {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    pub(super) fn new(most: usize) -> Room {
        Room { held: AtomicUsize::new(0), most }
    }
}

impl Part {
    /// Holds nothing yet.
    pub(super) fn of(room: &Arc<Room>) -> Part {
        Part { room: Arc::clone(room), bytes: 0 }
    }

    /// Holds so many bytes from now on; false, and as before, when there is no room for more.
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        if bytes <= self.bytes {
            self.room.held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
            self.bytes = bytes;
            return true;
        }
        let more = bytes - self.bytes;
        let most = self.room.most;
        let grown = self.room.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            held.checked_add(more).filter(|held| *held <= most)
        });
        if grown.is_ok() {
            self.bytes = bytes;
        }
        grown.is_ok()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.hold(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_shared_and_given_back() {
        let room = Arc::new(Room::new(10));
        let (mut one, mut other) = (Part::of(&room), Part::of(&room));
        assert!(one.hold(6) && other.hold(4));
        assert!(!one.hold(7) && one.hold(5) && other.hold(5));
        drop(one);
        assert!(!other.hold(11) && other.hold(10));
    }
}
