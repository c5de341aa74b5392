//! Finds what an inbound mail may belong to; the rules that decide are in [`domain::threading`].

use domain::clock::Timestamp;
use domain::ids::{ContactId, TenantId, ThreadId};
use domain::threading::{Candidate, Found, Placement, normal_subject, place};
use store::Tx;
use store::messages::{self, Message};
use store::threads::{self, Thread};

use super::file::Letter;
use crate::Error;
use crate::core::Core;
use crate::send::{sent_as, thread_of_token};

/// How many Message-IDs of the chain are looked up.
const MOST_ANCESTORS: usize = 20;

/// Where a letter goes.
pub(super) fn place_letter(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    letter: &Letter,
    sender: Option<ContactId>,
    now: Timestamp,
) -> Result<Placement, Error> {
    let mut found = Found::default();
    if let Some(thread) = by_token(core, tenant, letter) {
        let thread = threads::get(tx, tenant, thread)?;
        found.by_token = candidate(tx, tenant, thread, letter, sender)?;
    }
    if found.by_token.is_none() {
        let thread = by_references(tx, tenant, letter)?;
        found.by_references = candidate(tx, tenant, thread, letter, sender)?;
    }
    if found.by_token.is_none()
        && found.by_references.is_none()
        && let Some(contact) = sender
    {
        let subject = normal_subject(&letter.subject);
        if !subject.is_empty() {
            let thread = threads::by_subject(tx, tenant, contact, &subject)?;
            found.by_subject = candidate(tx, tenant, thread, letter, sender)?;
        }
    }
    Ok(place(&found, now))
}

fn by_token(core: &Core, tenant: TenantId, letter: &Letter) -> Option<ThreadId> {
    letter
        .recipients
        .iter()
        .filter_map(mail::address::tag_of)
        .find_map(|tag| thread_of_token(&core.vault, tenant, tag))
}

/// The thread of the nearest ancestor that is known; else that of mail which names this one, or an ancestor of it, and came
/// before. So the order in which mail arrives does not matter where its headers tell what belongs together.
fn by_references(tx: &mut Tx<'_>, tenant: TenantId, letter: &Letter) -> Result<Option<Thread>, Error> {
    for ancestor in letter.ancestors.iter().take(MOST_ANCESTORS) {
        if let Some(message) = known(tx, tenant, ancestor)? {
            return Ok(threads::get(tx, tenant, message.thread)?);
        }
    }
    for id in letter.message_id.iter().chain(letter.ancestors.iter().take(MOST_ANCESTORS)) {
        if let Some(thread) = threads::awaiting(tx, tenant, id)? {
            return Ok(Some(thread));
        }
    }
    Ok(None)
}

/// Notes the ancestors of a letter that have not come, so that they find it.
pub(super) fn await_ancestors(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    letter: &Letter,
    thread: ThreadId,
) -> Result<(), Error> {
    for ancestor in letter.ancestors.iter().take(MOST_ANCESTORS) {
        if known(tx, tenant, ancestor)?.is_none() {
            threads::await_message(tx, tenant, thread, ancestor)?;
        }
    }
    Ok(())
}

/// The message that a Message-ID names: one of ours, or one that came in.
fn known(tx: &mut Tx<'_>, tenant: TenantId, rfc_id: &str) -> Result<Option<Message>, Error> {
    if let Some(message) = sent_as(tx, tenant, rfc_id)? {
        return Ok(Some(message));
    }
    match messages::by_rfc_id(tx, tenant, rfc_id)? {
        Some(id) => Ok(messages::get(tx, tenant, id)?),
        None => Ok(None),
    }
}

fn candidate(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    thread: Option<Thread>,
    letter: &Letter,
    sender: Option<ContactId>,
) -> Result<Option<Candidate>, Error> {
    let Some(thread) = thread else { return Ok(None) };
    let knows_sender = sender == Some(thread.contact)
        || threads::takes_part(tx, tenant, thread.id, &letter.from.address.key())?;
    Ok(Some(Candidate {
        thread: thread.id,
        conversation: thread.conversation,
        knows_sender,
        last_activity: thread.last_activity_at,
    }))
}
