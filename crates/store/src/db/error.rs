//! What can go wrong between a statement and the disk, by what the caller can do about it.

/// A fault of the database.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Too much work is waiting. Nothing was written; try again shortly.
    #[error("the database has too much work waiting; try again shortly")]
    Busy,
    /// The database cannot write now: disk full, a failing disk, connection lost. Nothing was written.
    #[error("the database cannot take work now: {0}")]
    Unavailable(String),
    /// A uniqueness rule was violated.
    #[error("a row with this key exists already: {0}")]
    Conflict(String),
    /// Two transactions stood in each other's way; the closure is run again by the store.
    #[error("the transaction collided with another one: {0}")]
    Collision(String),
    /// A row that cannot be what we wrote, or a statement that is wrong: a defect.
    #[error("the database answered with something unexpected: {0}")]
    Unexpected(String),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::ConstraintViolation) if is_uniqueness(&error) => Error::Conflict(error.to_string()),
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Error::Collision(error.to_string()),
            Some(
                Code::DiskFull
                | Code::SystemIoFailure
                | Code::CannotOpen
                | Code::ReadOnly
                | Code::OutOfMemory
                | Code::DatabaseCorrupt
                | Code::NotADatabase
                | Code::PermissionDenied,
            ) => Error::Unavailable(error.to_string()),
            _ => Error::Unexpected(error.to_string()),
        }
    }
}

/// A violated NOT NULL is a constraint as well for SQLite, but no conflict: it is a defect, as on PostgreSQL.
fn is_uniqueness(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE};
    error.sqlite_error().is_some_and(|fault| {
        [SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE]
            .contains(&fault.extended_code)
    })
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        let Some(database) = error.as_db_error() else {
            // Everything without an SQLSTATE is the connection or the encoding of a value.
            let text = chain(&error);
            return if error.is_closed()
                || text.contains("error communicating")
                || text.contains("error connecting")
            {
                Error::Unavailable(text)
            } else {
                Error::Unexpected(text)
            };
        };
        let words = format!("{}: {}", database.code().code(), database.message());
        match database.code().code() {
            "23505" => Error::Conflict(words),
            "40001" | "40P01" | "55P03" => Error::Collision(words),
            // Class 53: out of resources (disk full, too many connections); 57P: shutting down; 58: system error.
            code if code.starts_with("53") || code.starts_with("57P") || code.starts_with("58") => {
                Error::Unavailable(words)
            }
            _ => Error::Unexpected(words),
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
