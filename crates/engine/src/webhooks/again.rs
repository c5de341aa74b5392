//! Sent by a person: a test that no event stands behind, or one delivery again.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::ids::{TenantId, WebhookDeliveryId, WebhookId};
use domain::webhook::{self, TEST_EVENT};
use serde_json::json;
use store::webhooks_out::{self, Webhook};
use store::{Tx, webhook_deliveries, webhook_log};

use super::follow::fresh;
use super::view::{WebhookDeliveryView, delivery_view};
use crate::{Engine, Error};

impl Engine {
    /// Sends a test event to a webhook, once.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `webhook_disabled`; missing permission.
    pub async fn test_webhook(&self, by: &Principal, id: WebhookId) -> Result<WebhookDeliveryView, Error> {
        by.require(Permission::SettingsWrite)?;
        let (tenant, now) = (by.tenant, self.core.clock.now());
        let core = Arc::clone(&self.core);
        let delivery = self
            .core
            .store
            .write(tenant, move |tx| {
                let webhook = switched_on(tx, tenant, id)?;
                let data = json!({ "webhook_id": id, "note": "This is a test. Nothing happened." });
                let body = webhook::body(TEST_EVENT, now, None, &data);
                let seq = webhook_log::next_test_seq(tx, tenant)?;
                webhook_log::put_body(tx, tenant, seq, &body, now)?;
                let delivery = fresh(&core, &webhook, seq, TEST_EVENT);
                webhook_deliveries::insert(tx, tenant, &delivery)?;
                Ok::<_, Error>(delivery)
            })
            .await?;
        self.core.webhooks.look_again();
        Ok(delivery_view(delivery))
    }

    /// Lets a delivery begin anew, with the same id and body.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `webhook_disabled`; a conflict while it is under way; missing permission.
    pub async fn replay_webhook_delivery(
        &self,
        by: &Principal,
        id: WebhookDeliveryId,
    ) -> Result<WebhookDeliveryView, Error> {
        by.require(Permission::SettingsWrite)?;
        let (tenant, now) = (by.tenant, self.core.clock.now());
        let delivery = self
            .core
            .store
            .write(tenant, move |tx| {
                let found = webhook_deliveries::get(tx, tenant, id)?.ok_or(Error::NotFound("delivery"))?;
                switched_on(tx, tenant, found.webhook)?;
                if !webhook_deliveries::again(tx, tenant, id, now)? {
                    return Err(Error::conflict("conflict", "It is being sent at this moment."));
                }
                webhook_deliveries::get(tx, tenant, id)?.ok_or(Error::NotFound("delivery"))
            })
            .await?;
        self.core.webhooks.look_again();
        Ok(delivery_view(delivery))
    }
}

pub(super) fn switched_on(tx: &mut Tx<'_>, tenant: TenantId, id: WebhookId) -> Result<Webhook, Error> {
    let webhook = webhooks_out::get(tx, tenant, id)?.ok_or(Error::NotFound("webhook"))?;
    if webhook.enabled {
        Ok(webhook)
    } else {
        Err(Error::conflict("webhook_disabled", "The webhook is switched off; switch it on first."))
    }
}
