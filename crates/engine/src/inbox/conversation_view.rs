//! A conversation as people and programs see it, put together from its rows.

use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::conversation::{ConversationState, Priority, TagColor};
use domain::ids::{ContactId, ConversationId, MessageId, TagId, TeamId, TenantId};
use domain::message::{Direction, MessageState};
use schemars::JsonSchema;
use serde::Serialize;
use store::Tx;
use store::conversations::{self, Beside, Conversation};

use super::names::House;
use crate::Error;

/// One conversation.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Conversation")]
pub struct ConversationView {
    pub id: ConversationId,
    pub subject: String,
    pub state: ConversationState,
    pub priority: Priority,
    pub contact: ContactBrief,
    pub channel: Channel,
    pub assignee: Option<AssigneeView>,
    pub team: Option<TeamBrief>,
    pub tags: Vec<TagBrief>,
    /// When a snoozed one wakes; none: when the contact writes.
    pub snoozed_until: Option<Timestamp>,
    pub last_message: Option<LastMessage>,
    /// Messages of the contact that the one who asks has not seen; for a key: since anybody read it.
    pub unread: i64,
    pub message_count: i64,
    /// Whether a person has to say if it belongs to `claims_conversation_id`.
    pub in_tray: bool,
    pub claims_conversation_id: Option<ConversationId>,
    /// Where its messages are, when its state is `merged`.
    pub merged_into: Option<ConversationId>,
    pub created_at: Timestamp,
    pub last_activity_at: Timestamp,
}

/// A contact in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ContactBrief {
    pub id: ContactId,
    /// Empty when nobody told us.
    pub name: String,
    pub address: String,
}

/// Whose work it is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AssigneeView {
    pub id: String,
    pub name: String,
}

/// A team in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TeamBrief {
    pub id: TeamId,
    pub name: String,
}

/// A tag in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TagBrief {
    pub id: TagId,
    pub name: String,
    pub color: TagColor,
}

/// The newest message in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LastMessage {
    pub id: MessageId,
    pub direction: Direction,
    pub preview: String,
    pub at: Timestamp,
    pub state: MessageState,
}

/// Puts a conversation together.
pub(crate) fn view(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    row: Conversation,
    house: &House,
) -> Result<ConversationView, Error> {
    let mut beside = conversations::beside(tx, tenant, house.me.as_deref(), &[row.id])?;
    let beside = beside.remove(&row.id).unwrap_or_default();
    Ok(put_together(row, beside, house))
}

/// Puts a page of conversations together, in its order.
pub(crate) fn views(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    rows: Vec<Conversation>,
    house: &House,
) -> Result<Vec<ConversationView>, Error> {
    let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
    let mut beside = conversations::beside(tx, tenant, house.me.as_deref(), &ids)?;
    let views = rows.into_iter().map(|row| {
        let beside = beside.remove(&row.id).unwrap_or_default();
        put_together(row, beside, house)
    });
    Ok(views.collect())
}

fn put_together(row: Conversation, beside: Beside, house: &House) -> ConversationView {
    let contact = ContactBrief {
        id: row.contact,
        name: beside.contact_name,
        address: beside.address.unwrap_or_default(),
    };
    let last_message = beside.newest.map(|message| LastMessage {
        id: message.id,
        direction: message.direction,
        preview: message.preview,
        at: message.at,
        state: message.state,
    });
    let assignee = row.assignee.map(|id| {
        let name = house.users.get(&id).cloned().unwrap_or_default();
        AssigneeView { id, name }
    });
    let unread = match &house.me {
        Some(_) => (row.inbound_count - beside.seen).max(0),
        None => row.unread,
    };
    let tags = row.tags.iter().filter_map(|id| house.tags.get(id)).map(|tag| TagBrief {
        id: tag.id,
        name: tag.name.clone(),
        color: tag.color,
    });
    ConversationView {
        id: row.id,
        subject: row.subject,
        state: row.state,
        priority: row.priority,
        contact,
        channel: row.channel,
        assignee,
        team: row.team.and_then(|id| house.teams.get(&id).map(|name| TeamBrief { id, name: name.clone() })),
        tags: tags.collect(),
        snoozed_until: row.snoozed_until,
        last_message,
        unread,
        message_count: row.message_count,
        in_tray: row.in_tray,
        claims_conversation_id: row.claims,
        merged_into: row.merged_into,
        created_at: row.created_at,
        last_activity_at: row.last_activity_at,
    }
}
