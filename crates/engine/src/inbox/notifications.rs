//! Notifications: what a person should know, told once and folded together until it is read.

use domain::access::{Actor, Permission, Principal};
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::{ConversationId, Ids, NotificationId, TenantId, UserId};
use domain::invalid::Invalid;
use domain::notification::NotificationKind;
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::feed::{self, Facts};
use store::notifications::{self, Notification, Which};

use super::names;
use super::person::person;
use crate::{Engine, Error};

/// What happened, for the person whom it concerns.
#[derive(Debug, Clone)]
pub(crate) struct News<'a> {
    pub kind: NotificationKind,
    pub conversation: Option<ConversationId>,
    /// The message or entry that it is about; for a mailbox, the mailbox.
    pub subject: Option<String>,
    /// Whose doing it was; the system when the contact or the clock did it.
    pub actor: &'a Actor,
    /// One sentence with a full stop, such as `Sam Lee assigned "Invoice 7" to you.`
    pub sentence: &'a str,
}

/// Tells one person, in the transaction of what happened: writes the row, counts it, and appends `notification.created`.
///
/// The actor is never told of his own doing. While a notification of the same kind about the same conversation is unread,
/// it is brought up to date instead of repeated. Wake the feed after the commit, as for every event.
///
/// Assigned: `notify(tx, &core.ids, tenant, assignee, &News { kind: Assigned, conversation: Some(id), subject: None,
/// actor: &principal.actor, sentence: "Sam Lee assigned \"Invoice 7\" to you." }, now)`; a team: the same with
/// `TeamAssigned` for each of its members; a reply: `Replied` with the message as `subject` and `Actor::system()`; woken:
/// `Woke` with `Actor::system()`; a mailbox: `Mailbox` with its id as `subject` and no conversation, for each owner and
/// admin.
///
/// # Errors
/// Any fault of the store.
pub(crate) fn notify(
    tx: &mut Tx<'_>,
    ids: &Ids,
    tenant: TenantId,
    user: UserId,
    news: &News<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let actor = news.actor.id.clone();
    if actor.as_deref() == Some(user.to_string().as_str()) {
        return Ok(());
    }
    let fresh = Notification {
        id: ids.next(),
        user,
        kind: news.kind,
        conversation: news.conversation,
        subject: news.subject.clone(),
        actor,
        detail: news.sentence.to_owned(),
        at: now,
        read_at: None,
    };
    match notifications::unread_alike(tx, tenant, &fresh)? {
        Some(id) => notifications::renew(tx, tenant, &Notification { id, ..fresh })?,
        None => notifications::insert(tx, tenant, &fresh)?,
    }
    tell(tx, tenant, user, news.conversation, FeedType::NotificationCreated, now)
}

fn tell(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    user: UserId,
    conversation: Option<ConversationId>,
    kind: FeedType,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = Facts {
        user_id: Some(user.to_string()),
        conversation_id: conversation.map(|id| id.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, kind, now, &facts)?;
    Ok(())
}

/// One notification.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Notification")]
pub struct NotificationView {
    pub id: NotificationId,
    pub kind: NotificationKind,
    pub conversation_id: Option<ConversationId>,
    /// The message or entry that it is about.
    pub subject_id: Option<String>,
    /// Whose doing it was; null when nobody of ours did it.
    pub actor: Option<NotifierView>,
    /// One sentence.
    pub detail: String,
    pub at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// Somebody who caused a notification.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NotifierView {
    pub id: String,
    pub name: String,
}

/// How many are unread.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NotificationCount {
    pub unread: i64,
}

/// How many were unread, and are not any more.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NowRead {
    pub read: u64,
}

/// Which notifications are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct NotificationFilter {
    /// `true`: only those that were not read yet.
    #[serde(default)]
    pub unread: Option<bool>,
}

/// Which notifications were read: one of the three.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationsRead {
    /// Up to 500.
    #[serde(default)]
    pub ids: Option<Vec<NotificationId>>,
    #[serde(default)]
    pub all: Option<bool>,
    /// Everything about this conversation.
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
}

impl NotificationsRead {
    fn which(self) -> Result<Which, Invalid> {
        match (self.ids, self.all, self.conversation_id) {
            (Some(ids), None | Some(false), None) if ids.len() <= 500 => Ok(Which::These(ids)),
            (Some(_), None | Some(false), None) => Err(Invalid::at("/ids", "expected at most 500 ids")),
            (None, Some(true), None) => Ok(Which::All),
            (None, None | Some(false), Some(conversation)) => Ok(Which::About(conversation)),
            _ => Err(Invalid::at("", "expected one of ids, all: true and conversation_id")),
        }
    }
}

impl Engine {
    /// The notifications of the one who asks, newest first.
    ///
    /// # Errors
    /// Missing permission; `person_only`.
    pub async fn notifications(
        &self,
        principal: &Principal,
        filter: NotificationFilter,
        page: PageRequest,
    ) -> Result<Page<NotificationView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, user, limit) = (principal.tenant, person(principal)?, page.limit);
        let only_unread = filter.unread == Some(true);
        let before = match page.after {
            Some(cursor) => (Timestamp::from_micros(cursor.key), cursor.id),
            None => (Timestamp::from_micros(i64::MAX), "ntf_z".to_owned()),
        };
        self.core
            .store
            .read(move |tx| {
                let rows = notifications::list(tx, tenant, user, only_unread, &before, limit + 1)?;
                let page =
                    Page::cut(rows, limit, |row| Cursor { key: row.at.micros(), id: row.id.to_string() });
                let (users, keys) = (names::users(tx, tenant)?, names::keys(tx, tenant)?);
                Ok(page.map(|row| {
                    let actor = row.actor.map(|id| {
                        let name = users.get(&id).or_else(|| keys.get(&id)).cloned().unwrap_or_default();
                        NotifierView { id, name }
                    });
                    NotificationView {
                        id: row.id,
                        kind: row.kind,
                        conversation_id: row.conversation,
                        subject_id: row.subject,
                        actor,
                        detail: row.detail,
                        at: row.at,
                        read_at: row.read_at,
                    }
                }))
            })
            .await
    }

    /// How many notifications of the one who asks are unread, from a counter.
    ///
    /// # Errors
    /// As [`Engine::notifications`].
    pub async fn notification_count(&self, principal: &Principal) -> Result<NotificationCount, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, user) = (principal.tenant, person(principal)?);
        let unread = self.core.store.read(move |tx| notifications::unread(tx, tenant, user)).await?;
        Ok(NotificationCount { unread })
    }

    /// Marks notifications of the one who asks as read; gives how many were unread.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless exactly one kind of choice is made; as [`Engine::notifications`].
    pub async fn read_notifications(
        &self,
        principal: &Principal,
        read: NotificationsRead,
    ) -> Result<NowRead, Error> {
        // Reading is not writing into the inbox: who may see his notifications may say that he saw them.
        principal.require(Permission::ConversationsRead)?;
        let (tenant, user, now) = (principal.tenant, person(principal)?, self.core.clock.now());
        let which = read.which()?;
        let read = self
            .core
            .store
            .write(tenant, move |tx| {
                let changed = notifications::mark_read(tx, tenant, user, &which, now)?;
                if changed > 0 {
                    let about = if let Which::About(id) = &which { Some(*id) } else { None };
                    tell(tx, tenant, user, about, FeedType::NotificationRead, now)?;
                }
                Ok::<_, Error>(changed)
            })
            .await?;
        self.core.feed.wake();
        Ok(NowRead { read })
    }
}
