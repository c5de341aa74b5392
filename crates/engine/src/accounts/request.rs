//! Accounts as requests describe them, and the rules that their values keep.

use domain::failure::OnUnknown;
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use store::accounts::Account;

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

pub(super) const USUAL_WEIGHT: u32 = 100;
const MOST_WEIGHT: u32 = 1_000;
const MOST_CONCURRENT: u32 = 256;
pub(super) const USUAL_CONCURRENCY: u32 = 16;

impl AccountChange {
    /// Takes everything but the settings into an account, which has them already; gives the names of what was named.
    ///
    /// `names_sender` says that the settings named another sender.
    pub(super) fn apply(
        self,
        account: &mut Account,
        names_sender: bool,
    ) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        if let Some(name) = self.name {
            account.name = checked_name(&name)?;
            changed.push("name");
        }
        if let Some(request) = self.sender {
            let empty = Map::new();
            (account.sender_name, account.sender_address) = sender(Some(request), &empty)?;
            changed.push("sender");
        } else if names_sender && let Some(settings) = account.settings.as_object() {
            // As when it was added: the settings say who sends, unless the change says it itself.
            (account.sender_name, account.sender_address) = sender(None, settings)?;
            changed.push("sender");
        }
        if let Some(rule) = self.on_unknown {
            account.on_unknown = rule;
            changed.push("on_unknown");
        }
        if let Some(rate) = self.rate_per_second {
            account.rate_per_second = checked_rate(rate)?;
            changed.push("rate_per_second");
        }
        if let Some(concurrency) = self.concurrency {
            account.concurrency = checked_concurrency(concurrency)?;
            changed.push("concurrency");
        }
        if let Some(priority) = self.priority {
            account.priority = priority;
            changed.push("priority");
        }
        if let Some(weight) = self.weight {
            account.weight = checked_weight(weight)?;
            changed.push("weight");
        }
        if let Some(limit) = self.daily_limit {
            account.daily_limit = checked_daily_limit(limit)?;
            changed.push("daily_limit");
        }
        if let Some(enabled) = self.enabled {
            account.enabled = enabled;
            changed.push("enabled");
        }
        Ok(changed)
    }
}

/// The sender identity: given, or the `from` of the settings.
pub(super) fn sender(
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

pub(super) fn checked_name(name: &str) -> Result<String, Invalid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(Invalid::at("/name", "expected a name of 1 to 80 characters"));
    }
    Ok(name.to_owned())
}

pub(super) fn checked_weight(weight: u32) -> Result<u32, Invalid> {
    if (1..=MOST_WEIGHT).contains(&weight) {
        return Ok(weight);
    }
    Err(Invalid::at("/weight", format!("expected 1 to {MOST_WEIGHT}")))
}

pub(super) fn checked_daily_limit(limit: Option<u32>) -> Result<Option<u32>, Invalid> {
    if limit == Some(0) {
        return Err(Invalid::at(
            "/daily_limit",
            "expected at least 1; switch the account off to send nothing",
        ));
    }
    Ok(limit)
}

pub(super) fn checked_rate(rate: Option<u32>) -> Result<Option<u32>, Invalid> {
    match rate {
        Some(0 | 100_001..) => Err(Invalid::at("/rate_per_second", "expected 1 to 100000 messages a second")),
        other => Ok(other),
    }
}

pub(super) fn checked_concurrency(concurrency: u32) -> Result<u32, Invalid> {
    if (1..=MOST_CONCURRENT).contains(&concurrency) {
        return Ok(concurrency);
    }
    Err(Invalid::at("/concurrency", format!("expected 1 to {MOST_CONCURRENT}")))
}
