//! What a provider says about itself; documentation, forms and checks are made from it.

use std::sync::Arc;
use std::time::Duration;

use domain::channel::Channel;
use domain::invalid::Invalid;

use crate::connect::Surroundings;
use crate::provider::Provider;

/// Makes an account out of settings.
pub(crate) type Connect = fn(serde_json::Value, &Surroundings) -> Result<Arc<dyn Provider>, Invalid>;

/// One provider, described.
pub struct Manifest {
    /// The word in settings and URLs.
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence.
    pub summary: &'static str,
    pub channels: &'static [Channel],
    pub capabilities: Capabilities,
    /// The headers of webhooks that a later reading needs, in lower case; the others are not kept.
    pub webhook_headers: &'static [&'static str],
    /// The provider's id of a message, out of the Message-ID that it gave it in place of ours: answers name that one.
    /// Takes and gives text without angle brackets; nothing when it is not of the provider's form.
    pub provider_id_in: Option<fn(&str) -> Option<&str>>,
    pub links: &'static [Link],
    /// The manual page, in Markdown.
    pub guide: &'static str,
    /// JSON Schema of the settings; secrets carry `writeOnly`.
    pub schema: fn() -> serde_json::Value,
    pub(crate) connect: Connect,
}

impl Manifest {
    /// The names of the settings that are secrets.
    #[must_use]
    pub fn secret_fields(&self) -> Vec<String> {
        crate::settings::secret_fields(&(self.schema)())
    }
}

/// A page of the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Link {
    pub title: &'static str,
    pub url: &'static str,
}

/// What a provider can do. The default is nothing; a limit of `None` is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Capabilities {
    pub attachments: bool,
    /// Images inside the HTML by `cid:`.
    pub inline_images: bool,
    /// Headers of the sender's choice.
    pub custom_headers: bool,
    /// Sends webhooks about what became of a message.
    pub delivery_events: bool,
    /// Hands received messages to us.
    pub inbound: bool,
    /// Signs its webhooks; others are believed by the secret in their URL and by an `Authorization` header.
    pub signed_webhooks: bool,
    /// Can be asked whether it has a message whose outcome is unknown.
    pub look_up: bool,
    /// Can be asked for events that its webhooks did not tell.
    pub missed_events: bool,
    /// Takes an address off its own list of suppressed ones when it is asked to.
    pub unsuppress: bool,
    /// Takes a key that makes a second request for the same message harmless.
    pub idempotency_key: bool,
    /// How long it remembers such a key.
    pub idempotency_key_hours: Option<u32>,
    /// Keeps the Message-ID that we give.
    pub keeps_message_id: bool,
    /// Has a mode in which nothing is delivered.
    pub sandbox: bool,
    /// Takes addresses with letters beyond ASCII before the `@`.
    pub international_addresses: bool,
    /// The whole message as it is sent.
    pub max_message_bytes: Option<u64>,
    /// To, Cc and Bcc together.
    pub max_recipients: Option<u32>,
    /// How long after an attempt a look-up can first say for certain that a message was not taken.
    pub look_up_after_seconds: Option<u32>,
    /// What the SPF record of a sender's domain has to include.
    pub spf_include: Option<&'static str>,
}

impl Capabilities {
    /// How long it remembers an idempotency key, when it takes one and does not keep it for ever.
    #[must_use]
    pub fn remembers_for(&self) -> Option<Duration> {
        self.idempotency_key_hours.map(|hours| Duration::from_secs(u64::from(hours) * 3600))
    }

    /// Nothing; the manifests of providers begin with it.
    pub const NONE: Capabilities = Capabilities {
        attachments: false,
        inline_images: false,
        custom_headers: false,
        delivery_events: false,
        inbound: false,
        signed_webhooks: false,
        look_up: false,
        missed_events: false,
        unsuppress: false,
        idempotency_key: false,
        idempotency_key_hours: None,
        keeps_message_id: false,
        sandbox: false,
        international_addresses: false,
        max_message_bytes: None,
        max_recipients: None,
        look_up_after_seconds: None,
        spf_include: None,
    };
}

impl Default for Capabilities {
    fn default() -> Capabilities {
        Capabilities::NONE
    }
}
