//! Keeps the rows by which conversations are listed by tag in step with the conversation.

use domain::clock::Timestamp;
use domain::conversation::ConversationState;
use domain::ids::TenantId;

use super::Conversation;
use crate::args;
use crate::db::{Error, Tx};

const PUT: &str = "
INSERT INTO conversation_tags (tenant_id, tag_id, state, last_activity_at, conversation_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, tag_id, state, last_activity_at, conversation_id) DO NOTHING";

const TAKE: &str = "
DELETE FROM conversation_tags
WHERE tenant_id = $1 AND tag_id = $2 AND state = $3 AND last_activity_at = $4 AND conversation_id = $5";

pub(super) fn put(tx: &mut Tx<'_>, tenant: TenantId, conversation: &Conversation) -> Result<(), Error> {
    let Some((state, at)) = place(conversation) else { return Ok(()) };
    for tag in &conversation.tags {
        tx.run(PUT, &args![tenant, tag, state.as_str(), at, conversation.id])?;
    }
    Ok(())
}

pub(super) fn move_on(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    was: &Conversation,
    is: &Conversation,
) -> Result<(), Error> {
    if was.tags == is.tags && place(was) == place(is) {
        return Ok(());
    }
    if let Some((state, at)) = place(was) {
        for tag in &was.tags {
            tx.run(TAKE, &args![tenant, tag, state.as_str(), at, was.id])?;
        }
    }
    put(tx, tenant, is)
}

/// Where it stands in the lists by tag; nowhere while it waits in the tray or when it was merged.
fn place(conversation: &Conversation) -> Option<(ConversationState, Timestamp)> {
    let is_listed = !conversation.in_tray && conversation.state != ConversationState::Merged;
    is_listed.then_some((conversation.state, conversation.last_activity_at))
}
