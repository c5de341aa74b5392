//! Processes that hold leases: one epoch per run of a server. What a dead epoch holds is free.

use domain::clock::Timestamp;
use domain::ids::EpochId;

use crate::args;
use crate::db::{Error, Tx, only};

const BEGIN: &str = "
INSERT INTO epochs (id, started_at, alive_until)
VALUES ($1, $2, $3)";

/// Notes that a process has begun.
///
/// # Errors
/// Any fault of the database.
pub fn begin(tx: &mut Tx<'_>, id: EpochId, at: Timestamp, alive_until: Timestamp) -> Result<(), Error> {
    tx.run(BEGIN, &args![id, at, alive_until])
}

const RENEW: &str = "
UPDATE epochs
SET alive_until = $2
WHERE id = $1";

/// Notes that a process lives; false when another one has declared it dead.
///
/// # Errors
/// Any fault of the database.
pub fn renew(tx: &mut Tx<'_>, id: EpochId, alive_until: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(RENEW, &args![id, alive_until])? > 0)
}

const DEAD: &str = "
SELECT id
FROM epochs
WHERE alive_until < $1 AND id <> $2";

/// Processes that have not been heard of.
///
/// # Errors
/// Any fault of the database.
pub fn dead(tx: &mut Tx<'_>, now: Timestamp, except: EpochId) -> Result<Vec<EpochId>, Error> {
    tx.query(DEAD, &args![now, except], only)
}

const OTHERS: &str = "
SELECT id
FROM epochs
WHERE id <> $1";

/// All processes but one; on SQLite, where only one can live, all of them are dead.
///
/// # Errors
/// Any fault of the database.
pub fn others(tx: &mut Tx<'_>, except: EpochId) -> Result<Vec<EpochId>, Error> {
    tx.query(OTHERS, &args![except], only)
}

const END: &str = "
DELETE FROM epochs
WHERE id = $1";

/// Forgets a process that ended or died; it may not renew itself any more.
///
/// # Errors
/// Any fault of the database.
pub fn end(tx: &mut Tx<'_>, id: EpochId) -> Result<(), Error> {
    tx.run(END, &args![id])
}
