//! The timeline of a conversation: messages, notes and changes in the order in which they came.

use domain::access::{Permission, Principal};
use domain::ids::{ConversationId, TenantId};
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::Serialize;
use store::entries::{self, Entry, EntryKind};
use store::messages::{self, Message};
use store::{Tx, conversations};

use super::activity::{self, ActivityView};
use super::message_view::{MessageView, views};
use super::names::House;
use super::note_view::{self, NoteView};
use crate::{Engine, Error};

/// One thing in a timeline.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TimelineItem {
    Message { message: Box<MessageView> },
    Note { note: NoteView },
    Activity { activity: ActivityView },
}

impl Engine {
    /// The timeline of a conversation: the newest page, oldest first within it; the cursor leads to older things.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn timeline(
        &self,
        principal: &Principal,
        id: ConversationId,
        page: PageRequest,
    ) -> Result<Page<TimelineItem>, Error> {
        principal.require(Permission::ConversationsRead)?;
        let (tenant, limit, asking) = (principal.tenant, page.limit, principal.clone());
        let before = page.after.map(|cursor| cursor.id);
        self.core
            .store
            .read(move |tx| {
                if conversations::get(tx, tenant, id)?.is_none() {
                    return Err(Error::NotFound("conversation"));
                }
                let before = before.as_deref().unwrap_or("z");
                let message_rows =
                    messages::of_conversation(tx, tenant, id, &format!("msg_{before}"), limit + 1)?;
                let entry_rows =
                    entries::of_conversation(tx, tenant, id, &format!("ent_{before}"), limit + 1)?;
                let rows = in_order(message_rows, entry_rows);
                let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.place() });
                let house = House::read(tx, &asking)?;
                let mut rows = shown(tx, tenant, page.rows, &house)?;
                rows.reverse();
                Ok(Page { rows, next: page.next })
            })
            .await
    }
}

/// A row of either kind. Ids of both rise with time and come from one source, so their bare forms give the order.
pub(crate) enum Row {
    Message(Box<Message>),
    Entry(Box<Entry>),
}

impl Row {
    /// The id without its prefix.
    pub(crate) fn place(&self) -> String {
        match self {
            Row::Message(message) => message.id.suffix(),
            Row::Entry(entry) => entry.id.suffix(),
        }
    }

    fn key(&self) -> u128 {
        match self {
            Row::Message(message) => message.id.as_u128(),
            Row::Entry(entry) => entry.id.as_u128(),
        }
    }
}

/// Both together, newest first.
pub(crate) fn in_order(messages: Vec<Message>, entries: Vec<Entry>) -> Vec<Row> {
    let messages = messages.into_iter().map(|message| Row::Message(Box::new(message)));
    let entries = entries.into_iter().map(|entry| Row::Entry(Box::new(entry)));
    let mut rows: Vec<Row> = messages.chain(entries).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.key()));
    rows
}

/// Rows as people see them, in the same order.
pub(crate) fn shown(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    rows: Vec<Row>,
    house: &House,
) -> Result<Vec<TimelineItem>, Error> {
    let message_rows = rows.iter().filter_map(|row| match row {
        Row::Message(message) => Some(Message::clone(message)),
        Row::Entry(_) => None,
    });
    let mut message_views = views(tx, tenant, message_rows.collect())?.into_iter();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.extend(match row {
            Row::Message(_) => {
                message_views.next().map(|message| TimelineItem::Message { message: Box::new(message) })
            }
            Row::Entry(entry) if entry.kind == EntryKind::Note => {
                Some(TimelineItem::Note { note: note_view::view(*entry, house) })
            }
            Row::Entry(entry) => Some(TimelineItem::Activity { activity: activity::view(*entry, house) }),
        });
    }
    Ok(items)
}
