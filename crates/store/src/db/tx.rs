//! A transaction as a closure sees it: statements and rows, nothing that waits for the network.

use super::args::Arg;
use super::postgres::Session;
use super::row::Row;
use super::sql::numbered;
use super::{Error, Sql};

/// An open transaction. Writers take it first: `messages::insert(tx, …)`.
pub struct Tx<'c> {
    connection: Connection<'c>,
    fault: Option<Error>,
}

enum Connection<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut Session),
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(connection: &'c rusqlite::Connection) -> Tx<'c> {
        Tx { connection: Connection::Sqlite(connection), fault: None }
    }

    pub(crate) fn postgres(session: &'c mut Session) -> Tx<'c> {
        Tx { connection: Connection::Postgres(session), fault: None }
    }

    /// The first fault of a statement, also when the closure went on after it.
    pub(crate) fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    /// Runs a statement whose count of rows nobody needs. On PostgreSQL it is sent together with the next statement, so
    /// its error may show up there or at the commit.
    ///
    /// # Errors
    /// Any [`Error`] of the database; nothing of the closure is kept then, even when it goes on.
    pub fn run(&mut self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<(), Error> {
        let sql = sql.into();
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => run_sqlite(connection, sql.sqlite(), args).map(|_| ()),
            Connection::Postgres(session) => session.defer(sql.postgres(), args),
        };
        self.noting_fault(done)
    }

    /// Runs a statement and gives the count of rows it changed.
    ///
    /// # Errors
    /// As [`Tx::run`].
    pub fn execute(&mut self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<u64, Error> {
        let sql = sql.into();
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => run_sqlite(connection, sql.sqlite(), args),
            Connection::Postgres(session) => session.execute(sql.postgres(), args),
        };
        self.noting_fault(done)
    }

    /// All rows of a query, each read by `read`.
    ///
    /// # Errors
    /// As [`Tx::run`], and when a row is not what `read` expects.
    pub fn query<T>(
        &mut self,
        sql: impl Into<Sql>,
        args: &[Arg<'_>],
        mut read: impl FnMut(&mut Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let sql = sql.into();
        let done = match &mut self.connection {
            Connection::Sqlite(connection) => query_sqlite(connection, sql.sqlite(), args, &mut read),
            Connection::Postgres(session) => session
                .query(sql.postgres(), args)
                .and_then(|rows| rows.iter().map(|row| read(&mut Row::postgres(row))).collect()),
        };
        self.noting_fault(done)
    }

    /// The first row, when there is one.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn first<T>(
        &mut self,
        sql: impl Into<Sql>,
        args: &[Arg<'_>],
        read: impl FnMut(&mut Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.query(sql, args, read)?.into_iter().next())
    }

    /// The only row of a query that always gives one.
    ///
    /// # Errors
    /// As [`Tx::query`], and when there is no row.
    pub fn one<T>(
        &mut self,
        sql: impl Into<Sql>,
        args: &[Arg<'_>],
        read: impl FnMut(&mut Row<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.first(sql, args, read)?
            .ok_or_else(|| Error::Unexpected("a query that always gives a row gave none".into()))
    }

    fn noting_fault<T>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        if let Err(fault) = &done
            && self.fault.is_none()
        {
            self.fault = Some(fault.clone());
        }
        done
    }
}

fn run_sqlite(connection: &rusqlite::Connection, sql: &'static str, args: &[Arg<'_>]) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached(numbered(sql))?;
    let changed = statement.execute(rusqlite::params_from_iter(args))?;
    Ok(changed as u64)
}

fn query_sqlite<T>(
    connection: &rusqlite::Connection,
    sql: &'static str,
    args: &[Arg<'_>],
    read: &mut impl FnMut(&mut Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut statement = connection.prepare_cached(numbered(sql))?;
    let mut rows = statement.query(rusqlite::params_from_iter(args))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&mut Row::sqlite(row))?);
    }
    Ok(found)
}
