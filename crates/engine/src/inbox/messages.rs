//! Reading messages: in lists, alone with their timeline, as raw bytes, and their files.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{AccountId, AttachmentId, ContactId, ConversationId, MessageId, TenantId};
use domain::message::{Direction, MessageState};
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::Deserialize;
use store::deliveries::Delivery;
use store::messages::{self, Filter, Message};

use super::message_view::{MessageDetail, MessageView, WaitView, detail, views};
use crate::{Engine, Error};

/// The content of a file.
#[derive(Debug, Clone)]
pub struct FileContent {
    pub filename: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Which messages are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct MessageFilter {
    #[serde(default)]
    pub state: Option<MessageState>,
    #[serde(default)]
    pub direction: Option<Direction>,
    #[serde(default)]
    pub channel: Option<Channel>,
    #[serde(default)]
    pub account: Option<AccountId>,
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    #[serde(default)]
    pub contact: Option<ContactId>,
    #[serde(default)]
    pub rfc_message_id: Option<String>,
    /// Created at or after.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Created at or before.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Engine {
    /// Messages, newest first.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn messages(
        &self,
        principal: &Principal,
        filter: MessageFilter,
        page: PageRequest,
    ) -> Result<Page<MessageView>, Error> {
        principal.require(Permission::MessagesRead)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = page.after.map_or_else(|| "msg_z".to_owned(), |cursor| cursor.id);
        let filter = Filter {
            state: filter.state,
            direction: filter.direction,
            channel: filter.channel,
            account: filter.account,
            conversation: filter.conversation,
            contact: filter.contact,
            rfc_message_id: filter.rfc_message_id.map(|id| id.trim_matches(['<', '>']).to_owned()),
            since: filter.since,
            until: filter.until,
        };
        self.core
            .store
            .read(move |tx| {
                let rows = messages::list(tx, tenant, &filter, &before, limit + 1)?;
                let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
                Ok(Page { rows: views(tx, tenant, page.rows)?, next: page.next })
            })
            .await
    }

    /// The messages of a conversation: the newest page, oldest first within it; the cursor leads to older ones.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn conversation_messages(
        &self,
        principal: &Principal,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<MessageView>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = page.after.map_or_else(|| "msg_z".to_owned(), |cursor| cursor.id);
        self.core
            .store
            .read(move |tx| {
                if store::conversations::get(tx, tenant, id)?.is_none() {
                    return Err(Error::NotFound("conversation"));
                }
                let rows = messages::of_conversation(tx, tenant, id, &before, limit + 1)?;
                let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
                let mut rows = views(tx, tenant, page.rows)?;
                rows.reverse();
                Ok(Page { rows, next: page.next })
            })
            .await
    }

    /// One message with its timeline.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn message(&self, principal: &Principal, id: MessageId) -> Result<MessageDetail, Error> {
        principal.require(Permission::MessagesRead)?;
        let tenant = principal.tenant;
        let (detail, delivery) = self.core.store.read(move |tx| detail(tx, tenant, id)).await?;
        let waiting = delivery.and_then(|delivery| self.what_it_waits_for(&detail.message, &delivery));
        Ok(MessageDetail { waiting, ..detail })
    }

    /// Its account, when that cannot send now; else its time, when that has not come.
    fn what_it_waits_for(&self, message: &MessageView, delivery: &Delivery) -> Option<WaitView> {
        let now = self.core.clock.now();
        let outlook = self.core.senders.get(delivery.tenant, delivery.account)?.outlook(now);
        let due = (delivery.due_at > now).then_some(delivery.due_at);
        if let Some(why) = outlook.why {
            let name = message.account.as_ref().map_or("its account", |account| account.name.as_str());
            let until = outlook.paused_until.max(due);
            return Some(WaitView { until, why: format!("{name} sends nothing now: {why}") });
        }
        let why = if message.state == MessageState::Scheduled {
            "it is to be sent later"
        } else {
            "the next attempt is made then"
        };
        due.map(|due| WaitView { until: Some(due), why: why.to_owned() })
    }

    /// The bytes of a message: as it came, or as it is sent.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn message_raw(&self, principal: &Principal, id: MessageId) -> Result<Vec<u8>, Error> {
        principal.require(Permission::MessagesRead)?;
        let tenant = principal.tenant;
        let found = self
            .core
            .store
            .read(move |tx| {
                let message = messages::get(tx, tenant, id)?.ok_or(Error::NotFound("message"))?;
                let raw = match message.journal {
                    Some(journal) => store::journal::body(tx, tenant, journal)?,
                    None => None,
                };
                Ok::<_, Error>((message, raw))
            })
            .await?;
        match found {
            (_, Some(raw)) => Ok(raw),
            (message, None) => self.composed(principal.tenant, &message).await,
        }
    }

    /// The bytes of an outbound message, put together as on every attempt.
    async fn composed(&self, tenant: TenantId, message: &Message) -> Result<Vec<u8>, Error> {
        let account = message.account.ok_or(Error::NotFound("raw form of this message"))?;
        let sender =
            self.core.senders.get(tenant, account).ok_or(Error::NotFound("raw form of this message"))?;
        let outgoing = crate::send::load(&self.core, tenant, message.id, &sender.link()).await?;
        Ok(mail::compose(&outgoing))
    }

    /// A file of a message.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn attachment(
        &self,
        principal: &Principal,
        message: MessageId,
        id: AttachmentId,
    ) -> Result<FileContent, Error> {
        principal.require(Permission::MessagesRead)?;
        let tenant = principal.tenant;
        let files =
            self.core.store.read(move |tx| store::attachments::of_message(tx, tenant, message)).await?;
        let file = files.into_iter().find(|file| file.id == id).ok_or(Error::NotFound("attachment"))?;
        let bytes = self.core.blobs.get(&file.sha256).await?.ok_or(Error::NotFound("attachment"))?;
        Ok(FileContent { filename: file.filename, content_type: file.content_type, bytes })
    }
}
