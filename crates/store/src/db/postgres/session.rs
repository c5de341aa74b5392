//! One PostgreSQL session for synchronous use: prepared statements, and statements sent ahead without waiting.

use std::collections::HashMap;

use futures_util::stream::{FuturesOrdered, StreamExt as _};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Statement};

use super::connect::Target;
use crate::db::Error;
use crate::db::args::Arg;

/// How many statements may run ahead before their answers are awaited.
const AHEAD: usize = 128;

pub(crate) struct Session {
    runtime: Own,
    client: Client,
    statements: HashMap<&'static str, Statement>,
    ahead: Vec<(Statement, Vec<Arg<'static>>)>,
}

/// A runtime that may be dropped anywhere: also by a task that was the last to hold the store, where a plain one panics.
struct Own(Option<Runtime>);

impl Own {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let Own(Some(runtime)) = self else { unreachable!("it is taken out by its drop only") };
        runtime.block_on(future)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Session {
    pub(crate) fn connect(target: &Target) -> Result<Session, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let client = runtime.block_on(target.connect())?;
        Ok(Session { runtime: Own(Some(runtime)), client, statements: HashMap::new(), ahead: Vec::new() })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs statements of migrations and transaction control, without arguments.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.flush()?;
        Ok(self.runtime.block_on(self.client.batch_execute(sql))?)
    }

    /// Ends a transaction that failed; forgets what was to be sent ahead in it.
    pub(crate) fn roll_back(&mut self) -> Result<(), Error> {
        self.ahead.clear();
        Ok(self.runtime.block_on(self.client.batch_execute("ROLLBACK"))?)
    }

    pub(crate) fn defer(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<(), Error> {
        let statement = self.prepare(sql)?;
        self.ahead.push((statement, args.iter().map(|arg| arg.clone().into_owned()).collect()));
        if self.ahead.len() >= AHEAD { self.flush() } else { Ok(()) }
    }

    pub(crate) fn execute(&mut self, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, Error> {
        let statement = self.prepare(sql)?;
        let ahead = std::mem::take(&mut self.ahead);
        let Session { runtime, client, .. } = self;
        runtime.block_on(async {
            // Polled together, so that all of them travel in one packet, in this order.
            let (before, count) =
                tokio::join!(biased; run_all(client, &ahead), client.execute_raw(&statement, args.iter()));
            before?;
            Ok(count?)
        })
    }

    pub(crate) fn query(
        &mut self,
        sql: &'static str,
        args: &[Arg<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, Error> {
        let statement = self.prepare(sql)?;
        let ahead = std::mem::take(&mut self.ahead);
        let Session { runtime, client, .. } = self;
        runtime.block_on(async {
            let (before, rows) =
                tokio::join!(biased; run_all(client, &ahead), fetch(client, &statement, args));
            before?;
            rows
        })
    }

    /// Sends what was deferred and waits for its answers.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        if self.ahead.is_empty() {
            return Ok(());
        }
        let ahead = std::mem::take(&mut self.ahead);
        let Session { runtime, client, .. } = self;
        runtime.block_on(run_all(client, &ahead))
    }

    /// Commits, with what was deferred sent in the same packet.
    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        self.flush()?;
        Ok(self.runtime.block_on(self.client.batch_execute("COMMIT"))?)
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.runtime.block_on(self.client.prepare(sql)).map_err(|error| {
            let error = Error::from(error);
            tracing::debug!(%error, sql, "A statement could not be prepared.");
            error
        })?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

async fn fetch(
    client: &Client,
    statement: &Statement,
    args: &[Arg<'_>],
) -> Result<Vec<tokio_postgres::Row>, Error> {
    let stream = client.query_raw(statement, args.iter()).await?;
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(row?);
    }
    Ok(rows)
}

async fn run_all(client: &Client, ahead: &[(Statement, Vec<Arg<'static>>)]) -> Result<(), Error> {
    let mut answers: FuturesOrdered<_> =
        ahead.iter().map(|(statement, args)| client.execute_raw(statement, args.iter())).collect();
    let mut first_fault = None;
    while let Some(answer) = answers.next().await {
        if let Err(fault) = answer
            && first_fault.is_none()
        {
            first_fault = Some(fault);
        }
    }
    // The first fault is the cause; the ones behind it only say that the transaction is aborted.
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}
