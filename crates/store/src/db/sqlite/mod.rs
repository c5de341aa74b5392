//! SQLite inside the process: one writer thread that commits in groups, readers beside it, checkpoints apart.

mod checkpoint;
mod open;
mod readers;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::{Error, Queue, ReadCall, Work};
use checkpoint::Checkpointer;
use readers::Readers;

pub(crate) use open::open_for_writing;

/// Bulk closures of one commit.
const BULK_PER_TAKE: usize = 64;

/// The embedded database.
pub(crate) struct Embedded {
    path: PathBuf,
    queue: Arc<Queue>,
    readers: Arc<Readers>,
    writer: Mutex<Option<JoinHandle<()>>>,
    checkpointer: Checkpointer,
}

impl Embedded {
    pub(crate) fn start(path: &Path) -> Result<Embedded, Error> {
        let connection = open_for_writing(path)?;
        let queue = Arc::new(Queue::new(BULK_PER_TAKE));
        let checkpointer = Checkpointer::start(path)?;
        let written = checkpointer.signal();
        let taken = Arc::clone(&queue);
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer::run(&connection, &taken, &written))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let readers = Arc::new(Readers::new(path.to_owned()));
        Ok(Embedded { path: path.to_owned(), queue, readers, writer: Mutex::new(Some(writer)), checkpointer })
    }

    pub(crate) fn submit(&self, work: Box<dyn Work>) -> Result<(), Error> {
        self.queue.push(work)
    }

    pub(crate) async fn read(&self, call: ReadCall) -> Result<(), Error> {
        Readers::read(&self.readers, call).await
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Copies the running database to a new file, through SQLite's backup interface.
    pub(crate) fn backup(&self, target: &Path, mut progress: impl FnMut(u64, u64)) -> Result<(), Error> {
        let source = open::open_for_reading(&self.path)?;
        // One moment for the whole copy: without it every write in between would make the copy begin anew.
        source.execute_batch("BEGIN; SELECT 1 FROM migrations")?;
        let mut copy = rusqlite::Connection::open(target)?;
        let backup = rusqlite::backup::Backup::new(&source, &mut copy)?;
        loop {
            let step = backup.step(2_000)?;
            let status = backup.progress();
            let total = u64::try_from(status.pagecount).unwrap_or(0);
            progress(total.saturating_sub(u64::try_from(status.remaining).unwrap_or(0)), total);
            match step {
                rusqlite::backup::StepResult::Done => break,
                rusqlite::backup::StepResult::More => {}
                _ => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
        drop(backup);
        copy.close().map_err(|(_, error)| Error::from(error))
    }

    pub(crate) fn abandon(&self) {
        self.queue.abandon();
    }

    /// Finishes what waits, then ends the threads. Idempotent.
    pub(crate) fn stop(&self) {
        self.queue.close();
        if let Some(writer) = self.writer.lock().take()
            && writer.join().is_err()
        {
            tracing::error!("The writer thread of the database ended in a panic.");
        }
        self.checkpointer.stop();
    }
}
