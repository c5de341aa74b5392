//! The settings of a SendGrid account: a key, and how its webhooks are believed.

use std::time::Duration;

use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;

use super::signature::Keys;
use crate::settings;
use crate::webhook::Secrets;

const DEFAULT_TIMEOUT_SECONDS: u16 = 30;
/// Webhooks are repeated for a day, and nothing says whether a repeated one has a new time.
const DEFAULT_REPLAY_WINDOW_SECONDS: u32 = 90_000;

/// A key and how to use it.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct SendgridSettings {
    /// An API key with the permission Mail Send, from Settings > API Keys.
    #[schemars(title = "API key", extend("x-order" = 1))]
    pub api_key: Secret,
    /// The sender of messages that name none, for example `Support <support@example.com>`. It must be verified at SendGrid.
    #[schemars(title = "Sender", extend("x-order" = 2))]
    pub from: Option<String>,
    /// Where the account is. A European one is a subuser that was made there.
    #[schemars(title = "Region", extend("x-order" = 3), default = "default_region")]
    pub region: Option<Region>,
    /// What the Event Webhook's signature is checked with, from Settings > Mail Settings > Event Webhook (it says
    /// "Verification Key" there). Without it delivery events are refused.
    #[schemars(title = "Event verification", extend("x-order" = 4))]
    pub event_verification: Option<String>,
    /// What signatures were checked with before, which stays right while it is changed over.
    #[schemars(title = "Earlier event verification", extend("x-order" = 5))]
    pub previous_event_verification: Option<String>,
    /// `user:password` in the URL of Inbound Parse. When it is not given, the secret in the URL's path is all that is
    /// checked of received mail, but for a signature.
    #[schemars(title = "Inbound authorization", extend("x-order" = 6))]
    pub webhook_secret: Option<Secret>,
    /// The inbound authorization before, which stays right while it is changed over.
    #[schemars(title = "Earlier inbound authorization", extend("x-order" = 7))]
    pub previous_webhook_secret: Option<Secret>,
    /// What the signature of Inbound Parse is checked with, when a security policy with one is attached to it. With it
    /// received mail must be signed.
    #[schemars(title = "Inbound verification", extend("x-order" = 8))]
    pub inbound_verification: Option<String>,
    /// Sandbox mode: SendGrid checks messages and sends none, and there are no events.
    #[schemars(title = "Sandbox mode", extend("x-order" = 9), default = "default_sandbox")]
    pub sandbox: Option<bool>,
    /// The user name of the subuser on whose behalf messages are sent.
    #[schemars(title = "On behalf of", extend("x-order" = 10))]
    pub on_behalf_of: Option<String>,
    /// Another place of the API than the region's.
    #[schemars(title = "Base URL", extend("x-order" = 11))]
    pub base_url: Option<String>,
    /// How long to wait for an answer, in seconds. Past it nobody knows whether the message was taken.
    #[schemars(title = "Time-out", extend("x-order" = 12), range(min = 1, max = 300), default = "default_timeout")]
    pub timeout_seconds: Option<u16>,
    /// How old the signature of a webhook may be, in seconds.
    #[schemars(title = "Replay window", extend("x-order" = 13), range(min = 60, max = 604800), default = "default_replay_window")]
    pub replay_window_seconds: Option<u32>,
    /// Whether the Email Activity Feed was bought for the account. With it SendGrid is asked for deliveries and bounces that
    /// its webhook did not tell.
    #[schemars(title = "Email Activity Feed", extend("x-order" = 14), default = "default_activity_feed")]
    pub activity_feed: Option<bool>,
}

/// Where the account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Region {
    /// `https://api.sendgrid.com`.
    Global,
    /// `https://api.eu.sendgrid.com`.
    Eu,
}

impl Region {
    fn base_url(self) -> &'static str {
        match self {
            Region::Global => "https://api.sendgrid.com",
            Region::Eu => "https://api.eu.sendgrid.com",
        }
    }
}

fn default_region() -> Option<Region> {
    Some(Region::Global)
}

fn default_sandbox() -> Option<bool> {
    Some(false)
}

fn default_activity_feed() -> Option<bool> {
    Some(false)
}

fn default_timeout() -> Option<u16> {
    Some(DEFAULT_TIMEOUT_SECONDS)
}

fn default_replay_window() -> Option<u32> {
    Some(DEFAULT_REPLAY_WINDOW_SECONDS)
}

/// The settings, read and found good.
pub(super) struct Account {
    pub api_key: Secret,
    pub on_behalf_of: Option<String>,
    pub event_keys: Keys,
    pub inbound_keys: Keys,
    pub inbound_secrets: Secrets,
    pub sandbox: bool,
    pub activity_feed: bool,
    /// Without a slash at the end.
    pub base_url: String,
    pub timeout: Duration,
    pub replay_window: Duration,
}

/// Reads the settings.
///
/// # Errors
/// Every fault with its pointer.
pub(super) fn read(given: serde_json::Value) -> Result<Account, Invalid> {
    let read: SendgridSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    if !read.api_key.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        faults.note("/settings/api_key", "expected a key such as SG.0123456789.ABCDEF");
    }
    if read.on_behalf_of.as_ref().is_some_and(|user| user.bytes().any(|byte| !byte.is_ascii_graphic())) {
        faults.note("/settings/on_behalf_of", "expected a user name without blanks");
    }
    let mut keys = |names: &[(&str, Option<String>)]| {
        let mut keys = Keys::default();
        for (name, given) in names {
            let Some(text) = given else { continue };
            if !keys.add(text) {
                faults.note(
                    format!("/settings/{name}"),
                    "expected a key as SendGrid shows it: base 64 that begins with MFkw",
                );
            }
        }
        keys
    };
    let event_keys = keys(&[
        ("event_verification", read.event_verification),
        ("previous_event_verification", read.previous_event_verification),
    ]);
    let inbound_keys = keys(&[("inbound_verification", read.inbound_verification)]);
    let given = read.base_url.unwrap_or_else(|| read.region.unwrap_or(Region::Global).base_url().to_owned());
    let base_url = faults.take("/settings/base_url", settings::base_url(&given));
    faults.finish()?;
    Ok(Account {
        api_key: read.api_key,
        on_behalf_of: read.on_behalf_of,
        event_keys,
        inbound_keys,
        inbound_secrets: Secrets::of([read.webhook_secret, read.previous_webhook_secret]),
        sandbox: read.sandbox.unwrap_or(false),
        activity_feed: read.activity_feed.unwrap_or(false),
        base_url: base_url.unwrap_or_default(),
        timeout: Duration::from_secs(u64::from(read.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))),
        replay_window: Duration::from_secs(u64::from(
            read.replay_window_seconds.unwrap_or(DEFAULT_REPLAY_WINDOW_SECONDS),
        )),
    })
}
