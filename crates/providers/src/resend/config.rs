//! The settings of a Resend account.

use std::time::Duration;

use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;

use super::signature;
use crate::settings;
use crate::webhook::Secrets;

const DEFAULT_BASE_URL: &str = "https://api.resend.com";
const DEFAULT_TIMEOUT_SECONDS: u16 = 30;

/// An API key and how to use it.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct ResendSettings {
    /// An API key. One that may only send is enough for sending; receiving needs full access.
    #[schemars(title = "API key", extend("x-order" = 1))]
    pub api_key: Secret,
    /// The sender of messages that name none, for example `Support <support@example.com>`. Its domain must be verified
    /// at Resend.
    #[schemars(title = "Sender", extend("x-order" = 2))]
    pub from: Option<String>,
    /// The signing secret of the webhook at Resend, which begins with `whsec_`. Without it every webhook is refused.
    #[schemars(title = "Webhook signing secret", extend("x-order" = 3))]
    pub webhook_secret: Option<Secret>,
    /// The signing secret before, which stays right while it is changed over.
    #[schemars(title = "Earlier signing secret", extend("x-order" = 4))]
    pub previous_webhook_secret: Option<Secret>,
    /// Where the API is. Resend has one for all regions.
    #[schemars(title = "Base URL", extend("x-order" = 5), default = "default_base_url")]
    pub base_url: Option<String>,
    /// How long to wait for an answer, in seconds. Past it the request is made again, which does no harm.
    #[schemars(title = "Time-out", extend("x-order" = 6), range(min = 1, max = 300), default = "default_timeout")]
    pub timeout_seconds: Option<u16>,
}

fn default_base_url() -> Option<String> {
    Some(DEFAULT_BASE_URL.to_owned())
}

fn default_timeout() -> Option<u16> {
    Some(DEFAULT_TIMEOUT_SECONDS)
}

/// The settings, read and found good.
pub(super) struct Account {
    pub api_key: Secret,
    pub from_domain: Option<String>,
    pub webhook_secrets: Secrets,
    /// Without a slash at the end.
    pub base_url: String,
    pub timeout: Duration,
}

/// Reads the settings.
///
/// # Errors
/// Every fault with its pointer.
pub(super) fn read(given: serde_json::Value) -> Result<Account, Invalid> {
    let read: ResendSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    if !read.api_key.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        faults.note("/settings/api_key", "expected a key such as re_0123456789ABCDEF");
    }
    for (pointer, secret) in [
        ("/settings/webhook_secret", &read.webhook_secret),
        ("/settings/previous_webhook_secret", &read.previous_webhook_secret),
    ] {
        if secret.as_ref().is_some_and(|secret| signature::key(secret.reveal()).is_none()) {
            faults.note(pointer, "expected a secret such as whsec_, followed by base 64");
        }
    }
    let base_url = read.base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let base_url = faults.take("/settings/base_url", settings::base_url(&base_url));
    faults.finish()?;
    let from = read.from.and_then(|from| from.parse::<domain::address::Mailbox>().ok());
    Ok(Account {
        api_key: read.api_key,
        from_domain: from.and_then(|from| Some(from.address.as_str().rsplit_once('@')?.1.to_owned())),
        webhook_secrets: Secrets::of([read.webhook_secret, read.previous_webhook_secret]),
        base_url: base_url.unwrap_or_default(),
        timeout: Duration::from_secs(u64::from(read.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))),
    })
}
