//! Files a letter: one transaction places it, writes it, moves its conversation and closes its journal entry.

use std::sync::Arc;

use domain::access::Actor;
use domain::address::{EmailAddress, Mailbox};
use domain::automatic::Automatic;
use domain::channel::Channel;
use domain::clock::Timestamp;
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

use super::thread::{self, Ancestry};
use super::work::Ended;
use crate::core::Core;
use crate::send::{contact_of, sent_as};
use crate::{Error, inbox};

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
    /// Why it counts as written by a machine.
    pub automatic: Option<Automatic>,
    /// Whether nobody has written just now: it neither opens nor wakes a conversation.
    pub is_no_reply: bool,
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
    let ancestry = Ancestry::look_up(tx, tenant, letter)?;
    let placement = thread::place_letter(tx, core, tenant, letter, &ancestry, sender, now)?;
    let contact = match sender {
        Some(known) => known,
        None => contact_of(tx, core, tenant, Channel::Email, &letter.from, now)?,
    };
    contacts::seen(tx, tenant, contact, now)?;
    let preview = crate::inbox::preview(letter.body.text.as_deref(), letter.body.html.as_deref());
    let filed = Filed { core, tenant, letter, id, contact, preview: &preview, now };
    let placed = match placement {
        Placement::Join { candidate, rule } => {
            filed.join(tx, candidate.conversation, candidate.thread)?;
            Placed { conversation: candidate.conversation, thread: candidate.thread, rule }
        }
        Placement::Open => filed.open(tx, entry, None)?,
        Placement::Tray { claims, .. } => filed.open(tx, entry, Some(claims))?,
    };
    ancestry.await_unknown(tx, tenant, placed.thread)?;
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
        file_count: u32::try_from(letter.attachments.len()).unwrap_or(u32::MAX),
        automatic: letter.automatic,
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

/// The same mail by another way: the same Message-ID from the same sender, or one that went out from here.
fn came_before(tx: &mut Tx<'_>, tenant: TenantId, letter: &Letter) -> Result<Option<MessageId>, Error> {
    let Some(message_id) = &letter.message_id else { return Ok(None) };
    let known = match sent_as(tx, tenant, message_id)? {
        Some(known) => Some(known.id),
        None => messages::by_rfc_id(tx, tenant, message_id)?,
    };
    let Some(known) = known else { return Ok(None) };
    let body = messages::body(tx, tenant, known)?.unwrap_or_default();
    let same_sender = body.envelope.from.is_some_and(|from| from.address.key() == letter.from.address.key());
    Ok(same_sender.then_some(known))
}

/// A letter about to be put into its conversation.
struct Filed<'a> {
    core: &'a Core,
    tenant: TenantId,
    letter: &'a Letter,
    id: MessageId,
    contact: ContactId,
    preview: &'a str,
    now: Timestamp,
}

impl Filed<'_> {
    /// A letter in an existing thread opens its conversation again, unless nobody has written just now.
    fn join(&self, tx: &mut Tx<'_>, conversation: ConversationId, thread: ThreadId) -> Result<(), Error> {
        let (tenant, now) = (self.tenant, self.now);
        let was = conversations::get(tx, tenant, conversation)?.ok_or(Error::NotFound("conversation"))?;
        let mut is = was.with_message(self.id, Direction::Inbound, self.preview, now);
        if !self.letter.is_no_reply {
            is.state = was.state.after_inbound();
            is.snoozed_until = None;
        }
        conversations::replace(tx, tenant, &was, &is)?;
        inbox::note_return(tx, self.core, tenant, (&was, &is), now)?;
        if !self.letter.is_no_reply {
            inbox::tell_of_reply(tx, self.core, tenant, &is, self.id, now)?;
        }
        Ok(threads::touch(tx, tenant, thread, now)?)
    }

    fn open(&self, tx: &mut Tx<'_>, entry: &Entry, claims: Option<ConversationId>) -> Result<Placed, Error> {
        let Filed { core, tenant, letter, id, contact, preview, now } = *self;
        let begun =
            Conversation::begun(core.ids.next(), contact, letter.subject.clone(), Channel::Email, now);
        let conversation = Conversation {
            in_tray: claims.is_some(),
            claims,
            ..begun.with_message(id, Direction::Inbound, preview, now)
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
}
