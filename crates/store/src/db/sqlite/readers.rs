//! A few read-only connections, used on blocking threads so that a slow search cannot stall the server.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::open::open_for_reading;
use crate::db::{Error, ReadCall, Tx};

const CONNECTIONS: usize = 4;

pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<rusqlite::Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Readers {
        Readers { path, idle: Mutex::new(Vec::new()), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    pub(crate) async fn read(readers: &Arc<Readers>, call: ReadCall) -> Result<(), Error> {
        let stopping = |_| Error::Unavailable("the server is stopping".into());
        let permit = Arc::clone(&readers.permits).acquire_owned().await.map_err(stopping)?;
        let readers = Arc::clone(readers);
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            readers.read_blocking(call)
        });
        read.await.map_err(|error| Error::Unexpected(error.to_string()))?
    }

    fn read_blocking(&self, call: ReadCall) -> Result<(), Error> {
        let connection = match self.idle.lock().pop() {
            Some(connection) => connection,
            None => open_for_reading(&self.path)?,
        };
        // One transaction around the closure, so that all its statements see the same moment.
        connection.prepare_cached("BEGIN")?.execute([])?;
        call(&mut Tx::sqlite(&connection));
        connection.prepare_cached("COMMIT")?.execute([])?;
        self.idle.lock().push(connection);
        Ok(())
    }
}
