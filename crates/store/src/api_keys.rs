//! API keys of programs. Only the hash of a key is kept, and its first characters to tell it from others.

use domain::access::Scopes;
use domain::clock::Timestamp;
use domain::ids::{ApiKeyId, TenantId};
use domain::page::{Cursor, Page, PageRequest};

use crate::args;
use crate::db::{Error, Row, Tx};

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiKey {
    pub tenant: TenantId,
    pub id: ApiKeyId,
    pub name: String,
    /// The first characters, for people to tell keys apart.
    pub prefix: String,
    pub scopes: Scopes,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

const INSERT: &str = "
INSERT INTO api_keys (tenant_id, id, name, prefix, key_hash, scopes, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// Keeps a new key.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, key: &ApiKey, key_hash: &[u8; 32]) -> Result<(), Error> {
    let ApiKey { tenant, id, name, prefix, scopes, created_at, .. } = key;
    let scopes = serde_json::Value::from(scopes.words());
    tx.run(INSERT, &args![tenant, id, name, prefix, key_hash, scopes, created_at])
}

const BY_HASH: &str = "
SELECT tenant_id, id, name, prefix, scopes, created_at, last_used_at, revoked_at
FROM api_keys
WHERE key_hash = $1";

/// The key with this hash, in whatever tenant, also when it was revoked.
///
/// # Errors
/// Any fault of the database.
pub fn by_hash(tx: &mut Tx<'_>, key_hash: &[u8; 32]) -> Result<Option<ApiKey>, Error> {
    tx.first(BY_HASH, &args![key_hash], api_key)
}

const GET: &str = "
SELECT tenant_id, id, name, prefix, scopes, created_at, last_used_at, revoked_at
FROM api_keys
WHERE tenant_id = $1 AND id = $2";

/// One key of a tenant.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ApiKeyId) -> Result<Option<ApiKey>, Error> {
    tx.first(GET, &args![tenant, id], api_key)
}

const LIST: &str = "
SELECT tenant_id, id, name, prefix, scopes, created_at, last_used_at, revoked_at
FROM api_keys
WHERE tenant_id = $1 AND id > $2
ORDER BY id
LIMIT $3";

/// The keys of a tenant, oldest first, with those that were revoked.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId, page: &PageRequest) -> Result<Page<ApiKey>, Error> {
    let after = page.after.as_ref().map_or("", |cursor| cursor.id.as_str());
    let rows = tx.query(LIST, &args![tenant, after, page.limit + 1], api_key)?;
    Ok(Page::cut(rows, page.limit, |row| Cursor { key: 0, id: row.id.to_string() }))
}

fn api_key(row: &mut Row<'_>) -> Result<ApiKey, Error> {
    Ok(ApiKey {
        tenant: row.take()?,
        id: row.take()?,
        name: row.take()?,
        prefix: row.take()?,
        scopes: {
            let words: Vec<String> = row.json()?;
            Scopes::parse(&words).map_err(|error| Error::Unexpected(error.to_string()))?
        },
        created_at: row.take()?,
        last_used_at: row.take()?,
        revoked_at: row.take()?,
    })
}

const REVOKE: &str = "
UPDATE api_keys
SET revoked_at = $1
WHERE tenant_id = $2 AND id = $3 AND revoked_at IS NULL";

/// Makes a key worthless. False when it was already, or is unknown.
///
/// # Errors
/// Any fault of the database.
pub fn revoke(tx: &mut Tx<'_>, tenant: TenantId, id: ApiKeyId, at: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(REVOKE, &args![at, tenant, id])? > 0)
}

const TOUCH: &str = "
UPDATE api_keys
SET last_used_at = $1
WHERE tenant_id = $2 AND id = $3 AND (last_used_at IS NULL OR last_used_at < $1)";

/// Notes that a key was used.
///
/// # Errors
/// Any fault of the database.
pub fn touch(tx: &mut Tx<'_>, tenant: TenantId, id: ApiKeyId, at: Timestamp) -> Result<(), Error> {
    tx.run(TOUCH, &args![at, tenant, id])
}

const NAMES: &str = "
SELECT id, name
FROM api_keys
WHERE tenant_id = $1";

/// Id and name of all keys, also of revoked ones: messages name them.
///
/// # Errors
/// Any fault of the database.
pub fn names(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<(ApiKeyId, String)>, Error> {
    tx.query(NAMES, &args![tenant], |row| Ok((row.take()?, row.take()?)))
}
