//! All senders of this process: one per channel account, found by id or chosen by channel.

use std::collections::HashMap;
use std::sync::Arc;

use domain::channel::Channel;
use domain::ids::{AccountId, TenantId};
use domain::invalid::Invalid;
use parking_lot::RwLock;

use super::sender::Sender;

/// The senders, by tenant and account.
#[derive(Default)]
pub(crate) struct Senders {
    by_id: RwLock<HashMap<(TenantId, AccountId), Arc<Sender>>>,
}

impl Senders {
    pub(crate) fn get(&self, tenant: TenantId, account: AccountId) -> Option<Arc<Sender>> {
        self.by_id.read().get(&(tenant, account)).cloned()
    }

    pub(crate) fn insert(&self, sender: Arc<Sender>) {
        self.by_id.write().insert((sender.tenant, sender.id), sender);
    }

    pub(crate) fn remove(&self, tenant: TenantId, account: AccountId) -> Option<Arc<Sender>> {
        self.by_id.write().remove(&(tenant, account))
    }

    pub(crate) fn all(&self) -> Vec<Arc<Sender>> {
        self.by_id.read().values().cloned().collect()
    }

    /// The channel of a message that names none: that of the account it names; else email, unless there are only accounts
    /// of one other channel.
    pub(crate) fn usual_channel(&self, tenant: TenantId, named: Option<AccountId>) -> Channel {
        if let Some(sender) = named.and_then(|id| self.get(tenant, id)) {
            return sender.link().account.channel;
        }
        let senders = self.by_id.read();
        let mut channels: Vec<Channel> = Vec::new();
        for sender in senders.values().filter(|sender| sender.tenant == tenant) {
            let link = sender.link();
            if link.account.enabled && !channels.contains(&link.account.channel) {
                channels.push(link.account.channel);
            }
        }
        match channels[..] {
            [only] => only,
            _ => Channel::Email,
        }
    }

    /// The account that a message goes through: the one it names, else the best of its channel.
    ///
    /// Accounts that work go first, then the lowest priority number, then the oldest.
    pub(crate) fn choose(
        &self,
        tenant: TenantId,
        channel: Channel,
        named: Option<AccountId>,
    ) -> Result<Arc<Sender>, Invalid> {
        if let Some(id) = named {
            let sender = self
                .get(tenant, id)
                .ok_or_else(|| Invalid::at("/account", "there is no account with this id"))?;
            let link = sender.link();
            if link.account.channel != channel {
                let detail =
                    format!("this account is for {}, the message for {channel}", link.account.channel);
                return Err(Invalid::at("/account", detail));
            }
            if !link.account.enabled {
                return Err(Invalid::at(
                    "/account",
                    "this account is switched off; switch it on or choose another",
                ));
            }
            return Ok(sender);
        }
        let senders = self.by_id.read();
        senders
            .values()
            .filter(|sender| sender.tenant == tenant)
            .filter_map(|sender| {
                let link = sender.link();
                let fits = link.account.channel == channel && link.account.enabled;
                fits.then(|| ((!sender.is_usable(), link.account.priority, sender.id), sender))
            })
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, sender)| Arc::clone(sender))
            .ok_or_else(|| {
                Invalid::at(
                    "/channel",
                    format!("there is no enabled {channel} account; add one under Channels"),
                )
            })
    }
}
