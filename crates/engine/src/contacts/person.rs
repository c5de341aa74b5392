//! Everything that is known of one person, as one JSON document: for whoever asks what a business keeps of them. Written
//! conversation by conversation, so that no history has to fit into memory.

use std::collections::VecDeque;

use domain::access::{Permission, Principal};
use domain::ids::{ContactId, ConversationId, MessageId};
use domain::page::PageRequest;
use serde_json::{Value, json};
use store::contacts;
use store::messages::Filter;

use super::view::{ContactView, one};
use crate::{Engine, Error};

/// Things of a timeline, or messages, that are read at once.
const PAGE: u32 = 200;

/// An export under way.
pub struct PersonExport {
    engine: Engine,
    principal: Principal,
    contact: ContactView,
    merged: Vec<ContactView>,
    conversations: VecDeque<ConversationId>,
    place: Place,
}

enum Place {
    Begin,
    Conversations { is_first: bool },
    End,
}

impl Engine {
    /// Begins an export of everything about a contact.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn export_person(&self, principal: &Principal, id: ContactId) -> Result<PersonExport, Error> {
        principal.require(Permission::ContactsRead)?;
        principal.require(Permission::ConversationsRead)?;
        principal.require(Permission::MessagesRead)?;
        let tenant = principal.tenant;
        let (contact, merged, conversations) = self
            .core
            .store
            .read(move |tx| {
                let contact = one(tx, tenant, id)?;
                let (mut ids, mut place) = (vec![id], 0);
                // Those that were merged into it, and into those.
                while let Some(next) = ids.get(place).copied() {
                    ids.extend(contacts::ids_merged_into(tx, tenant, next)?);
                    place += 1;
                }
                let mut merged = Vec::new();
                for other in &ids[1..] {
                    merged.push(one(tx, tenant, *other)?);
                }
                let mut conversations = contacts::conversations_of(tx, tenant, id)?;
                for known in ids {
                    conversations.extend(written_in(tx, tenant, known)?);
                }
                conversations.sort_unstable();
                conversations.dedup();
                Ok::<_, Error>((contact, merged, conversations))
            })
            .await?;
        Ok(PersonExport {
            engine: self.clone(),
            principal: principal.clone(),
            contact,
            merged,
            conversations: conversations.into(),
            place: Place::Begin,
        })
    }
}

/// The conversations in which somebody has written, also those of others.
fn written_in(
    tx: &mut store::Tx<'_>,
    tenant: domain::ids::TenantId,
    contact: ContactId,
) -> Result<Vec<ConversationId>, Error> {
    let filter = Filter { contact: Some(contact), ..Filter::default() };
    let (mut found, mut before) = (Vec::new(), "msg_z".to_owned());
    loop {
        let rows = store::messages::list(tx, tenant, &filter, &before, PAGE)?;
        let Some(last) = rows.last() else { return Ok(found) };
        let last: MessageId = last.id;
        before = last.to_string();
        found.extend(rows.iter().map(|row| row.conversation));
        found.dedup();
    }
}

impl PersonExport {
    /// The next part of the document; nothing behind the last.
    ///
    /// # Errors
    /// Any fault of the store.
    pub async fn next_part(&mut self) -> Result<Option<String>, Error> {
        match self.place {
            Place::Begin => {
                self.place = Place::Conversations { is_first: true };
                let exported_at = self.engine.core.clock.now();
                let head = json!({ "exported_at": exported_at, "contact": self.contact, "merged_contacts": self.merged });
                let head = head.to_string();
                let open = head.strip_suffix('}').unwrap_or(&head);
                Ok(Some(format!("{open},\"conversations\":[")))
            }
            Place::Conversations { is_first } => {
                let Some(id) = self.conversations.pop_front() else {
                    self.place = Place::End;
                    return Ok(Some("]}".to_owned()));
                };
                self.place = Place::Conversations { is_first: false };
                let conversation = self.conversation(id).await?;
                Ok(Some(if is_first { conversation.to_string() } else { format!(",{conversation}") }))
            }
            Place::End => Ok(None),
        }
    }

    /// A conversation with all its messages, notes and changes, oldest first.
    async fn conversation(&self, id: ConversationId) -> Result<Value, Error> {
        let conversation = self.engine.conversation(&self.principal, id).await?;
        let (mut timeline, mut after) = (VecDeque::new(), None);
        loop {
            let page = self.engine.timeline(&self.principal, id, PageRequest { limit: PAGE, after }).await?;
            for item in page.rows.into_iter().rev() {
                timeline.push_front(json!(item));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(json!({ "conversation": conversation, "timeline": timeline }))
    }
}
