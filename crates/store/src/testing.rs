//! For tests only: a statement on a PostgreSQL server, such as `CREATE DATABASE`, outside any store.

use crate::db::{Error, run_once};

/// Runs SQL on a server. Blocks.
///
/// # Errors
/// Any fault of the server.
pub fn run_on_postgres(url: &str, sql: &str) -> Result<(), Error> {
    run_once(url, sql)
}
