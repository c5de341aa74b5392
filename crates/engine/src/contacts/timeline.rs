//! Everything with a contact in one line of time, over all conversations, newest first.

use std::collections::HashMap;

use domain::access::{Permission, Principal};
use domain::ids::{ContactId, ConversationId, TenantId};
use domain::page::{Cursor, Page, PageRequest};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Tx, contacts, conversations, entries, messages};

use crate::inbox::{House, Row, TimelineItem, in_order, shown};
use crate::{Engine, Error};

/// One thing that happened with a contact.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ContactTimelineItem {
    pub conversation_id: ConversationId,
    /// Of the conversation.
    pub subject: String,
    #[serde(flatten)]
    pub item: TimelineItem,
}

impl Engine {
    /// Messages, notes and changes in all conversations with a contact, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn contact_timeline(
        &self,
        principal: &Principal,
        id: ContactId,
        page: PageRequest,
    ) -> Result<Page<ContactTimelineItem>, Error> {
        principal.require(Permission::ContactsRead)?;
        principal.require(Permission::ConversationsRead)?;
        let (tenant, limit, asking) = (principal.tenant, page.limit, principal.clone());
        let before = page.after.map_or_else(|| "z".to_owned(), |cursor| cursor.id);
        self.core
            .store
            .read(move |tx| {
                contacts::get(tx, tenant, id)?.ok_or(Error::NotFound("contact"))?;
                let rows = newest(tx, tenant, id, &before, limit + 1)?;
                let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.place() });
                let house = House::read(tx, &asking)?;
                Ok(Page { rows: with_subjects(tx, tenant, page.rows, &house)?, next: page.next })
            })
            .await
    }
}

fn newest(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ContactId,
    before: &str,
    limit: u32,
) -> Result<Vec<Row>, Error> {
    let mut message_rows = Vec::new();
    for message in contacts::messages_with(tx, tenant, id, &format!("msg_{before}"), limit)? {
        message_rows.extend(messages::get(tx, tenant, message)?);
    }
    let mut entry_rows = Vec::new();
    for entry in contacts::entries_with(tx, tenant, id, &format!("ent_{before}"), limit)? {
        entry_rows.extend(entries::get(tx, tenant, entry)?);
    }
    Ok(in_order(message_rows, entry_rows))
}

fn with_subjects(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    rows: Vec<Row>,
    house: &House,
) -> Result<Vec<ContactTimelineItem>, Error> {
    let mut subjects: HashMap<ConversationId, String> = HashMap::new();
    let places: Vec<ConversationId> = rows
        .iter()
        .map(|row| match row {
            Row::Message(message) => message.conversation,
            Row::Entry(entry) => entry.conversation,
        })
        .collect();
    for place in &places {
        if !subjects.contains_key(place) {
            let subject = conversations::get(tx, tenant, *place)?.map(|row| row.subject).unwrap_or_default();
            subjects.insert(*place, subject);
        }
    }
    let items = shown(tx, tenant, rows, house)?;
    let whole = |(item, conversation_id): (TimelineItem, ConversationId)| ContactTimelineItem {
        conversation_id,
        subject: subjects.get(&conversation_id).cloned().unwrap_or_default(),
        item,
    };
    Ok(items.into_iter().zip(places).map(whole).collect())
}
