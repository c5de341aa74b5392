//! All senders of this process: one per channel account, found by id or chosen by channel.

use std::collections::HashMap;
use std::sync::Arc;

use domain::address::EmailAddress;
use domain::chance::Chance;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::{AccountId, TenantId};
use domain::invalid::Invalid;
use parking_lot::RwLock;

use super::routing::{self, Candidate};
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

    /// The one whose webhook address carries the secret with this hash. Every webhook asks, so it is not asked of the store.
    pub(crate) fn by_webhook(&self, provider: &str, hash: &[u8]) -> Option<Arc<Sender>> {
        let senders = self.by_id.read();
        let found = senders.values().find(|sender| {
            let link = sender.link();
            link.account.provider == provider && link.account.webhook_hash == hash
        });
        found.cloned()
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

    /// The accounts of a channel that are switched on, with how they stand now.
    pub(crate) fn candidates(&self, tenant: TenantId, channel: Channel, now: Timestamp) -> Vec<Candidate> {
        let senders = self.by_id.read();
        senders
            .values()
            .filter(|sender| sender.tenant == tenant)
            .filter_map(|sender| {
                let link = sender.link();
                let fits = link.account.channel == channel && link.account.enabled;
                fits.then(|| Candidate {
                    account: sender.id,
                    name: link.account.name.clone(),
                    standing: sender.standing(now),
                    priority: link.account.priority,
                    weight: link.account.weight,
                    sender: link.sender.clone(),
                })
            })
            .collect()
    }

    /// The account that a message goes through: the one it names, else the best of its channel (see [`routing::choose`]).
    pub(crate) fn choose(
        &self,
        tenant: TenantId,
        channel: Channel,
        named: Option<AccountId>,
        from: Option<&EmailAddress>,
        (now, chance): (Timestamp, &Chance),
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
            let sends_as = link.sender.as_ref().map(|sender| sender.address.key());
            if from.is_some_and(|from| sends_as != Some(from.key())) {
                return Err(Invalid::at("/from", "the account does not send as this address"));
            }
            return Ok(sender);
        }
        let mut candidates = self.candidates(tenant, channel, now);
        if let Some(from) = from {
            candidates.retain(|one| one.speaks_as(Some(from)));
            if candidates.is_empty() {
                let detail = format!("there is no enabled {channel} account that sends as {from}");
                return Err(Invalid::at("/from", detail));
            }
        }
        routing::choose(&candidates, |whole| chance.below(whole))
            .and_then(|chosen| self.get(tenant, chosen.account))
            .ok_or_else(|| {
                Invalid::at(
                    "/channel",
                    format!("there is no enabled {channel} account; add one under Channels"),
                )
            })
    }
}
