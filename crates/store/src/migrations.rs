//! Brings the tables up to date: numbered steps, each a pair of SQL texts, each in a transaction of its own.

use std::path::Path;

use rusqlite::OptionalExtension as _;

use crate::db::{Error, Session, open_for_writing};
use crate::planner;

struct Step {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! steps {
    ($($number:literal $name:literal),+ $(,)?) => {
        &[$(Step {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }),+]
    };
}

const STEPS: &[Step] = steps![1 "0001_spine", 2 "0002_inbox", 3 "0003_search", 4 "0004_routing", 5 "0005_suppressions", 6 "0006_webhooks_out", 7 "0007_reconciling", 8 "0008_search_blocks", 9 "0009_replays"];

/// The number of the newest step that this program knows.
#[must_use]
pub fn newest() -> i64 {
    STEPS.last().map_or(0, |step| step.number)
}

const LEDGER: &str =
    "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";

pub(crate) fn migrate_sqlite(path: &Path) -> Result<(), Error> {
    let mut connection = open_for_writing(path)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(LEDGER)?;
    let done: Option<i64> = transaction
        .query_row("SELECT MAX(number) FROM migrations", [], |row| row.get(0))
        .optional()?
        .flatten();
    refuse_newer(done.unwrap_or(0))?;
    for step in pending(done.unwrap_or(0)) {
        transaction.execute_batch(step.sqlite)?;
        transaction
            .execute("INSERT INTO migrations (number, name) VALUES ($1, $2)", (step.number, step.name))?;
    }
    if done.unwrap_or(0) < newest() {
        planner::teach(&transaction)?;
    }
    Ok(transaction.commit()?)
}

pub(crate) fn migrate_postgres(session: &mut Session) -> Result<(), Error> {
    session.batch("BEGIN; SELECT pg_advisory_xact_lock(4711)")?;
    session.batch(LEDGER)?;
    let rows = session.query("SELECT COALESCE(MAX(number), 0) FROM migrations", &[])?;
    let done: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    refuse_newer(done)?;
    for step in pending(done) {
        session.batch(step.postgres)?;
        session.execute(
            "INSERT INTO migrations (number, name) VALUES ($1, $2)",
            &crate::args![step.number, step.name],
        )?;
    }
    session.commit()
}

fn pending(done: i64) -> impl Iterator<Item = &'static Step> {
    STEPS.iter().filter(move |step| step.number > done)
}

fn refuse_newer(done: i64) -> Result<(), Error> {
    if done > newest() {
        return Err(Error::Unavailable(format!(
            "the database is of a newer version (step {done}) than this program (step {}); use the newer program or a backup",
            newest()
        )));
    }
    Ok(())
}
