//! Conversations: the rows behind the inbox. Counts by state are kept beside them, in the same transaction.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::conversation::{ConversationState, Priority};
use domain::ids::{ContactId, ConversationId, MessageId, TagId, TeamId, TenantId};
use domain::message::Direction;

use crate::args;
use crate::db::{Error, Row, Tx};
use crate::reads::{self, Seen};

macro_rules! columns {
    () => {
        "id, contact_id, subject, channel, state, priority, assignee_id, team_id, tags, snoozed_until, in_tray,
       claims_conversation_id, merged_into, unread, message_count, inbound_count, last_message_id, last_direction,
       last_preview, created_at, last_activity_at"
    };
}

mod beside;
mod counted;
mod list;
mod tagged;

pub use beside::{Beside, Newest, beside, many};
pub use list::{Before, Filter, list, of_team};

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
    pub team: Option<TeamId>,
    /// In the order in which they were put.
    pub tags: Vec<TagId>,
    /// When a snoozed one wakes; none: when the contact writes.
    pub snoozed_until: Option<Timestamp>,
    pub in_tray: bool,
    pub claims: Option<ConversationId>,
    /// Where its messages are, when it was merged.
    pub merged_into: Option<ConversationId>,
    /// Messages of the contact since anybody read it.
    pub unread: i64,
    pub message_count: i64,
    /// Messages of the contact; what a person has read is compared with it.
    pub inbound_count: i64,
    pub last_message: Option<MessageId>,
    pub last_direction: Option<Direction>,
    pub last_preview: String,
    pub created_at: Timestamp,
    pub last_activity_at: Timestamp,
}

impl Conversation {
    /// An open one in which nothing was said yet.
    #[must_use]
    pub fn begun(
        id: ConversationId,
        contact: ContactId,
        subject: String,
        channel: Channel,
        at: Timestamp,
    ) -> Conversation {
        Conversation {
            id,
            contact,
            subject,
            channel,
            state: ConversationState::Open,
            priority: Priority::Normal,
            assignee: None,
            team: None,
            tags: Vec::new(),
            snoozed_until: None,
            in_tray: false,
            claims: None,
            merged_into: None,
            unread: 0,
            message_count: 0,
            inbound_count: 0,
            last_message: None,
            last_direction: None,
            last_preview: String::new(),
            created_at: at,
            last_activity_at: at,
        }
    }

    /// The same with one more message, its newest.
    #[must_use]
    pub fn with_message(
        &self,
        id: MessageId,
        direction: Direction,
        preview: &str,
        at: Timestamp,
    ) -> Conversation {
        let heard = i64::from(direction == Direction::Inbound);
        Conversation {
            unread: self.unread + heard,
            inbound_count: self.inbound_count + heard,
            message_count: self.message_count + 1,
            last_message: Some(id),
            last_direction: Some(direction),
            last_preview: preview.to_owned(),
            last_activity_at: at.max(self.last_activity_at),
            ..self.clone()
        }
    }
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
        team: row.take()?,
        tags: row.json()?,
        snoozed_until: row.take()?,
        in_tray: row.take()?,
        claims: row.take()?,
        merged_into: row.take()?,
        unread: row.take()?,
        message_count: row.take()?,
        inbound_count: row.take()?,
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
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
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
            conversation.team,
            list_of(&conversation.tags)?,
            conversation.snoozed_until,
            conversation.in_tray,
            conversation.claims,
            conversation.merged_into,
            conversation.unread,
            conversation.message_count,
            conversation.inbound_count,
            conversation.last_message,
            conversation.last_direction.map(Direction::as_str),
            conversation.last_preview,
            conversation.created_at,
            conversation.last_activity_at
        ],
    )?;
    tagged::put(tx, tenant, conversation)?;
    counted::count(tx, tenant, conversation, 1)
}

const REPLACE: &str = "
UPDATE conversations
SET contact_id = $3, subject = $4, state = $5, priority = $6, assignee_id = $7, team_id = $8, tags = $9,
    snoozed_until = $10, in_tray = $11, claims_conversation_id = $12, merged_into = $13, unread = $14,
    message_count = $15, inbound_count = $16, last_message_id = $17, last_direction = $18, last_preview = $19,
    last_activity_at = $20
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
    if counted::reading_differs(was, is) {
        let seen = reads::of_conversation(tx, tenant, is.id)?;
        counted::count_readers(tx, tenant, was, &seen, -1)?;
        counted::count_readers(tx, tenant, is, &seen, 1)?;
    }
    write(tx, tenant, was, is)
}

/// As [`replace`], where also what people have seen of it changes: its messages went elsewhere, or others came.
///
/// # Errors
/// Any fault of the database.
pub fn replace_with_reads(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    was: &Conversation,
    is: &Conversation,
    seen: &[Seen],
) -> Result<(), Error> {
    let before = reads::of_conversation(tx, tenant, is.id)?;
    counted::count_readers(tx, tenant, was, &before, -1)?;
    reads::replace_all(tx, tenant, is.id, seen)?;
    counted::count_readers(tx, tenant, is, seen, 1)?;
    write(tx, tenant, was, is)
}

fn write(tx: &mut Tx<'_>, tenant: TenantId, was: &Conversation, is: &Conversation) -> Result<(), Error> {
    tx.run(
        REPLACE,
        &args![
            tenant,
            is.id,
            is.contact,
            is.subject,
            is.state.as_str(),
            is.priority.as_str(),
            is.assignee,
            is.team,
            list_of(&is.tags)?,
            is.snoozed_until,
            is.in_tray,
            is.claims,
            is.merged_into,
            is.unread,
            is.message_count,
            is.inbound_count,
            is.last_message,
            is.last_direction.map(Direction::as_str),
            is.last_preview,
            is.last_activity_at
        ],
    )?;
    tagged::move_on(tx, tenant, was, is)?;
    counted::move_on(tx, tenant, was, is)
}

fn list_of(tags: &[TagId]) -> Result<String, Error> {
    serde_json::to_string(tags).map_err(|error| Error::Unexpected(error.to_string()))
}

/// Notes that a person has seen all of a conversation, or that its newest message is to count as unseen.
/// Gives whether that changed anything.
///
/// # Errors
/// Any fault of the database.
pub fn mark(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: &Conversation,
    user: &str,
    as_read: bool,
) -> Result<bool, Error> {
    let before = reads::of_person(tx, tenant, conversation.id, user)?;
    let all = conversation.inbound_count;
    let seen = if as_read { all } else { before.min((all - 1).max(0)) };
    if seen == before {
        return Ok(false);
    }
    let of = |seen| [Seen { user: user.to_owned(), seen }];
    counted::count_readers(tx, tenant, conversation, &of(before), -1)?;
    reads::put(tx, tenant, conversation.id, user, seen)?;
    counted::count_readers(tx, tenant, conversation, &of(seen), 1)?;
    Ok(true)
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
