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
use crate::send::{sent_as, thread_of_token};

/// How many Message-IDs of the chain are looked up.
const MOST_ANCESTORS: usize = 20;

/// What is known of the messages that a letter names as what it answers, the nearest first.
pub(super) struct Ancestry<'l>(Vec<(&'l str, Option<ThreadId>)>);

impl<'l> Ancestry<'l> {
    /// Asks for each of them once.
    pub(super) fn look_up(
        tx: &mut Tx<'_>,
        tenant: TenantId,
        letter: &'l Letter,
    ) -> Result<Ancestry<'l>, Error> {
        let named = letter.ancestors.iter().take(MOST_ANCESTORS);
        let known = named.map(|id| Ok((id.as_str(), thread_of(tx, tenant, id)?)));
        Ok(Ancestry(known.collect::<Result<_, Error>>()?))
    }

    fn nearest_known(&self) -> Option<ThreadId> {
        self.0.iter().find_map(|(_, thread)| *thread)
    }

    /// Notes those that have not come, so that they find the letter.
    pub(super) fn await_unknown(
        &self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        thread: ThreadId,
    ) -> Result<(), Error> {
        for (id, _) in self.0.iter().filter(|(_, known)| known.is_none()) {
            threads::await_message(tx, tenant, thread, id)?;
        }
        Ok(())
    }
}

/// The thread of the message that a Message-ID names: one of ours, or one that came in.
fn thread_of(tx: &mut Tx<'_>, tenant: TenantId, rfc_id: &str) -> Result<Option<ThreadId>, Error> {
    match sent_as(tx, tenant, rfc_id)? {
        Some(message) => Ok(Some(message.thread)),
        None => Ok(messages::thread_of_rfc_id(tx, tenant, rfc_id)?),
    }
}

/// Where a letter goes.
pub(super) fn place_letter(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    letter: &Letter,
    ancestry: &Ancestry<'_>,
    sender: Option<ContactId>,
    now: Timestamp,
) -> Result<Placement, Error> {
    let mut found = Found::default();
    if let Some(thread) = by_token(core, tenant, letter) {
        let thread = threads::get(tx, tenant, thread)?;
        found.by_token = candidate(tx, tenant, thread, letter, sender)?;
    }
    if found.by_token.is_none() {
        let thread = by_references(tx, tenant, letter, ancestry)?;
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
fn by_references(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    letter: &Letter,
    ancestry: &Ancestry<'_>,
) -> Result<Option<Thread>, Error> {
    if let Some(thread) = ancestry.nearest_known() {
        return Ok(threads::get(tx, tenant, thread)?);
    }
    for id in letter.message_id.iter().chain(letter.ancestors.iter().take(MOST_ANCESTORS)) {
        if let Some(thread) = threads::awaiting(tx, tenant, id)? {
            return Ok(Some(thread));
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
