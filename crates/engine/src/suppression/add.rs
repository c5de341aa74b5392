//! An address put on the suppression list by hand, with the reason in somebody's words.

use domain::access::{Actor, ActorKind, Permission, Principal};
use domain::channel::Channel;
use domain::contact::{self, address_key};
use domain::event::FeedType;
use domain::invalid::Invalid;
use domain::suppression::SuppressionReason;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::suppressions::{self, Suppression};

use super::learn::tell;
use super::view::{SuppressionView, view};
use crate::inbox::House;
use crate::{Engine, Error, audit};

/// Characters of a reason.
pub(super) const LONGEST_DETAIL: usize = 1_000;

/// An entry to add.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuppression {
    /// `email` when absent.
    #[serde(default)]
    pub channel: Option<Channel>,
    pub address: String,
    /// `manual` when absent.
    #[serde(default)]
    pub reason: Option<SuppressionReason>,
    /// Why, in your words.
    pub detail: String,
}

impl Engine {
    /// Puts an address on the list.
    ///
    /// # Errors
    /// `already_suppressed` when the address has an entry for this reason; [`Error::Invalid`]; missing permission.
    pub async fn add_suppression(
        &self,
        principal: &Principal,
        new: NewSuppression,
    ) -> Result<SuppressionView, Error> {
        principal.require(Permission::ContactsWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let channel = new.channel.unwrap_or(Channel::Email);
        let entry = Suppression {
            id: self.core.ids.next(),
            channel,
            address: checked_address(channel, &new.address)?,
            reason: new.reason.unwrap_or(SuppressionReason::Manual),
            detail: checked_words("/detail", &new.detail)?,
            code: None,
            source: source_of(&principal.actor).to_owned(),
            message: None,
            account: None,
            added_by: Some(principal.actor.clone()),
            created_at: now,
            contact: None,
        };
        let by = principal.clone();
        let added = self
            .core
            .store
            .write(tenant, move |tx| {
                if !suppressions::insert(tx, tenant, &entry)? {
                    let key = address_key(&entry.address);
                    let there = suppressions::of_addresses(tx, tenant, channel, &[key])?;
                    let known = there.iter().find(|known| known.reason == entry.reason);
                    let id = known.map(|known| known.id.to_string()).unwrap_or_default();
                    let detail = format!("{} is on the list for this reason already: {id}", entry.address);
                    return Err(Error::conflict("already_suppressed", detail));
                }
                let said = json!({ "address": entry.address, "channel": entry.channel, "reason": entry.reason, "detail": entry.detail });
                audit::record(tx, tenant, &by.actor, "suppression.added", &entry.id.to_string(), &said, now)?;
                tell(tx, tenant, FeedType::SuppressionAdded, &entry, now)?;
                let added = suppressions::get(tx, tenant, entry.id)?.ok_or(Error::NotFound("suppression"))?;
                Ok::<_, Error>(view(added, &House::read(tx, &by)?))
            })
            .await?;
        self.core.feed.wake();
        Ok(added)
    }
}

/// The word for whoever adds an entry.
pub(super) fn source_of(actor: &Actor) -> &'static str {
    match actor.kind {
        ActorKind::User => "person",
        ActorKind::Key => "api",
        ActorKind::System => "chancery",
    }
}

pub(super) fn checked_address(channel: Channel, text: &str) -> Result<String, Invalid> {
    contact::address(channel, text).map_err(|unfit| Invalid::at("/address", unfit.to_string()))
}

/// What somebody gives as a reason: something, and not a book.
pub(super) fn checked_words(pointer: &str, text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_DETAIL {
        let detail = format!("expected a reason in words, of at most {LONGEST_DETAIL} characters");
        return Err(Invalid::at(pointer, detail));
    }
    Ok(text.to_owned())
}
