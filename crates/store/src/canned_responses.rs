//! Canned responses: texts that are used again and again, each found by its shortcut.

use domain::clock::Timestamp;
use domain::ids::{CannedResponseId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx, only};

/// One canned response.
#[derive(Debug, Clone, PartialEq)]
pub struct CannedResponse {
    pub id: CannedResponseId,
    /// What is typed behind a slash; one of its kind.
    pub shortcut: String,
    pub name: String,
    /// With variables.
    pub text: String,
    pub used_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<CannedResponse, Error> {
    Ok(CannedResponse {
        id: row.take()?,
        shortcut: row.take()?,
        name: row.take()?,
        text: row.take()?,
        used_count: row.take()?,
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO canned_responses (tenant_id, id, shortcut, name, body, used_count, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Adds a canned response whose shortcut is free.
///
/// # Errors
/// Any fault of the database, also when the shortcut is taken.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, response: &CannedResponse) -> Result<(), Error> {
    let CannedResponse { id, shortcut, name, text, used_count, created_at, updated_at } = response;
    tx.run(INSERT, &args![tenant, id, shortcut, name, text, used_count, created_at, updated_at])
}

const GET: &str = "
SELECT id, shortcut, name, body, used_count, created_at, updated_at
FROM canned_responses
WHERE tenant_id = $1 AND id = $2";

/// One canned response.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: CannedResponseId) -> Result<Option<CannedResponse>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const BY_SHORTCUT: &str = "
SELECT id
FROM canned_responses
WHERE tenant_id = $1 AND shortcut = $2";

/// The canned response of a shortcut.
///
/// # Errors
/// Any fault of the database.
pub fn by_shortcut(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    shortcut: &str,
) -> Result<Option<CannedResponseId>, Error> {
    tx.first(BY_SHORTCUT, &args![tenant, shortcut], only)
}

const LIST: &str = "
SELECT id, shortcut, name, body, used_count, created_at, updated_at
FROM canned_responses
WHERE tenant_id = $1
ORDER BY shortcut";

/// All canned responses of a tenant by shortcut: people write them, so they are few.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<CannedResponse>, Error> {
    tx.query(LIST, &args![tenant], read)
}

const UPDATE: &str = "
UPDATE canned_responses
SET shortcut = $3, name = $4, body = $5, updated_at = $6
WHERE tenant_id = $1 AND id = $2";

/// Writes shortcut, name and text.
///
/// # Errors
/// Any fault of the database, also when the shortcut is taken.
pub fn update(tx: &mut Tx<'_>, tenant: TenantId, response: &CannedResponse) -> Result<(), Error> {
    let CannedResponse { id, shortcut, name, text, updated_at, .. } = response;
    tx.run(UPDATE, &args![tenant, id, shortcut, name, text, updated_at])
}

const COUNT_USE: &str = "
UPDATE canned_responses
SET used_count = used_count + 1
WHERE tenant_id = $1 AND id = $2";

/// Counts that it was used.
///
/// # Errors
/// Any fault of the database.
pub fn count_use(tx: &mut Tx<'_>, tenant: TenantId, id: CannedResponseId) -> Result<(), Error> {
    tx.run(COUNT_USE, &args![tenant, id])
}

const DELETE: &str = "
DELETE FROM canned_responses
WHERE tenant_id = $1 AND id = $2";

/// Forgets a canned response; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: CannedResponseId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}
