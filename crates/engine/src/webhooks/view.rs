//! Webhooks and their deliveries as people and programs see them: never with a secret.

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{TenantId, WebhookDeliveryId, WebhookId, WebhookSecretId};
use domain::page::{Cursor, Page, PageRequest};
use domain::webhook::DeliveryState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::webhook_deliveries::{self, WebhookDelivery};
use store::webhook_log::{self, WebhookAttempt};
use store::webhooks_out::{self, Webhook};

use crate::{Engine, Error};

domain::words! {
    /// How a webhook does.
    pub enum WebhookState {
        Ok = "ok",
        /// Its last attempt failed; it is tried again.
        Failing = "failing",
        /// Nothing is sent to it.
        Disabled = "disabled",
    }
}

/// An address that is told of events.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Webhook")]
pub struct WebhookView {
    pub id: WebhookId,
    pub url: String,
    pub description: String,
    /// `*`, all events of a noun such as `message.*`, or types such as `message.delivered`.
    pub events: Vec<String>,
    pub enabled: bool,
    pub state: WebhookState,
    /// Why it was switched off, when nobody did it.
    pub disabled_reason: Option<String>,
    /// Since when there was nothing but failures.
    pub first_failed_at: Option<Timestamp>,
    pub last_delivered_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Those that sign now, newest first.
    pub secrets: Vec<WebhookSecretView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A secret, without the secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookSecret")]
pub struct WebhookSecretView {
    pub id: WebhookSecretId,
    pub created_at: Timestamp,
    /// It signs until then.
    pub expires_at: Option<Timestamp>,
}

/// One event for one webhook. Its id is the `webhook-id` that the other side sees.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookDelivery")]
pub struct WebhookDeliveryView {
    pub id: WebhookDeliveryId,
    pub webhook_id: WebhookId,
    /// The number of the event in the feed; null for a test.
    pub event_seq: Option<i64>,
    pub event_type: String,
    pub state: DeliveryState,
    /// Attempts that were begun.
    pub attempts: u32,
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The status of the last answer; null when there was none.
    pub last_status: Option<u32>,
    pub last_error: Option<String>,
}

/// A delivery with what was sent and answered.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WebhookDeliveryDetail {
    #[serde(flatten)]
    pub delivery: WebhookDeliveryView,
    /// The last request, or the next one when there was none yet.
    pub request: WebhookRequestView,
    /// Oldest first.
    pub attempts_made: Vec<WebhookAttemptView>,
}

/// What was sent.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookRequest")]
pub struct WebhookRequestView {
    pub url: String,
    /// Name and value.
    pub headers: Vec<(String, String)>,
    /// Null when it is not kept any more.
    pub body: Option<String>,
}

/// One attempt and its answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "WebhookAttempt")]
pub struct WebhookAttemptView {
    pub number: u32,
    pub at: Timestamp,
    /// Null when no answer came.
    pub status: Option<u32>,
    /// Headers of the answer: name and value.
    pub headers: Vec<(String, String)>,
    /// The first 16 KiB of the answer.
    pub body: Option<String>,
    pub error: Option<String>,
    pub took_ms: i64,
}

/// Which deliveries are asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct WebhookDeliveryFilter {
    #[serde(default)]
    pub state: Option<DeliveryState>,
    /// The type of an event, such as `message.bounced`.
    #[serde(default)]
    pub event: Option<String>,
}

pub(super) fn view(tx: &mut Tx<'_>, webhook: Webhook, now: Timestamp) -> Result<WebhookView, Error> {
    let secrets = webhooks_out::secrets(tx, webhook.tenant, webhook.id, now)?;
    let state = match (webhook.enabled, webhook.first_failed_at) {
        (false, _) => WebhookState::Disabled,
        (true, Some(_)) => WebhookState::Failing,
        (true, None) => WebhookState::Ok,
    };
    Ok(WebhookView {
        id: webhook.id,
        url: webhook.url,
        description: webhook.description,
        events: webhook.events,
        enabled: webhook.enabled,
        state,
        disabled_reason: webhook.disabled_reason,
        first_failed_at: webhook.first_failed_at,
        last_delivered_at: webhook.last_delivered_at,
        last_error: webhook.last_error,
        secrets: secrets
            .into_iter()
            .map(|secret| WebhookSecretView {
                id: secret.id,
                created_at: secret.created_at,
                expires_at: secret.expires_at,
            })
            .collect(),
        created_at: webhook.created_at,
        updated_at: webhook.updated_at,
    })
}

pub(super) fn delivery_view(delivery: WebhookDelivery) -> WebhookDeliveryView {
    WebhookDeliveryView {
        id: delivery.id,
        webhook_id: delivery.webhook,
        event_seq: (delivery.seq > 0).then_some(delivery.seq),
        event_type: delivery.event_type,
        state: delivery.state,
        attempts: delivery.attempts,
        next_attempt_at: delivery.next_attempt_at,
        created_at: delivery.created_at,
        last_status: delivery.last_status,
        last_error: delivery.last_error,
    }
}

fn detail(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    delivery: WebhookDelivery,
) -> Result<WebhookDeliveryDetail, Error> {
    let webhook = webhooks_out::get(tx, tenant, delivery.webhook)?.ok_or(Error::NotFound("delivery"))?;
    let body = webhook_log::body(tx, tenant, delivery.seq)?;
    let attempts = webhook_log::attempts(tx, tenant, delivery.id)?;
    let mut headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("webhook-id".to_owned(), delivery.id.to_string()),
    ];
    let url = match attempts.last() {
        Some(last) => {
            headers.push(("webhook-timestamp".to_owned(), last.at.seconds().to_string()));
            headers.push(("webhook-signature".to_owned(), last.signature.clone()));
            last.url.clone()
        }
        None => webhook.url,
    };
    Ok(WebhookDeliveryDetail {
        delivery: delivery_view(delivery),
        request: WebhookRequestView { url, headers, body },
        attempts_made: attempts.into_iter().map(attempt_view).collect(),
    })
}

fn attempt_view(attempt: WebhookAttempt) -> WebhookAttemptView {
    let headers: Vec<(String, String)> = serde_json::from_value(attempt.headers).unwrap_or_default();
    WebhookAttemptView {
        number: attempt.number,
        at: attempt.at,
        status: attempt.status,
        headers,
        body: attempt.body,
        error: attempt.error,
        took_ms: attempt.took_ms,
    }
}

impl Engine {
    /// All webhooks, oldest first.
    ///
    /// # Errors
    /// Missing permission; any fault of the store.
    pub async fn webhooks(&self, principal: &Principal) -> Result<Vec<WebhookView>, Error> {
        // Addresses may hold secrets: who may not change them does not see them.
        principal.require(Permission::SettingsWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        self.core
            .store
            .read(move |tx| {
                let all = webhooks_out::all(tx, tenant)?;
                all.into_iter().map(|webhook| view(tx, webhook, now)).collect()
            })
            .await
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn webhook(&self, principal: &Principal, id: WebhookId) -> Result<WebhookView, Error> {
        principal.require(Permission::SettingsWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        self.core
            .store
            .read(move |tx| {
                let webhook = webhooks_out::get(tx, tenant, id)?.ok_or(Error::NotFound("webhook"))?;
                view(tx, webhook, now)
            })
            .await
    }

    /// What was sent to a webhook, newest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn webhook_deliveries(
        &self,
        principal: &Principal,
        id: WebhookId,
        filter: WebhookDeliveryFilter,
        page: PageRequest,
    ) -> Result<Page<WebhookDeliveryView>, Error> {
        principal.require(Permission::SettingsWrite)?;
        let (tenant, limit) = (principal.tenant, page.limit);
        let before = page.after.map_or_else(|| "whd_z".to_owned(), |cursor| cursor.id);
        let (state, event) = (filter.state, filter.event.unwrap_or_default());
        self.core
            .store
            .read(move |tx| {
                if webhooks_out::get(tx, tenant, id)?.is_none() {
                    return Err(Error::NotFound("webhook"));
                }
                let rows = webhook_deliveries::list(tx, tenant, id, state, &event, &before, limit + 1)?;
                let page = Page::cut(rows, limit, |row| Cursor { key: 0, id: row.id.to_string() });
                Ok(page.map(delivery_view))
            })
            .await
    }

    /// One delivery with its attempts.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn webhook_delivery(
        &self,
        principal: &Principal,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDeliveryDetail, Error> {
        principal.require(Permission::SettingsWrite)?;
        let tenant = principal.tenant;
        self.core
            .store
            .read(move |tx| {
                let found = webhook_deliveries::get(tx, tenant, id)?.ok_or(Error::NotFound("delivery"))?;
                detail(tx, tenant, found)
            })
            .await
    }
}
