//! Two contacts become one. Addresses, conversations and threads go over; the source stays, empty, and names its heir. What
//! was where before is kept, so that all of it can go back.

use domain::access::{Actor, Permission, Principal};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::contact::{Attributes, MOST_ATTRIBUTES};
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, MessageId, RearrangementId, TenantId, ThreadId};
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::contacts::{self, Known};
use store::entries::{self, Entry, EntryKind};
use store::feed::{self, Facts};
use store::rearrangements::{self, Rearrangement};

use super::change::{living, tell};
use super::view::{ContactView, one};
use crate::core::Core;
use crate::{Engine, Error, audit};

/// The kind of rearrangement that a merge of contacts is.
pub(crate) const CONTACT_MERGE: &str = "contact_merge";

/// What came of it: the contact that has everything now, and by what it is undone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MergedContact {
    pub contact: ContactView,
    pub rearrangement_id: RearrangementId,
}

/// What was where before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Moved {
    pub source: ContactId,
    pub target: ContactId,
    pub identities: Vec<MovedIdentity>,
    pub conversations: Vec<ConversationId>,
    pub threads: Vec<ThreadId>,
    /// Messages in those conversations that were the target's before.
    pub kept: Vec<MessageId>,
    pub given: Given,
}

/// An address, and since when it was the source's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MovedIdentity {
    pub channel: Channel,
    pub address: String,
    pub since: Timestamp,
}

/// What the target lacked and has from the source now.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Given {
    pub name: Option<String>,
    pub owner: Option<String>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
    pub attributes: Attributes,
    /// When the target was seen last, before and after; nothing when that did not change.
    pub seen: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

impl Engine {
    /// Merges a contact into another one: that one's name and attributes win, what it lacks is added.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for itself; `contact_merged` when one of them was merged before.
    pub async fn merge_contact(
        &self,
        principal: &Principal,
        source: ContactId,
        target: ContactId,
    ) -> Result<MergedContact, Error> {
        principal.require(Permission::ContactsWrite)?;
        if source == target {
            return Err(Invalid::at("/into", "expected another contact").into());
        }
        let (tenant, actor, core) = (principal.tenant, principal.actor.clone(), self.core.clone());
        let id: RearrangementId = self.core.ids.next();
        let contact = self
            .core
            .store
            .write(tenant, move |tx| {
                merge(tx, &core, tenant, &actor, id, (source, target))?;
                one(tx, tenant, target)
            })
            .await?;
        self.core.feed.wake();
        Ok(MergedContact { contact, rearrangement_id: id })
    }
}

fn merge(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    actor: &Actor,
    id: RearrangementId,
    (source, target): (ContactId, ContactId),
) -> Result<(), Error> {
    let now = core.clock.now();
    let from = living(tx, tenant, source)?;
    let into = living(tx, tenant, target).map_err(|error| match error {
        Error::NotFound(_) => Invalid::at("/into", "there is no contact with this id").into(),
        other => other,
    })?;
    let given = what_is_lacking(&from, &into)?;
    let conversations = contacts::conversations_of(tx, tenant, source)?;
    let threads = contacts::threads_of(tx, tenant, source)?;
    let kept = contacts::messages_in(tx, tenant, &conversations, target)?;
    write_both(tx, tenant, (&from, &into), &given, now)?;
    contacts::move_conversations(tx, tenant, &conversations, (source, target))?;
    contacts::move_threads(tx, tenant, &threads, (source, target))?;
    contacts::move_messages(tx, tenant, &conversations, (source, target), &[])?;
    let identities = from.identities.iter().map(|one| MovedIdentity {
        channel: one.channel,
        address: one.address.clone(),
        since: one.since,
    });
    let moved =
        Moved { source, target, identities: identities.collect(), conversations, threads, kept, given };
    let row = Rearrangement {
        id,
        kind: CONTACT_MERGE.to_owned(),
        subject_id: target.to_string(),
        actor: actor.clone(),
        at: now,
        undone_at: None,
        before: serde_json::to_value(&moved).map_err(|error| store::Error::Unexpected(error.to_string()))?,
    };
    rearrangements::insert(tx, tenant, &row)?;
    let facts = json!({ "from": source, "to": target, "rearrangement_id": id });
    tell_conversations(tx, core, tenant, actor, &moved.conversations, (EntryKind::ContactMerged, facts))?;
    tell(tx, tenant, source, FeedType::ContactMerged, now)?;
    tell(tx, tenant, target, FeedType::ContactUpdated, now)?;
    let detail = json!({ "into": target, "rearrangement_id": id });
    Ok(audit::record(tx, tenant, actor, "contact.merged", &source.to_string(), &detail, now)?)
}

fn what_is_lacking(from: &Known, into: &Known) -> Result<Given, Error> {
    let (has, lacks) = (&from.contact, &into.contact);
    let attributes: Attributes = has
        .attributes
        .iter()
        .filter(|(key, _)| !lacks.attributes.contains_key(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if lacks.attributes.len() + attributes.len() > MOST_ATTRIBUTES {
        let detail =
            format!("together they would have more than {MOST_ATTRIBUTES} attributes; remove some first");
        return Err(Invalid::at("/into", detail).into());
    }
    let option = |has: &Option<String>, lacks: &Option<String>| has.clone().filter(|_| lacks.is_none());
    let seen = (has.last_seen_at > lacks.last_seen_at).then_some((lacks.last_seen_at, has.last_seen_at));
    Ok(Given {
        name: Some(has.name.clone()).filter(|name| lacks.name.is_empty() && !name.is_empty()),
        owner: option(&has.owner, &lacks.owner),
        time_zone: option(&has.time_zone, &lacks.time_zone),
        locale: option(&has.locale, &lacks.locale),
        attributes,
        seen,
    })
}

/// The one that gives is written first: an address has one holder.
fn write_both(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (from, into): (&Known, &Known),
    given: &Given,
    now: Timestamp,
) -> Result<(), Error> {
    let mut emptied = Known { contact: from.contact.clone(), identities: Vec::new() };
    emptied.contact.merged_into = Some(into.contact.id);
    contacts::replace(tx, tenant, from, &emptied)?;
    let mut filled = into.clone();
    let contact = &mut filled.contact;
    if let Some(name) = &given.name {
        contact.name.clone_from(name);
    }
    contact.owner = contact.owner.take().or_else(|| given.owner.clone());
    contact.time_zone = contact.time_zone.take().or_else(|| given.time_zone.clone());
    contact.locale = contact.locale.take().or_else(|| given.locale.clone());
    contact.attributes.extend(given.attributes.clone());
    if let Some((_, seen)) = given.seen {
        contact.last_seen_at = seen;
    }
    // Behind those it has, in the order in which they were: the first address is the one that is shown and written to.
    for (place, identity) in from.identities.iter().enumerate() {
        let since = now.plus(std::time::Duration::from_micros(place as u64));
        filled.identities.push(contacts::Identity { since, ..identity.clone() });
    }
    Ok(contacts::replace(tx, tenant, into, &filled)?)
}

/// A line in every conversation that has another contact now, and a word to those who show it.
pub(super) fn tell_conversations(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    actor: &Actor,
    conversations: &[ConversationId],
    (kind, facts): (EntryKind, serde_json::Value),
) -> Result<(), Error> {
    let now = core.clock.now();
    for conversation in conversations {
        let entry = Entry {
            id: core.ids.next(),
            conversation: *conversation,
            kind,
            at: now,
            author: actor.clone(),
            body: String::new(),
            facts: facts.clone(),
            edited_at: None,
        };
        entries::insert(tx, tenant, &entry)?;
        let told = Facts { conversation_id: Some(conversation.to_string()), ..Facts::default() };
        feed::append(tx, tenant, FeedType::ConversationUpdated, now, &told)?;
    }
    Ok(())
}
