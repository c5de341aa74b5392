//! Carries messages with their threads from one conversation to another, and writes down where they were.

use domain::ids::{ConversationId, EntryId, MessageId, TenantId, ThreadId};
use domain::message::Direction;
use domain::threading::Rule;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::conversations::{self, Conversation};
use store::entries::{self, EntryKind};
use store::messages::{self, Message, Standing};
use store::reads::{self, Seen};
use store::threads::{self, Thread};

use super::summed;
use crate::Error;
use crate::core::Core;

/// Rows that are read at once.
const STRIDE: u32 = 500;

/// What was where before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Carried {
    pub from: ConversationId,
    pub to: ConversationId,
    pub messages: Vec<Carry>,
    /// Threads that went along as a whole.
    pub threads: Vec<ThreadId>,
    pub notes: Vec<EntryId>,
    pub state: domain::conversation::ConversationState,
    pub snoozed_until: Option<domain::clock::Timestamp>,
    pub in_tray: bool,
    pub claims: Option<ConversationId>,
    pub unread: i64,
    pub reads_from: Vec<Seen>,
    pub reads_to: Vec<Seen>,
}

/// One message and where it stood.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Carry {
    pub id: MessageId,
    #[serde(flatten)]
    pub stood: Standing,
}

impl Carry {
    fn of(message: &Message) -> Carry {
        let Message { id, conversation, thread, contact, rule, .. } = message;
        let stood = Standing { conversation: *conversation, thread: *thread, contact: *contact, rule: *rule };
        Carry { id: *id, stood }
    }
}

/// All messages of a conversation, newest first.
pub(super) fn messages_of(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: ConversationId,
) -> Result<Vec<Message>, Error> {
    let mut all: Vec<Message> = Vec::new();
    loop {
        let before = all.last().map_or_else(|| "msg_z".to_owned(), |message| message.id.to_string());
        let page = messages::of_conversation(tx, tenant, id, &before, STRIDE)?;
        let is_last = page.len() < STRIDE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

fn snapshot(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    from: &Conversation,
    to: &Conversation,
    chosen: &[Message],
) -> Result<Carried, Error> {
    Ok(Carried {
        from: from.id,
        to: to.id,
        messages: chosen.iter().map(Carry::of).collect(),
        threads: Vec::new(),
        notes: Vec::new(),
        state: from.state,
        snoozed_until: from.snoozed_until,
        in_tray: from.in_tray,
        claims: from.claims,
        unread: from.unread,
        reads_from: reads::of_conversation(tx, tenant, from.id)?,
        reads_to: reads::of_conversation(tx, tenant, to.id)?,
    })
}

/// Messages, threads and notes, all of them.
pub(super) fn everything(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    from: &Conversation,
    to: &Conversation,
    all: &[Message],
) -> Result<Carried, Error> {
    let mut carried = snapshot(tx, tenant, from, to, all)?;
    for thread in threads::of_conversation(tx, tenant, from.id)? {
        threads::move_to(tx, tenant, thread.id, to.id, thread.contact)?;
        carried.threads.push(thread.id);
    }
    for message in all {
        let stands = Standing { conversation: to.id, rule: Rule::Moved, ..Carry::of(message).stood };
        messages::move_to(tx, tenant, message.id, &stands)?;
    }
    let mut before = "ent_z".to_owned();
    loop {
        let page = entries::of_conversation(tx, tenant, from.id, &before, STRIDE)?;
        for entry in page.iter().filter(|entry| entry.kind == EntryKind::Note) {
            entries::move_to(tx, tenant, entry.id, to.id)?;
            carried.notes.push(entry.id);
        }
        match page.last() {
            Some(last) if page.len() == STRIDE as usize => before = last.id.to_string(),
            _ => break,
        }
    }
    Ok(carried)
}

/// Some messages. A thread of which all messages go goes along; of one that stays in part a twin is begun over there, so that
/// answers to what was moved find it.
pub(super) fn part(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    (from, to): (&Conversation, &Conversation),
    all: &[Message],
    chosen: &[Message],
) -> Result<Carried, Error> {
    let mut carried = snapshot(tx, tenant, from, to, chosen)?;
    for thread in threads::of_conversation(tx, tenant, from.id)? {
        let of_thread = |messages: &[Message]| {
            messages
                .iter()
                .filter(|message| message.thread == thread.id)
                .map(|message| message.id)
                .collect::<Vec<_>>()
        };
        let (whole, moved) = (of_thread(all), of_thread(chosen));
        if moved.is_empty() {
            continue;
        }
        let home = if whole.len() == moved.len() {
            threads::move_to(tx, tenant, thread.id, to.id, thread.contact)?;
            carried.threads.push(thread.id);
            thread.id
        } else {
            twin(tx, core, tenant, &thread, to.id)?
        };
        for message in chosen.iter().filter(|message| message.thread == thread.id) {
            let stood = Carry::of(message).stood;
            let stands = Standing { conversation: to.id, thread: home, rule: Rule::Moved, ..stood };
            messages::move_to(tx, tenant, message.id, &stands)?;
        }
    }
    Ok(carried)
}

fn twin(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    thread: &Thread,
    conversation: ConversationId,
) -> Result<ThreadId, Error> {
    let twin = Thread { id: core.ids.next(), conversation, ..thread.clone() };
    threads::insert(tx, tenant, &twin)?;
    for address in threads::participants(tx, tenant, thread.id)? {
        threads::join(tx, tenant, twin.id, &address)?;
    }
    Ok(twin.id)
}

/// Writes a conversation whose messages came or went, with what people have seen of it.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    was: &Conversation,
    is: Conversation,
    mut reads: Vec<Seen>,
) -> Result<Conversation, Error> {
    let is = summed(tx, tenant, is)?;
    for one in &mut reads {
        one.seen = one.seen.min(is.inbound_count);
    }
    conversations::replace_with_reads(tx, tenant, was, &is, &reads)?;
    Ok(is)
}

/// What people have seen of two conversations that become one.
pub(super) fn reads_together(carried: &Carried) -> Vec<Seen> {
    let mut together = carried.reads_to.clone();
    for one in &carried.reads_from {
        match together.iter_mut().find(|other| other.user == one.user) {
            Some(other) => other.seen += one.seen,
            None => together.push(one.clone()),
        }
    }
    together
}

/// What people have seen of a conversation and of the part that leaves it: who had seen all has seen both.
pub(super) fn reads_apart(carried: &Carried, chosen: &[Message]) -> (Vec<Seen>, Vec<Seen>) {
    let leaving = chosen.iter().filter(|message| message.direction == Direction::Inbound).count();
    let leaving = i64::try_from(leaving).unwrap_or(i64::MAX);
    let mut left = Vec::with_capacity(carried.reads_from.len());
    let mut joined = carried.reads_to.clone();
    for one in &carried.reads_from {
        let gone = one.seen.min(leaving);
        left.push(Seen { user: one.user.clone(), seen: one.seen - gone });
        match joined.iter_mut().find(|other| other.user == one.user) {
            Some(other) => other.seen += gone,
            None => joined.push(Seen { user: one.user.clone(), seen: gone }),
        }
    }
    (left, joined)
}
