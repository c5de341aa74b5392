//! Uploads: files that wait to be sent, or belong to a note. What nobody names any more is forgotten after a while.

use domain::clock::Timestamp;
use domain::ids::{EntryId, TenantId, UploadId};

use crate::args;
use crate::db::{Error, Row, Tx};

/// One file. Its bytes lie beside the database, under its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    pub id: UploadId,
    /// The user or key that sent it; none: the operator.
    pub owner: Option<String>,
    pub filename: String,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    /// Hex, of the content.
    pub sha256: String,
    /// The note that it belongs to; it is kept as long as that.
    pub entry: Option<EntryId>,
    pub created_at: Timestamp,
    /// When to look whether it is still wanted.
    pub keep_until: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<Upload, Error> {
    Ok(Upload {
        id: row.take()?,
        owner: row.take()?,
        filename: row.take()?,
        content_type: row.take()?,
        size: row.take()?,
        sha256: row.take()?,
        entry: row.take()?,
        created_at: row.take()?,
        keep_until: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO uploads (tenant_id, id, owner_id, filename, content_type, size, sha256, entry_id, created_at, keep_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Keeps a new upload.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, upload: &Upload) -> Result<(), Error> {
    let Upload { id, owner, filename, content_type, size, sha256, entry, created_at, keep_until } = upload;
    tx.run(
        INSERT,
        &args![tenant, id, owner, filename, content_type, size, sha256, entry, created_at, keep_until],
    )
}

const GET: &str = "
SELECT id, owner_id, filename, content_type, size, sha256, entry_id, created_at, keep_until
FROM uploads
WHERE tenant_id = $1 AND id = $2";

/// One upload.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: UploadId) -> Result<Option<Upload>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const KEEP: &str = "
UPDATE uploads
SET entry_id = $3, keep_until = $4
WHERE tenant_id = $1 AND id = $2";

/// Says which note an upload belongs to, and until when it is kept without one.
///
/// # Errors
/// Any fault of the database.
pub fn keep(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: UploadId,
    entry: Option<EntryId>,
    until: Timestamp,
) -> Result<(), Error> {
    tx.run(KEEP, &args![tenant, id, entry, until])
}

const DUE: &str = "
SELECT tenant_id, id
FROM uploads
WHERE keep_until <= $1 AND entry_id IS NULL
ORDER BY keep_until
LIMIT $2";

/// Uploads of all tenants that belong to no note and whose time is over: for clean-up.
///
/// # Errors
/// Any fault of the database.
pub fn due(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<(TenantId, UploadId)>, Error> {
    tx.query(DUE, &args![now, limit], |row| Ok((row.take()?, row.take()?)))
}

const DELETE: &str = "
DELETE FROM uploads
WHERE tenant_id = $1 AND id = $2 AND entry_id IS NULL";

/// Forgets an upload that belongs to no note; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: UploadId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}
