//! Adding, changing and removing accounts. Settings are tried against the provider's own rules before anything is kept.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::event::FeedType;
use domain::failure::OnUnknown;
use domain::ids::AccountId;
use domain::invalid::Invalid;
use providers::Manifest;
use serde_json::{Map, Value, json};
use store::accounts::{self, Account, Health};
use store::feed::{self, Facts};

use super::connect::{self, seal_context};
use super::request::{
    AccountChange, NewAccount, USUAL_CONCURRENCY, USUAL_WEIGHT, checked_concurrency, checked_daily_limit,
    checked_name, checked_rate, checked_weight, sender,
};
use super::view::AccountView;
use crate::{Engine, Error, audit};

impl Engine {
    /// Adds an account and lets it send.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the setting that is wrong.
    pub async fn add_channel_account(
        &self,
        principal: &Principal,
        new: NewAccount,
    ) -> Result<AccountView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let manifest = manifest_of(&new.provider)?;
        let (tenant, id, now) = (principal.tenant, core.ids.next(), core.clock.now());
        let (settings, secrets) = split(manifest, new.settings);
        let (sender_name, sender_address) = sender(new.sender, &settings)?;
        let secret = random_secret(&core.chance.bytes::<24>());
        let context = seal_context(tenant, id);
        let account = Account {
            tenant,
            id,
            name: checked_name(&new.name)?,
            channel: manifest.channels.first().copied().unwrap_or(Channel::Email),
            provider: manifest.name.to_owned(),
            enabled: new.enabled.unwrap_or(true),
            priority: new.priority.unwrap_or(0),
            weight: checked_weight(new.weight.unwrap_or(USUAL_WEIGHT))?,
            daily_limit: checked_daily_limit(new.daily_limit)?,
            sender_name,
            sender_address,
            settings: Value::Object(settings),
            secrets_set: secrets.keys().cloned().collect(),
            secrets: core.vault.seal(&context, Value::Object(secrets).to_string().as_bytes()),
            webhook_secret: core.vault.seal(&context, secret.as_bytes()),
            webhook_hash: hash(&secret),
            on_unknown: new.on_unknown.unwrap_or(OnUnknown::Hold),
            rate_per_second: checked_rate(new.rate_per_second)?,
            concurrency: checked_concurrency(new.concurrency.unwrap_or(USUAL_CONCURRENCY))?,
            health: Health::Unchecked,
            last_error: None,
            last_error_at: None,
            last_sent_at: None,
            last_inbound_at: None,
            checked_at: None,
            created_at: now,
            updated_at: now,
        };
        connect::provider_of(core, &account)?;
        let (row, actor) = (account, principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                accounts::insert(tx, &row)?;
                let detail = json!({ "name": row.name, "provider": row.provider });
                audit::record(tx, tenant, &actor, "channel_account.created", &id.to_string(), &detail, now)?;
                tell(tx, &row, FeedType::ChannelAccountCreated)
            })
            .await?;
        connect::reload(core, tenant, id).await;
        core.feed.wake();
        self.channel_account(&principal_that_reads(principal), id).await
    }

    /// Changes an account; a stopped one is tried again.
    ///
    /// # Errors
    /// As [`Engine::add_channel_account`]; [`Error::NotFound`]; `conflict` when somebody else was faster.
    pub async fn change_channel_account(
        &self,
        principal: &Principal,
        id: AccountId,
        mut change: AccountChange,
    ) -> Result<AccountView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (tenant, now) = (principal.tenant, core.clock.now());
        let found = core.store.read(move |tx| accounts::get(tx, tenant, id)).await?;
        let mut account = found.ok_or(Error::NotFound("channel account"))?;
        let manifest = manifest_of(&account.provider)?;
        let mut changed = Vec::new();
        let names_sender = change.settings.as_ref().is_some_and(|settings| settings.contains_key("from"));
        if let Some(settings) = change.settings.take() {
            changed.extend(settings.keys().map(|name| format!("settings.{name}")));
            let all = connect::surroundings_settings(core, &account)?;
            let merged = merge(manifest, all, settings);
            let (plain, secrets) = split(manifest, merged);
            account.settings = Value::Object(plain);
            account.secrets_set = secrets.keys().cloned().collect();
            let text = Value::Object(secrets).to_string();
            account.secrets = core.vault.seal(&seal_context(tenant, id), text.as_bytes());
        }
        changed.extend(change.apply(&mut account, names_sender)?.into_iter().map(str::to_owned));
        connect::provider_of(core, &account)?;
        if account.health == Health::Stopped {
            account.health = Health::Unchecked;
        }
        // Always later than before, also when the clock stands still: a change is known by it.
        let changed_at = now.max(account.updated_at.plus(std::time::Duration::from_micros(1)));
        let as_of = std::mem::replace(&mut account.updated_at, changed_at);
        let (row, actor) = (account, principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                let current = accounts::get(tx, tenant, id)?.ok_or(Error::NotFound("channel account"))?;
                if current.updated_at != as_of {
                    let detail = "somebody else changed this account at the same time; look at it again";
                    return Err(Error::conflict("conflict", detail));
                }
                if !accounts::update(tx, &row)? {
                    return Err(Error::NotFound("channel account"));
                }
                let detail = json!({ "changed": changed });
                audit::record(tx, tenant, &actor, "channel_account.changed", &id.to_string(), &detail, now)?;
                tell(tx, &row, FeedType::ChannelAccountUpdated)
            })
            .await?;
        connect::reload(core, tenant, id).await;
        core.feed.wake();
        self.channel_account(&principal_that_reads(principal), id).await
    }

    /// Takes an account out of use. What waits for it stays and can be given to another by sending it again.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `account_in_use` while messages wait for it.
    pub async fn remove_channel_account(&self, principal: &Principal, id: AccountId) -> Result<(), Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (tenant, now, actor) = (principal.tenant, core.clock.now(), principal.actor.clone());
        core.store
            .write(tenant, move |tx| {
                let row = accounts::get(tx, tenant, id)?.ok_or(Error::NotFound("channel account"))?;
                let waiting = store::deliveries::waiting(tx, tenant, id, 1_000)?;
                if waiting > 0 {
                    let detail = format!("{waiting} messages wait for this account; let them leave or cancel them, or switch the account off instead");
                    return Err(Error::conflict("account_in_use", detail));
                }
                accounts::delete(tx, tenant, id, now)?;
                store::account_cursors::delete(tx, tenant, id)?;
                let detail = json!({ "name": row.name });
                audit::record(tx, tenant, &actor, "channel_account.deleted", &id.to_string(), &detail, now)?;
                tell(tx, &row, FeedType::ChannelAccountDeleted)
            })
            .await?;
        connect::reload(core, tenant, id).await;
        core.feed.wake();
        Ok(())
    }
}

pub(super) fn tell(tx: &mut store::Tx<'_>, account: &Account, kind: FeedType) -> Result<(), Error> {
    let facts = Facts { account_id: Some(account.id.to_string()), ..Facts::default() };
    feed::append(tx, account.tenant, kind, account.updated_at, &facts)?;
    Ok(())
}

/// Who may change an account may see what came of it.
fn principal_that_reads(principal: &Principal) -> Principal {
    Principal::system(principal.tenant)
}

fn manifest_of(name: &str) -> Result<&'static Manifest, Invalid> {
    providers::find(name).ok_or_else(|| {
        let names: Vec<&str> = providers::all().iter().map(|manifest| manifest.name).collect();
        Invalid::at("/provider", format!("expected one of {}", names.join(", ")))
    })
}

/// Parts settings from secrets. Empty secrets are not set.
fn split(manifest: &Manifest, all: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let names = manifest.secret_fields();
    let (secrets, settings): (Map<_, _>, Map<_, _>) =
        all.into_iter().filter(|(_, value)| !value.is_null()).partition(|(name, _)| names.contains(name));
    let secrets = secrets.into_iter().filter(|(_, value)| value.as_str() != Some("")).collect();
    (settings, secrets)
}

/// Lays changes over what is set. A secret left empty in a form stays as it is.
fn merge(manifest: &Manifest, all: Value, changes: Map<String, Value>) -> Map<String, Value> {
    let names = manifest.secret_fields();
    let mut merged = match all {
        Value::Object(all) => all,
        _ => Map::new(),
    };
    for (name, value) in changes {
        let is_untouched_secret = names.contains(&name) && value.as_str() == Some("");
        if value.is_null() {
            merged.remove(&name);
        } else if !is_untouched_secret {
            merged.insert(name, value);
        }
    }
    merged
}

fn random_secret(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// What the webhook secret is found by.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    net::signature::sha256_hex(secret.as_bytes()).into_bytes()
}
