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
/// Bulk closures of one commit: each statement of theirs is a round trip that somebody may be waiting behind.
const BULK_PER_TAKE: usize = 16;

/// The database of a cluster.
pub(crate) struct Cluster {
    target: Arc<Target>,
    queues: Vec<Arc<Queue>>,
    readers: Readers,
    writers: Mutex<Vec<JoinHandle<()>>>,
    tending: Mutex<Option<Session>>,
}

impl Cluster {
    pub(crate) fn start(url: &str) -> Result<Cluster, Error> {
        let target = Arc::new(Target::parse(url)?);
        let mut queues = Vec::with_capacity(WRITERS);
        let mut writers = Vec::with_capacity(WRITERS);
        for place in 0..WRITERS {
            let queue = Arc::new(Queue::new(BULK_PER_TAKE));
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
        Ok(Cluster { target, queues, readers, writers: Mutex::new(writers), tending: Mutex::new(None) })
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

    /// See [`analyze_unknown`].
    pub(crate) fn tend(&self) -> Result<(), Error> {
        let mut kept = self.tending.lock();
        let session = match kept.take() {
            Some(session) if !session.is_closed() => session,
            _ => self.session()?,
        };
        let session = kept.insert(session);
        analyze_unknown(session)
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

/// Tables that have grown and of which the planner knows nothing yet.
const UNKNOWN: &str = "
SELECT CAST(relname AS TEXT)
FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND last_analyze IS NULL AND last_autoanalyze IS NULL AND n_live_tup > 500";

/// Lets the planner know tables that were empty when their statements were planned: a plan for an empty table walks, and
/// stays until somebody looks again, which PostgreSQL by itself does after a minute, or never.
pub(crate) fn analyze_unknown(session: &mut Session) -> Result<(), Error> {
    for row in session.query(UNKNOWN, &[])? {
        let table: String = row.try_get(0)?;
        session.batch(&format!("ANALYZE \"{table}\""))?;
        tracing::debug!(table, "The planner knows a table now.");
    }
    Ok(())
}

/// One statement on a session of its own, outside any transaction.
pub(crate) fn run_once(url: &str, sql: &str) -> Result<(), Error> {
    Session::connect(&Target::parse(url)?)?.batch(sql)
}
