//! How many of a contact's messages each person has seen, by conversation. Counters are kept by [`crate::conversations`].

use domain::ids::{ConversationId, TenantId};

use crate::args;
use crate::db::{Error, Tx, only};

/// What one person has seen of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seen {
    pub user: String,
    /// Messages of the contact.
    pub seen: i64,
}

const OF_CONVERSATION: &str = "
SELECT user_id, seen
FROM reads
WHERE tenant_id = $1 AND conversation_id = $2
ORDER BY user_id";

/// What people have seen of a conversation; those who never looked are not in it.
///
/// # Errors
/// Any fault of the database.
pub fn of_conversation(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
) -> Result<Vec<Seen>, Error> {
    tx.query(OF_CONVERSATION, &args![tenant, conversation], |row| {
        Ok(Seen { user: row.take()?, seen: row.take()? })
    })
}

const OF_PERSON: &str = "
SELECT seen
FROM reads
WHERE tenant_id = $1 AND conversation_id = $2 AND user_id = $3";

/// How many messages of the contact a person has seen.
///
/// # Errors
/// Any fault of the database.
pub fn of_person(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
    user: &str,
) -> Result<i64, Error> {
    Ok(tx.first(OF_PERSON, &args![tenant, conversation, user], only)?.unwrap_or(0))
}

const SET: &str = "
INSERT INTO reads (tenant_id, conversation_id, user_id, seen)
VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, conversation_id, user_id) DO UPDATE SET seen = excluded.seen";

/// Writes what a person has seen. It moves no counter: [`crate::conversations::mark`] does both.
///
/// # Errors
/// Any fault of the database.
pub fn put(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
    user: &str,
    seen: i64,
) -> Result<(), Error> {
    tx.run(SET, &args![tenant, conversation, user, seen])
}

const DELETE: &str = "
DELETE FROM reads
WHERE tenant_id = $1 AND conversation_id = $2";

/// Makes exactly this what people have seen of a conversation.
pub(crate) fn replace_all(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: ConversationId,
    seen: &[Seen],
) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, conversation])?;
    for one in seen {
        put(tx, tenant, conversation, &one.user, one.seen)?;
    }
    Ok(())
}
