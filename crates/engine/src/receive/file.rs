//! Files a letter: one transaction places it, writes it, moves its conversation and closes its journal entry.

use std::sync::Arc;

use domain::access::Actor;
use domain::address::{EmailAddress, Mailbox};
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::conversation::{ConversationState, Priority};
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, MessageId, TenantId, ThreadId};
use domain::message::{Direction, MessageState};
use domain::threading::{Placement, Rule, normal_subject};
use store::Tx;
use store::attachments::Attachment;
use store::contacts;
use store::conversations::{self, Conversation};
use store::feed::{self, Facts};
use store::journal::{self, Entry, JournalState};
use store::messages::{self, Body, Message};
use store::threads::{self, Thread};

use super::thread;
use super::work::Ended;
use crate::Error;
use crate::core::Core;
use crate::send::contact_of;

/// A mail that was read, ready to be filed.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub from: Mailbox,
    pub subject: String,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// Message-IDs that it answers, the nearest first.
    pub ancestors: Vec<String>,
    /// Everybody it was sent to, by header and envelope.
    pub recipients: Vec<EmailAddress>,
    pub attachments: Vec<Attachment>,
    pub body: Body,
}

pub(super) async fn file(core: &Arc<Core>, entry: Entry, letter: Letter) -> Result<Ended, Error> {
    let (tenant, writing, letter) = (entry.tenant, Arc::clone(core), Arc::new(letter));
    let id: MessageId = core.ids.next();
    core.store.write(tenant, move |tx| write(tx, &writing, &entry, &letter, id)).await
}

fn write(
    tx: &mut Tx<'_>,
    core: &Core,
    entry: &Entry,
    letter: &Letter,
    id: MessageId,
) -> Result<Ended, Error> {
    let (tenant, now) = (entry.tenant, core.clock.now());
    // Read again: it may have been filed by another run of the same work.
    let Some(current) = journal::get(tx, tenant, entry.id)? else { return Ok(Ended::Filed) };
    if current.state != JournalState::Received {
        return Ok(Ended::Filed);
    }
    if let Some(known) = came_before(tx, tenant, letter)? {
        return Ok(Ended::Ignored(format!("the same mail came before, as {known}")));
    }
    let sender = contacts::by_identity(tx, tenant, Channel::Email, &letter.from.address.key())?;
    let placement = thread::place_letter(tx, core, tenant, letter, sender, now)?;
    let contact = contact_of(tx, core, tenant, Channel::Email, &letter.from, now)?;
    contacts::seen(tx, tenant, contact, now)?;
    let preview = crate::inbox::preview(letter.body.text.as_deref(), letter.body.html.as_deref());
    let placed = match placement {
        Placement::Join { candidate, rule } => {
            join(tx, tenant, (candidate.conversation, candidate.thread), &preview, id, now)?;
            Placed { conversation: candidate.conversation, thread: candidate.thread, rule }
        }
        Placement::Open => open(tx, core, entry, letter, contact, &preview, id, None)?,
        Placement::Tray { claims, .. } => open(tx, core, entry, letter, contact, &preview, id, Some(claims))?,
    };
    for other in letter.body.envelope.to.iter().chain(&letter.body.envelope.cc) {
        threads::join(tx, tenant, placed.thread, &other.address.key())?;
    }
    let message = Message {
        id,
        conversation: placed.conversation,
        thread: placed.thread,
        contact,
        direction: Direction::Inbound,
        channel: Channel::Email,
        state: MessageState::Received,
        reason_code: None,
        reason_detail: None,
        account: entry.account,
        subject: letter.subject.clone(),
        preview,
        rule: placed.rule,
        rfc_message_id: letter.message_id.clone(),
        provider_message_id: None,
        journal: Some(entry.id),
        author: Actor::system(),
        attempts: 0,
        on_unknown: None,
        send_at: None,
        created_at: now,
        sent_at: None,
        delivered_at: None,
    };
    messages::insert(tx, tenant, &message, &letter.body)?;
    store::attachments::insert(tx, tenant, id, &letter.attachments)?;
    let facts = Facts {
        message_id: Some(id.to_string()),
        conversation_id: Some(placed.conversation.to_string()),
        contact_id: Some(contact.to_string()),
        state: Some(MessageState::Received.to_string()),
        direction: Some(Direction::Inbound.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::MessageReceived, now, &facts)?;
    let done = Entry {
        state: JournalState::Processed,
        reason: None,
        attempts: current.attempts + 1,
        message: Some(id),
        conversation: Some(placed.conversation),
        ..current
    };
    journal::finish(tx, &done)?;
    Ok(Ended::Filed)
}

struct Placed {
    conversation: ConversationId,
    thread: ThreadId,
    rule: Rule,
}

/// The same mail by another way: the same Message-ID from the same sender.
fn came_before(tx: &mut Tx<'_>, tenant: TenantId, letter: &Letter) -> Result<Option<MessageId>, Error> {
    let Some(message_id) = &letter.message_id else { return Ok(None) };
    let Some(known) = messages::by_rfc_id(tx, tenant, message_id)? else { return Ok(None) };
    let body = messages::body(tx, tenant, known)?.unwrap_or_default();
    let same_sender = body.envelope.from.is_some_and(|from| from.address.key() == letter.from.address.key());
    Ok(same_sender.then_some(known))
}

/// A letter in an existing thread opens its conversation again.
fn join(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (conversation, thread): (ConversationId, ThreadId),
    preview: &str,
    id: MessageId,
    now: Timestamp,
) -> Result<(), Error> {
    let was = conversations::get(tx, tenant, conversation)?.ok_or(Error::NotFound("conversation"))?;
    let is = Conversation {
        state: was.state.after_inbound(),
        unread: was.unread + 1,
        message_count: was.message_count + 1,
        last_message: Some(id),
        last_direction: Some(Direction::Inbound),
        last_preview: preview.to_owned(),
        last_activity_at: now,
        ..was.clone()
    };
    conversations::replace(tx, tenant, &was, &is)?;
    Ok(threads::touch(tx, tenant, thread, now)?)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one step of one transaction; a struct for it would have one user"
)]
fn open(
    tx: &mut Tx<'_>,
    core: &Core,
    entry: &Entry,
    letter: &Letter,
    contact: ContactId,
    preview: &str,
    id: MessageId,
    claims: Option<ConversationId>,
) -> Result<Placed, Error> {
    let (tenant, now) = (entry.tenant, core.clock.now());
    let conversation = Conversation {
        id: core.ids.next(),
        contact,
        subject: letter.subject.clone(),
        channel: Channel::Email,
        state: ConversationState::Open,
        priority: Priority::Normal,
        assignee: None,
        in_tray: claims.is_some(),
        claims,
        unread: 1,
        message_count: 1,
        last_message: Some(id),
        last_direction: Some(Direction::Inbound),
        last_preview: preview.to_owned(),
        created_at: now,
        last_activity_at: now,
    };
    conversations::insert(tx, tenant, &conversation)?;
    let thread = Thread {
        id: core.ids.next(),
        conversation: conversation.id,
        contact,
        channel: Channel::Email,
        account: entry.account,
        subject_key: normal_subject(&letter.subject),
        last_activity_at: now,
    };
    threads::insert(tx, tenant, &thread)?;
    let facts = Facts {
        conversation_id: Some(conversation.id.to_string()),
        contact_id: Some(contact.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::ConversationOpened, now, &facts)?;
    Ok(Placed { conversation: conversation.id, thread: thread.id, rule: Rule::New })
}
