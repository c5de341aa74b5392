//! Merges, splits and moves, with what was where before: each can be undone, and nothing is deleted by any.

use domain::access::{Actor, ActorKind};
use domain::clock::Timestamp;
use domain::ids::{RearrangementId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx};

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rearrangement {
    pub id: RearrangementId,
    /// What was done, such as `contact_merge`.
    pub kind: String,
    /// The conversation or contact in which things are now.
    pub subject_id: String,
    pub actor: Actor,
    pub at: Timestamp,
    pub undone_at: Option<Timestamp>,
    /// What was where before, as the kind needs it.
    pub before: serde_json::Value,
}

fn read(row: &mut Row<'_>) -> Result<Rearrangement, Error> {
    Ok(Rearrangement {
        id: row.take()?,
        kind: row.take()?,
        subject_id: row.take()?,
        actor: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
        at: row.take()?,
        undone_at: row.take()?,
        before: row.json()?,
    })
}

const INSERT: &str = "
INSERT INTO rearrangements (tenant_id, id, kind, subject_id, actor_kind, actor_id, at, undone_at, before)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Adds one, in the transaction that rearranges.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, rearrangement: &Rearrangement) -> Result<(), Error> {
    let Rearrangement { id, kind, subject_id, actor, at, undone_at, before } = rearrangement;
    tx.run(INSERT, &args![tenant, id, kind, subject_id, actor.kind.as_str(), actor.id, at, undone_at, before])
}

const GET: &str = "
SELECT id, kind, subject_id, actor_kind, actor_id, at, undone_at, before
FROM rearrangements
WHERE tenant_id = $1 AND id = $2";

/// One of them.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: RearrangementId) -> Result<Option<Rearrangement>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const MARK_UNDONE: &str = "
UPDATE rearrangements
SET undone_at = $3
WHERE tenant_id = $1 AND id = $2 AND undone_at IS NULL";

/// Notes that everything is where it was; gives whether it was not noted before.
///
/// # Errors
/// Any fault of the database.
pub fn mark_undone(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: RearrangementId,
    at: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.execute(MARK_UNDONE, &args![tenant, id, at])? > 0)
}

const LIST: &str = "
SELECT id, kind, subject_id, actor_kind, actor_id, at, undone_at, before
FROM rearrangements
WHERE tenant_id = $1 AND subject_id = $2
ORDER BY id DESC
LIMIT $3";

/// Those that brought something into a conversation or contact, newest first.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    subject_id: &str,
    limit: u32,
) -> Result<Vec<Rearrangement>, Error> {
    tx.query(LIST, &args![tenant, subject_id, limit], read)
}
