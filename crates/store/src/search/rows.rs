//! Where a conversation stands, as far as a search can ask; and what is looked up for many conversations at once.

use std::collections::{HashMap, HashSet};

use domain::channel::Channel;
use domain::conversation::{ConversationState, Priority};
use domain::ids::{ConversationId, TagId, TeamId, TenantId};

use crate::args;
use crate::conversations::Conversation;
use crate::db::{Error, Row, Sql, Tx, only};

/// What conditions ask of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub id: ConversationId,
    pub state: ConversationState,
    pub in_tray: bool,
    pub assignee: Option<String>,
    pub team: Option<TeamId>,
    pub tags: Vec<TagId>,
    pub channel: Channel,
    pub priority: Priority,
    /// Messages of the contact since anybody read it.
    pub unread: i64,
    /// Messages of the contact.
    pub inbound_count: i64,
}

impl From<&Conversation> for Standing {
    fn from(row: &Conversation) -> Standing {
        Standing {
            id: row.id,
            state: row.state,
            in_tray: row.in_tray,
            assignee: row.assignee.clone(),
            team: row.team,
            tags: row.tags.clone(),
            channel: row.channel,
            priority: row.priority,
            unread: row.unread,
            inbound_count: row.inbound_count,
        }
    }
}

pub(super) fn read(id: ConversationId, row: &mut Row<'_>) -> Result<Standing, Error> {
    Ok(Standing {
        id,
        state: row.word()?,
        in_tray: row.take()?,
        assignee: row.take()?,
        team: row.take()?,
        tags: row.json()?,
        channel: row.word()?,
        priority: row.word()?,
        unread: row.take()?,
        inbound_count: row.take()?,
    })
}

const SEEN: Sql = Sql::Split {
    sqlite: "
SELECT conversation_id, seen
FROM reads
WHERE tenant_id = $1 AND user_id = $2 AND conversation_id IN (SELECT value FROM json_each($3))",
    postgres: "
SELECT conversation_id, seen
FROM reads
WHERE tenant_id = $1 AND user_id = $2
  AND conversation_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($3 AS TEXT) AS json))))",
};

/// How many of the contact's messages a person has seen in each of these conversations; those never seen are absent.
///
/// # Errors
/// Any fault of the database.
pub fn seen(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    user: &str,
    conversations: &[ConversationId],
) -> Result<HashMap<ConversationId, i64>, Error> {
    let ids = serde_json::json!(conversations);
    let rows = tx.query(SEEN, &args![tenant, user, ids], |row| Ok((row.take()?, row.take()?)))?;
    Ok(rows.into_iter().collect())
}

const WITH_NOTES: Sql = Sql::Split {
    sqlite: "
SELECT DISTINCT conversation_id
FROM conversation_entries
WHERE tenant_id = $1 AND kind = 'note' AND conversation_id IN (SELECT value FROM json_each($2))",
    postgres: "
SELECT DISTINCT conversation_id
FROM conversation_entries
WHERE tenant_id = $1 AND kind = 'note'
  AND conversation_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS json))))",
};

/// In which of these conversations somebody wrote a note.
///
/// # Errors
/// Any fault of the database.
pub fn with_notes(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversations: &[ConversationId],
) -> Result<HashSet<ConversationId>, Error> {
    let ids = serde_json::json!(conversations);
    Ok(tx.query(WITH_NOTES, &args![tenant, ids], only)?.into_iter().collect())
}
