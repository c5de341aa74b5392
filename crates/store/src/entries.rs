//! What stands between the messages of a conversation: notes of people, and one line for each change.

use domain::access::{Actor, ActorKind};
use domain::clock::Timestamp;
use domain::ids::{ConversationId, EntryId, TenantId};

use crate::args;
use crate::db::{Error, Row, Tx};

domain::words! {
    /// What an entry is: a note, or which kind of change.
    pub enum EntryKind {
        Note = "note",
        NoteRemoved = "note_removed",
        Assigned = "assigned",
        Team = "team",
        State = "state",
        Snoozed = "snoozed",
        /// A snoozed conversation came back.
        Woke = "woke",
        Priority = "priority",
        Tags = "tags",
        Subject = "subject",
        /// A stranger's message was let in, or became a conversation of its own.
        Tray = "tray",
        Merged = "merged",
        Split = "split",
        Moved = "moved",
        /// A merge, split or move was taken back.
        Undone = "undone",
        ContactMerged = "contact_merged",
    }
}

/// One note or change.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub id: EntryId,
    pub conversation: ConversationId,
    pub kind: EntryKind,
    pub at: Timestamp,
    pub author: Actor,
    /// The text of a note; empty for changes.
    pub body: String,
    /// Notes: mentions and files. Changes: `from`, `to` and what else the line needs.
    pub facts: serde_json::Value,
    pub edited_at: Option<Timestamp>,
}

macro_rules! columns {
    () => {
        "id, conversation_id, kind, at, author_kind, author_id, body, facts, edited_at"
    };
}

fn read(row: &mut Row<'_>) -> Result<Entry, Error> {
    Ok(Entry {
        id: row.take()?,
        conversation: row.take()?,
        kind: row.word()?,
        at: row.take()?,
        author: Actor { kind: row.word::<ActorKind>()?, id: row.take()? },
        body: row.take()?,
        facts: row.json()?,
        edited_at: row.take()?,
    })
}

const INSERT: &str = concat!(
    "
INSERT INTO conversation_entries (tenant_id, ",
    columns!(),
    ")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
);

/// Adds an entry.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, entry: &Entry) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            tenant,
            entry.id,
            entry.conversation,
            entry.kind.as_str(),
            entry.at,
            entry.author.kind.as_str(),
            entry.author.id,
            entry.body,
            entry.facts,
            entry.edited_at
        ],
    )
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM conversation_entries
WHERE tenant_id = $1 AND id = $2"
);

/// One entry.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: EntryId) -> Result<Option<Entry>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const REPLACE: &str = "
UPDATE conversation_entries
SET kind = $3, body = $4, facts = $5, edited_at = $6
WHERE tenant_id = $1 AND id = $2";

/// Writes what a note says now.
///
/// # Errors
/// Any fault of the database.
pub fn replace(tx: &mut Tx<'_>, tenant: TenantId, entry: &Entry) -> Result<(), Error> {
    tx.run(REPLACE, &args![tenant, entry.id, entry.kind.as_str(), entry.body, entry.facts, entry.edited_at])
}

const OF_CONVERSATION: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM conversation_entries
WHERE tenant_id = $1 AND conversation_id = $2 AND id < $3
ORDER BY id DESC
LIMIT $4"
);

/// The entries of a conversation, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn of_conversation(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
    before: &str,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    tx.query(OF_CONVERSATION, &args![tenant, conversation, before, limit], read)
}

const MOVE: &str = "
UPDATE conversation_entries
SET conversation_id = $3
WHERE tenant_id = $1 AND id = $2";

/// Moves a note into another conversation.
///
/// # Errors
/// Any fault of the database.
pub fn move_to(tx: &mut Tx<'_>, tenant: TenantId, id: EntryId, to: ConversationId) -> Result<(), Error> {
    tx.run(MOVE, &args![tenant, id, to])
}

const DELETE: &str = "
DELETE FROM conversation_entries
WHERE tenant_id = $1 AND id = $2";

/// Removes an entry. What happened stays told by another one.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: EntryId) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, id])
}
