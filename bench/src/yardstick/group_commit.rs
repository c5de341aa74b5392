//! group-commit: SQLite, write-ahead log, synchronous=FULL, one writer; message, job and event rows
//! of 100 messages per transaction. The limit of every durable accept on this machine.

use anyhow::Result;
use rusqlite::{Connection, Transaction, params};

use crate::accounting;
use crate::figures::Figures;
use crate::histogram::Histogram;
use crate::letters::{Mark, write_text};
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

const GROUP: u64 = 100;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE message (id TEXT PRIMARY KEY, recipient TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE job (id TEXT PRIMARY KEY, state TEXT NOT NULL, run_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX job_due ON job (run_at) WHERE state = 'ready';
CREATE TABLE event (seq INTEGER PRIMARY KEY, message TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL);
";

/// Blocks; the caller runs it where blocking is allowed.
pub fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let count = settings.count(200_000).div_ceil(GROUP) * GROUP;
    let folder = settings.fresh_folder("group-commit")?;
    let mut connection = Connection::open(folder.join("group-commit.db"))?;
    connection.execute_batch(SCHEMA)?;
    connection.set_prepared_statement_cache_capacity(16);

    let before = Surroundings::measure(&folder)?;
    let commits = Histogram::default();
    let cpu = accounting::own_cpu_seconds();
    let begun = watch::now();
    let mut number = 0;
    while number < count {
        let started = watch::now();
        let transaction = connection.transaction()?;
        for _ in 0..GROUP {
            insert(&transaction, number)?;
            number += 1;
        }
        transaction.commit()?;
        commits.record(watch::now() - started);
    }
    let seconds = watch::seconds_since(begun);
    let cpu = accounting::own_cpu_seconds() - cpu;
    drop(connection);
    std::fs::remove_dir_all(&folder)?;
    Ok(Figures::new("group-commit", "sqlite", round, &before)
        .work(count, seconds)
        .latency(&commits)
        .cpu(cpu, count)
        .with("group", GROUP))
}

fn insert(transaction: &Transaction<'_>, number: u64) -> rusqlite::Result<()> {
    let at = i64::try_from(number).expect("a run has fewer messages than that");
    let id = format!("msg_{number:026}");
    let mut body = String::with_capacity(1_100);
    write_text(Mark { number, at: 0 }, "\n", &mut body);
    transaction
        .prepare_cached("INSERT INTO message (id, recipient, subject, body, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![id, format!("customer-{}@example.com", number % 10_000), "Your order", body, at])?;
    transaction
        .prepare_cached("INSERT INTO job (id, state, run_at) VALUES (?1, 'ready', ?2)")?
        .execute(params![id, at])?;
    transaction
        .prepare_cached("INSERT INTO event (message, kind, at) VALUES (?1, 'queued', ?2)")?
        .execute(params![id, at])?;
    Ok(())
}
