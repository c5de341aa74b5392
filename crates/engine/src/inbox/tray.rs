//! The tray "does this belong here?": a person says whether a stranger's message joins the thread that it claims.

use domain::access::{Permission, Principal};
use domain::event::FeedType;
use domain::ids::ConversationId;
use serde_json::json;
use store::conversations::{self, Conversation};
use store::entries::EntryKind;
use store::threads;

use super::activity;
use super::conversation_view::ConversationView;
use super::conversations::tell;
use super::rearrange::{Order, merge};
use crate::{Engine, Error, audit};

impl Engine {
    /// Settles a conversation of the tray: joined to the one it claims, or a conversation of its own. Gives where its
    /// messages are now. Letting it in is a merge, and undone as one.
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
        let order = Order::of(&self.core, principal);
        let (tenant, now, actor) = (principal.tenant, order.now, principal.actor.clone());
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
                let subject = id.to_string();
                audit::record(tx, tenant, &actor, "conversation.tray_decided", &subject, &detail, now)?;
                let home = if belongs { claimed } else { id };
                let line = json!({ "belongs": belongs });
                activity::note(tx, &order.core, tenant, home, &actor, (EntryKind::Tray, line), now)?;
                if !belongs {
                    let own = Conversation { in_tray: false, claims: None, ..stray.clone() };
                    conversations::replace(tx, tenant, &stray, &own)?;
                    tell(tx, tenant, &own, FeedType::ConversationUpdated, now)?;
                    return Ok(id);
                }
                let was = conversations::get(tx, tenant, claimed)?.ok_or(Error::NotFound("conversation"))?;
                if let Some(thread) = threads::latest_of_conversation(tx, tenant, claimed, was.channel)? {
                    // From now on this sender is part of the thread, and is let in.
                    for identity in store::contacts::identities(tx, tenant, stray.contact)? {
                        threads::join(tx, tenant, thread.id, &identity.address.to_lowercase())?;
                    }
                }
                merge(tx, &order, id, claimed)?;
                Ok(claimed)
            })
            .await?;
        self.core.feed.wake();
        self.shown(principal, home).await
    }
}
