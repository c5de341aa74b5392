//! The only place that names a database driver: one SQL text, two databases, transactions as synchronous closures.

mod args;
mod error;
mod postgres;
mod queue;
mod row;
mod sql;
mod sqlite;
mod tx;
mod work;

pub use args::{Arg, ToArg, indexed};
pub use error::Error;
pub use row::{Cell, Column, Row, only};
pub use sql::Sql;
pub use tx::Tx;
pub use work::Lane;

pub(crate) use postgres::{Cluster, Session, run_once};
pub(crate) use queue::Queue;
pub(crate) use sqlite::{Embedded, open_for_writing};
pub(crate) use work::{Call, ReadCall, Work, outlive_panic};

/// Which of the two databases is in use; only for what an operator is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}
