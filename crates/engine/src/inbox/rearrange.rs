//! Merge, split and move: messages change their conversation, what was where before is kept, and each can be undone.
//! Nothing is deleted: a conversation that was emptied stays, and says where its messages are.

mod carry;
mod undo;

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::{ConversationId, MessageId, RearrangementId, TenantId};
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation};
use store::entries::EntryKind;
use store::messages::{self, Message};
use store::rearrangements::{self, Rearrangement};

use self::carry::Carried;
use super::activity;
use super::conversation_view::ConversationView;
use super::conversations::tell;
use crate::core::Core;
use crate::{Engine, Error, audit};

domain::words! {
    /// What was done to conversations.
    pub enum RearrangementKind {
        Merge = "merge",
        Split = "split",
        Move = "move",
    }
}

/// What came of it: the conversation in which the messages are now, and by what it is undone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Rearranged {
    pub conversation: ConversationView,
    pub rearrangement_id: RearrangementId,
}

/// Some messages of a conversation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    /// At least one, and not all of them.
    pub message_ids: Vec<MessageId>,
    /// Of the new conversation; that of the first message when absent.
    #[serde(default)]
    pub subject: Option<String>,
}

impl Engine {
    /// Moves all messages and notes of a conversation into another one.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for itself; `conversation_merged` for one that was merged already.
    pub async fn merge_conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
        into: ConversationId,
    ) -> Result<Rearranged, Error> {
        self.rearrange(principal, into, move |tx, order| merge(tx, order, id, into)).await
    }

    /// Moves some messages of a conversation into a new one.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for messages of other conversations, none, or all.
    pub async fn split_conversation(
        &self,
        principal: &Principal,
        id: ConversationId,
        split: SplitRequest,
    ) -> Result<Rearranged, Error> {
        let new: ConversationId = self.core.ids.next();
        if let Some(subject) = &split.subject
            && (subject.chars().any(char::is_control) || subject.len() > 998)
        {
            return Err(Invalid::at("/subject", "expected one line of at most 998 bytes").into());
        }
        let split = Arc::new(split);
        self.rearrange(principal, new, move |tx, order| divide(tx, order, id, new, &split)).await
    }

    /// Moves some messages of a conversation into another one.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] for messages of other conversations, or none.
    pub async fn move_messages(
        &self,
        principal: &Principal,
        id: ConversationId,
        message_ids: Vec<MessageId>,
        into: ConversationId,
    ) -> Result<Rearranged, Error> {
        self.rearrange(principal, into, move |tx, order| shift(tx, order, id, &message_ids, into)).await
    }

    async fn rearrange(
        &self,
        principal: &Principal,
        home: ConversationId,
        work: impl Fn(&mut Tx<'_>, &Order) -> Result<RearrangementId, Error> + Send + 'static,
    ) -> Result<Rearranged, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let order = Order::of(&self.core, principal);
        let tenant = principal.tenant;
        let rearrangement_id = self.core.store.write(tenant, move |tx| work(tx, &order)).await?;
        self.core.feed.wake();
        Ok(Rearranged { conversation: self.shown(principal, home).await?, rearrangement_id })
    }
}

/// Who rearranges, and when.
pub(super) struct Order {
    pub core: Arc<Core>,
    pub principal: Principal,
    pub tenant: TenantId,
    pub now: Timestamp,
}

impl Order {
    pub(super) fn of(core: &Arc<Core>, principal: &Principal) -> Order {
        Order {
            core: Arc::clone(core),
            principal: principal.clone(),
            tenant: principal.tenant,
            now: core.clock.now(),
        }
    }

    fn line(
        &self,
        tx: &mut Tx<'_>,
        conversation: ConversationId,
        kind: EntryKind,
        facts: serde_json::Value,
    ) -> Result<(), Error> {
        activity::note(
            tx,
            &self.core,
            self.tenant,
            conversation,
            &self.principal.actor,
            (kind, facts),
            self.now,
        )
    }

    /// Keeps what was where before, and writes it into the audit log.
    fn keep(
        &self,
        tx: &mut Tx<'_>,
        kind: RearrangementKind,
        carried: &Carried,
    ) -> Result<RearrangementId, Error> {
        let row = Rearrangement {
            id: self.core.ids.next(),
            kind: kind.to_string(),
            subject_id: carried.to.to_string(),
            actor: self.principal.actor.clone(),
            at: self.now,
            undone_at: None,
            before: json!(carried),
        };
        rearrangements::insert(tx, self.tenant, &row)?;
        let detail = json!({ "from": carried.from, "to": carried.to, "messages": carried.messages.len(),
                             "rearrangement_id": row.id });
        let action = format!("conversation.{kind}");
        audit::record(
            tx,
            self.tenant,
            &self.principal.actor,
            &action,
            &carried.from.to_string(),
            &detail,
            self.now,
        )?;
        Ok(row.id)
    }
}

/// The conversation, when it can be changed.
fn living(tx: &mut Tx<'_>, tenant: TenantId, id: ConversationId) -> Result<Conversation, Error> {
    let row = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
    match row.merged_into {
        Some(into) => {
            let detail = format!("this conversation was merged into {into}");
            Err(Error::conflict("conversation_merged", detail))
        }
        None => Ok(row),
    }
}

/// Merges `id` into `into`; also how the tray lets a stranger's message in.
pub(super) fn merge(
    tx: &mut Tx<'_>,
    order: &Order,
    id: ConversationId,
    into: ConversationId,
) -> Result<RearrangementId, Error> {
    if id == into {
        return Err(Invalid::at("/into", "expected another conversation than this one").into());
    }
    let (from, to) = (living(tx, order.tenant, id)?, living(tx, order.tenant, into)?);
    let all = carry::messages_of(tx, order.tenant, id)?;
    let carried = carry::everything(tx, order.tenant, &from, &to, &all)?;
    let emptied = Conversation {
        state: ConversationState::Merged,
        merged_into: Some(into),
        in_tray: false,
        claims: None,
        snoozed_until: None,
        ..from.clone()
    };
    carry::settle(tx, order.tenant, &from, emptied, Vec::new())?;
    let state = if from.state == ConversationState::Open { ConversationState::Open } else { to.state };
    let mut tags = to.tags.clone();
    tags.extend(from.tags.iter().filter(|tag| !to.tags.contains(tag)));
    let joined = Conversation {
        snoozed_until: to.snoozed_until.filter(|_| state == ConversationState::Snoozed),
        state,
        tags,
        unread: to.unread + from.unread,
        ..to.clone()
    };
    let reads = carry::reads_together(&carried);
    let joined = carry::settle(tx, order.tenant, &to, joined, reads)?;
    conversations::reclaim(tx, order.tenant, id, into)?;
    let rearrangement = order.keep(tx, RearrangementKind::Merge, &carried)?;
    let facts = |role: &str| {
        json!({ "role": role, "messages": all.len(), "rearrangement_id": rearrangement,
                                      "from": id, "to": into })
    };
    order.line(tx, id, EntryKind::Merged, facts("source"))?;
    order.line(tx, into, EntryKind::Merged, facts("target"))?;
    tell(tx, order.tenant, &from, FeedType::ConversationUpdated, order.now)?;
    tell(tx, order.tenant, &joined, FeedType::ConversationUpdated, order.now)?;
    Ok(rearrangement)
}

fn divide(
    tx: &mut Tx<'_>,
    order: &Order,
    id: ConversationId,
    new: ConversationId,
    split: &SplitRequest,
) -> Result<RearrangementId, Error> {
    let from = living(tx, order.tenant, id)?;
    let all = carry::messages_of(tx, order.tenant, id)?;
    let chosen = chosen(&all, &split.message_ids)?;
    if chosen.len() == all.len() {
        return Err(Invalid::at("/message_ids", "expected some messages to stay in the conversation").into());
    }
    let first = chosen.iter().min_by_key(|message| message.id);
    let contact = first.map_or(from.contact, |message| message.contact);
    let subject = split
        .subject
        .clone()
        .or_else(|| first.map(|message| message.subject.clone()))
        .unwrap_or_else(|| from.subject.clone());
    let begun = Conversation {
        assignee: from.assignee.clone(),
        team: from.team,
        priority: from.priority,
        ..Conversation::begun(new, contact, subject, from.channel, order.now)
    };
    conversations::insert(tx, order.tenant, &begun)?;
    finish_part(tx, order, RearrangementKind::Split, (&from, &begun), (&all, &chosen))
}

fn shift(
    tx: &mut Tx<'_>,
    order: &Order,
    id: ConversationId,
    message_ids: &[MessageId],
    into: ConversationId,
) -> Result<RearrangementId, Error> {
    if id == into {
        return Err(Invalid::at("/into", "expected another conversation than this one").into());
    }
    let (from, to) = (living(tx, order.tenant, id)?, living(tx, order.tenant, into)?);
    let all = carry::messages_of(tx, order.tenant, id)?;
    let chosen = chosen(&all, message_ids)?;
    if chosen.len() == all.len() {
        // Nothing would be left: that is a merge.
        return merge(tx, order, id, into);
    }
    finish_part(tx, order, RearrangementKind::Move, (&from, &to), (&all, &chosen))
}

/// Moves a part of a conversation.
fn finish_part(
    tx: &mut Tx<'_>,
    order: &Order,
    kind: RearrangementKind,
    (from, to): (&Conversation, &Conversation),
    (all, chosen): (&[Message], &[Message]),
) -> Result<RearrangementId, Error> {
    let carried = carry::part(tx, &order.core, order.tenant, (from, to), all, chosen)?;
    let (reads_from, reads_to) = carry::reads_apart(&carried, chosen);
    let left = carry::settle(tx, order.tenant, from, from.clone(), reads_from)?;
    let joined = carry::settle(tx, order.tenant, to, to.clone(), reads_to)?;
    let rearrangement = order.keep(tx, kind, &carried)?;
    let line = if kind == RearrangementKind::Split { EntryKind::Split } else { EntryKind::Moved };
    let facts = |role: &str| {
        json!({ "role": role, "messages": chosen.len(), "rearrangement_id": rearrangement,
                                      "from": from.id, "to": to.id })
    };
    order.line(tx, from.id, line, facts("source"))?;
    order.line(tx, to.id, line, facts("target"))?;
    if kind == RearrangementKind::Split {
        tell(tx, order.tenant, &joined, FeedType::ConversationOpened, order.now)?;
    } else {
        tell(tx, order.tenant, &joined, FeedType::ConversationUpdated, order.now)?;
    }
    tell(tx, order.tenant, &left, FeedType::ConversationUpdated, order.now)?;
    Ok(rearrangement)
}

fn chosen(all: &[Message], ids: &[MessageId]) -> Result<Vec<Message>, Invalid> {
    if ids.is_empty() {
        return Err(Invalid::at("/message_ids", "expected at least one message"));
    }
    for (place, id) in ids.iter().enumerate() {
        if !all.iter().any(|message| message.id == *id) {
            let detail = "expected a message of this conversation";
            return Err(Invalid::at(format!("/message_ids/{place}"), detail));
        }
    }
    Ok(all.iter().filter(|message| ids.contains(&message.id)).cloned().collect())
}

/// What the list shows of a conversation, from its messages.
fn summed(tx: &mut Tx<'_>, tenant: TenantId, row: Conversation) -> Result<Conversation, Error> {
    let sums = messages::sums(tx, tenant, row.id)?;
    let newest = messages::of_conversation(tx, tenant, row.id, "msg_z", 1)?.into_iter().next();
    Ok(Conversation {
        message_count: sums.messages,
        inbound_count: sums.inbound,
        unread: row.unread.min(sums.inbound),
        last_direction: newest.as_ref().map(|message| message.direction),
        last_preview: newest.as_ref().map(|message| message.preview.clone()).unwrap_or_default(),
        last_activity_at: newest.as_ref().map_or(row.last_activity_at, |message| message.created_at),
        last_message: newest.map(|message| message.id),
        ..row
    })
}
