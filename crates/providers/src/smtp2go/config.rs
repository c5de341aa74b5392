//! The settings of an SMTP2GO account.

use std::time::Duration;

use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;

use crate::settings;
use crate::webhook::Secrets;

const DEFAULT_BASE_URL: &str = "https://api.smtp2go.com/v3";
const DEFAULT_TIMEOUT_SECONDS: u16 = 30;
/// The vendor's words: allow around two minutes for recently sent mail to be found.
pub(super) const DEFAULT_INDEX_DELAY_SECONDS: u32 = 120;

/// An API key and how to use it.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct Smtp2goSettings {
    /// An API key with the permissions `/email/send` and `/activity/search`, from Settings > API keys.
    #[schemars(title = "API key", extend("x-order" = 1))]
    pub api_key: Secret,
    /// The sender of messages that name none, for example `Support <support@example.com>`. Its domain must be verified
    /// at SMTP2GO.
    #[schemars(title = "Sender", extend("x-order" = 2))]
    pub from: Option<String>,
    /// What was entered at SMTP2GO as the webhook's authorization: a bearer token, or `user:password` for basic. When
    /// it is not given, the secret in the webhook's URL is all that is checked.
    #[schemars(title = "Webhook authorization", extend("x-order" = 3))]
    pub webhook_secret: Option<Secret>,
    /// The webhook authorization before, which stays right while it is changed over.
    #[schemars(title = "Earlier webhook authorization", extend("x-order" = 7))]
    pub previous_webhook_secret: Option<Secret>,
    /// Where the API is. SMTP2GO has one for each region: `https://us-api.smtp2go.com/v3`, `https://eu-api.smtp2go.com/v3`
    /// and `https://au-api.smtp2go.com/v3`.
    #[schemars(title = "Base URL", extend("x-order" = 4), default = "default_base_url")]
    pub base_url: Option<String>,
    /// How long to wait for an answer, in seconds. Past it nobody knows whether the message was taken.
    #[schemars(title = "Time-out", extend("x-order" = 5), range(min = 1, max = 300), default = "default_timeout")]
    pub timeout_seconds: Option<u16>,
    /// How long SMTP2GO may take, in seconds, until a message can be found by activity search. A message of unknown
    /// outcome counts as not taken only when it cannot be found after this time.
    #[schemars(title = "Search delay", extend("x-order" = 6), range(min = 60, max = 86400), default = "default_index_delay")]
    pub index_delay_seconds: Option<u32>,
}

fn default_base_url() -> Option<String> {
    Some(DEFAULT_BASE_URL.to_owned())
}

fn default_timeout() -> Option<u16> {
    Some(DEFAULT_TIMEOUT_SECONDS)
}

fn default_index_delay() -> Option<u32> {
    Some(DEFAULT_INDEX_DELAY_SECONDS)
}

/// The settings, read and found good.
pub(super) struct Account {
    pub api_key: Secret,
    pub webhook_secrets: Secrets,
    /// Without a slash at the end.
    pub base_url: String,
    pub timeout: Duration,
    pub index_delay: Duration,
}

/// Reads the settings.
///
/// # Errors
/// Every fault with its pointer.
pub(super) fn read(given: serde_json::Value) -> Result<Account, Invalid> {
    let read: Smtp2goSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    if !read.api_key.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        faults.note("/settings/api_key", "expected a key such as api-0123456789ABCDEF0123456789ABCDEF");
    }
    let base_url = read.base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let base_url = faults.take("/settings/base_url", settings::base_url(&base_url));
    faults.finish()?;
    Ok(Account {
        api_key: read.api_key,
        webhook_secrets: Secrets::of([read.webhook_secret, read.previous_webhook_secret]),
        base_url: base_url.unwrap_or_default(),
        timeout: Duration::from_secs(u64::from(read.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))),
        index_delay: Duration::from_secs(u64::from(
            read.index_delay_seconds.unwrap_or(DEFAULT_INDEX_DELAY_SECONDS),
        )),
    })
}
