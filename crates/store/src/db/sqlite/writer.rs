//! The writer thread: many closures, one commit, one flush; every caller is answered after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::checkpoint::Signal;
use crate::db::work::Verdict;
use crate::db::{Error, Queue, Tx, Work};

/// The most closures in one commit.
const GROUP: usize = 512;
/// A group that has run for so long is committed, even when more waits.
const GROUP_TIME: Duration = Duration::from_millis(8);

pub(super) fn run(connection: &Connection, queue: &Arc<Queue>, written: &Signal) {
    while let Some(first) = queue.take(GROUP) {
        let group = commit_group(connection, queue, first);
        for (work, fault) in group {
            work.answer(fault);
        }
        written.raise();
    }
}

type Answered = Vec<(Box<dyn Work>, Option<Error>)>;

fn commit_group(connection: &Connection, queue: &Queue, first: Vec<Box<dyn Work>>) -> Answered {
    let started = Instant::now();
    let mut done: Answered = Vec::with_capacity(first.len());
    if let Err(fault) = execute(connection, "BEGIN IMMEDIATE") {
        return first.into_iter().map(|work| (work, Some(fault.clone()))).collect();
    }
    let mut waiting = first;
    while !waiting.is_empty() {
        for mut work in waiting {
            let fault = run_one(connection, work.as_mut());
            done.push((work, fault));
        }
        let room = GROUP.saturating_sub(done.len());
        waiting = if started.elapsed() < GROUP_TIME { queue.take_more(room) } else { Vec::new() };
    }
    if let Err(fault) = execute(connection, "COMMIT") {
        tracing::error!(%fault, closures = done.len(), "A commit failed; nothing of it was kept.");
        if let Err(error) = execute(connection, "ROLLBACK") {
            // After some faults SQLite has rolled back by itself, and says so here.
            tracing::debug!(%error, "Nothing was left to roll back.");
        }
        for (_, kept) in &mut done {
            *kept = Some(fault.clone());
        }
    }
    done
}

/// Runs one closure inside a savepoint, so that its failure undoes only itself.
fn run_one(connection: &Connection, work: &mut dyn Work) -> Option<Error> {
    if let Err(fault) = execute(connection, "SAVEPOINT work") {
        return Some(fault);
    }
    let verdict = work.run(&mut Tx::sqlite(connection));
    let ended = match verdict {
        Verdict::Keep => execute(connection, "RELEASE work"),
        Verdict::Undo | Verdict::Again => {
            execute(connection, "ROLLBACK TO work").and_then(|()| execute(connection, "RELEASE work"))
        }
    };
    match (verdict, ended) {
        (_, Err(fault)) => Some(fault),
        // Only another process can collide with the one writer; it is told to come back.
        (Verdict::Again, Ok(())) => Some(Error::Busy),
        _ => None,
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
