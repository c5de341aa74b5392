//! Moves the write-ahead log into the database on a connection of its own, never in the writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::open::open_for_writing;
use crate::db::Error;

/// How long writes gather before they are moved.
const PAUSE: Duration = Duration::from_millis(250);
/// Below this size of the log nothing is moved: the pages would be written again at once.
const WORTH_IT: u64 = 16 << 20;
/// Above this size the writer is made to wait for a moment, so that the log begins anew.
const TOO_LARGE: u64 = 256 << 20;

/// Tells the checkpointer that something was written.
#[derive(Clone)]
pub(super) struct Signal(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    written: bool,
    stopping: bool,
}

impl Signal {
    pub(super) fn raise(&self) {
        let mut state = self.0.state.lock();
        if !state.written {
            state.written = true;
            self.0.changed.notify_all();
        }
    }
}

pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpointer {
    pub(super) fn start(path: &Path) -> Result<Checkpointer, Error> {
        let connection = open_for_writing(path)?;
        let shared = Arc::new(Shared { state: Mutex::new(State::default()), changed: Condvar::new() });
        let watched = Arc::clone(&shared);
        let log = wal_of(path);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".into())
            .spawn(move || run(&connection, &log, &watched))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Checkpointer { shared, thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn signal(&self) -> Signal {
        Signal(Arc::clone(&self.shared))
    }

    /// Ends the thread after a last checkpoint.
    pub(super) fn stop(&self) {
        self.shared.state.lock().stopping = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("The checkpoint thread of the database ended in a panic.");
        }
    }
}

fn wal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

fn run(connection: &rusqlite::Connection, log: &Path, shared: &Shared) {
    loop {
        {
            let mut state = shared.state.lock();
            while !state.written && !state.stopping {
                shared.changed.wait(&mut state);
            }
            state.written = false;
            if !state.stopping {
                // Let writes gather; a stop ends the pause.
                let _ = shared.changed.wait_while_for(&mut state, |state| !state.stopping, PAUSE);
            }
            if state.stopping {
                break;
            }
        }
        checkpoint(connection, log);
    }
    pragma(connection, "TRUNCATE");
}

fn checkpoint(connection: &rusqlite::Connection, log: &Path) {
    let size = std::fs::metadata(log).map_or(0, |file| file.len());
    if size >= TOO_LARGE {
        tracing::warn!(
            bytes = size,
            "The write-ahead log has grown large; the writer waits while it is emptied."
        );
        // It is moved while the writer goes on, and again what was written meanwhile, so that the writer waits for little.
        pragma(connection, "PASSIVE");
        pragma(connection, "PASSIVE");
        pragma(connection, "TRUNCATE");
    } else if size >= WORTH_IT {
        pragma(connection, "PASSIVE");
    }
}

fn pragma(connection: &rusqlite::Connection, mode: &str) {
    let done = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
    if let Err(error) = done {
        tracing::warn!(%error, "A checkpoint of the database did not succeed; it is tried again after the next write.");
    }
}
