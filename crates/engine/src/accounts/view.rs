//! A channel account as people and programs see it: never with a secret.

use domain::access::{Permission, Principal};
use domain::address::Mailbox;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::OnUnknown;
use domain::ids::AccountId;
use schemars::JsonSchema;
use serde::Serialize;
use store::accounts::{self, Account, Health};

use super::places::Places;
use crate::core::Core;
use crate::send::Role;
use crate::{Engine, Error};

/// One channel account.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChannelAccount")]
pub struct AccountView {
    pub id: AccountId,
    pub name: String,
    pub channel: Channel,
    pub provider: String,
    pub enabled: bool,
    /// Lower goes first.
    pub priority: i64,
    /// The part of the messages that it gets among accounts of equal priority.
    pub weight: u32,
    /// The most messages of one day (UTC).
    pub daily_limit: Option<u32>,
    pub sender: Option<Mailbox>,
    /// The provider's settings without secrets.
    pub settings: serde_json::Value,
    /// The names of the secrets that are set.
    pub secrets_set: Vec<String>,
    pub on_unknown: OnUnknown,
    pub rate_per_second: Option<u32>,
    /// Requests to the provider at the same time.
    pub concurrency: u32,
    pub health: HealthView,
    pub routing: RoutingView,
    /// Where the provider sends its webhooks; none when it has none.
    pub webhook_url: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Whether messages go through an account at the moment, as the process that answers knows it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChannelAccountRouting")]
pub struct RoutingView {
    pub usable: bool,
    /// When it is tried again by itself.
    pub paused_until: Option<Timestamp>,
    /// Why it is not used, in words.
    pub why: Option<String>,
    /// Its place among the accounts of its channel, counted from 1: new messages ask them in this order. Those that are
    /// switched off come last.
    pub place: u32,
    /// What it does among them; none when it is switched off.
    pub turn: Option<TurnView>,
}

/// What an account does among those of its channel.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChannelAccountTurn")]
pub struct TurnView {
    pub role: Role,
    /// Its part, in percent, of what goes to accounts of its priority; none when it has no equals there.
    pub share: Option<u32>,
    /// The names of those that it stands in for.
    pub after: Vec<String>,
    /// All of that as one line.
    pub words: String,
}

/// How an account does.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ChannelAccountHealth")]
pub struct HealthView {
    pub state: Health,
    /// The provider's words.
    pub last_error: Option<String>,
    pub last_error_at: Option<Timestamp>,
    pub last_sent_at: Option<Timestamp>,
    pub last_inbound_at: Option<Timestamp>,
    /// Messages sent today (UTC); counted about once a second.
    pub sent_today: i64,
    /// Webhooks refused today (UTC): forged, too old, or signed with a key that is not in the settings.
    pub refused_webhooks_today: i64,
}

impl Engine {
    /// All accounts of the tenant.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn channel_accounts(&self, principal: &Principal) -> Result<Vec<AccountView>, Error> {
        principal.require(Permission::ChannelsRead)?;
        let tenant = principal.tenant;
        let (rows, counters) = self
            .core
            .store
            .read(move |tx| {
                let rows = accounts::list(tx, tenant)?;
                let mut counters = store::counters::with_prefix(tx, tenant, "sent.")?;
                counters.extend(store::counters::with_prefix(tx, tenant, "refused.")?);
                Ok::<_, Error>((rows, counters))
            })
            .await?;
        let places = Places::of(&self.core, &rows);
        Ok(rows.into_iter().map(|row| view(&self.core, row, &counters, &places)).collect())
    }

    /// One account.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Engine::channel_accounts`].
    pub async fn channel_account(&self, principal: &Principal, id: AccountId) -> Result<AccountView, Error> {
        let all = self.channel_accounts(principal).await?;
        all.into_iter().find(|account| account.id == id).ok_or(Error::NotFound("channel account"))
    }
}

fn view(core: &Core, row: Account, counters: &[(String, i64)], places: &Places) -> AccountView {
    let now = core.clock.now();
    let outlook = core.senders.get(row.tenant, row.id).map(|sender| sender.outlook(now));
    let (usable, paused_until, why) = outlook.map_or_else(
        || (false, None, Some("it is not connected yet".to_owned())),
        |outlook| (outlook.usable, outlook.paused_until, outlook.why),
    );
    let (place, turn) = places.of_account(row.id);
    let routing = RoutingView { usable, paused_until, why, place, turn };
    let count_of =
        |today: String| counters.iter().find(|(name, _)| *name == today).map_or(0, |(_, count)| *count);
    let sent_today = count_of(crate::send::sent_counter(row.id, now));
    let refused_webhooks_today = count_of(crate::receive::refused_counter(row.id, now));
    let webhook_url = webhook_url(core, &row);
    let address = row.sender_address.as_deref().and_then(|address| address.parse().ok());
    AccountView {
        id: row.id,
        name: row.name,
        channel: row.channel,
        provider: row.provider,
        enabled: row.enabled,
        priority: row.priority,
        weight: row.weight,
        daily_limit: row.daily_limit,
        routing,
        sender: address.map(|address| Mailbox { name: row.sender_name, address }),
        settings: row.settings,
        secrets_set: row.secrets_set,
        on_unknown: row.on_unknown,
        rate_per_second: row.rate_per_second,
        concurrency: row.concurrency,
        health: HealthView {
            state: row.health,
            last_error: row.last_error,
            last_error_at: row.last_error_at,
            last_sent_at: row.last_sent_at,
            last_inbound_at: row.last_inbound_at,
            sent_today,
            refused_webhooks_today,
        },
        webhook_url,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn webhook_url(core: &Core, row: &Account) -> Option<String> {
    let capabilities = &providers::find(&row.provider)?.capabilities;
    if !capabilities.delivery_events && !capabilities.inbound {
        return None;
    }
    let opened =
        core.vault.open(&super::connect::seal_context(row.tenant, row.id), &row.webhook_secret).ok()?;
    let secret = String::from_utf8(opened).ok()?;
    Some(format!("{}/hooks/{}/{secret}", core.options.public_url, row.provider))
}
