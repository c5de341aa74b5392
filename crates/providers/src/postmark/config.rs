//! The settings of a Postmark server.

use std::time::Duration;

use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;

use crate::settings;
use crate::webhook::Secrets;

const DEFAULT_BASE_URL: &str = "https://api.postmarkapp.com";
const DEFAULT_TIMEOUT_SECONDS: u16 = 30;
const DEFAULT_STREAM: &str = "outbound";
pub(super) const DEFAULT_INDEX_DELAY_SECONDS: u32 = 300;
/// The token with which Postmark checks everything and delivers nothing.
pub(super) const TEST_TOKEN: &str = "POSTMARK_API_TEST";

/// A server token and how to use it.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct PostmarkSettings {
    /// The token of a server, from its tab API Tokens. `POSTMARK_API_TEST` is checked like any other and delivers nothing.
    #[schemars(title = "Server token", extend("x-order" = 1))]
    pub server_token: Secret,
    /// The sender of messages that name none, for example `Support <support@example.com>`. Address or domain must be
    /// confirmed at Postmark.
    #[schemars(title = "Sender", extend("x-order" = 2))]
    pub from: Option<String>,
    /// The message stream: `outbound` for mail to one person, `broadcast` or one of your own for mail to many.
    #[schemars(title = "Message stream", extend("x-order" = 3), default = "default_stream")]
    pub message_stream: Option<String>,
    /// The `user:password` in the webhook's URL or basic authentication at Postmark, or the bearer token of an
    /// `Authorization` header that was added there. When it is not given, the secret in the webhook's URL is all that is
    /// checked.
    #[schemars(title = "Webhook authorization", extend("x-order" = 4))]
    pub webhook_secret: Option<Secret>,
    /// The webhook authorization before, which stays right while it is changed over.
    #[schemars(title = "Earlier webhook authorization", extend("x-order" = 5))]
    pub previous_webhook_secret: Option<Secret>,
    /// Where the API is. Postmark has one for all regions.
    #[schemars(title = "Base URL", extend("x-order" = 6), default = "default_base_url")]
    pub base_url: Option<String>,
    /// How long to wait for an answer, in seconds. Past it nobody knows whether the message was taken.
    #[schemars(title = "Time-out", extend("x-order" = 7), range(min = 1, max = 300), default = "default_timeout")]
    pub timeout_seconds: Option<u16>,
    /// How long Postmark may take, in seconds, until a message can be found by its search. A message of unknown outcome
    /// counts as not taken only when it cannot be found after this time.
    #[schemars(title = "Search delay", extend("x-order" = 8), range(min = 60, max = 86400), default = "default_index_delay")]
    pub index_delay_seconds: Option<u32>,
}

fn default_base_url() -> Option<String> {
    Some(DEFAULT_BASE_URL.to_owned())
}

fn default_stream() -> Option<String> {
    Some(DEFAULT_STREAM.to_owned())
}

fn default_timeout() -> Option<u16> {
    Some(DEFAULT_TIMEOUT_SECONDS)
}

fn default_index_delay() -> Option<u32> {
    Some(DEFAULT_INDEX_DELAY_SECONDS)
}

/// The settings, read and found good.
pub(super) struct Account {
    pub server_token: Secret,
    pub stream: String,
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
    let read: PostmarkSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    if !read.server_token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        faults
            .note("/settings/server_token", "expected a token such as 00000000-0000-0000-0000-000000000000");
    }
    let stream = read.message_stream.unwrap_or_else(|| DEFAULT_STREAM.to_owned());
    if !stream.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) {
        faults.note("/settings/message_stream", "expected the id of a message stream, such as outbound");
    }
    let base_url = read.base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let base_url = faults.take("/settings/base_url", settings::base_url(&base_url));
    faults.finish()?;
    let delay = read.index_delay_seconds.unwrap_or(DEFAULT_INDEX_DELAY_SECONDS);
    Ok(Account {
        server_token: read.server_token,
        stream,
        webhook_secrets: Secrets::of([read.webhook_secret, read.previous_webhook_secret]),
        base_url: base_url.unwrap_or_default(),
        timeout: Duration::from_secs(u64::from(read.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))),
        index_delay: Duration::from_secs(u64::from(delay)),
    })
}
