//! The counters in which a conversation stands: by state, by whose work it is, and by who has read it.

use domain::conversation::ConversationState;
use domain::ids::TenantId;

use super::Conversation;
use crate::counters;
use crate::db::{Error, Tx};
use crate::reads::Seen;

/// The names of the counters. Conversations in the tray stand in that one only; merged ones in none.
fn names(conversation: &Conversation) -> Vec<String> {
    if conversation.state == ConversationState::Merged {
        return Vec::new();
    }
    if conversation.in_tray {
        return vec!["conversations.tray".to_owned()];
    }
    let mut names = vec![format!("conversations.{}", conversation.state)];
    if conversation.unread > 0 {
        names.push("conversations.unread".to_owned());
    }
    if can_be_unread(conversation) {
        names.push("conversations.heard".to_owned());
    }
    if conversation.state == ConversationState::Open {
        names.push(match &conversation.assignee {
            None => "conversations.unassigned".to_owned(),
            Some(user) => format!("conversations.assigned.{user}"),
        });
        names.extend(conversation.team.map(|team| format!("conversations.team.{team}")));
    }
    names
}

/// Only what is open, and in which the contact has said something, asks to be read. How many a person has not read is
/// the number of these without those that the person has read: nobody who never looks costs a row.
fn can_be_unread(conversation: &Conversation) -> bool {
    conversation.state == ConversationState::Open && !conversation.in_tray && conversation.inbound_count > 0
}

pub(super) fn count(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: &Conversation,
    amount: i64,
) -> Result<(), Error> {
    for name in names(conversation) {
        counters::add(tx, tenant, &name, amount)?;
    }
    Ok(())
}

pub(super) fn move_on(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    was: &Conversation,
    is: &Conversation,
) -> Result<(), Error> {
    let (before, after) = (names(was), names(is));
    for name in before.iter().filter(|name| !after.contains(name)) {
        counters::add(tx, tenant, name, -1)?;
    }
    for name in after.iter().filter(|name| !before.contains(name)) {
        counters::add(tx, tenant, name, 1)?;
    }
    Ok(())
}

/// Whether somebody who had read it has not any more, or the other way round.
pub(super) fn reading_differs(was: &Conversation, is: &Conversation) -> bool {
    can_be_unread(was) != can_be_unread(is) || (can_be_unread(is) && was.inbound_count != is.inbound_count)
}

/// Counts those who have read all of a conversation, when it can be unread at all.
pub(super) fn count_readers(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    conversation: &Conversation,
    seen: &[Seen],
    amount: i64,
) -> Result<(), Error> {
    if !can_be_unread(conversation) {
        return Ok(());
    }
    for reader in seen.iter().filter(|one| one.seen >= conversation.inbound_count) {
        counters::add(tx, tenant, &format!("conversations.read.{}", reader.user), amount)?;
    }
    Ok(())
}
