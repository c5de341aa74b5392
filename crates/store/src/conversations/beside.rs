//! What lists show beside their conversations, looked up for a whole page at once: asked for row by row, the way to the
//! database and back would be most of what a page costs.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::ids::{ConversationId, MessageId, TenantId};
use domain::message::{Direction, MessageState};

use crate::args;
use crate::db::{Error, Row, Sql, Tx};

use super::{Conversation, read};

/// What stands beside one conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// Empty when nobody told us.
    pub contact_name: String,
    /// The one that the contact has had for longest.
    pub address: Option<String>,
    /// How many of the contact's messages the one who asks has seen.
    pub seen: i64,
    pub newest: Option<Newest>,
}

/// The newest message in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    pub id: MessageId,
    pub direction: Direction,
    pub state: MessageState,
    pub preview: String,
    pub at: Timestamp,
}

macro_rules! beside {
    ($ids:literal) => {
        concat!(
            "
SELECT c.id, k.name,
       (SELECT i.address
        FROM identities i
        WHERE i.tenant_id = $1 AND i.contact_id = c.contact_id
        ORDER BY i.created_at, i.channel, i.address_key
        LIMIT 1),
       r.seen, m.id, m.direction, m.state, m.preview, m.created_at
FROM conversations c
LEFT JOIN contacts k ON k.tenant_id = $1 AND k.id = c.contact_id
LEFT JOIN reads r ON r.tenant_id = $1 AND r.conversation_id = c.id AND r.user_id = $3
LEFT JOIN messages m ON m.tenant_id = $1 AND m.id = c.last_message_id
WHERE c.tenant_id = $1 AND c.id ",
            $ids
        )
    };
}

const BESIDE: Sql = Sql::Split {
    sqlite: beside!("IN (SELECT value FROM json_each($2))"),
    // An array is a list of unknown length to the planner, which takes it for ten: so each row is fetched by its key.
    postgres: beside!("= ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))"),
};

/// What stands beside each of these conversations. Nobody in particular has seen nothing.
///
/// # Errors
/// Any fault of the database.
pub fn beside(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    user: Option<&str>,
    conversations: &[ConversationId],
) -> Result<HashMap<ConversationId, Beside>, Error> {
    if conversations.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = serde_json::json!(conversations);
    let rows = tx.query(BESIDE, &args![tenant, ids, user.unwrap_or_default()], read_beside)?;
    Ok(rows.into_iter().collect())
}

fn read_beside(row: &mut Row<'_>) -> Result<(ConversationId, Beside), Error> {
    let id = row.take()?;
    let contact_name = row.take::<Option<String>>()?.unwrap_or_default();
    let (address, seen) = (row.take()?, row.take::<Option<i64>>()?.unwrap_or(0));
    let newest = match row.take::<Option<MessageId>>()? {
        None => None,
        Some(id) => Some(Newest {
            id,
            direction: row.word()?,
            state: row.word()?,
            preview: row.take()?,
            at: row.take()?,
        }),
    };
    Ok((id, Beside { contact_name, address, seen, newest }))
}

const MANY: Sql = Sql::Split {
    sqlite: concat!(
        "SELECT ",
        columns!(),
        "
FROM conversations
WHERE tenant_id = $1 AND id IN (SELECT value FROM json_each($2))"
    ),
    postgres: concat!(
        "SELECT ",
        columns!(),
        "
FROM conversations
WHERE tenant_id = $1 AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))"
    ),
};

/// Several conversations, in the order in which they are named; those that are not there are left out.
///
/// # Errors
/// Any fault of the database.
pub fn many(tx: &mut Tx<'_>, tenant: TenantId, ids: &[ConversationId]) -> Result<Vec<Conversation>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = tx.query(MANY, &args![tenant, serde_json::json!(ids)], read)?;
    let mut rows: HashMap<ConversationId, Conversation> = rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| rows.remove(id)).collect())
}
