//! Adding, changing and removing accounts. Settings are tried against the provider's own rules before anything is kept.

use domain::access::{Permission, Principal};
use domain::channel::Channel;
use domain::event::FeedType;
use domain::failure::OnUnknown;
use domain::ids::AccountId;
use domain::invalid::Invalid;
use providers::Manifest;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::accounts::{self, Account, Health};
use store::feed::{self, Facts};

use super::connect::{self, seal_context};
use super::view::AccountView;
use crate::{Engine, Error, audit};

/// What a new account is made of.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// What people call it.
    pub name: String,
    /// The provider's name, as in `GET /v1/providers`.
    pub provider: String,
    /// Who messages come from.
    #[serde(default)]
    pub sender: Option<SenderRequest>,
    /// The provider's settings, secrets among them.
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(default)]
    pub on_unknown: Option<OnUnknown>,
    #[serde(default)]
    pub rate_per_second: Option<u32>,
    #[serde(default)]
    pub concurrency: Option<u32>,
    /// Lower goes first; 0 unless given.
    #[serde(default)]
    pub priority: Option<i64>,
    /// The part of the messages that it gets among accounts of equal priority: 1 to 1000, 100 unless given.
    #[serde(default)]
    pub weight: Option<u32>,
    /// The most messages of one day (UTC). What is beyond goes through other accounts, or waits for the next day.
    #[serde(default)]
    pub daily_limit: Option<u32>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// A sender identity as it is written in requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SenderRequest {
    #[serde(default)]
    pub name: Option<String>,
    pub address: String,
}

/// What changes of an account; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub sender: Option<SenderRequest>,
    /// Settings to change. A secret that is absent or empty stays as it is; `null` removes it.
    #[serde(default)]
    pub settings: Option<Map<String, Value>>,
    #[serde(default)]
    pub on_unknown: Option<OnUnknown>,
    /// Messages a second at the most; `null` lifts the limit.
    #[serde(default, deserialize_with = "crate::patch::present")]
    #[schemars(with = "Option<u32>")]
    pub rate_per_second: Option<Option<u32>>,
    #[serde(default)]
    pub concurrency: Option<u32>,
    #[serde(default)]
    pub priority: Option<i64>,
    /// 1 to 1000.
    #[serde(default)]
    pub weight: Option<u32>,
    /// Messages a day (UTC) at the most; `null` lifts the limit.
    #[serde(default, deserialize_with = "crate::patch::present")]
    #[schemars(with = "Option<u32>")]
    pub daily_limit: Option<Option<u32>>,
    #[serde(default)]
    pub enabled: Option<bool>,
}

const USUAL_WEIGHT: u32 = 100;
const MOST_WEIGHT: u32 = 1_000;
const MOST_CONCURRENT: u32 = 256;
const USUAL_CONCURRENCY: u32 = 16;

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
        change: AccountChange,
    ) -> Result<AccountView, Error> {
        principal.require(Permission::ChannelsWrite)?;
        let core = &self.core;
        let (tenant, now) = (principal.tenant, core.clock.now());
        let found = core.store.read(move |tx| accounts::get(tx, tenant, id)).await?;
        let mut account = found.ok_or(Error::NotFound("channel account"))?;
        let manifest = manifest_of(&account.provider)?;
        let mut changed = Vec::new();
        let names_sender = change.settings.as_ref().is_some_and(|settings| settings.contains_key("from"));
        if let Some(settings) = change.settings {
            changed.extend(settings.keys().map(|name| format!("settings.{name}")));
            let all = connect::surroundings_settings(core, &account)?;
            let merged = merge(manifest, all, settings);
            let (plain, secrets) = split(manifest, merged);
            account.settings = Value::Object(plain);
            account.secrets_set = secrets.keys().cloned().collect();
            let text = Value::Object(secrets).to_string();
            account.secrets = core.vault.seal(&seal_context(tenant, id), text.as_bytes());
        }
        if let Some(name) = change.name {
            account.name = checked_name(&name)?;
            changed.push("name".to_owned());
        }
        if let Some(request) = change.sender {
            let empty = Map::new();
            (account.sender_name, account.sender_address) = sender(Some(request), &empty)?;
            changed.push("sender".to_owned());
        } else if names_sender && let Some(settings) = account.settings.as_object() {
            // As when it was added: the settings say who sends, unless the change says it itself.
            (account.sender_name, account.sender_address) = sender(None, settings)?;
            changed.push("sender".to_owned());
        }
        if let Some(rule) = change.on_unknown {
            account.on_unknown = rule;
            changed.push("on_unknown".to_owned());
        }
        if let Some(rate) = change.rate_per_second {
            account.rate_per_second = checked_rate(rate)?;
            changed.push("rate_per_second".to_owned());
        }
        if let Some(concurrency) = change.concurrency {
            account.concurrency = checked_concurrency(concurrency)?;
            changed.push("concurrency".to_owned());
        }
        if let Some(priority) = change.priority {
            account.priority = priority;
            changed.push("priority".to_owned());
        }
        if let Some(weight) = change.weight {
            account.weight = checked_weight(weight)?;
            changed.push("weight".to_owned());
        }
        if let Some(limit) = change.daily_limit {
            account.daily_limit = checked_daily_limit(limit)?;
            changed.push("daily_limit".to_owned());
        }
        if let Some(enabled) = change.enabled {
            account.enabled = enabled;
            changed.push("enabled".to_owned());
        }
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

/// The sender identity: given, or the `from` of the settings.
fn sender(
    given: Option<SenderRequest>,
    settings: &Map<String, Value>,
) -> Result<(Option<String>, Option<String>), Invalid> {
    let (name, address, pointer) = match given {
        Some(request) => (request.name, request.address, "/sender/address"),
        None => match settings.get("from").and_then(Value::as_str) {
            Some(from) => (None, from.to_owned(), "/settings/from"),
            None => return Ok((None, None)),
        },
    };
    let mut mailbox: domain::address::Mailbox = address
        .parse()
        .map_err(|error: domain::address::NotAnAddress| Invalid::at(pointer, error.to_string()))?;
    if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
        if name.chars().any(char::is_control) {
            return Err(Invalid::at("/sender/name", "expected one line without control characters"));
        }
        mailbox.name = Some(name);
    }
    Ok((mailbox.name, Some(mailbox.address.to_string())))
}

fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Invalid::at("/name", "expected a name of 1 to 80 characters"));
    }
    Ok(name.to_owned())
}

fn checked_weight(weight: u32) -> Result<u32, Invalid> {
    if (1..=MOST_WEIGHT).contains(&weight) {
        return Ok(weight);
    }
    Err(Invalid::at("/weight", format!("expected 1 to {MOST_WEIGHT}")))
}

fn checked_daily_limit(limit: Option<u32>) -> Result<Option<u32>, Invalid> {
    if limit == Some(0) {
        return Err(Invalid::at(
            "/daily_limit",
            "expected at least 1; switch the account off to send nothing",
        ));
    }
    Ok(limit)
}

fn checked_rate(rate: Option<u32>) -> Result<Option<u32>, Invalid> {
    match rate {
        Some(0 | 100_001..) => Err(Invalid::at("/rate_per_second", "expected 1 to 100000 messages a second")),
        other => Ok(other),
    }
}

fn checked_concurrency(concurrency: u32) -> Result<u32, Invalid> {
    if (1..=MOST_CONCURRENT).contains(&concurrency) {
        return Ok(concurrency);
    }
    Err(Invalid::at("/concurrency", format!("expected 1 to {MOST_CONCURRENT}")))
}

fn random_secret(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// What the webhook secret is found by.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    net::signature::sha256_hex(secret.as_bytes()).into_bytes()
}
