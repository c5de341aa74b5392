//! Tags: words put on conversations. Which conversation has which is kept by [`crate::conversations`].

use domain::clock::Timestamp;
use domain::conversation::TagColor;
use domain::ids::{ConversationId, TagId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx, indexed, only};

/// One tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    pub id: TagId,
    pub name: String,
    pub color: TagColor,
    pub created_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<Tag, Error> {
    Ok(Tag { id: row.take()?, name: row.take()?, color: row.word()?, created_at: row.take()? })
}

const INSERT: &str = "
INSERT INTO tags (tenant_id, id, name, name_key, color, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, name_key) DO NOTHING";

/// Adds a tag; false when there is one of that name.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, tag: &Tag) -> Result<bool, Error> {
    let key = key(&tag.name);
    let added = tx.execute(
        INSERT,
        &args![tenant, tag.id, tag.name, indexed(&key), tag.color.as_str(), tag.created_at],
    )?;
    Ok(added > 0)
}

const LIST: &str = "
SELECT id, name, color, created_at
FROM tags
WHERE tenant_id = $1
ORDER BY name_key";

/// All tags by name: people keep few.
///
/// # Errors
/// Any fault of the database.
pub fn list(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Tag>, Error> {
    tx.query(LIST, &args![tenant], read)
}

const BY_NAME: &str = "
SELECT id, name, color, created_at
FROM tags
WHERE tenant_id = $1 AND name_key = $2";

/// The tag of a name, in whatever case.
///
/// # Errors
/// Any fault of the database.
pub fn by_name(tx: &mut Tx<'_>, tenant: TenantId, name: &str) -> Result<Option<Tag>, Error> {
    let key = key(name);
    tx.first(BY_NAME, &args![tenant, indexed(&key)], read)
}

const REPLACE: &str = "
UPDATE tags
SET name = $3, name_key = $4, color = $5
WHERE tenant_id = $1 AND id = $2";

/// Writes a tag's name and colour.
///
/// # Errors
/// Any fault of the database.
pub fn replace(tx: &mut Tx<'_>, tenant: TenantId, tag: &Tag) -> Result<(), Error> {
    let key = key(&tag.name);
    tx.run(REPLACE, &args![tenant, tag.id, tag.name, indexed(&key), tag.color.as_str()])
}

const DELETE: &str = "
DELETE FROM tags
WHERE tenant_id = $1 AND id = $2";

/// Removes a tag that no conversation has any more; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: TagId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}

const CONVERSATIONS: &str = "
SELECT conversation_id
FROM conversation_tags
WHERE tenant_id = $1 AND tag_id = $2
LIMIT $3";

/// Some of the conversations that have a tag.
///
/// # Errors
/// Any fault of the database.
pub fn some_conversations(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: TagId,
    limit: u32,
) -> Result<Vec<ConversationId>, Error> {
    tx.query(CONVERSATIONS, &args![tenant, id, limit], only)
}

/// The form in which names are compared.
fn key(name: &str) -> String {
    name.trim().to_lowercase()
}
