//! Threads: one chain of replies inside a conversation, on one channel.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{AccountId, ContactId, ConversationId, TenantId, ThreadId};

use crate::args;
use crate::db::{Error, Row, Tx, indexed, only};

/// One thread.
#[derive(Debug, Clone, PartialEq)]
pub struct Thread {
    pub id: ThreadId,
    pub conversation: ConversationId,
    pub contact: ContactId,
    pub channel: Channel,
    pub account: Option<AccountId>,
    /// The subject in the form in which subjects are compared; its beginning, when it is very long.
    pub subject_key: String,
    pub last_activity_at: Timestamp,
}

fn read(row: &mut Row<'_>) -> Result<Thread, Error> {
    Ok(Thread {
        id: row.take()?,
        conversation: row.take()?,
        contact: row.take()?,
        channel: row.word()?,
        account: row.take()?,
        subject_key: row.take()?,
        last_activity_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO threads (tenant_id, id, conversation_id, contact_id, channel, account_id, subject_key, last_activity_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Adds a thread.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, thread: &Thread) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            tenant,
            thread.id,
            thread.conversation,
            thread.contact,
            thread.channel.as_str(),
            thread.account,
            indexed(&thread.subject_key),
            thread.last_activity_at
        ],
    )
}

const GET: &str = "
SELECT id, conversation_id, contact_id, channel, account_id, subject_key, last_activity_at
FROM threads
WHERE tenant_id = $1 AND id = $2";

/// One thread.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ThreadId) -> Result<Option<Thread>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const BY_SUBJECT: &str = "
SELECT id, conversation_id, contact_id, channel, account_id, subject_key, last_activity_at
FROM threads
WHERE tenant_id = $1 AND contact_id = $2 AND subject_key = $3
ORDER BY last_activity_at DESC
LIMIT 1";

/// The most recent thread with a contact about a subject.
///
/// # Errors
/// Any fault of the database.
pub fn by_subject(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: ContactId,
    subject_key: &str,
) -> Result<Option<Thread>, Error> {
    tx.first(BY_SUBJECT, &args![tenant, contact, indexed(subject_key)], read)
}

const LATEST_OF_CONVERSATION: &str = "
SELECT id, conversation_id, contact_id, channel, account_id, subject_key, last_activity_at
FROM threads
WHERE tenant_id = $1 AND conversation_id = $2 AND channel = $3
ORDER BY last_activity_at DESC
LIMIT 1";

/// The most recent thread of a conversation on a channel.
///
/// # Errors
/// Any fault of the database.
pub fn latest_of_conversation(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
    channel: Channel,
) -> Result<Option<Thread>, Error> {
    tx.first(LATEST_OF_CONVERSATION, &args![tenant, conversation, channel.as_str()], read)
}

const TOUCH: &str = "
UPDATE threads
SET last_activity_at = $3
WHERE tenant_id = $1 AND id = $2";

/// Notes that something happened in a thread.
///
/// # Errors
/// Any fault of the database.
pub fn touch(tx: &mut Tx<'_>, tenant: TenantId, id: ThreadId, at: Timestamp) -> Result<(), Error> {
    tx.run(TOUCH, &args![tenant, id, at])
}

const JOIN: &str = "
INSERT INTO thread_participants (tenant_id, thread_id, address_key)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, thread_id, address_key) DO NOTHING";

/// Notes that an address beside the contact takes part in a thread.
///
/// # Errors
/// Any fault of the database.
pub fn join(tx: &mut Tx<'_>, tenant: TenantId, id: ThreadId, address_key: &str) -> Result<(), Error> {
    tx.run(JOIN, &args![tenant, id, address_key])
}

const TAKES_PART: &str = "
SELECT 1
FROM thread_participants
WHERE tenant_id = $1 AND thread_id = $2 AND address_key = $3";

/// Whether an address beside the contact takes part in a thread.
///
/// # Errors
/// Any fault of the database.
pub fn takes_part(tx: &mut Tx<'_>, tenant: TenantId, id: ThreadId, address_key: &str) -> Result<bool, Error> {
    let row: Option<i64> = tx.first(TAKES_PART, &args![tenant, id, address_key], only)?;
    Ok(row.is_some())
}

const PARTICIPANTS: &str = "
SELECT address_key
FROM thread_participants
WHERE tenant_id = $1 AND thread_id = $2
ORDER BY address_key";

/// The addresses beside the contact that take part in a thread.
///
/// # Errors
/// Any fault of the database.
pub fn participants(tx: &mut Tx<'_>, tenant: TenantId, id: ThreadId) -> Result<Vec<String>, Error> {
    tx.query(PARTICIPANTS, &args![tenant, id], only)
}

const OF_CONVERSATION: &str = "
SELECT id, conversation_id, contact_id, channel, account_id, subject_key, last_activity_at
FROM threads
WHERE tenant_id = $1 AND conversation_id = $2
ORDER BY id";

/// The threads of a conversation, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn of_conversation(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
) -> Result<Vec<Thread>, Error> {
    tx.query(OF_CONVERSATION, &args![tenant, conversation], read)
}

const MOVE: &str = "
UPDATE threads
SET conversation_id = $3, contact_id = $4
WHERE tenant_id = $1 AND id = $2";

/// Moves a thread into a conversation, or to another contact.
///
/// # Errors
/// Any fault of the database.
pub fn move_to(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ThreadId,
    conversation: ConversationId,
    contact: ContactId,
) -> Result<(), Error> {
    tx.run(MOVE, &args![tenant, id, conversation, contact])
}

const AWAIT: &str = "
INSERT INTO awaited_messages (tenant_id, rfc_message_id, thread_id)
VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, rfc_message_id, thread_id) DO NOTHING";

/// Notes that mail of a thread names a message that has not come.
///
/// # Errors
/// Any fault of the database.
pub fn await_message(tx: &mut Tx<'_>, tenant: TenantId, id: ThreadId, rfc_id: &str) -> Result<(), Error> {
    tx.run(AWAIT, &args![tenant, indexed(rfc_id), id])
}

const AWAITING: &str = "
SELECT t.id, t.conversation_id, t.contact_id, t.channel, t.account_id, t.subject_key, t.last_activity_at
FROM awaited_messages AS a
JOIN threads AS t ON t.tenant_id = a.tenant_id AND t.id = a.thread_id
WHERE a.tenant_id = $1 AND a.rfc_message_id = $2
ORDER BY a.thread_id
LIMIT 1";

/// The thread whose mail names a message that has not come; of several the oldest.
///
/// # Errors
/// Any fault of the database.
pub fn awaiting(tx: &mut Tx<'_>, tenant: TenantId, rfc_id: &str) -> Result<Option<Thread>, Error> {
    tx.first(AWAITING, &args![tenant, indexed(rfc_id)], read)
}
