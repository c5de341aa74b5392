//! Conversations: the rows behind the inbox. Counts by state are kept beside them, in the same transaction.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::conversation::{ConversationState, Priority};
use domain::ids::{ContactId, ConversationId, MessageId, TenantId};
use domain::message::Direction;

use crate::args;
use crate::counters;
use crate::db::{Error, Row, Tx};

/// One conversation, as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    pub contact: ContactId,
    pub subject: String,
    pub channel: Channel,
    pub state: ConversationState,
    pub priority: Priority,
    pub assignee: Option<String>,
    pub in_tray: bool,
    pub claims: Option<ConversationId>,
    pub unread: i64,
    pub message_count: i64,
    pub last_message: Option<MessageId>,
    pub last_direction: Option<Direction>,
    pub last_preview: String,
    pub created_at: Timestamp,
    pub last_activity_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, contact_id, subject, channel, state, priority, assignee_id, in_tray, claims_conversation_id, unread,
       message_count, last_message_id, last_direction, last_preview, created_at, last_activity_at"
    };
}

fn read(row: &mut Row<'_>) -> Result<Conversation, Error> {
    Ok(Conversation {
        id: row.take()?,
        contact: row.take()?,
        subject: row.take()?,
        channel: row.word()?,
        state: row.word()?,
        priority: row.word()?,
        assignee: row.take()?,
        in_tray: row.take()?,
        claims: row.take()?,
        unread: row.take()?,
        message_count: row.take()?,
        last_message: row.take()?,
        last_direction: match row.take::<Option<String>>()?.as_deref() {
            Some("inbound") => Some(Direction::Inbound),
            Some(_) => Some(Direction::Outbound),
            None => None,
        },
        last_preview: row.take()?,
        created_at: row.take()?,
        last_activity_at: row.take()?,
    })
}

const INSERT: &str = concat!(
    "
INSERT INTO conversations
      (tenant_id, ",
    columns!(),
    ")
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);

/// Adds a conversation and counts it.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, conversation: &Conversation) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            tenant,
            conversation.id,
            conversation.contact,
            conversation.subject,
            conversation.channel.as_str(),
            conversation.state.as_str(),
            conversation.priority.as_str(),
            conversation.assignee,
            conversation.in_tray,
            conversation.claims,
            conversation.unread,
            conversation.message_count,
            conversation.last_message,
            conversation.last_direction.map(Direction::as_str),
            conversation.last_preview,
            conversation.created_at,
            conversation.last_activity_at
        ],
    )?;
    count(tx, tenant, conversation, 1)
}

const REPLACE: &str = "
UPDATE conversations
SET state = $3, priority = $4, assignee_id = $5, in_tray = $6, claims_conversation_id = $7, unread = $8,
    message_count = $9, last_message_id = $10, last_direction = $11, last_preview = $12, last_activity_at = $13
WHERE tenant_id = $1 AND id = $2";

/// Writes a changed conversation and moves its counts from what it was to what it is.
///
/// # Errors
/// Any fault of the database.
pub fn replace(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    was: &Conversation,
    is: &Conversation,
) -> Result<(), Error> {
    tx.run(
        REPLACE,
        &args![
            tenant,
            is.id,
            is.state.as_str(),
            is.priority.as_str(),
            is.assignee,
            is.in_tray,
            is.claims,
            is.unread,
            is.message_count,
            is.last_message,
            is.last_direction.map(Direction::as_str),
            is.last_preview,
            is.last_activity_at
        ],
    )?;
    if counted(was) != counted(is) {
        count(tx, tenant, was, -1)?;
        count(tx, tenant, is, 1)?;
    }
    Ok(())
}

const DELETE: &str = "
DELETE FROM conversations
WHERE tenant_id = $1 AND id = $2";

/// Removes a conversation that was emptied by moving its messages elsewhere.
///
/// # Errors
/// Any fault of the database.
pub fn delete_emptied(tx: &mut Tx<'_>, tenant: TenantId, was: &Conversation) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, was.id])?;
    count(tx, tenant, was, -1)
}

const RECLAIM: &str = "
UPDATE conversations
SET claims_conversation_id = $3
WHERE tenant_id = $1 AND in_tray = 1 AND claims_conversation_id = $2";

/// Lets what waits in the tray for a conversation wait for the one into which that was merged.
///
/// # Errors
/// Any fault of the database.
pub fn reclaim(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    from: ConversationId,
    to: ConversationId,
) -> Result<(), Error> {
    tx.run(RECLAIM, &args![tenant, from, to])
}

/// The counters that a conversation stands in. Those in the tray stand in that one only.
fn counted(conversation: &Conversation) -> Vec<String> {
    if conversation.in_tray {
        return vec!["conversations.tray".to_owned()];
    }
    let mut names = vec![format!("conversations.{}", conversation.state)];
    if conversation.unread > 0 {
        names.push("conversations.unread".to_owned());
    }
    if conversation.state == ConversationState::Open {
        names.push(match &conversation.assignee {
            None => "conversations.unassigned".to_owned(),
            Some(user) => format!("conversations.assigned.{user}"),
        });
    }
    names
}

fn count(tx: &mut Tx<'_>, tenant: TenantId, conversation: &Conversation, amount: i64) -> Result<(), Error> {
    for name in counted(conversation) {
        counters::add(tx, tenant, &name, amount)?;
    }
    Ok(())
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM conversations
WHERE tenant_id = $1 AND id = $2"
);

/// One conversation.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: ConversationId) -> Result<Option<Conversation>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

/// Which conversations a list shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    All,
    State(ConversationState),
    /// Of one person, in one state.
    Assignee(String, ConversationState),
    /// Of nobody, in one state.
    Unassigned(ConversationState),
    Contact(ContactId),
    Tray,
}

/// The last row of the page before: activity time and id.
pub type Before = (Timestamp, String);

macro_rules! page {
    ($condition:literal, $at:literal, $id:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            "
FROM conversations
WHERE tenant_id = $1",
            $condition,
            " AND (last_activity_at, id) < (",
            $at,
            ", ",
            $id,
            ")
ORDER BY last_activity_at DESC, id DESC
LIMIT ",
            $limit
        )
    };
}

/// Conversations with the newest activity first, before a row.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    filter: &Filter,
    before: &Before,
    limit: u32,
) -> Result<Vec<Conversation>, Error> {
    const ANY: &str = page!(" AND state = $2", "$3", "$4", "$5");
    const STATE: &str = page!(" AND state = $2 AND in_tray = 0", "$3", "$4", "$5");
    const ASSIGNEE: &str = page!(" AND assignee_id = $2 AND in_tray = 0 AND state = $3", "$4", "$5", "$6");
    const UNASSIGNED: &str =
        page!(" AND assignee_id IS NULL AND in_tray = 0 AND state = $2", "$3", "$4", "$5");
    const CONTACT: &str = page!(" AND contact_id = $2", "$3", "$4", "$5");
    const TRAY: &str = page!(" AND in_tray = 1", "$2", "$3", "$4");
    let (at, id) = before;
    match filter {
        Filter::All => {
            // Merged from the states: an index over all would cost every message another write.
            let mut merged = Vec::new();
            for state in ConversationState::ALL {
                merged.extend(tx.query(ANY, &args![tenant, state.as_str(), at, id, limit], read)?);
            }
            merged.sort_by(|one, other| {
                (other.last_activity_at, other.id).cmp(&(one.last_activity_at, one.id))
            });
            merged.truncate(limit as usize);
            Ok(merged)
        }
        Filter::State(state) => tx.query(STATE, &args![tenant, state.as_str(), at, id, limit], read),
        Filter::Assignee(user, state) => {
            tx.query(ASSIGNEE, &args![tenant, user, state.as_str(), at, id, limit], read)
        }
        Filter::Unassigned(state) => {
            tx.query(UNASSIGNED, &args![tenant, state.as_str(), at, id, limit], read)
        }
        Filter::Contact(contact) => tx.query(CONTACT, &args![tenant, contact, at, id, limit], read),
        Filter::Tray => tx.query(TRAY, &args![tenant, at, id, limit], read),
    }
}
