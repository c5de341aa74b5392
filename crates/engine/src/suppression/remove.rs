//! An address taken off the suppression list again, with the reason in somebody's words.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::event::FeedType;
use domain::ids::SuppressionId;
use serde_json::json;
use store::suppressions;

use super::add::checked_words;
use super::learn::tell;
use super::tell_provider;
use crate::{Engine, Error, audit};

impl Engine {
    /// Takes an entry off the list; other entries of the address stay.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] without a reason; missing permission.
    pub async fn remove_suppression(
        &self,
        principal: &Principal,
        id: SuppressionId,
        reason: &str,
    ) -> Result<(), Error> {
        principal.require(Permission::ContactsWrite)?;
        let reason = checked_words("/reason", reason)?;
        let (tenant, now, actor) = (principal.tenant, self.core.clock.now(), principal.actor.clone());
        let core = Arc::clone(&self.core);
        self.core
            .store
            .write(tenant, move |tx| {
                let entry = suppressions::get(tx, tenant, id)?.ok_or(Error::NotFound("suppression"))?;
                suppressions::delete(tx, tenant, id)?;
                tell_provider::schedule(tx, &core, tenant, &entry, now)?;
                // The entry itself is gone; what it said stays in the audit log.
                let said = json!({
                    "address": entry.address,
                    "channel": entry.channel,
                    "reason": entry.reason,
                    "detail": entry.detail,
                    "source": entry.source,
                    "since": entry.created_at,
                    "removed_because": reason,
                });
                audit::record(tx, tenant, &actor, "suppression.removed", &id.to_string(), &said, now)?;
                tell(tx, tenant, FeedType::SuppressionRemoved, &entry, now)
            })
            .await?;
        self.core.feed.wake();
        self.core.jobs.look_again();
        Ok(())
    }
}
