//! Finds what an inbound mail may belong to; the rules that decide are in [`domain::threading`].

use domain::clock::Timestamp;
use domain::ids::{ContactId, TenantId, ThreadId};
use domain::threading::{Candidate, Found, Placement, normal_subject, place};
use store::Tx;
use store::messages;
use store::threads::{self, Thread};

use super::file::Letter;
use crate::Error;
use crate::core::Core;
use crate::send::{own_message, thread_of_token};

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

fn by_references(tx: &mut Tx<'_>, tenant: TenantId, letter: &Letter) -> Result<Option<Thread>, Error> {
    for ancestor in letter.ancestors.iter().take(MOST_ANCESTORS) {
        let ours = match own_message(ancestor) {
            Some(id) => messages::get(tx, tenant, id)?,
            None => None,
        };
        let message = match ours {
            Some(message) => Some(message),
            None => match messages::by_rfc_id(tx, tenant, ancestor)? {
                Some(id) => messages::get(tx, tenant, id)?,
                None => None,
            },
        };
        if let Some(message) = message {
            return Ok(threads::get(tx, tenant, message.thread)?);
        }
    }
    Ok(None)
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
