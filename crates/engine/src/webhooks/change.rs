//! Webhooks added, changed, removed, and given new secrets.

use std::time::Duration;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::WebhookId;
use domain::invalid::Faults;
use domain::webhook::EventPattern;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::webhooks_out::{self, Webhook, WebhookSecret};
use store::{Tx, feed, webhook_log};

use super::health::{host_of, tell};
use super::secret::WebhookSecretKey;
use super::view::{WebhookView, view};
use crate::core::Core;
use crate::{Engine, Error, audit};

/// Each costs a look at every event.
const MOST: usize = 50;
const LONGEST_URL: usize = 2_000;
const LONGEST_DESCRIPTION: usize = 500;
const MOST_PATTERNS: usize = 100;
/// Secrets that sign at once, so that the header stays of a size that servers take.
const MOST_SECRETS: usize = 5;
const OVERLAP_HOURS: u32 = 24;
const LONGEST_OVERLAP_HOURS: u32 = 30 * 24;
/// Deliveries of a removed webhook that leave the log at once.
const STRIDE: u32 = 500;

/// A webhook to be added.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where it is; http or https.
    pub url: String,
    #[serde(default)]
    pub description: String,
    /// `*`, all events of a noun such as `message.*`, or types such as `message.delivered`.
    pub events: Vec<String>,
}

/// What changes of a webhook; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub events: Option<Vec<String>>,
    /// `true` forgets the failures of before.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// A webhook that was just added.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CreatedWebhook {
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// The key of its signatures. It is shown this once.
    pub secret: String,
}

/// How a new secret takes the place of the old one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecret {
    /// How long the old one signs as well, 0 to 720 hours; 24 when absent.
    #[serde(default)]
    pub overlap_hours: Option<u32>,
}

/// A new secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RotatedSecret {
    /// It is shown this once.
    pub secret: String,
    /// Until then those of before sign as well.
    pub old_expires_at: Timestamp,
}

impl Engine {
    /// Adds a webhook. It gets what happens from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what is wrong; missing permission.
    pub async fn add_webhook(&self, by: &Principal, new: NewWebhook) -> Result<CreatedWebhook, Error> {
        by.require(Permission::SettingsWrite)?;
        let now = self.core.clock.now();
        let mut faults = Faults::default();
        let row = Webhook {
            tenant: by.tenant,
            id: self.core.ids.next(),
            url: new.url.trim().to_owned(),
            description: new.description.trim().to_owned(),
            events: new.events,
            enabled: true,
            disabled_reason: None,
            from_seq: 0,
            first_failed_at: None,
            given_up: 0,
            last_delivered_at: None,
            last_error: None,
            created_at: now,
            updated_at: now,
        };
        check(&self.core, &row, &mut faults);
        faults.finish()?;
        let key = WebhookSecretKey::new(&self.core.chance);
        let secret = kept(&self.core, &row, &key, now);
        let (tenant, actor) = (by.tenant, by.actor.clone());
        let webhook = self
            .core
            .store
            .write(tenant, move |tx| {
                if webhooks_out::all(tx, tenant)?.len() >= MOST {
                    return Err(Error::conflict("conflict", format!("there are {MOST} webhooks already")));
                }
                let row = Webhook { from_seq: feed::last(tx, tenant)?, ..row.clone() };
                webhooks_out::put(tx, &row)?;
                webhooks_out::add_secret(tx, tenant, row.id, &secret)?;
                let subject = row.id.to_string();
                audit::record(tx, tenant, &actor, "webhook.created", &subject, &noted(&row), now)?;
                tell(tx, &row, now)?;
                view(tx, row, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(CreatedWebhook { webhook, secret: key.written() })
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`] names what is wrong; missing permission.
    pub async fn change_webhook(
        &self,
        by: &Principal,
        id: WebhookId,
        change: WebhookChange,
    ) -> Result<WebhookView, Error> {
        by.require(Permission::SettingsWrite)?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        let core = std::sync::Arc::clone(&self.core);
        let webhook = self
            .core
            .store
            .write(tenant, move |tx| {
                let was = webhooks_out::get(tx, tenant, id)?.ok_or(Error::NotFound("webhook"))?;
                let is = changed(tx, &was, change.clone(), now)?;
                let mut faults = Faults::default();
                check(&core, &is, &mut faults);
                faults.finish()?;
                webhooks_out::put(tx, &is)?;
                let subject = id.to_string();
                audit::record(tx, tenant, &actor, "webhook.changed", &subject, &noted(&is), now)?;
                tell(tx, &is, now)?;
                view(tx, is, now)
            })
            .await?;
        self.core.feed.wake();
        self.core.webhooks.look_again();
        Ok(webhook)
    }

    /// Removes a webhook with its secrets and its log.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn remove_webhook(&self, by: &Principal, id: WebhookId) -> Result<(), Error> {
        by.require(Permission::SettingsWrite)?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        self.core
            .store
            .write(tenant, move |tx| {
                let row = webhooks_out::get(tx, tenant, id)?.ok_or(Error::NotFound("webhook"))?;
                webhooks_out::delete(tx, tenant, id)?;
                let subject = id.to_string();
                audit::record(tx, tenant, &actor, "webhook.deleted", &subject, &noted(&row), now)?;
                tell(tx, &row, now)
            })
            .await?;
        self.core.feed.wake();
        // A replay of it looks at once, and ends.
        self.core.webhooks.look_again();
        // Should this break off, the rest goes with what is old.
        while self
            .core
            .store
            .write_bulk(tenant, move |tx| webhook_log::delete_of(tx, tenant, id, STRIDE))
            .await
            .map_err(|error: store::Error| Error::from(error))?
            == u64::from(STRIDE)
        {}
        Ok(())
    }

    /// Gives a webhook a new secret; those of before sign as well for a while.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Invalid`]; missing permission.
    pub async fn rotate_webhook_secret(
        &self,
        by: &Principal,
        id: WebhookId,
        rotate: RotateSecret,
    ) -> Result<RotatedSecret, Error> {
        by.require(Permission::SettingsWrite)?;
        let hours = rotate.overlap_hours.unwrap_or(OVERLAP_HOURS);
        let mut faults = Faults::default();
        if hours > LONGEST_OVERLAP_HOURS {
            faults.note("/overlap_hours", format!("expected 0 to {LONGEST_OVERLAP_HOURS} hours"));
        }
        faults.finish()?;
        let (tenant, actor, now) = (by.tenant, by.actor.clone(), self.core.clock.now());
        let old_expires_at = now.plus(Duration::from_hours(u64::from(hours)));
        let key = WebhookSecretKey::new(&self.core.chance);
        let (core, written) = (std::sync::Arc::clone(&self.core), key.written());
        self.core
            .store
            .write(tenant, move |tx| {
                let row = webhooks_out::get(tx, tenant, id)?.ok_or(Error::NotFound("webhook"))?;
                webhooks_out::expire_secrets(tx, tenant, id, old_expires_at)?;
                webhooks_out::forget_secrets(tx, tenant, id, now)?;
                if webhooks_out::secrets(tx, tenant, id, now)?.len() >= MOST_SECRETS {
                    let detail = format!(
                        "{MOST_SECRETS} secrets sign already; wait until some have ended, or rotate with overlap_hours: 0"
                    );
                    return Err(Error::conflict("conflict", detail));
                }
                webhooks_out::add_secret(tx, tenant, id, &kept(&core, &row, &key, now))?;
                let (subject, detail) = (id.to_string(), json!({ "old_expires_at": old_expires_at }));
                audit::record(tx, tenant, &actor, "webhook.secret_rotated", &subject, &detail, now)?;
                tell(tx, &row, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(RotatedSecret { secret: written, old_expires_at })
    }
}

fn kept(core: &Core, webhook: &Webhook, key: &WebhookSecretKey, now: Timestamp) -> WebhookSecret {
    let sealed = key.seal(&core.vault, webhook.tenant, webhook.id);
    WebhookSecret { id: core.ids.next(), sealed, created_at: now, expires_at: None }
}

fn changed(
    tx: &mut Tx<'_>,
    was: &Webhook,
    change: WebhookChange,
    now: Timestamp,
) -> Result<Webhook, store::Error> {
    let mut is = Webhook { updated_at: now, ..was.clone() };
    if let Some(url) = change.url {
        url.trim().clone_into(&mut is.url);
    }
    if let Some(description) = change.description {
        description.trim().clone_into(&mut is.description);
    }
    if let Some(events) = change.events {
        is.events = events;
    }
    if let Some(enabled) = change.enabled {
        is.enabled = enabled;
        if enabled {
            is.disabled_reason = None;
            is.first_failed_at = None;
            is.given_up = 0;
            is.last_error = None;
        }
        if enabled && !was.enabled {
            is.from_seq = feed::last(tx, was.tenant)?;
        }
    }
    Ok(is)
}

fn check(core: &Core, webhook: &Webhook, faults: &mut Faults) {
    if webhook.url.len() > LONGEST_URL {
        faults.note("/url", format!("expected at most {LONGEST_URL} characters"));
    } else if let Err(detail) = core.webhooks.http.check_url(&webhook.url) {
        faults.note("/url", detail);
    }
    if webhook.description.chars().count() > LONGEST_DESCRIPTION {
        faults.note("/description", format!("expected at most {LONGEST_DESCRIPTION} characters"));
    }
    if webhook.events.is_empty() || webhook.events.len() > MOST_PATTERNS {
        faults.note("/events", format!("expected 1 to {MOST_PATTERNS} patterns, such as *"));
    }
    for (place, text) in webhook.events.iter().enumerate() {
        if let Err(error) = text.parse::<EventPattern>() {
            faults.note(format!("/events/{place}"), error.to_string());
        }
    }
}

/// What the audit log keeps. Of the address only the host: the rest may hold a secret.
fn noted(webhook: &Webhook) -> Value {
    json!({ "host": host_of(&webhook.url), "events": webhook.events, "enabled": webhook.enabled })
}
