//! What hangs on a contact, moved to another one: conversations, threads, and the messages in those conversations.

use domain::ids::{ContactId, ConversationId, MessageId, TenantId, ThreadId};

use super::listed;
use crate::args;
use crate::db::{Error, Sql, Tx, only};

const CONVERSATIONS_OF: &str = "
SELECT id
FROM conversations
WHERE tenant_id = $1 AND contact_id = $2
ORDER BY id";

/// All conversations with a contact.
///
/// # Errors
/// Any fault of the database.
pub fn conversations_of(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    contact: ContactId,
) -> Result<Vec<ConversationId>, Error> {
    tx.query(CONVERSATIONS_OF, &args![tenant, contact], only)
}

const THREADS_OF: &str = "
SELECT id
FROM threads
WHERE tenant_id = $1 AND contact_id = $2
ORDER BY id";

/// All threads with a contact.
///
/// # Errors
/// Any fault of the database.
pub fn threads_of(tx: &mut Tx<'_>, tenant: TenantId, contact: ContactId) -> Result<Vec<ThreadId>, Error> {
    tx.query(THREADS_OF, &args![tenant, contact], only)
}

const MESSAGES_IN: Sql = Sql::Split {
    sqlite: "
SELECT id
FROM messages
WHERE tenant_id = $1 AND conversation_id IN (SELECT value FROM json_each($2)) AND contact_id = $3
ORDER BY id",
    postgres: "
SELECT id
FROM messages
WHERE tenant_id = $1
  AND conversation_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))
  AND contact_id = $3
ORDER BY id",
};

/// The messages of a contact in some conversations.
///
/// # Errors
/// Any fault of the database.
pub fn messages_in(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversations: &[ConversationId],
    contact: ContactId,
) -> Result<Vec<MessageId>, Error> {
    tx.query(MESSAGES_IN, &args![tenant, listed(conversations), contact], only)
}

const MOVE_CONVERSATIONS: Sql = Sql::Split {
    sqlite: "
UPDATE conversations
SET contact_id = $4
WHERE tenant_id = $1 AND contact_id = $3 AND id IN (SELECT value FROM json_each($2))",
    postgres: "
UPDATE conversations
SET contact_id = $4
WHERE tenant_id = $1 AND contact_id = $3
  AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))",
};

/// Gives conversations to another contact, as far as they are still the first one's; gives how many.
///
/// # Errors
/// Any fault of the database.
pub fn move_conversations(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversations: &[ConversationId],
    (from, to): (ContactId, ContactId),
) -> Result<u64, Error> {
    tx.execute(MOVE_CONVERSATIONS, &args![tenant, listed(conversations), from, to])
}

const MOVE_THREADS: Sql = Sql::Split {
    sqlite: "
UPDATE threads
SET contact_id = $4
WHERE tenant_id = $1 AND contact_id = $3 AND id IN (SELECT value FROM json_each($2))",
    postgres: "
UPDATE threads
SET contact_id = $4
WHERE tenant_id = $1 AND contact_id = $3
  AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))",
};

/// Gives threads to another contact, as far as they are still the first one's; gives how many.
///
/// # Errors
/// Any fault of the database.
pub fn move_threads(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    threads: &[ThreadId],
    (from, to): (ContactId, ContactId),
) -> Result<u64, Error> {
    tx.execute(MOVE_THREADS, &args![tenant, listed(threads), from, to])
}

const MOVE_MESSAGES: Sql = Sql::Split {
    sqlite: "
UPDATE messages
SET contact_id = $4
WHERE tenant_id = $1
  AND conversation_id IN (SELECT value FROM json_each($2))
  AND contact_id = $3
  AND id NOT IN (SELECT value FROM json_each($5))",
    postgres: "
UPDATE messages
SET contact_id = $4
WHERE tenant_id = $1
  AND conversation_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))
  AND contact_id = $3
  AND NOT id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($5 AS TEXT) AS JSON))))",
};

/// Gives the messages of a contact in some conversations to another one, but for some; gives how many.
///
/// # Errors
/// Any fault of the database.
pub fn move_messages(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversations: &[ConversationId],
    (from, to): (ContactId, ContactId),
    but_for: &[MessageId],
) -> Result<u64, Error> {
    tx.execute(MOVE_MESSAGES, &args![tenant, listed(conversations), from, to, listed(but_for)])
}
