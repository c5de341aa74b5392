//! PostgreSQL: a few sessions, each on a thread of its own with a queue before it, so that closures stay synchronous.

mod connect;
mod readers;
mod session;
mod writer;

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::{Error, Queue, ReadCall, Work};

pub(crate) use connect::Target;
pub(crate) use session::Session;

use readers::Readers;

/// Writer sessions. Work of one tenant always goes to the same one, so within a process it never waits for itself.
const WRITERS: usize = 4;

/// The database of a cluster.
pub(crate) struct Cluster {
    target: Arc<Target>,
    queues: Vec<Arc<Queue>>,
    readers: Readers,
    writers: Mutex<Vec<JoinHandle<()>>>,
}

impl Cluster {
    pub(crate) fn start(url: &str) -> Result<Cluster, Error> {
        let target = Arc::new(Target::parse(url)?);
        let mut queues = Vec::with_capacity(WRITERS);
        let mut writers = Vec::with_capacity(WRITERS);
        for place in 0..WRITERS {
            let queue = Arc::new(Queue::new());
            let session = if place == 0 { Some(Session::connect(&target)?) } else { None };
            let (taken, aim) = (Arc::clone(&queue), Arc::clone(&target));
            let writer = std::thread::Builder::new()
                .name(format!("store-writer-{place}"))
                .spawn(move || writer::run(&aim, session, &taken))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
            queues.push(queue);
            writers.push(writer);
        }
        let readers = Readers::start(&target)?;
        Ok(Cluster { target, queues, readers, writers: Mutex::new(writers) })
    }

    pub(crate) fn submit(&self, work: Box<dyn Work>) -> Result<(), Error> {
        let place = work.tenant().map_or(0, |tenant| usize::try_from(tenant.0).unwrap_or(0) % WRITERS);
        self.queues[place].push(work)
    }

    pub(crate) async fn read(&self, call: ReadCall) -> Result<(), Error> {
        self.readers.read(call).await
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queues.iter().map(|queue| queue.waiting()).sum()
    }

    /// A session of its own, for migrations.
    pub(crate) fn session(&self) -> Result<Session, Error> {
        Session::connect(&self.target)
    }

    pub(crate) fn abandon(&self) {
        for queue in &self.queues {
            queue.abandon();
        }
    }

    pub(crate) fn stop(&self) {
        for queue in &self.queues {
            queue.close();
        }
        for writer in self.writers.lock().drain(..) {
            if writer.join().is_err() {
                tracing::error!("A writer thread of the database ended in a panic.");
            }
        }
        self.readers.stop();
    }
}

/// One statement on a session of its own, outside any transaction.
pub(crate) fn run_once(url: &str, sql: &str) -> Result<(), Error> {
    Session::connect(&Target::parse(url)?)?.batch(sql)
}
