//! Idempotency keys: which request came with a key first, and what it was answered.

use domain::clock::Timestamp;
use domain::ids::TenantId;

use crate::args;
use crate::db::{Error, Tx};

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// SHA-256 over the first request.
    pub fingerprint: Vec<u8>,
    pub created_at: Timestamp,
    /// Status and (sealed) answer; nothing while the first request is still being worked on.
    pub answer: Option<(u32, Vec<u8>)>,
}

const RESERVE: &str = "
INSERT INTO idempotency_keys (tenant_id, key, fingerprint, created_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, key) DO NOTHING";

const FIND: &str = "
SELECT fingerprint, created_at, status, answer
FROM idempotency_keys
WHERE tenant_id = $1 AND key = $2";

/// Reserves a key. Gives nothing when the key is now the caller's, or what is known of it.
///
/// # Errors
/// Any fault of the database.
pub fn reserve(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    key: &str,
    fingerprint: &[u8; 32],
    at: Timestamp,
) -> Result<Option<Reservation>, Error> {
    if tx.execute(RESERVE, &args![tenant, key, fingerprint, at])? > 0 {
        return Ok(None);
    }
    find(tx, tenant, key)
}

/// What is known of a key.
///
/// # Errors
/// Any fault of the database.
pub fn find(tx: &mut Tx<'_>, tenant: TenantId, key: &str) -> Result<Option<Reservation>, Error> {
    tx.first(FIND, &args![tenant, key], |row| {
        let (fingerprint, created_at) = (row.take()?, row.take()?);
        let (status, answer): (Option<u32>, Option<Vec<u8>>) = (row.take()?, row.take()?);
        Ok(Reservation { fingerprint, created_at, answer: status.zip(answer) })
    })
}

const TAKE_OVER: &str = "
UPDATE idempotency_keys
SET fingerprint = $1, created_at = $2, status = NULL, answer = NULL
WHERE tenant_id = $3 AND key = $4";

/// Makes an abandoned or outdated key the caller's.
///
/// # Errors
/// Any fault of the database.
pub fn take_over(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    key: &str,
    fingerprint: &[u8; 32],
    at: Timestamp,
) -> Result<(), Error> {
    tx.run(TAKE_OVER, &args![fingerprint, at, tenant, key])
}

const FINISH: &str = "
UPDATE idempotency_keys
SET status = $1, answer = $2
WHERE tenant_id = $3 AND key = $4";

/// Keeps the answer for the same request sent again.
///
/// # Errors
/// Any fault of the database.
pub fn finish(tx: &mut Tx<'_>, tenant: TenantId, key: &str, status: u32, answer: &[u8]) -> Result<(), Error> {
    tx.run(FINISH, &args![status, answer, tenant, key])
}

const RELEASE: &str = "
DELETE FROM idempotency_keys
WHERE tenant_id = $1 AND key = $2 AND status IS NULL";

/// Gives a key free whose request did nothing.
///
/// # Errors
/// Any fault of the database.
pub fn release(tx: &mut Tx<'_>, tenant: TenantId, key: &str) -> Result<(), Error> {
    tx.run(RELEASE, &args![tenant, key])
}

const DELETE_OLD: &str = "
DELETE FROM idempotency_keys
WHERE created_at < $1";

/// Forgets keys from before a time.
///
/// # Errors
/// Any fault of the database.
pub fn delete_old(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute(DELETE_OLD, &args![before])
}

const RECORD: &str = "
INSERT INTO idempotency_keys (tenant_id, key, fingerprint, created_at, status, answer)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, key) DO NOTHING";

/// Writes a key together with its answer, in the transaction of the work itself; false when the key is taken.
///
/// # Errors
/// Any fault of the database.
pub fn record(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (key, fingerprint): (&str, &[u8; 32]),
    at: Timestamp,
    (status, answer): (u32, &[u8]),
) -> Result<bool, Error> {
    Ok(tx.execute(RECORD, &args![tenant, key, fingerprint, at, status, answer])? > 0)
}
