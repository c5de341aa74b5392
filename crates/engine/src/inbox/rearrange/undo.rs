//! Undoes a merge, split or move: what is still where it was put goes back, and answers that came since follow their thread.

use domain::access::{Permission, Principal};
use domain::conversation::ConversationState;
use domain::event::FeedType;
use domain::ids::RearrangementId;
use serde_json::json;
use store::Tx;
use store::conversations::{self, Conversation};
use store::entries::EntryKind;
use store::messages::{self, Message, Standing};
use store::rearrangements::{self, Rearrangement};
use store::{entries, threads};

use super::carry::{self, Carried};
use super::{Order, RearrangementKind, living};
use crate::inbox::conversation_view::ConversationView;
use crate::inbox::conversations::tell;
use crate::{Engine, Error, audit};

impl Engine {
    /// Undoes a merge, split or move of conversations. Gives the conversation that has its messages again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `not_undoable` when it was undone before, or one of the conversations was merged on since.
    pub async fn undo_conversation_rearrangement(
        &self,
        principal: &Principal,
        id: RearrangementId,
    ) -> Result<ConversationView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let order = Order::of(&self.core, principal);
        let tenant = principal.tenant;
        let home = self
            .core
            .store
            .write(tenant, move |tx| {
                let row = rearrangements::get(tx, tenant, id)?.ok_or(Error::NotFound("rearrangement"))?;
                undo(tx, &order, &row)
            })
            .await?;
        self.core.feed.wake();
        self.shown(principal, home).await
    }
}

fn not_undoable(detail: impl Into<String>) -> Error {
    Error::conflict("not_undoable", detail)
}

fn undo(tx: &mut Tx<'_>, order: &Order, row: &Rearrangement) -> Result<domain::ids::ConversationId, Error> {
    if row.undone_at.is_some() {
        return Err(not_undoable("this was undone before"));
    }
    let kind: RearrangementKind =
        row.kind.parse().map_err(|_| not_undoable("this is no merge, split or move of conversations"))?;
    let carried: Carried = serde_json::from_value(row.before.clone())
        .map_err(|error| store::Error::Unexpected(error.to_string()))?;
    let merged_on = |error| match error {
        Error::Conflict { .. } => {
            not_undoable("one of the conversations was merged on since; undo that first")
        }
        other => other,
    };
    let here = living(tx, order.tenant, carried.to).map_err(merged_on)?;
    let there = match kind {
        RearrangementKind::Merge => merged_away(tx, order, &carried)?,
        RearrangementKind::Split | RearrangementKind::Move => {
            living(tx, order.tenant, carried.from).map_err(merged_on)?
        }
    };
    let back = carry_back(tx, order, kind, &carried)?;
    settle_both(tx, order, kind, &carried, (&here, &there), &back)?;
    rearrangements::mark_undone(tx, order.tenant, row.id, order.now)?;
    for conversation in [carried.from, carried.to] {
        order.line(
            tx,
            conversation,
            EntryKind::Undone,
            json!({ "what": kind, "rearrangement_id": row.id }),
        )?;
    }
    let detail = json!({ "rearrangement_id": row.id, "messages": back.len() });
    let subject = carried.from.to_string();
    let actor = &order.principal.actor;
    audit::record(
        tx,
        order.tenant,
        actor,
        "conversation.rearrangement_undone",
        &subject,
        &detail,
        order.now,
    )?;
    tell(tx, order.tenant, &here, FeedType::ConversationUpdated, order.now)?;
    tell(tx, order.tenant, &there, FeedType::ConversationUpdated, order.now)?;
    Ok(carried.from)
}

/// The emptied conversation of a merge, when it still waits where the merge left it.
fn merged_away(tx: &mut Tx<'_>, order: &Order, carried: &Carried) -> Result<Conversation, Error> {
    let there = conversations::get(tx, order.tenant, carried.from)?.ok_or(Error::NotFound("conversation"))?;
    if there.merged_into != Some(carried.to) {
        return Err(not_undoable("the conversation is not merged into this one any more"));
    }
    Ok(there)
}

/// Takes back what is still over there; gives it.
fn carry_back(
    tx: &mut Tx<'_>,
    order: &Order,
    kind: RearrangementKind,
    carried: &Carried,
) -> Result<Vec<Message>, Error> {
    let now_there = carry::messages_of(tx, order.tenant, carried.to)?;
    let mut back = Vec::new();
    for message in now_there {
        let known = carried.messages.iter().find(|carry| carry.id == message.id);
        let standing = match known {
            Some(carry) => carry.stood,
            // Of a split everything goes back; of others what came since in a thread that goes back.
            None if kind == RearrangementKind::Split || carried.threads.contains(&message.thread) => {
                let Message { thread, contact, rule, .. } = message;
                Standing { conversation: carried.from, thread, contact, rule }
            }
            None => continue,
        };
        messages::move_to(tx, order.tenant, message.id, &standing)?;
        back.push(message);
    }
    for thread in threads::of_conversation(tx, order.tenant, carried.to)? {
        // The twins of a split go back with it, so that answers to what was split off follow.
        if carried.threads.contains(&thread.id) || kind == RearrangementKind::Split {
            threads::move_to(tx, order.tenant, thread.id, carried.from, thread.contact)?;
        }
    }
    for note in &carried.notes {
        if entries::get(tx, order.tenant, *note)?.is_some_and(|entry| entry.conversation == carried.to) {
            entries::move_to(tx, order.tenant, *note, carried.from)?;
        }
    }
    Ok(back)
}

fn settle_both(
    tx: &mut Tx<'_>,
    order: &Order,
    kind: RearrangementKind,
    carried: &Carried,
    (here, there): (&Conversation, &Conversation),
    back: &[Message],
) -> Result<(), Error> {
    let tenant = order.tenant;
    let reads_here = store::reads::of_conversation(tx, tenant, here.id)?;
    let returned = Carried { reads_from: reads_here, reads_to: Vec::new(), ..carried.clone() };
    let (left, came) = carry::reads_apart(&returned, back);
    match kind {
        RearrangementKind::Merge => {
            let lives = Conversation {
                state: carried.state,
                snoozed_until: None,
                merged_into: None,
                in_tray: carried.in_tray,
                claims: carried.claims,
                unread: carried.unread,
                ..there.clone()
            };
            // An alarm that rang while it was merged does not ring again.
            let lives = match carried.state {
                ConversationState::Snoozed
                    if carried.snoozed_until.is_some_and(|until| until <= order.now) =>
                {
                    Conversation { state: ConversationState::Open, ..lives }
                }
                ConversationState::Snoozed => Conversation { snoozed_until: carried.snoozed_until, ..lives },
                _ => lives,
            };
            carry::settle(tx, tenant, there, lives, carried.reads_from.clone())?;
            carry::settle(tx, tenant, here, here.clone(), left)?;
        }
        RearrangementKind::Split => {
            let gone = Conversation {
                state: ConversationState::Merged,
                merged_into: Some(there.id),
                snoozed_until: None,
                ..here.clone()
            };
            carry::settle(tx, tenant, here, gone, Vec::new())?;
            let reads = together(store::reads::of_conversation(tx, tenant, there.id)?, came);
            carry::settle(tx, tenant, there, there.clone(), reads)?;
        }
        RearrangementKind::Move => {
            carry::settle(tx, tenant, here, here.clone(), left)?;
            let reads = together(store::reads::of_conversation(tx, tenant, there.id)?, came);
            carry::settle(tx, tenant, there, there.clone(), reads)?;
        }
    }
    Ok(())
}

fn together(mut reads: Vec<store::reads::Seen>, came: Vec<store::reads::Seen>) -> Vec<store::reads::Seen> {
    for one in came {
        match reads.iter_mut().find(|other| other.user == one.user) {
            Some(other) => other.seen += one.seen,
            None => reads.push(one),
        }
    }
    reads
}
