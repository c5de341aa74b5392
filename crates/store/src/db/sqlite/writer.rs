//! The writer thread: many closures, one commit, one flush; every caller is answered after it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::checkpoint::Signal;
use crate::db::work::Verdict;
use crate::db::{Error, Queue, Tx, Work};

/// The most closures in one commit.
const GROUP: usize = 512;
/// A group of so many shows that callers come thick and fast.
const CROWD: usize = 16;
const GATHERING: Duration = Duration::from_micros(300);
/// A group that has run for so long is committed, even when more waits.
const GROUP_TIME: Duration = Duration::from_millis(8);

pub(super) fn run(connection: &Connection, queue: &Arc<Queue>, written: &Signal) {
    let mut last = 0;
    while let Some(mut first) = queue.take(GROUP) {
        // Under load a moment's patience makes groups larger, and a page that many closures touch is written once.
        if last >= CROWD && first.len() < last / 2 {
            std::thread::sleep(GATHERING);
            first.extend(queue.take_more(GROUP - first.len()));
        }
        let group = commit_group(connection, queue, first);
        last = group.len();
        for (work, fault) in group {
            work.answer(fault);
        }
        written.raise();
    }
}

type Answered = Vec<(Box<dyn Work>, Option<Error>)>;

/// Runs a group and commits it. It is tried without savepoints first, because a savepoint copies every page that its
/// closure touches; when a closure fails, which is rare, all of it is undone and run again with them.
fn commit_group(connection: &Connection, queue: &Queue, first: Vec<Box<dyn Work>>) -> Answered {
    let started = Instant::now();
    if let Err(fault) = execute(connection, "BEGIN IMMEDIATE") {
        return first.into_iter().map(|work| (work, Some(fault.clone()))).collect();
    }
    let mut group: Vec<Box<dyn Work>> = Vec::with_capacity(first.len());
    let mut waiting = first;
    let mut all_kept = true;
    while all_kept && !waiting.is_empty() {
        for mut work in waiting.drain(..) {
            all_kept = all_kept && work.run(&mut Tx::sqlite(connection)) == Verdict::Keep;
            group.push(work);
        }
        let room = GROUP.saturating_sub(group.len());
        waiting = if all_kept && started.elapsed() < GROUP_TIME { queue.take_more(room) } else { Vec::new() };
    }
    let mut done = if all_kept {
        group.into_iter().map(|work| (work, None)).collect()
    } else {
        match run_each(connection, group) {
            Ok(done) => done,
            Err(undone) => return undone,
        }
    };
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

/// Undoes what was tried and runs each closure of the group in a savepoint of its own. When SQLite gives the transaction
/// up, as it does for a full or failing disk, nothing is left to commit and all are answered with the fault.
fn run_each(connection: &Connection, mut group: Vec<Box<dyn Work>>) -> Result<Answered, Answered> {
    let all_with = |group: Vec<Box<dyn Work>>, fault: &Error| -> Answered {
        group.into_iter().map(|work| (work, Some(fault.clone()))).collect()
    };
    let begun = if connection.is_autocommit() { Ok(()) } else { execute(connection, "ROLLBACK") }
        .and_then(|()| execute(connection, "BEGIN IMMEDIATE"));
    if let Err(fault) = begun {
        return Err(all_with(group, &fault));
    }
    let mut faults = Vec::with_capacity(group.len());
    for work in &mut group {
        match run_one(connection, work.as_mut()) {
            Ok(fault) => faults.push(fault),
            Err(fault) => return Err(all_with(group, &fault)),
        }
    }
    Ok(group.into_iter().zip(faults).collect())
}

/// Runs one closure inside a savepoint, so that its failure undoes only itself. Gives what to answer beside the closure's
/// own result; an error when SQLite has rolled back the whole group, as it does for a full or failing disk.
fn run_one(connection: &Connection, work: &mut dyn Work) -> Result<Option<Error>, Error> {
    if let Err(fault) = execute(connection, "SAVEPOINT work") {
        return Ok(Some(fault));
    }
    let mut tx = Tx::sqlite(connection);
    let verdict = work.run(&mut tx);
    if connection.is_autocommit() {
        let gone = || Error::Unavailable("the database gave a transaction up".into());
        return Err(tx.fault().cloned().unwrap_or_else(gone));
    }
    let ended = match verdict {
        Verdict::Keep => execute(connection, "RELEASE work"),
        Verdict::Undo | Verdict::Again => {
            execute(connection, "ROLLBACK TO work").and_then(|()| execute(connection, "RELEASE work"))
        }
    };
    Ok(match (verdict, ended) {
        (_, Err(fault)) => Some(fault),
        // Only another process can collide with the one writer; it is told to come back.
        (Verdict::Again, Ok(())) => Some(Error::Busy),
        _ => None,
    })
}

fn execute(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
