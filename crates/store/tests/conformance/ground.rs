//! A fresh database for one test: a SQLite file, or a database on the PostgreSQL that the test command started.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::chance::Chance;
use domain::clock::{Clock, Timestamp};
use domain::ids::{Ids, TenantId};
use store::{Engine, Error, Store, Tx};

/// The tenant that a test is about.
pub const OURS: TenantId = TenantId(1);
/// Another business in the same database.
pub const THEIRS: TenantId = TenantId(2);

/// A moment, in seconds after the begin of the story.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_790_000_000 + seconds) * 1_000_000)
}

/// Ids of a test: the same in every run.
pub fn ids() -> Ids {
    Ids::new(Clock::manual(at(0)), Chance::seeded(11))
}

pub struct Ground {
    pub store: Store,
    pub folder: tempfile::TempDir,
    url: Option<Server>,
}

struct Server {
    url: String,
    database: String,
}

impl Server {
    fn address_of(&self, database: &str) -> String {
        let (base, options) =
            self.url.split_once('?').map_or((self.url.as_str(), ""), |(base, rest)| (base, rest));
        let host = base.rsplit_once('/').map_or(base, |(host, _)| host);
        if options.is_empty() { format!("{host}/{database}") } else { format!("{host}/{database}?{options}") }
    }

    async fn run(&self, sql: String) {
        let url = self.url.clone();
        blocking(move || store::testing::run_on_postgres(&url, &sql)).await.unwrap();
    }
}

/// Opening, stopping and backing up block; the test's own thread must not.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

impl Ground {
    pub async fn sqlite() -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder, None).await.unwrap();
        Ground { store, folder, url: None }
    }

    #[expect(clippy::disallowed_methods, reason = "the test command names its PostgreSQL in the environment")]
    #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
    pub async fn postgres() -> Option<Ground> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("CHANCERY_TEST_POSTGRES_URL") else {
            eprintln!("NOT TESTED on PostgreSQL: CHANCERY_TEST_POSTGRES_URL names no server");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let server = Server { url, database: format!("conformance_{}_{number}", std::process::id()) };
        server.run(format!("CREATE DATABASE {} TEMPLATE template0", server.database)).await;
        let folder = tempfile::tempdir().unwrap();
        let url = server.address_of(&server.database);
        let store = open(&folder, Some(url)).await.unwrap();
        Some(Ground { store, folder, url: Some(server) })
    }

    /// The address of this test's database; nothing on SQLite.
    pub fn url(&self) -> Option<String> {
        self.url.as_ref().map(|server| server.address_of(&server.database))
    }

    /// Ends every connection to this test's PostgreSQL database, as a restart of the server would.
    pub async fn cut_connections(&self) {
        let Some(server) = &self.url else { return };
        let others = format!("datname = '{}' AND pid <> pg_backend_pid()", server.database);
        server.run(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).await;
    }

    /// A handle as another process would have it. SQLite has one process only, so there it is the same handle.
    pub async fn another_store(&self) -> Store {
        match self.store.engine() {
            Engine::Sqlite => self.store.clone(),
            Engine::Postgres => open(&self.folder, self.url()).await.unwrap(),
        }
    }

    /// Opens the same database once more, after everything else about it was closed.
    pub async fn reopen(&self) -> Result<Store, Error> {
        open(&self.folder, self.url()).await
    }

    /// Runs a closure in a transaction of our tenant. A failed assertion inside it fails the test.
    pub async fn write<T: Send + 'static>(
        &self,
        closure: impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.write(OURS, closure).await.unwrap()
    }

    pub async fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        self.store.read(closure).await.unwrap()
    }

    pub async fn stop(&self) {
        let store = self.store.clone();
        blocking(move || store.stop()).await;
    }

    pub async fn end(self) {
        self.stop().await;
        if let Some(server) = &self.url {
            server.run(format!("DROP DATABASE {} WITH (FORCE)", server.database)).await;
        }
    }
}

async fn open(folder: &tempfile::TempDir, url: Option<String>) -> Result<Store, Error> {
    let path = folder.path().join("chancery.db");
    blocking(move || match url {
        None => Store::open_sqlite(&path),
        Some(url) => Store::open_postgres(&url),
    })
    .await
}
