//! Imports of contacts: what was asked, how far it came, and what came of it so far.

use domain::access::{Actor, ActorKind};
use domain::clock::Timestamp;
use domain::ids::{ContactImportId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx};

domain::words! {
    /// Where an import stands.
    pub enum ImportState {
        Running = "running",
        Done = "done",
        /// The file could not be read, or is not there any more.
        Failed = "failed",
    }
}

/// One import.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactImport {
    pub id: ContactImportId,
    pub state: ImportState,
    /// Format, mapping, and what to do with those that are known.
    pub request: serde_json::Value,
    /// The file, by its content.
    pub sha256: String,
    /// Rows of the file.
    pub total: i64,
    /// Rows that were worked on.
    pub done: i64,
    /// What came of them: counts and faults.
    pub result: serde_json::Value,
    pub actor: Actor,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<ContactImport, Error> {
    Ok(ContactImport {
        id: row.take()?,
        state: row.word()?,
        request: row.json()?,
        sha256: row.take()?,
        total: row.take()?,
        done: row.take()?,
        result: row.json()?,
        actor: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO contact_imports (tenant_id, id, state, request, sha256, total, done, result, actor_kind, actor_id, created_at,
                             updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// Adds an import.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, import: &ContactImport) -> Result<(), Error> {
    let ContactImport { id, state, request, sha256, total, done, result, actor, created_at, updated_at } =
        import;
    tx.run(
        INSERT,
        &args![
            tenant,
            id,
            state.as_str(),
            request,
            sha256,
            total,
            done,
            result,
            actor.kind.as_str(),
            actor.id,
            created_at,
            updated_at
        ],
    )
}

const GET: &str = "
SELECT id, state, request, sha256, total, done, result, actor_kind, actor_id, created_at, updated_at
FROM contact_imports
WHERE tenant_id = $1 AND id = $2";

/// One import.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ContactImportId) -> Result<Option<ContactImport>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const LIST: &str = "
SELECT id, state, request, sha256, total, done, result, actor_kind, actor_id, created_at, updated_at
FROM contact_imports
WHERE tenant_id = $1 AND id < $2
ORDER BY id DESC
LIMIT $3";

/// Imports, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    before: &str,
    limit: u32,
) -> Result<Vec<ContactImport>, Error> {
    tx.query(LIST, &args![tenant, before, limit], read)
}

const PROGRESS: &str = "
UPDATE contact_imports
SET state = $3, total = $4, done = $5, result = $6, updated_at = $7
WHERE tenant_id = $1 AND id = $2";

/// Writes how far an import came, in the transaction that brought it there.
///
/// # Errors
/// Any fault of the database.
pub fn progress(tx: &mut Tx<'_>, tenant: TenantId, import: &ContactImport) -> Result<(), Error> {
    let ContactImport { id, state, total, done, result, updated_at, .. } = import;
    tx.run(PROGRESS, &args![tenant, id, state.as_str(), total, done, result, updated_at])
}
