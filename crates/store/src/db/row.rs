//! Values on their way out: a row is read from left to right, in the order in which the statement lists its columns.

use std::str::FromStr;

use domain::clock::Timestamp;
use domain::ids::{Id, Kind, TenantId};

use super::Error;

/// One value of a row.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// One row of a result, read by taking its columns in turn.
pub struct Row<'r> {
    source: Source<'r>,
    next: usize,
}

enum Source<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

/// What a cell can be read as.
pub trait Column: Sized {
    /// # Errors
    /// A sentence that says what was expected.
    fn from_cell(cell: Cell<'_>) -> Result<Self, String>;
}

impl<'r> Row<'r> {
    pub(crate) fn sqlite(row: &'r rusqlite::Row<'r>) -> Row<'r> {
        Row { source: Source::Sqlite(row), next: 0 }
    }

    pub(crate) fn postgres(row: &'r tokio_postgres::Row) -> Row<'r> {
        Row { source: Source::Postgres(row), next: 0 }
    }

    /// The next column.
    ///
    /// # Errors
    /// When the row has no further column, or the value is not what is asked for.
    pub fn take<T: Column>(&mut self) -> Result<T, Error> {
        let place = self.next;
        self.next += 1;
        let cell = self.cell(place)?;
        T::from_cell(cell).map_err(|expected| Error::Unexpected(format!("column {place}: {expected}")))
    }

    /// The next column, a word of a closed list or another parsed text.
    ///
    /// # Errors
    /// As [`Row::take`].
    pub fn word<T: FromStr>(&mut self) -> Result<T, Error>
    where
        T::Err: std::fmt::Display,
    {
        let text: String = self.take()?;
        text.parse().map_err(|error: T::Err| Error::Unexpected(format!("column {}: {error}", self.next - 1)))
    }

    /// The next column, JSON.
    ///
    /// # Errors
    /// As [`Row::take`].
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Error> {
        let text: String = self.take()?;
        serde_json::from_str(&text)
            .map_err(|error| Error::Unexpected(format!("column {}: {error}", self.next - 1)))
    }

    fn cell(&self, place: usize) -> Result<Cell<'_>, Error> {
        match &self.source {
            Source::Sqlite(row) => {
                let value = row.get_ref(place)?;
                Ok(match value {
                    rusqlite::types::ValueRef::Null => Cell::Null,
                    rusqlite::types::ValueRef::Integer(number) => Cell::Int(number),
                    rusqlite::types::ValueRef::Text(text) => Cell::Text(
                        std::str::from_utf8(text).map_err(|error| Error::Unexpected(error.to_string()))?,
                    ),
                    rusqlite::types::ValueRef::Blob(bytes) => Cell::Bytes(bytes),
                    rusqlite::types::ValueRef::Real(_) => {
                        return Err(Error::Unexpected("a floating point value".into()));
                    }
                })
            }
            Source::Postgres(row) => postgres_cell(row, place),
        }
    }
}

/// Reads a row of one column: `tx.first(SQL, &args![…], only)`.
///
/// # Errors
/// As [`Row::take`].
pub fn only<T: Column>(row: &mut Row<'_>) -> Result<T, Error> {
    row.take()
}

fn postgres_cell(row: &tokio_postgres::Row, place: usize) -> Result<Cell<'_>, Error> {
    use tokio_postgres::types::Type;
    let Some(column) = row.columns().get(place) else {
        return Err(Error::Unexpected(format!("no column {place}")));
    };
    let kind = column.type_();
    Ok(if *kind == Type::INT8 {
        row.try_get::<_, Option<i64>>(place)?.map_or(Cell::Null, Cell::Int)
    } else if *kind == Type::INT4 {
        row.try_get::<_, Option<i32>>(place)?.map_or(Cell::Null, |number| Cell::Int(i64::from(number)))
    } else if *kind == Type::BYTEA {
        row.try_get::<_, Option<&[u8]>>(place)?.map_or(Cell::Null, Cell::Bytes)
    } else if *kind == Type::BOOL {
        row.try_get::<_, Option<bool>>(place)?.map_or(Cell::Null, |truth| Cell::Int(i64::from(truth)))
    } else {
        row.try_get::<_, Option<&str>>(place)?.map_or(Cell::Null, Cell::Text)
    })
}

impl Column for i64 {
    fn from_cell(cell: Cell<'_>) -> Result<i64, String> {
        match cell {
            Cell::Int(number) => Ok(number),
            other => Err(format!("expected a number, not {other:?}")),
        }
    }
}
impl Column for u32 {
    fn from_cell(cell: Cell<'_>) -> Result<u32, String> {
        u32::try_from(i64::from_cell(cell)?).map_err(|error| error.to_string())
    }
}
impl Column for bool {
    fn from_cell(cell: Cell<'_>) -> Result<bool, String> {
        Ok(i64::from_cell(cell)? != 0)
    }
}
impl Column for String {
    fn from_cell(cell: Cell<'_>) -> Result<String, String> {
        match cell {
            Cell::Text(text) => Ok(text.to_owned()),
            other => Err(format!("expected text, not {other:?}")),
        }
    }
}
impl Column for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Result<Vec<u8>, String> {
        match cell {
            Cell::Bytes(bytes) => Ok(bytes.to_vec()),
            other => Err(format!("expected bytes, not {other:?}")),
        }
    }
}
impl Column for Timestamp {
    fn from_cell(cell: Cell<'_>) -> Result<Timestamp, String> {
        i64::from_cell(cell).map(Timestamp::from_micros)
    }
}
impl Column for TenantId {
    fn from_cell(cell: Cell<'_>) -> Result<TenantId, String> {
        i64::from_cell(cell).map(TenantId)
    }
}
impl<K: Kind> Column for Id<K> {
    fn from_cell(cell: Cell<'_>) -> Result<Id<K>, String> {
        match cell {
            Cell::Text(text) => text.parse().map_err(|error: domain::ids::NotAnId| error.to_string()),
            other => Err(format!("expected an id, not {other:?}")),
        }
    }
}
impl<T: Column> Column for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Result<Option<T>, String> {
        match cell {
            Cell::Null => Ok(None),
            some => T::from_cell(some).map(Some),
        }
    }
}
