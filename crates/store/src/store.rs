//! The store as the engine sees it: `write` and `read` take closures; what a write answers has been flushed to disk.

use std::path::Path;
use std::sync::Arc;

use domain::ids::TenantId;
use tokio::sync::oneshot;

use crate::db::{Call, Cluster, Embedded, Engine, Error, Lane, Tx, Work, outlive_panic};
use crate::migrations;

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Backend>);

enum Backend {
    Sqlite(Embedded),
    Postgres(Box<Cluster>),
}

impl Store {
    /// Opens or creates the embedded database and brings its tables up to date. Blocks.
    ///
    /// # Errors
    /// When the file cannot be opened or was written by a newer version.
    pub fn open_sqlite(path: &Path) -> Result<Store, Error> {
        migrations::migrate_sqlite(path)?;
        Ok(Store(Arc::new(Backend::Sqlite(Embedded::start(path)?))))
    }

    /// Connects to PostgreSQL and brings its tables up to date; safe when several processes start at once. Blocks.
    ///
    /// # Errors
    /// When the server cannot be reached or the tables are of a newer version.
    pub fn open_postgres(url: &str) -> Result<Store, Error> {
        let cluster = Cluster::start(url)?;
        migrations::migrate_postgres(&mut cluster.session()?)?;
        Ok(Store(Arc::new(Backend::Postgres(Box::new(cluster)))))
    }

    /// Which database this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &*self.0 {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs a closure in a transaction for one tenant and answers after the commit is on disk.
    ///
    /// The closure may be run again after a collision, so it has no other effects. When it fails, nothing of it is kept.
    ///
    /// # Errors
    /// The closure's own, or [`Error`] when it could not be committed.
    pub async fn write<T, E, F>(&self, tenant: TenantId, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(Some(tenant), Lane::Prompt, closure).await
    }

    /// As [`Store::write`], behind all work that somebody waits for.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_bulk<T, E, F>(&self, tenant: TenantId, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(Some(tenant), Lane::Bulk, closure).await
    }

    /// As [`Store::write`], for work that is of no one tenant: sessions, leases, claims.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_any<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.submit(None, Lane::Prompt, closure).await
    }

    async fn submit<T, E, F>(&self, tenant: Option<TenantId>, lane: Lane, closure: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let call: Box<dyn Work> = Box::new(Call { tenant, lane, closure, result: None, reply });
        match &*self.0 {
            Backend::Sqlite(embedded) => embedded.submit(call)?,
            Backend::Postgres(cluster) => cluster.submit(call)?,
        }
        answer.await.map_err(|_| Error::Unavailable("the writer ended before it answered".into()))?
    }

    /// Runs a closure that only reads; all its statements see the same moment.
    ///
    /// # Errors
    /// The closure's own, or [`Error`] when the database cannot be read.
    pub async fn read<T, E, F>(&self, closure: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        let call = Box::new(move |tx: &mut Tx<'_>| {
            // The caller may have gone away; a read leaves nothing behind.
            drop(reply.send(outlive_panic(|| closure(tx))));
        });
        match &*self.0 {
            Backend::Sqlite(embedded) => embedded.read(call).await?,
            Backend::Postgres(cluster) => cluster.read(call).await?,
        }
        answer.try_recv().map_err(|_| Error::Unavailable("a read was given up".into()))?
    }

    /// How many closures wait for a writer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        match &*self.0 {
            Backend::Sqlite(embedded) => embedded.waiting(),
            Backend::Postgres(cluster) => cluster.waiting(),
        }
    }

    /// Copies the running embedded database to a new file. Blocks; `progress` is told pages done and pages in all.
    ///
    /// # Errors
    /// On PostgreSQL, where `pg_dump` is the tool; and when the copy cannot be written.
    pub fn backup(&self, target: &Path, progress: impl FnMut(u64, u64)) -> Result<(), Error> {
        match &*self.0 {
            Backend::Sqlite(embedded) => embedded.backup(target, progress),
            Backend::Postgres(_) => Err(Error::Unavailable(
                "a PostgreSQL database is backed up with pg_dump or by its own service".into(),
            )),
        }
    }

    /// Looks after the database: on PostgreSQL the planner learns of tables that have grown from nothing. Blocks. To be called
    /// every few seconds.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn tend(&self) -> Result<(), Error> {
        match &*self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(cluster) => cluster.tend(),
        }
    }

    /// Takes no work any more, without waiting for what is under way: for tests of recovery.
    pub fn abandon(&self) {
        match &*self.0 {
            Backend::Sqlite(embedded) => embedded.abandon(),
            Backend::Postgres(cluster) => cluster.abandon(),
        }
    }

    /// Finishes the writes that wait and closes the database. Blocks.
    pub fn stop(&self) {
        match &*self.0 {
            Backend::Sqlite(embedded) => embedded.stop(),
            Backend::Postgres(cluster) => cluster.stop(),
        }
    }
}
