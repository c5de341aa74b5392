//! The tray "does this belong here?": a person says whether a stranger's message joins the thread that it claims.

use domain::access::{Permission, Principal};
use domain::event::FeedType;
use domain::ids::ConversationId;
use serde_json::json;
use store::conversations::{self, Conversation};
use store::{messages, threads};

use super::conversations::{ConversationView, tell};
use crate::{Engine, Error, audit};

impl Engine {
    /// Settles a conversation of the tray: joined to the one it claims, or a conversation of its own. Gives where its
    /// messages are now.
    ///
    /// # Errors
    /// `not_in_tray` when it does not wait for this (any more); [`Error::NotFound`].
    pub async fn decide_tray(
        &self,
        principal: &Principal,
        id: ConversationId,
        belongs: bool,
    ) -> Result<ConversationView, Error> {
        principal.require(Permission::ConversationsWrite)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let home = self
            .core
            .store
            .write(tenant, move |tx| {
                let stray = conversations::get(tx, tenant, id)?.ok_or(Error::NotFound("conversation"))?;
                let Some(claimed) = stray.claims.filter(|_| stray.in_tray) else {
                    return Err(Error::conflict(
                        "not_in_tray",
                        "this conversation does not wait in the tray",
                    ));
                };
                let detail = json!({ "belongs": belongs, "claims_conversation_id": claimed });
                audit::record(
                    tx,
                    tenant,
                    &actor,
                    "conversation.tray_decided",
                    &id.to_string(),
                    &detail,
                    now,
                )?;
                if !belongs {
                    let own = Conversation { in_tray: false, claims: None, ..stray.clone() };
                    conversations::replace(tx, tenant, &stray, &own)?;
                    tell(tx, tenant, &own, FeedType::ConversationUpdated, now)?;
                    return Ok(id);
                }
                let was = conversations::get(tx, tenant, claimed)?.ok_or(Error::NotFound("conversation"))?;
                let participant = store::contacts::identities(tx, tenant, stray.contact)?;
                let is = joined(&was, &stray);
                messages::move_all(tx, tenant, id, claimed)?;
                if let Some(thread) = threads::latest_of_conversation(tx, tenant, claimed, was.channel)? {
                    // From now on this sender is part of the thread, and is let in.
                    for identity in participant {
                        threads::join(tx, tenant, thread.id, &identity.address.to_lowercase())?;
                    }
                }
                threads::move_all(tx, tenant, id, claimed)?;
                conversations::replace(tx, tenant, &was, &is)?;
                conversations::reclaim(tx, tenant, id, claimed)?;
                conversations::delete_emptied(tx, tenant, &stray)?;
                tell(tx, tenant, &stray, FeedType::ConversationUpdated, now)?;
                tell(tx, tenant, &is, FeedType::ConversationUpdated, now)?;
                Ok(claimed)
            })
            .await?;
        self.core.feed.wake();
        self.conversation(&Principal::system(tenant), home).await
    }
}

fn joined(was: &Conversation, stray: &Conversation) -> Conversation {
    let newer = stray.last_activity_at > was.last_activity_at;
    Conversation {
        state: was.state.after_inbound(),
        unread: was.unread + stray.unread,
        message_count: was.message_count + stray.message_count,
        last_message: if newer { stray.last_message } else { was.last_message },
        last_direction: if newer { stray.last_direction } else { was.last_direction },
        last_preview: if newer { stray.last_preview.clone() } else { was.last_preview.clone() },
        last_activity_at: was.last_activity_at.max(stray.last_activity_at),
        ..was.clone()
    }
}
