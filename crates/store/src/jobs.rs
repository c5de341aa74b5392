//! Background work that must not be forgotten: written in the transaction that makes it necessary, leased while it runs.

use domain::clock::Timestamp;
use domain::ids::{EpochId, JobId, TenantId};

use crate::args;
use crate::db::{Error, Row, Sql, Tx, only};

/// One piece of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub tenant: TenantId,
    pub id: JobId,
    /// Which worker it is for.
    pub kind: String,
    pub payload: serde_json::Value,
    pub due_at: Timestamp,
    /// Runs that were begun.
    pub attempts: u32,
}

fn read(row: &mut Row<'_>) -> Result<Job, Error> {
    Ok(Job {
        tenant: row.take()?,
        id: row.take()?,
        kind: row.take()?,
        payload: row.json()?,
        due_at: row.take()?,
        attempts: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO jobs (tenant_id, id, kind, payload, due_at, attempts, created_at)
VALUES ($1, $2, $3, $4, $5, 0, $6)";

/// Adds a job.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, job: &Job, at: Timestamp) -> Result<(), Error> {
    tx.run(INSERT, &args![job.tenant, job.id, job.kind, job.payload, job.due_at, at])
}

const CLAIM: Sql = Sql::Split {
    sqlite: "
UPDATE jobs
SET lease = $1, attempts = attempts + 1
WHERE (tenant_id, id) IN (
    SELECT tenant_id, id
    FROM jobs
    WHERE lease IS NULL AND due_at <= $2
    ORDER BY due_at
    LIMIT $3)
RETURNING tenant_id, id, kind, payload, due_at, attempts",
    // Materialized: a planner free to evaluate the selection once per row would lease more than the limit.
    postgres: "
WITH due AS MATERIALIZED (
    SELECT tenant_id, id
    FROM jobs
    WHERE lease IS NULL AND due_at <= $2
    ORDER BY due_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED)
UPDATE jobs AS j
SET lease = $1, attempts = attempts + 1
FROM due
WHERE j.tenant_id = due.tenant_id AND j.id = due.id
RETURNING j.tenant_id, j.id, j.kind, j.payload, j.due_at, j.attempts",
};

/// Leases due jobs to a process. The attempt is counted before the work, so that a crash in between gives no free one.
///
/// # Errors
/// Any fault of the database.
pub fn claim(tx: &mut Tx<'_>, epoch: EpochId, now: Timestamp, limit: usize) -> Result<Vec<Job>, Error> {
    let mut claimed = tx.query(CLAIM, &args![epoch, now, limit], read)?;
    claimed.sort_by_key(|job| (job.due_at, job.id));
    Ok(claimed)
}

const NEXT_DUE: &str = "
SELECT MIN(due_at)
FROM jobs
WHERE lease IS NULL";

/// When the next job is due.
///
/// # Errors
/// Any fault of the database.
pub fn next_due(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    tx.one(NEXT_DUE, &[], only)
}

const DELETE: &str = "
DELETE FROM jobs
WHERE tenant_id = $1 AND id = $2";

/// Removes a job that is done.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: JobId) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, id])
}

const RETRY: &str = "
UPDATE jobs
SET lease = NULL, due_at = $3, last_error = $4
WHERE tenant_id = $1 AND id = $2";

/// Gives a job back, due at a time, with the reason.
///
/// # Errors
/// Any fault of the database.
pub fn retry(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: JobId,
    due_at: Timestamp,
    error: &str,
) -> Result<(), Error> {
    tx.run(RETRY, &args![tenant, id, due_at, error])
}

const RELEASE: &str = "
UPDATE jobs
SET lease = NULL
WHERE lease = $1";

/// Gives back all jobs of a process that ended.
///
/// # Errors
/// Any fault of the database.
pub fn release(tx: &mut Tx<'_>, epoch: EpochId) -> Result<(), Error> {
    tx.run(RELEASE, &args![epoch])
}
