//! Sent again by a person: one delivery, all since a time, or a test that no event stands behind.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::ids::{TenantId, WebhookDeliveryId, WebhookId};
use domain::invalid::Invalid;
use domain::webhook::{self, DeliveryState, EventPattern, TEST_EVENT};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::feed::Event;
use store::webhooks_out::{self, Webhook};
use store::{Tx, feed, webhook_deliveries};

use super::content::Writer;
use super::follow::{deliver, fresh, patterns, wants};
use super::view::{WebhookDeliveryView, delivery_view};
use crate::core::Core;
use crate::{Engine, Error, audit, house_settings};

/// Events in one step.
const STRIDE: u32 = 200;

/// What is sent again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplay {
    /// Events at or after; at most as long ago as the log is kept.
    pub since: Timestamp,
    /// `true`: only what did not arrive, which is what failed and what happened while the webhook was off.
    #[serde(default)]
    pub only_failed: bool,
}

/// How much is sent again.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Replayed {
    pub replayed: u64,
}

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
                let seq = webhook_deliveries::next_test_seq(tx, tenant)?;
                webhook_deliveries::put_body(tx, tenant, seq, &body, now)?;
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

    /// Sends again what a webhook was to get since a time.
    ///
    /// # Errors
    /// [`Error::NotFound`]; `webhook_disabled`; [`Error::Invalid`]; missing permission.
    pub async fn replay_webhook(
        &self,
        by: &Principal,
        id: WebhookId,
        replay: WebhookReplay,
    ) -> Result<Replayed, Error> {
        by.require(Permission::SettingsWrite)?;
        let (tenant, now, since) = (by.tenant, self.core.clock.now(), replay.since);
        let (webhook, days, mut after, last) = self
            .core
            .store
            .read(move |tx| {
                let webhook = switched_on(tx, tenant, id)?;
                let days = house_settings::read(tx, tenant)?.webhook_log_days;
                let from = feed::last_before(tx, tenant, since)?;
                Ok::<_, Error>((webhook, days, from, feed::last(tx, tenant)?))
            })
            .await?;
        // Beyond it a delivery may be forgotten, and would come again under another id.
        if now.since(since) > Duration::from_hours(24 * u64::from(days)) {
            return Err(Invalid::at("/since", format!("expected a time within the last {days} days")).into());
        }
        let mut replayed = 0;
        while after < last && !self.core.stopping.is_cancelled() {
            let (reached, again) = self.replay_some(&webhook, after, last, replay.only_failed).await?;
            (after, replayed) = (reached, replayed + again);
            self.core.webhooks.look_again();
        }
        let (actor, subject) = (by.actor.clone(), id.to_string());
        let detail = json!({ "since": since, "only_failed": replay.only_failed, "replayed": replayed });
        self.core
            .store
            .write(tenant, move |tx| {
                Ok::<_, Error>(audit::record(tx, tenant, &actor, "webhook.replayed", &subject, &detail, now)?)
            })
            .await?;
        Ok(Replayed { replayed })
    }

    /// One stride of events; gives the last of them and how many are sent again.
    async fn replay_some(
        &self,
        webhook: &Webhook,
        after: i64,
        last: i64,
        only_failed: bool,
    ) -> Result<(i64, u64), Error> {
        let tenant = webhook.tenant;
        let (reading, wanted) = (webhook.clone(), patterns(webhook));
        let (reached, some) =
            self.core.store.read(move |tx| read(tx, &reading, &wanted, after, last)).await?;
        if some.is_empty() {
            return Ok((reached, 0));
        }
        let (writing, webhook) = (Arc::clone(&self.core), webhook.clone());
        let count = self
            .core
            .store
            .write_bulk(tenant, move |tx| write(tx, &writing, &webhook, &some, only_failed))
            .await?;
        Ok((reached, count))
    }
}

/// An event that the webhook wants, with its body when there is no delivery of it.
type Wanted = (Event, Option<String>);

fn read(
    tx: &mut Tx<'_>,
    webhook: &Webhook,
    wanted: &[EventPattern],
    after: i64,
    last: i64,
) -> Result<(i64, Vec<Wanted>), Error> {
    let events = feed::after(tx, webhook.tenant, after, STRIDE)?;
    let reached = events.last().map_or(last, |event| event.seq);
    let known = known(tx, webhook, after, reached)?;
    let mut writer = Writer::new(webhook.tenant);
    let mut some = Vec::new();
    for event in events {
        if event.seq > last || !wants(wanted, event.kind) {
            continue;
        }
        let body = if known.contains_key(&event.seq) { None } else { Some(writer.body(tx, &event)?) };
        some.push((event, body));
    }
    Ok((reached, some))
}

fn write(
    tx: &mut Tx<'_>,
    core: &Core,
    webhook: &Webhook,
    some: &[Wanted],
    only_failed: bool,
) -> Result<u64, Error> {
    let span = some.first().zip(some.last()).map(|((first, _), (last, _))| (first.seq - 1, last.seq));
    let Some((after, last)) = span else { return Ok(0) };
    let known = known(tx, webhook, after, last)?;
    let mut count = 0;
    for (event, body) in some {
        let is_again = match (known.get(&event.seq), body) {
            (Some((_, DeliveryState::Delivered)), _) if only_failed => false,
            (Some((id, _)), _) => webhook_deliveries::again(tx, webhook.tenant, *id, core.clock.now())?,
            (None, Some(body)) => deliver(tx, core, webhook, event, body)?,
            // Its delivery was removed at this moment.
            (None, None) => false,
        };
        count += u64::from(is_again);
    }
    Ok(count)
}

fn known(
    tx: &mut Tx<'_>,
    webhook: &Webhook,
    after: i64,
    to: i64,
) -> Result<HashMap<i64, (WebhookDeliveryId, DeliveryState)>, Error> {
    let rows = webhook_deliveries::of_events(tx, webhook.tenant, webhook.id, after, to)?;
    Ok(rows.into_iter().map(|(seq, id, state)| (seq, (id, state))).collect())
}

fn switched_on(tx: &mut Tx<'_>, tenant: TenantId, id: WebhookId) -> Result<Webhook, Error> {
    let webhook = webhooks_out::get(tx, tenant, id)?.ok_or(Error::NotFound("webhook"))?;
    if webhook.enabled {
        Ok(webhook)
    } else {
        Err(Error::conflict("webhook_disabled", "The webhook is switched off; switch it on first."))
    }
}
