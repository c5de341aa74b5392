//! Reader threads of PostgreSQL: each closure sees one moment, in a read-only transaction.

use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::connect::Target;
use super::session::Session;
use crate::db::{Error, ReadCall, Tx};

const READERS: usize = 4;
/// Reads that may wait; beyond it callers wait themselves.
const WAITING: usize = 256;

type Asked = (ReadCall, oneshot::Sender<Result<(), Error>>);

pub(super) struct Readers {
    asked: Mutex<Option<mpsc::Sender<Asked>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub(super) fn start(target: &Arc<Target>) -> Result<Readers, Error> {
        let (asked, taken) = mpsc::channel(WAITING);
        let taken = Arc::new(Mutex::new(taken));
        let mut threads = Vec::with_capacity(READERS);
        for place in 0..READERS {
            let (aim, taken) = (Arc::clone(target), Arc::clone(&taken));
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{place}"))
                .spawn(move || run(&aim, &taken))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
            threads.push(thread);
        }
        Ok(Readers { asked: Mutex::new(Some(asked)), threads: Mutex::new(threads) })
    }

    pub(super) async fn read(&self, call: ReadCall) -> Result<(), Error> {
        let stopping = || Error::Unavailable("the server is stopping".into());
        let asked = self.asked.lock().clone().ok_or_else(stopping)?;
        let (reply, answer) = oneshot::channel();
        asked.send((call, reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| Error::Unavailable("a read was given up".into()))?
    }

    pub(super) fn stop(&self) {
        self.asked.lock().take();
        for thread in self.threads.lock().drain(..) {
            if thread.join().is_err() {
                tracing::error!("A reader thread of the database ended in a panic.");
            }
        }
    }
}

fn run(target: &Target, taken: &Mutex<mpsc::Receiver<Asked>>) {
    let mut session: Option<Session> = None;
    loop {
        // One idle reader holds the lock while it waits; the others queue behind it and take the next ones.
        let Some((call, reply)) = taken.lock().blocking_recv() else { return };
        let done = read_one(target, &mut session, call);
        drop(reply.send(done));
    }
}

fn read_one(target: &Target, session: &mut Option<Session>, call: ReadCall) -> Result<(), Error> {
    let mut open = begun(target, session.take())?;
    call(&mut Tx::postgres(&mut open));
    open.roll_back()?;
    *session = Some(open);
    Ok(())
}

/// A session in a transaction. That a connection ended while it was idle shows only here, so here a new one is made.
fn begun(target: &Target, idle: Option<Session>) -> Result<Session, Error> {
    const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    if let Some(mut open) = idle
        && open.batch(BEGIN).is_ok()
    {
        return Ok(open);
    }
    let mut open = Session::connect(target)?;
    open.batch(BEGIN)?;
    Ok(open)
}
