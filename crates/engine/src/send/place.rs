//! Where an outbound message goes: a conversation of its own, or on in the thread of the one it answers.

use domain::access::{ActorKind, Principal};
use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, ThreadId};
use domain::invalid::Invalid;
use domain::message::{Direction, MessageState};
use domain::threading::{Rule, normal_subject};
use store::Tx;
use store::contacts::{self, Contact, Identity, Known};
use store::conversations::{self, Conversation};
use store::feed::{self, Facts};
use store::messages::{self, Message};
use store::threads::{self, Thread};

use super::order::Order;
use crate::Error;
use crate::core::Core;

/// Where the message goes: its conversation and thread, and what it answers.
pub(super) struct Place {
    pub conversation: ConversationId,
    pub thread: ThreadId,
    pub contact: ContactId,
    pub subject: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    pub rule: Rule,
}

/// A message without a conversation opens one. `known` is the contact behind its first recipient.
pub(super) fn open(
    tx: &mut Tx<'_>,
    core: &Core,
    principal: &Principal,
    order: &Order,
    known: Option<ContactId>,
    preview: &str,
    now: Timestamp,
) -> Result<Place, Error> {
    let (tenant, new) = (principal.tenant, &order.new);
    let first =
        new.to.first().ok_or_else(|| Invalid::at(format!("{}/to", order.place), "expected a recipient"))?;
    let contact = match known {
        Some(known) => known,
        None => new_contact(tx, core, tenant, new.channel, first, now)?,
    };
    let subject = new.subject.clone().unwrap_or_default();
    let conversation: ConversationId = core.ids.next();
    let thread: ThreadId = core.ids.next();
    // What a person begins is work in hand; what a program sends waits for an answer and stays out of the way.
    let state = match principal.actor.kind {
        ActorKind::User => ConversationState::Open,
        ActorKind::Key | ActorKind::System => ConversationState::Pending,
    };
    let begun = Conversation::begun(conversation, contact, subject.clone(), new.channel, now);
    let row = Conversation { state, ..begun.with_message(order.id, Direction::Outbound, preview, now) };
    conversations::insert(tx, tenant, &row)?;
    let row = Thread {
        id: thread,
        conversation,
        contact,
        channel: new.channel,
        account: Some(order.sender.id),
        subject_key: normal_subject(&subject),
        last_activity_at: now,
    };
    threads::insert(tx, tenant, &row)?;
    for other in new.to.iter().skip(1).chain(&new.cc).chain(&new.bcc) {
        threads::join(tx, tenant, thread, &other.address.key())?;
    }
    Ok(Place {
        conversation,
        thread,
        contact,
        subject,
        in_reply_to: None,
        references: Vec::new(),
        rule: Rule::New,
    })
}

/// The contact behind an address; a new one when nobody is known there.
pub(crate) fn contact_of(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: domain::ids::TenantId,
    channel: domain::channel::Channel,
    mailbox: &domain::address::Mailbox,
    now: Timestamp,
) -> Result<ContactId, Error> {
    let key = mailbox.address.key();
    if let Some(known) = contacts::by_identity(tx, tenant, channel, &key)? {
        return Ok(known);
    }
    new_contact(tx, core, tenant, channel, mailbox, now)
}

fn new_contact(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: domain::ids::TenantId,
    channel: domain::channel::Channel,
    mailbox: &domain::address::Mailbox,
    now: Timestamp,
) -> Result<ContactId, Error> {
    let contact = Contact::new(core.ids.next(), mailbox.name.clone().unwrap_or_default(), now);
    let identity = Identity { channel, address: mailbox.address.to_string(), since: now };
    contacts::insert(tx, tenant, &Known { contact: contact.clone(), identities: vec![identity] })?;
    let facts = Facts { contact_id: Some(contact.id.to_string()), ..Facts::default() };
    feed::append(tx, tenant, FeedType::ContactCreated, now, &facts)?;
    Ok(contact.id)
}

/// A message in a conversation goes on in its thread on this channel.
#[expect(
    clippy::too_many_arguments,
    reason = "one step of one transaction; a struct for it would have one user"
)]
pub(super) fn reply(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: domain::ids::TenantId,
    order: &Order,
    id: ConversationId,
    to: &mut Vec<domain::address::Mailbox>,
    preview: &str,
    now: Timestamp,
) -> Result<Place, Error> {
    let new = &order.new;
    let fault =
        |field: &str, detail: &str| Error::from(Invalid::at(format!("{}{field}", order.place), detail));
    let was = conversations::get(tx, tenant, id)?
        .ok_or_else(|| fault("/conversation_id", "there is no conversation with this id"))?;
    if let (Some(expected), Some(newest)) = (new.expected_last_message, was.last_message)
        && newest > expected
    {
        let detail = format!("there is a newer message, {newest}, than the one you have seen");
        return Err(Error::conflict("conversation_moved_on", detail));
    }
    if let Some(into) = was.merged_into {
        let detail = format!("this conversation was merged into {into}; answer there");
        return Err(Error::conflict("conversation_merged", detail));
    }
    let answered = answered_message(tx, tenant, order, id)?;
    let thread = match &answered {
        Some(message) => Some(message.thread),
        None => threads::latest_of_conversation(tx, tenant, id, new.channel)?.map(|thread| thread.id),
    };
    if to.is_empty() {
        let identity = contacts::identities(tx, tenant, was.contact)?
            .into_iter()
            .find(|identity| identity.channel == new.channel)
            .ok_or_else(|| fault("/to", "the contact has no address on this channel"))?;
        let address =
            identity.address.parse().map_err(|_| fault("/to", "the contact's address cannot be used"))?;
        let contact = contacts::get(tx, tenant, was.contact)?;
        let name = contact.map(|contact| contact.name).filter(|name| !name.is_empty());
        to.push(domain::address::Mailbox { name, address });
    }
    let subject = new.subject.clone().unwrap_or_else(|| reply_subject(&was.subject));
    let thread = match thread {
        Some(thread) => {
            threads::touch(tx, tenant, thread, now)?;
            thread
        }
        None => {
            let row = Thread {
                id: core.ids.next(),
                conversation: id,
                contact: was.contact,
                channel: new.channel,
                account: Some(order.sender.id),
                subject_key: normal_subject(&subject),
                last_activity_at: now,
            };
            threads::insert(tx, tenant, &row)?;
            row.id
        }
    };
    for other in to.iter().chain(&new.cc).chain(&new.bcc) {
        threads::join(tx, tenant, thread, &other.address.key())?;
    }
    let is = was.with_message(order.id, Direction::Outbound, preview, now);
    conversations::replace(tx, tenant, &was, &is)?;
    let (in_reply_to, references) = match answered {
        Some(message) => ancestry(tx, tenant, &message)?,
        None => (None, Vec::new()),
    };
    Ok(Place {
        conversation: id,
        thread,
        contact: was.contact,
        subject,
        in_reply_to,
        references,
        rule: Rule::Given,
    })
}

/// How far back the newest message is looked for that can be answered.
const LOOKED_AT: u32 = 50;

/// The message that is answered: the one named, else the newest of the conversation that the other side can know.
fn answered_message(
    tx: &mut Tx<'_>,
    tenant: domain::ids::TenantId,
    order: &Order,
    conversation: ConversationId,
) -> Result<Option<Message>, Error> {
    let Some(named) = order.new.in_reply_to else {
        let newest = messages::of_conversation(tx, tenant, conversation, "msg_z", LOOKED_AT)?;
        let answerable =
            |message: &Message| message.channel == order.new.channel && may_arrive(message.state);
        return Ok(newest.into_iter().find(answerable));
    };
    let fault = |detail: &str| Error::from(Invalid::at(format!("{}/in_reply_to", order.place), detail));
    let message =
        messages::get(tx, tenant, named)?.ok_or_else(|| fault("there is no message with this id"))?;
    if message.conversation != conversation {
        return Err(fault("this message is of another conversation"));
    }
    Ok(Some(message))
}

/// Whether anybody has it, or will before an answer to it. One that never left must not be named as what is answered.
fn may_arrive(state: MessageState) -> bool {
    use MessageState as S;
    !matches!(state, S::Draft | S::Scheduled | S::Cancelled | S::Blocked | S::Failed)
}

/// RFC 5322 section 3.6.4: the parent's Message-ID, and the parent's references with it at the end.
fn ancestry(
    tx: &mut Tx<'_>,
    tenant: domain::ids::TenantId,
    parent: &Message,
) -> Result<(Option<String>, Vec<String>), Error> {
    let Some(parent_id) = parent.rfc_message_id.clone() else { return Ok((None, Vec::new())) };
    let envelope = messages::body(tx, tenant, parent.id)?.unwrap_or_default().envelope;
    let mut references = envelope.references;
    if references.is_empty() {
        references.extend(envelope.in_reply_to);
    }
    references.push(parent_id.clone());
    // The first and the newest matter most; a header has its limits.
    if references.len() > 20 {
        references.drain(1..references.len() - 19);
    }
    Ok((Some(parent_id), references))
}

fn reply_subject(subject: &str) -> String {
    if domain::threading::is_reply_subject(subject) { subject.to_owned() } else { format!("Re: {subject}") }
}
