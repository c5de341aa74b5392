//! The audit log's rows. They are only ever added; the chain of hashes over them is the engine's.

use domain::access::{Actor, ActorKind};
use domain::clock::Timestamp;
use domain::ids::TenantId;
use domain::page::{Cursor, Page, PageRequest};

use crate::args;
use crate::db::{Error, Row, Tx};

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// 1 for the first entry of a tenant, then one more each.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Actor,
    pub action: String,
    pub subject: String,
    /// JSON, exactly as it went into the hash.
    pub detail: String,
    /// SHA-256 in hexadecimal over the hash before and all of the above.
    pub hash: String,
}

const HEAD: &str = "
SELECT seq, hash
FROM audit_entries
WHERE tenant_id = $1
ORDER BY seq DESC
LIMIT 1";

/// Number and hash of the newest entry.
///
/// # Errors
/// Any fault of the database.
pub fn head(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Option<(i64, String)>, Error> {
    tx.first(HEAD, &args![tenant], |row| Ok((row.take()?, row.take()?)))
}

const APPEND: &str = "
INSERT INTO audit_entries (tenant_id, seq, at, actor_kind, actor_id, action, subject, detail, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Adds an entry.
///
/// # Errors
/// Any fault of the database.
pub fn append(tx: &mut Tx<'_>, tenant: TenantId, entry: &Entry) -> Result<(), Error> {
    let Entry { seq, at, actor, action, subject, detail, hash } = entry;
    tx.run(APPEND, &args![tenant, seq, at, actor.kind.as_str(), actor.id, action, subject, detail, hash])
}

const LIST: &str = "
SELECT a.seq, a.at, a.actor_kind, a.actor_id, a.action, a.subject, a.detail, a.hash, COALESCE(u.name, k.name)
FROM audit_entries a
LEFT JOIN users u ON u.id = a.actor_id
LEFT JOIN api_keys k ON k.tenant_id = a.tenant_id AND k.id = a.actor_id
WHERE a.tenant_id = $1 AND a.seq < $2
ORDER BY a.seq DESC
LIMIT $3";

/// Entries, newest first, with the names that their actors have now.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    page: &PageRequest,
) -> Result<Page<(Entry, Option<String>)>, Error> {
    let before = page.after.as_ref().map_or(i64::MAX, |cursor| cursor.key);
    let rows =
        tx.query(LIST, &args![tenant, before, page.limit + 1], |row| Ok((entry(row)?, row.take()?)))?;
    Ok(Page::cut(rows, page.limit, |(row, _)| Cursor { key: row.seq, id: String::new() }))
}

const AFTER: &str = "
SELECT seq, at, actor_kind, actor_id, action, subject, detail, hash
FROM audit_entries
WHERE tenant_id = $1 AND seq > $2
ORDER BY seq
LIMIT $3";

/// The entries behind `seq`, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn after(tx: &mut Tx<'_>, tenant: TenantId, seq: i64, limit: u32) -> Result<Vec<Entry>, Error> {
    tx.query(AFTER, &args![tenant, seq, limit], entry)
}

fn entry(row: &mut Row<'_>) -> Result<Entry, Error> {
    Ok(Entry {
        seq: row.take()?,
        at: row.take()?,
        actor: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
        action: row.take()?,
        subject: row.take()?,
        detail: row.take()?,
        hash: row.take()?,
    })
}
