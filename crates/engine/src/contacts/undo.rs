//! Undoes a merge of contacts: what was moved and is still where it was put goes back. What came since stays with the
//! conversation or contact to which it was filed.

use std::collections::BTreeSet;

use domain::access::{Actor, Permission, Principal};
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, RearrangementId, TenantId};
use serde_json::json;
use store::Tx;
use store::contacts::{self, Identity, Known};
use store::entries::EntryKind;
use store::rearrangements::{self, Rearrangement};

use super::change::{is_at, tell};
use super::merge::{CONTACT_MERGE, Moved, tell_conversations};
use super::view::{ContactView, one};
use crate::core::Core;
use crate::{Engine, Error, audit};

impl Engine {
    /// What kind of rearrangement this is: `contact_merge`, or one of conversations.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn is_merge_of_contacts(
        &self,
        principal: &Principal,
        id: RearrangementId,
    ) -> Result<bool, Error> {
        principal.require(Permission::ConversationsRead)?;
        let tenant = principal.tenant;
        let row = self.core.store.read(move |tx| rearrangements::get(tx, tenant, id)).await?;
        Ok(row.ok_or(Error::NotFound("rearrangement"))?.kind == CONTACT_MERGE)
    }

    /// Undoes a merge of contacts. Gives the contact that is one of its own again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `not_undoable` when it was undone before, or one of the two was merged on since.
    pub async fn undo_contact_merge(
        &self,
        principal: &Principal,
        id: RearrangementId,
    ) -> Result<ContactView, Error> {
        principal.require(Permission::ContactsWrite)?;
        let (tenant, actor, core) = (principal.tenant, principal.actor.clone(), self.core.clone());
        let contact = self
            .core
            .store
            .write(tenant, move |tx| {
                let row = rearrangements::get(tx, tenant, id)?.ok_or(Error::NotFound("rearrangement"))?;
                let source = undo(tx, &core, tenant, &actor, &row)?;
                one(tx, tenant, source)
            })
            .await?;
        self.core.feed.wake();
        Ok(contact)
    }
}

fn not_undoable(detail: impl Into<String>) -> Error {
    Error::conflict("not_undoable", detail)
}

fn undo(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    actor: &Actor,
    row: &Rearrangement,
) -> Result<ContactId, Error> {
    if row.kind != CONTACT_MERGE {
        return Err(not_undoable("this is no merge of contacts"));
    }
    if row.undone_at.is_some() {
        return Err(not_undoable("this was undone before"));
    }
    let now = core.clock.now();
    let moved: Moved = serde_json::from_value(row.before.clone())
        .map_err(|error| store::Error::Unexpected(error.to_string()))?;
    let (source, target) = both(tx, tenant, &moved)?;
    write_both(tx, tenant, (&source, &target), &moved)?;
    let there: BTreeSet<ConversationId> =
        contacts::conversations_of(tx, tenant, moved.target)?.into_iter().collect();
    let back: Vec<ConversationId> =
        moved.conversations.iter().copied().filter(|conversation| there.contains(conversation)).collect();
    let way = (moved.target, moved.source);
    contacts::move_conversations(tx, tenant, &back, way)?;
    contacts::move_threads(tx, tenant, &moved.threads, way)?;
    contacts::move_messages(tx, tenant, &back, way, &moved.kept)?;
    rearrangements::mark_undone(tx, tenant, row.id, now)?;
    let facts = json!({ "what": "merge of two contacts", "rearrangement_id": row.id });
    tell_conversations(tx, core, tenant, actor, &back, (EntryKind::Undone, facts))?;
    for contact in [moved.source, moved.target] {
        tell(tx, tenant, contact, FeedType::ContactUpdated, now)?;
    }
    let detail = json!({ "from": moved.target, "rearrangement_id": row.id });
    audit::record(tx, tenant, actor, "contact.merge_undone", &moved.source.to_string(), &detail, now)?;
    Ok(moved.source)
}

/// Both contacts, as long as they are to each other as the merge left them.
fn both(tx: &mut Tx<'_>, tenant: TenantId, moved: &Moved) -> Result<(Known, Known), Error> {
    let mut read = |id| {
        contacts::known(tx, tenant, id)?
            .ok_or_else(|| not_undoable("one of the two contacts is not there any more"))
    };
    let (source, target) = (read(moved.source)?, read(moved.target)?);
    if source.contact.merged_into != Some(moved.target) {
        return Err(not_undoable("the contact is not merged into this one any more"));
    }
    if let Some(other) = target.contact.merged_into {
        return Err(not_undoable(format!(
            "the contact that has everything was itself merged into {other} since; undo that first"
        )));
    }
    Ok((source, target))
}

/// The one that gives is written first: an address has one holder.
fn write_both(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (source, target): (&Known, &Known),
    moved: &Moved,
) -> Result<(), Error> {
    let (mut emptied, mut filled) = (target.clone(), source.clone());
    filled.contact.merged_into = None;
    for identity in &moved.identities {
        let place = emptied.identities.iter().position(|one| is_at(one, identity.channel, &identity.address));
        // One that was removed since, or given to somebody else, is not taken back.
        if let Some(place) = place {
            let Identity { channel, address, .. } = emptied.identities.remove(place);
            filled.identities.push(Identity { channel, address, since: identity.since });
        }
    }
    let (given, contact) = (&moved.given, &mut emptied.contact);
    if given.name.as_ref().is_some_and(|name| *name == contact.name) {
        contact.name.clear();
    }
    for (held, was_given) in [
        (&mut contact.owner, &given.owner),
        (&mut contact.time_zone, &given.time_zone),
        (&mut contact.locale, &given.locale),
    ] {
        if was_given.is_some() && held == was_given {
            *held = None;
        }
    }
    contact.attributes.retain(|key, value| given.attributes.get(key) != Some(value));
    if let Some((before, after)) = given.seen
        && contact.last_seen_at == after
    {
        contact.last_seen_at = before;
    }
    contacts::replace(tx, tenant, target, &emptied)?;
    Ok(contacts::replace(tx, tenant, source, &filled)?)
}
