//! Opens connections with the settings that make a commit durable and a reader cheap.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::db::Error;

/// Statements kept prepared on each connection; more than there are statements in this crate.
const STATEMENTS: usize = 512;

/// The connection of the writer thread.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, Error> {
    let mut connection = Connection::open(path)?;
    connection.busy_handler(Some(wait_for_turn))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit returns after the flush, so what was answered survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Checkpoints run on a connection of their own; in the writer they are its slowest hundredth.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // 64 MiB: the inner pages of every index that is written to; pages that fall out have to be read again.
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// How often a writer asks again whether it is its turn; together ten seconds.
const ASKS: i32 = 10_000;

/// Writer and checkpointer wait for each other in short steps. SQLite's own wait grows to a tenth of a second, and all who
/// send would wait with it.
fn wait_for_turn(asked: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    asked < ASKS
}

/// A connection that cannot write.
pub(crate) fn open_for_reading(path: &Path) -> Result<Connection, Error> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -4_096)?;
    connection.pragma_update(None, "mmap_size", 268_435_456)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Statements are prepared once, and their plans do not depend on what is bound. Otherwise SQLite prepares many of them anew
/// for each run, since a tenant's number could be a small one, for which it would plan differently.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}
