//! A fresh database for one test: a SQLite file in its folder, or a database of the throw-away PostgreSQL.

use std::path::Path;

use domain::chance::Chance;
use store::Store;

/// Where a test keeps its data.
pub(super) enum Database {
    Sqlite,
    Postgres { url: String },
}

impl Database {
    pub(super) fn sqlite() -> Database {
        Database::Sqlite
    }

    /// A new database on the server that the test command started, when it did.
    #[expect(clippy::disallowed_methods, reason = "the test command names its PostgreSQL in the environment")]
    pub(super) async fn postgres() -> Option<Database> {
        let server = std::env::var("CHANCERY_TEST_POSTGRES_URL").ok()?;
        // Process ids come again within one run of all tests.
        let name = format!("test_{:016x}", Chance::system().below(u64::MAX));
        let (target, create) = (server.clone(), format!("CREATE DATABASE {name}"));
        tokio::task::spawn_blocking(move || store::testing::run_on_postgres(&target, &create))
            .await
            .expect("the database is created")
            .expect("the database is created");
        let (base, options) =
            server.split_once('?').map_or((server.as_str(), ""), |(base, rest)| (base, rest));
        let host = base.rsplit_once('/').map_or(base, |(host, _)| host);
        let url =
            if options.is_empty() { format!("{host}/{name}") } else { format!("{host}/{name}?{options}") };
        Some(Database::Postgres { url })
    }

    pub(super) async fn open(&self, folder: &Path) -> Store {
        let opened = match self {
            Database::Sqlite => {
                let path = folder.join("chancery.db");
                tokio::task::spawn_blocking(move || Store::open_sqlite(&path)).await
            }
            Database::Postgres { url } => {
                let url = url.clone();
                tokio::task::spawn_blocking(move || Store::open_postgres(&url)).await
            }
        };
        opened.expect("the database opens").expect("the database opens")
    }
}
