//! Drafts: texts that people are still writing. Each is seen by its owner alone.

use domain::clock::Timestamp;
use domain::draft::DraftKind;
use domain::ids::{ConversationId, DraftId, TenantId, UploadId, UserId};
use serde_json::Value;

use crate::args;
use crate::db::{Error, Row, Tx, only};

/// One draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub id: DraftId,
    pub user: UserId,
    pub conversation: Option<ConversationId>,
    pub kind: DraftKind,
    /// JSON: recipients, subject, texts and files, as the engine writes them.
    pub content: Value,
    pub created_at: Timestamp,
    /// Rises with each change.
    pub updated_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<Draft, Error> {
    Ok(Draft {
        id: row.take()?,
        user: row.take()?,
        conversation: row.take()?,
        kind: row.word()?,
        content: row.json()?,
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO drafts (tenant_id, id, user_id, conversation_id, kind, content, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Keeps a new draft.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, draft: &Draft) -> Result<(), Error> {
    let Draft { id, user, conversation, kind, content, created_at, updated_at } = draft;
    tx.run(INSERT, &args![tenant, id, user, conversation, kind.as_str(), content, created_at, updated_at])
}

const GET: &str = "
SELECT id, user_id, conversation_id, kind, content, created_at, updated_at
FROM drafts
WHERE tenant_id = $1 AND id = $2 AND user_id = $3";

/// A draft of a person.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, user: UserId, id: DraftId) -> Result<Option<Draft>, Error> {
    tx.first(GET, &args![tenant, id, user], read)
}

const LIST: &str = "
SELECT id, user_id, conversation_id, kind, content, created_at, updated_at
FROM drafts
WHERE tenant_id = $1 AND user_id = $2 AND (updated_at, id) < ($3, $4)
ORDER BY updated_at DESC, id DESC
LIMIT $5";

// Of one person there are few: those of a conversation are found among them, also where that was merged away meanwhile.
const LIST_OF_CONVERSATION: &str = "
SELECT d.id, d.user_id, d.conversation_id, d.kind, d.content, d.created_at, d.updated_at
FROM drafts d
LEFT JOIN conversations c ON c.tenant_id = d.tenant_id AND c.id = d.conversation_id
WHERE d.tenant_id = $1 AND d.user_id = $2 AND (d.conversation_id = $3 OR c.merged_into = $3)
  AND (d.updated_at, d.id) < ($4, $5)
ORDER BY d.updated_at DESC, d.id DESC
LIMIT $6";

/// The drafts of a person before a place, the one changed last first: all, or those of one conversation and of those that were
/// merged into it.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    user: UserId,
    conversation: Option<ConversationId>,
    before: &(Timestamp, String),
    limit: u32,
) -> Result<Vec<Draft>, Error> {
    match conversation {
        None => tx.query(LIST, &args![tenant, user, before.0, before.1, limit], read),
        Some(conversation) => tx.query(
            LIST_OF_CONVERSATION,
            &args![tenant, user, conversation, before.0, before.1, limit],
            read,
        ),
    }
}

const AT: &str = "
SELECT id
FROM drafts
WHERE tenant_id = $1 AND user_id = $2
ORDER BY updated_at, id
LIMIT 1 OFFSET $3";

/// Whether a person has as many drafts as that, or more.
///
/// # Errors
/// Any fault of the database.
pub fn is_full(tx: &mut Tx<'_>, tenant: TenantId, user: UserId, most: u32) -> Result<bool, Error> {
    Ok(tx.first(AT, &args![tenant, user, most.saturating_sub(1)], only::<DraftId>)?.is_some())
}

const REPLACE: &str = "
UPDATE drafts
SET content = $4, updated_at = $5
WHERE tenant_id = $1 AND id = $2 AND user_id = $3";

/// Writes another content.
///
/// # Errors
/// Any fault of the database.
pub fn replace(tx: &mut Tx<'_>, tenant: TenantId, draft: &Draft) -> Result<(), Error> {
    let Draft { id, user, content, updated_at, .. } = draft;
    tx.run(REPLACE, &args![tenant, id, user, content, updated_at])
}

const DELETE: &str = "
DELETE FROM drafts
WHERE tenant_id = $1 AND id = $2 AND user_id = $3";

/// Forgets a draft of a person; gives whether it was there.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, user: UserId, id: DraftId) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, &args![tenant, id, user])? > 0)
}

const NAMING: &str = "
SELECT id
FROM drafts
WHERE tenant_id = $1 AND content LIKE $2
LIMIT 1";

/// Whether any draft names an upload. Looks through all drafts of the tenant: for clean-up, not for requests.
///
/// # Errors
/// Any fault of the database.
pub fn any_names(tx: &mut Tx<'_>, tenant: TenantId, upload: UploadId) -> Result<bool, Error> {
    Ok(tx.first(NAMING, &args![tenant, format!("%{upload}%")], only::<DraftId>)?.is_some())
}
