//! The settings of a Mailgun account: a key, a domain, and the region in which the domain is.

use std::time::Duration;

use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;

use crate::settings;
use crate::webhook::Secrets;

const DEFAULT_TIMEOUT_SECONDS: u16 = 30;
/// The vendor says that events become findable in no fixed order and to trust only what is half an hour old.
pub(super) const DEFAULT_INDEX_DELAY_SECONDS: u32 = 1_800;
/// Webhooks are repeated for eight hours, and nothing says that a repeated one is signed anew.
const DEFAULT_REPLAY_WINDOW_SECONDS: u32 = 43_200;

/// A key, a domain and how to use them.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct MailgunSettings {
    /// An API key of the account, or the sending key of the domain. Only the account's key can ask for events, check the
    /// domain and fetch stored mail.
    #[schemars(title = "API key", extend("x-order" = 1))]
    pub api_key: Secret,
    /// The domain that is set up at Mailgun, for example `mg.example.com`.
    #[schemars(title = "Domain", extend("x-order" = 2))]
    pub domain: String,
    /// Where the domain was set up. In the other region it is not found.
    #[schemars(title = "Region", extend("x-order" = 3), default = "default_region")]
    pub region: Option<Region>,
    /// The sender of messages that name none, for example `Support <support@mg.example.com>`.
    #[schemars(title = "Sender", extend("x-order" = 4))]
    pub from: Option<String>,
    /// The HTTP webhook signing key, from Settings > API security. Without it webhooks and received mail are refused.
    #[schemars(title = "Webhook signing key", extend("x-order" = 5))]
    pub webhook_signing_key: Option<Secret>,
    /// The signing key before, which stays right while it is changed over.
    #[schemars(title = "Earlier signing key", extend("x-order" = 6))]
    pub previous_webhook_signing_key: Option<Secret>,
    /// Test mode: Mailgun takes and bills messages and tells of events, but delivers nothing.
    #[schemars(title = "Test mode", extend("x-order" = 7), default = "default_sandbox")]
    pub sandbox: Option<bool>,
    /// Another place of the API than the region's.
    #[schemars(title = "Base URL", extend("x-order" = 8))]
    pub base_url: Option<String>,
    /// How long to wait for an answer, in seconds. Past it nobody knows whether the message was taken.
    #[schemars(title = "Time-out", extend("x-order" = 9), range(min = 1, max = 300), default = "default_timeout")]
    pub timeout_seconds: Option<u16>,
    /// How long Mailgun may take, in seconds, until a message can be found among its events. A message of unknown outcome
    /// counts as not taken only when it cannot be found after this time.
    #[schemars(title = "Search delay", extend("x-order" = 10), range(min = 60, max = 86400), default = "default_index_delay")]
    pub index_delay_seconds: Option<u32>,
    /// How old the signature of a webhook may be, in seconds. Each is good once, whatever its age.
    #[schemars(title = "Replay window", extend("x-order" = 11), range(min = 60, max = 604800), default = "default_replay_window")]
    pub replay_window_seconds: Option<u32>,
}

/// Where a domain was set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Region {
    /// `https://api.mailgun.net`.
    Us,
    /// `https://api.eu.mailgun.net`.
    Eu,
}

impl Region {
    fn base_url(self) -> &'static str {
        match self {
            Region::Us => "https://api.mailgun.net",
            Region::Eu => "https://api.eu.mailgun.net",
        }
    }
}

fn default_region() -> Option<Region> {
    Some(Region::Us)
}

fn default_sandbox() -> Option<bool> {
    Some(false)
}

fn default_timeout() -> Option<u16> {
    Some(DEFAULT_TIMEOUT_SECONDS)
}

fn default_index_delay() -> Option<u32> {
    Some(DEFAULT_INDEX_DELAY_SECONDS)
}

fn default_replay_window() -> Option<u32> {
    Some(DEFAULT_REPLAY_WINDOW_SECONDS)
}

/// The settings, read and found good.
pub(super) struct Account {
    pub api_key: Secret,
    pub domain: String,
    pub signing_keys: Secrets,
    pub sandbox: bool,
    /// Without a slash at the end.
    pub base_url: String,
    pub timeout: Duration,
    pub index_delay: Duration,
    pub replay_window: Duration,
}

/// Reads the settings.
///
/// # Errors
/// Every fault with its pointer.
pub(super) fn read(given: serde_json::Value) -> Result<Account, Invalid> {
    let read: MailgunSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    if !read.api_key.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        faults.note("/settings/api_key", "expected a key such as key-0123456789abcdef0123456789abcdef");
    }
    let domain = read.domain.trim().to_ascii_lowercase();
    if !is_domain(&domain) {
        faults.note("/settings/domain", "expected a domain such as mg.example.com");
    }
    let given = read.base_url.unwrap_or_else(|| read.region.unwrap_or(Region::Us).base_url().to_owned());
    let base_url = faults.take("/settings/base_url", settings::base_url(&given));
    faults.finish()?;
    let seconds = |given: Option<u32>, default| Duration::from_secs(u64::from(given.unwrap_or(default)));
    Ok(Account {
        api_key: read.api_key,
        domain,
        signing_keys: Secrets::of([read.webhook_signing_key, read.previous_webhook_signing_key]),
        sandbox: read.sandbox.unwrap_or(false),
        base_url: base_url.unwrap_or_default(),
        timeout: Duration::from_secs(u64::from(read.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))),
        index_delay: seconds(read.index_delay_seconds, DEFAULT_INDEX_DELAY_SECONDS),
        replay_window: seconds(read.replay_window_seconds, DEFAULT_REPLAY_WINDOW_SECONDS),
    })
}

/// It becomes a part of paths, so that it must not lead elsewhere.
fn is_domain(domain: &str) -> bool {
    domain.contains('.')
        && !domain.contains("..")
        && domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}
