//! A writer thread of PostgreSQL: closures are tried together in one transaction; when one of them fails, each is run alone.

use std::sync::Arc;

use super::connect::Target;
use super::session::Session;
use crate::db::work::{Verdict, Work};
use crate::db::{Error, Queue, Tx};

/// The most closures in one commit.
const GROUP: usize = 128;
/// How often a closure that collides with another transaction is run.
const TRIES: usize = 12;

/// Two processes that write for one tenant take turns. It makes read-then-write in a closure as safe as on SQLite, where
/// there is one writer anyway.
const TAKE_TURN: &str = "SELECT pg_advisory_xact_lock(4711, CAST($1 AS BIGINT)::INTEGER)";

pub(super) fn run(target: &Target, mut session: Option<Session>, queue: &Arc<Queue>) {
    while let Some(mut group) = queue.take(GROUP) {
        // Turns are taken in one order by all, so that two processes never wait for each other.
        group.sort_by_key(|work| work.tenant().map_or(0, |tenant| tenant.0));
        if let Err(fault) = ensure(target, &mut session) {
            answer_all(group, Some(&fault));
            continue;
        }
        let Some(open) = session.as_mut() else { continue };
        match together(open, &mut group) {
            Ok(()) => answer_all(group, None),
            Err(Failed::Running) => alone(target, &mut session, group),
            Err(Failed::Committing(fault)) => answer_all(group, Some(&fault)),
        }
    }
}

fn ensure(target: &Target, session: &mut Option<Session>) -> Result<(), Error> {
    if session.as_ref().is_none_or(Session::is_closed) {
        *session = Some(Session::connect(target)?);
    }
    Ok(())
}

fn answer_all(group: Vec<Box<dyn Work>>, fault: Option<&Error>) {
    for work in group {
        work.answer(fault.cloned());
    }
}

/// How far a group came.
enum Failed {
    /// Nothing is kept, so each closure may be run again.
    Running,
    /// The connection ended before the commit was answered. It may stand, so nothing is run a second time.
    Committing(Error),
}

/// All of the group in one transaction; an error when any closure did not succeed.
fn together(session: &mut Session, group: &mut [Box<dyn Work>]) -> Result<(), Failed> {
    let ran = session.batch("BEGIN").and_then(|()| run_group(session, group));
    let done = match ran {
        Err(_) => Err(Failed::Running),
        Ok(()) => session.commit().map_err(|fault| match fault {
            Error::Unavailable(_) => Failed::Committing(fault),
            _ => Failed::Running,
        }),
    };
    if done.is_err() {
        drop(session.roll_back());
    }
    done
}

fn run_group(session: &mut Session, group: &mut [Box<dyn Work>]) -> Result<(), Error> {
    let mut turn = None;
    for work in group {
        if let Some(tenant) = work.tenant()
            && turn != Some(tenant)
        {
            turn = Some(tenant);
            session.query(TAKE_TURN, &crate::args![tenant])?;
        }
        match work.run(&mut Tx::postgres(session)) {
            Verdict::Keep => {}
            Verdict::Undo | Verdict::Again => {
                return Err(Error::Collision("a closure of the group did not succeed".into()));
            }
        }
    }
    session.flush()
}

/// Each closure in a transaction of its own, again when it collides.
fn alone(target: &Target, session: &mut Option<Session>, group: Vec<Box<dyn Work>>) {
    for mut work in group {
        let fault = run_alone(target, session, &mut work);
        work.answer(fault);
    }
}

fn run_alone(target: &Target, session: &mut Option<Session>, work: &mut Box<dyn Work>) -> Option<Error> {
    let mut last = None;
    for _ in 0..TRIES {
        if let Err(fault) = ensure(target, session) {
            return Some(fault);
        }
        let open = session.as_mut()?;
        match try_alone(open, work.as_mut()) {
            Ok(Verdict::Keep | Verdict::Undo) => return None,
            Ok(Verdict::Again) => last = Some(Error::Busy),
            Err(fault @ Error::Collision(_)) => last = Some(fault),
            Err(fault) => return Some(fault),
        }
    }
    last
}

fn try_alone(session: &mut Session, work: &mut dyn Work) -> Result<Verdict, Error> {
    session.batch("BEGIN")?;
    let done = turn_and_run(session, work);
    match done {
        Ok(Verdict::Keep) => match session.commit() {
            Ok(()) => Ok(Verdict::Keep),
            Err(fault) => {
                drop(session.roll_back());
                Err(fault)
            }
        },
        undone => {
            session.roll_back()?;
            undone
        }
    }
}

fn turn_and_run(session: &mut Session, work: &mut dyn Work) -> Result<Verdict, Error> {
    if let Some(tenant) = work.tenant() {
        session.query(TAKE_TURN, &crate::args![tenant])?;
    }
    let verdict = work.run(&mut Tx::postgres(session));
    if verdict == Verdict::Keep {
        session.flush()?;
    }
    Ok(verdict)
}
