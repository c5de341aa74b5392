//! `chancery channel`: the accounts that messages go through, and the addresses that take mail in.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::failure::OnUnknown;
use domain::ids::AccountId;
use engine::accounts::{AccountChange, AccountView, NewAccount, NewRoute};
use serde_json::{Map, Value, json};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Channel {
    /// Add an account of a provider
    Add(Add),
    /// Change an account; what is not named stays as it is
    Change(Change),
    /// List accounts
    List {
        #[arg(long)]
        json: bool,
    },
    /// Try an account without sending anything
    Check {
        id: AccountId,
        #[arg(long)]
        json: bool,
    },
    /// Remove an account
    Remove { id: AccountId },
    /// List the providers and their settings
    Providers {
        #[arg(long)]
        json: bool,
    },
    /// Take mail for an address (support@example.com) or a domain (@example.com) over the SMTP listener
    Route {
        address: String,
        /// The account whose conversations these are
        #[arg(long)]
        account: Option<AccountId>,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    /// The provider: see `chancery channel providers`
    provider: String,
    /// What people call the account
    #[arg(long)]
    name: String,
    /// A setting of the provider, such as host=smtp.example.com; repeat it. A value of - is read from standard input
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// What to do when it is not known whether a message was sent: hold or resend
    #[arg(long)]
    on_unknown: Option<OnUnknown>,
    /// Requests to the provider at the same time
    #[arg(long)]
    concurrency: Option<u32>,
    /// Messages a second at the most
    #[arg(long)]
    rate_per_second: Option<u32>,
    #[command(flatten)]
    routing: Routing,
    #[arg(long)]
    json: bool,
}

/// How the messages of a channel are shared out among its accounts.
#[derive(Debug, Args)]
struct Routing {
    /// Lower goes first; accounts of equal priority share
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i64>,
    /// The part of the messages that it gets among accounts of equal priority, 1 to 1000
    #[arg(long)]
    weight: Option<u32>,
    /// Messages a day (UTC) at the most
    #[arg(long)]
    daily_limit: Option<u32>,
}

#[derive(Debug, Args)]
pub struct Change {
    id: AccountId,
    #[arg(long)]
    name: Option<String>,
    /// A setting of the provider to change; repeat it. A value of - is read from standard input
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// What to do when it is not known whether a message was sent: hold or resend
    #[arg(long)]
    on_unknown: Option<OnUnknown>,
    /// Requests to the provider at the same time
    #[arg(long)]
    concurrency: Option<u32>,
    /// Messages a second at the most
    #[arg(long, conflicts_with = "no_rate_limit")]
    rate_per_second: Option<u32>,
    /// As many messages a second as the provider takes
    #[arg(long)]
    no_rate_limit: bool,
    #[command(flatten)]
    routing: Routing,
    /// As many messages a day as there are
    #[arg(long, conflicts_with = "daily_limit")]
    no_daily_limit: bool,
    /// Switch it on
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Switch it off: what waits for it goes through others, or waits
    #[arg(long)]
    disable: bool,
    #[arg(long)]
    json: bool,
}

impl Channel {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| match self {
            Channel::Add(add) => add.run(engine).await,
            Channel::Change(change) => change.run(engine).await,
            Channel::List { json } => {
                for account in engine.channel_accounts(&operator()).await? {
                    output::result(json, &account, &summary(&account))?;
                }
                Ok(())
            }
            Channel::Check { id, json } => {
                let checked = engine.check_channel_account(&operator(), id).await?;
                let mut lines = String::new();
                for step in &checked.steps {
                    let mark = if step.ok { "ok    " } else { "FAILED" };
                    lines.push_str(&format!("{mark}  {}: {}\n", step.name, step.detail));
                }
                output::result(json, &checked, lines.trim_end())?;
                anyhow::ensure!(checked.ok, "the account does not work yet");
                Ok(())
            }
            Channel::Remove { id } => {
                engine.remove_channel_account(&operator(), id).await?;
                output::line("removed")
            }
            Channel::Providers { json } => {
                for provider in engine::accounts::catalogue() {
                    let names: Vec<&String> =
                        provider.schema["properties"].as_object().into_iter().flat_map(Map::keys).collect();
                    let line = format!("{}: {}\n    settings: {names:?}", provider.name, provider.summary);
                    output::result(json, &provider, &line)?;
                }
                Ok(())
            }
            Channel::Route { address, account, json } => {
                let route =
                    engine.add_inbound_route(&operator(), NewRoute { address, account_id: account }).await?;
                output::result(json, &route, &format!("mail for {} is taken in", route.address))
            }
        })
        .await
    }
}

impl Add {
    async fn run(mut self, engine: &engine::Engine) -> anyhow::Result<()> {
        let mut settings = Map::new();
        for pair in &std::mem::take(&mut self.set) {
            let (key, value) = pair.split_once('=').with_context(|| {
                format!("--set {pair}: expected KEY=VALUE, such as host=smtp.example.com")
            })?;
            let value = given(value)?;
            // Whoever sets everything by --set need not know which settings are the provider's.
            match key {
                "on_unknown" => {
                    self.on_unknown = Some(value.parse().with_context(|| format!("--set {pair}"))?);
                }
                "concurrency" => {
                    self.concurrency = Some(value.parse().with_context(|| format!("--set {pair}"))?);
                }
                "rate_per_second" => {
                    self.rate_per_second = Some(value.parse().with_context(|| format!("--set {pair}"))?);
                }
                _ => {
                    settings.insert(key.to_owned(), Value::String(value));
                }
            }
        }
        let new = NewAccount {
            name: self.name,
            provider: self.provider,
            sender: None,
            settings,
            on_unknown: self.on_unknown,
            rate_per_second: self.rate_per_second,
            concurrency: self.concurrency,
            priority: self.routing.priority,
            weight: self.routing.weight,
            daily_limit: self.routing.daily_limit,
            enabled: None,
        };
        let account = engine.add_channel_account(&operator(), new).await?;
        let value = json!({ "id": account.id, "webhook_url": account.webhook_url });
        let hook =
            account.webhook_url.as_ref().map(|url| format!("\nwebhook address: {url}")).unwrap_or_default();
        output::result(self.json, &value, &format!("added {}{hook}", account.id))
    }
}

impl Change {
    async fn run(self, engine: &engine::Engine) -> anyhow::Result<()> {
        let mut settings = Map::new();
        for pair in &self.set {
            let (key, value) = pair.split_once('=').with_context(|| {
                format!("--set {pair}: expected KEY=VALUE, such as host=smtp.example.com")
            })?;
            settings.insert(key.to_owned(), Value::String(given(value)?));
        }
        let change = AccountChange {
            name: self.name,
            sender: None,
            settings: (!settings.is_empty()).then_some(settings),
            on_unknown: self.on_unknown,
            rate_per_second: self.rate_per_second.map(Some).or(self.no_rate_limit.then_some(None)),
            concurrency: self.concurrency,
            priority: self.routing.priority,
            weight: self.routing.weight,
            daily_limit: self.routing.daily_limit.map(Some).or(self.no_daily_limit.then_some(None)),
            enabled: self.enable.then_some(true).or(self.disable.then_some(false)),
        };
        let account = engine.change_channel_account(&operator(), self.id, change).await?;
        output::result(self.json, &account, &summary(&account))
    }
}

/// The value of a setting; `-` asks for it, so that it stands in no history of commands.
fn given(value: &str) -> anyhow::Result<String> {
    if value == "-" { Ok(super::setup::password(true)?.reveal().clone()) } else { Ok(value.to_owned()) }
}

fn summary(account: &AccountView) -> String {
    let state = if account.enabled { account.health.state.as_str() } else { "off" };
    format!("{}  {}  {state}  {}", account.id, account.provider, account.name)
}
