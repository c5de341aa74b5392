//! Conversations: lists with their counts, one of them, and what people change.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::conversation::{ConversationState, Priority};
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, MessageId, TenantId, UserId};
use domain::invalid::Invalid;
use domain::message::{Direction, MessageState};
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation, Filter};
use store::feed::{self, Facts};

use super::names;
use crate::{Engine, Error, audit};

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
    pub last_message: Option<LastMessage>,
    pub unread: i64,
    pub message_count: i64,
    /// Whether a person has to say if it belongs to `claims_conversation_id`.
    pub in_tray: bool,
    pub claims_conversation_id: Option<ConversationId>,
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

/// The newest message in short.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LastMessage {
    pub id: MessageId,
    pub direction: Direction,
    pub preview: String,
    pub at: Timestamp,
    pub state: MessageState,
}

/// How many conversations there are; all but `resolved` and `tray` leave the tray out.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct ConversationCounts {
    pub open: i64,
    pub pending: i64,
    pub snoozed: i64,
    pub resolved: i64,
    pub unread: i64,
    pub tray: i64,
    /// Open and of nobody.
    pub unassigned: i64,
    /// Open and of the one who asks.
    pub mine: i64,
}

/// Which conversations are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct ConversationFilter {
    #[serde(default)]
    pub state: Option<ConversationState>,
    /// `me`, `none` or a user's id.
    #[serde(default)]
    pub assignee: Option<String>,
    #[serde(default)]
    pub contact: Option<ContactId>,
    /// `true`: only those that wait in the tray.
    #[serde(default)]
    pub tray: Option<bool>,
}

/// What changes of a conversation; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationChange {
    #[serde(default)]
    pub state: Option<ConversationState>,
    #[serde(default)]
    pub priority: Option<Priority>,
    /// A user's id, `me`, or `null` for nobody.
    #[serde(default, deserialize_with = "crate::patch::present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub assignee_id: Option<Option<String>>,
}

impl Engine {
    /// Conversations, those with the newest activity first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a filter that cannot be; missing permission.
    pub async fn conversations(
        &self,
        principal: &Principal,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let filter = filter_of(principal, filter)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = match page.after {
            Some(cursor) => (Timestamp::from_micros(cursor.key), cursor.id),
            None => (Timestamp::from_micros(i64::MAX), "cnv_z".to_owned()),
        };
        self.core
            .store
            .read(move |tx| {
                let rows = conversations::list(tx, tenant, &filter, &before, limit + 1)?;
                let page = Page::cut(rows, limit, |row| Cursor {
                    key: row.last_activity_at.micros(),
                    id: row.id.to_string(),
                });
                let users = names::users(tx, tenant)?;
                let mut views = Vec::with_capacity(page.rows.len());
                for row in page.rows {
                    views.push(view(tx, tenant, row, &users)?);
                }
                Ok(Page { rows: views, next: page.next })
            })
            .await
    }

    /// One conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
    ) -> Result<ConversationView, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        self.core
            .store
            .read(move |tx| {
                let row = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                let users = names::users(tx, tenant)?;
                view(tx, tenant, row, &users)
            })
            .await
    }

    /// How many conversations there are, from counters.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn conversation_counts(&self, principal: &Principal) -> Result<ConversationCounts, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let me = principal.actor.id.clone().unwrap_or_default();
        let counters = self
            .core
            .store
            .read(move |tx| store::counters::with_prefix(tx, tenant, "conversations."))
            .await?;
        let count = |name: &str| {
            let name = format!("conversations.{name}");
            counters.iter().find(|(counter, _)| *counter == name).map_or(0, |(_, value)| *value)
        };
        Ok(ConversationCounts {
            open: count("open"),
            pending: count("pending"),
            snoozed: count("snoozed"),
            resolved: count("resolved"),
            unread: count("unread"),
            tray: count("tray"),
            unassigned: count("unassigned"),
            mine: count(&format!("assigned.{me}")),
        })
    }

    /// Changes a conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for somebody who is not of this tenant.
    pub async fn change_conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
        change: ConversationChange,
    ) -> Result<ConversationView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let assignee = match change.assignee_id {
            Some(Some(word)) => Some(Some(person(principal, &word)?)),
            other => other,
        };
        self.core
            .store
            .write(tenant, move |tx| {
                let was = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                if let Some(Some(user)) = &assignee {
                    let known = names::users(tx, tenant)?.contains_key(user);
                    if !known {
                        return Err(Invalid::at("/assignee_id", "there is no such person here").into());
                    }
                }
                let is = Conversation {
                    state: change.state.unwrap_or(was.state),
                    priority: change.priority.unwrap_or(was.priority),
                    assignee: assignee.clone().unwrap_or_else(|| was.assignee.clone()),
                    ..was.clone()
                };
                if is == was {
                    return Ok(());
                }
                conversations::replace(tx, tenant, &was, &is)?;
                let detail =
                    json!({ "state": is.state, "priority": is.priority, "assignee_id": is.assignee });
                audit::record(tx, tenant, &actor, "conversation.changed", &id.to_string(), &detail, now)?;
                tell(tx, tenant, &is, FeedType::ConversationUpdated, now)
            })
            .await?;
        self.core.feed.wake();
        self.conversation(&Principal::system(tenant), id).await
    }

    /// Marks a conversation as read.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn mark_conversation_read(
        &self,
        principal: &Principal,
        id: ConversationId,
    ) -> Result<(), Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                let was = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                if was.unread == 0 {
                    return Ok(());
                }
                let is = Conversation { unread: 0, ..was.clone() };
                conversations::replace(tx, tenant, &was, &is)?;
                tell(tx, tenant, &is, FeedType::ConversationRead, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

fn person(principal: &Principal, word: &str) -> Result<String, Error> {
    if word == "me" {
        let fault = || Invalid::at("/assignee_id", "only a person who is signed in is `me`");
        return Ok(principal.actor.id.clone().filter(|id| id.starts_with("usr_")).ok_or_else(fault)?);
    }
    let id: UserId =
        word.parse().map_err(|error: domain::ids::NotAnId| Invalid::at("/assignee_id", error.to_string()))?;
    Ok(id.to_string())
}

fn filter_of(principal: &Principal, filter: ConversationFilter) -> Result<Filter, Error> {
    if filter.tray == Some(true) {
        return Ok(Filter::Tray);
    }
    if let Some(contact) = filter.contact {
        return Ok(Filter::Contact(contact));
    }
    let state = filter.state;
    match filter.assignee.as_deref() {
        None => Ok(state.map_or(Filter::All, Filter::State)),
        Some("none") => Ok(Filter::Unassigned(state.unwrap_or(ConversationState::Open))),
        Some("me") => {
            let me = principal.actor.id.clone().unwrap_or_default();
            Ok(Filter::Assignee(me, state.unwrap_or(ConversationState::Open)))
        }
        Some(user) => Ok(Filter::Assignee(user.to_owned(), state.unwrap_or(ConversationState::Open))),
    }
}

pub(super) fn tell(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: &Conversation,
    kind: FeedType,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = Facts {
        conversation_id: Some(conversation.id.to_string()),
        contact_id: Some(conversation.contact.to_string()),
        state: Some(conversation.state.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, kind, now, &facts)?;
    Ok(())
}

fn view(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    row: Conversation,
    users: &std::collections::HashMap<String, String>,
) -> Result<ConversationView, Error> {
    let contact = names::contact(tx, tenant, row.contact)?;
    let newest = match row.last_message {
        Some(id) => store::messages::get(tx, tenant, id)?,
        None => None,
    };
    let last_message = newest.map(|message| LastMessage {
        id: message.id,
        direction: message.direction,
        preview: message.preview,
        at: message.created_at,
        state: message.state,
    });
    let assignee = row.assignee.map(|id| {
        let name = users.get(&id).cloned().unwrap_or_default();
        AssigneeView { id, name }
    });
    Ok(ConversationView {
        id: row.id,
        subject: row.subject,
        state: row.state,
        priority: row.priority,
        contact,
        channel: row.channel,
        assignee,
        last_message,
        unread: row.unread,
        message_count: row.message_count,
        in_tray: row.in_tray,
        claims_conversation_id: row.claims,
        created_at: row.created_at,
        last_activity_at: row.last_activity_at,
    })
}
