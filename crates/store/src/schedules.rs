//! Work that comes round again: when it is due next, so that of several processes one does it.

use domain::clock::Timestamp;

use crate::args;
use crate::db::{Error, Tx};

const BEGIN: &str = "
INSERT INTO schedules (name, due_at)
VALUES ($1, $2)
ON CONFLICT (name) DO NOTHING";

const TAKE: &str = "
UPDATE schedules
SET due_at = $3
WHERE name = $1 AND due_at <= $2";

/// Takes one round of a schedule when it is due, and sets the next; false when it is not due or another process took it.
///
/// # Errors
/// Any fault of the database.
pub fn take(tx: &mut Tx<'_>, name: &str, now: Timestamp, next: Timestamp) -> Result<bool, Error> {
    tx.run(BEGIN, &args![name, now])?;
    Ok(tx.execute(TAKE, &args![name, now, next])? > 0)
}
