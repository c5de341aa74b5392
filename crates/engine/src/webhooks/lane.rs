//! A lane: sends what is due to one webhook, a few at once, until nothing is. However slow the other side is, only its own
//! lane waits.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{TenantId, WebhookId};
use domain::webhook::DeliveryState;
use futures_util::StreamExt as _;
use futures_util::future::FutureExt as _;
use futures_util::stream::FuturesUnordered;
use store::webhook_deliveries::{self, WebhookDelivery};
use store::{Tx, webhook_log, webhooks_out};
use tokio::sync::Notify;

use super::attempt::{Attempted, Target, attempt};
use super::health;
use super::secret::WebhookSecretKey;
use crate::Error;
use crate::core::Core;

/// Requests to one webhook at once, of all processes together.
const AT_ONCE: u32 = 4;
/// Before a lane that found nothing to take ends: another process may hold all places.
const NOTHING_TO_TAKE: Duration = Duration::from_millis(250);
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// What a lane took to send.
struct Taken {
    target: Arc<Target>,
    deliveries: Vec<(WebhookDelivery, String)>,
}

/// Sends until nothing is due. `more` says that something became due while others are under way.
pub(super) async fn run(core: &Arc<Core>, tenant: TenantId, webhook: WebhookId, more: &Notify) {
    let mut under_way = FuturesUnordered::new();
    let mut finished: Vec<Attempted> = Vec::new();
    let mut has_sent = false;
    loop {
        let taken = match turn(core, tenant, webhook, &finished).await {
            Ok(taken) => taken,
            Err(error) => {
                // What is finished is written down with the next turn; a stop leaves it to be sent once more.
                if core.stopping.is_cancelled() {
                    return;
                }
                tracing::warn!(%webhook, %error, "A delivery to a webhook could not be written down; trying again.");
                tokio::time::sleep(AFTER_FAULT).await;
                continue;
            }
        };
        finished.clear();
        if let Some(Taken { target, deliveries }) = taken {
            for (delivery, body) in deliveries {
                has_sent = true;
                under_way.push(attempt(core, Arc::clone(&target), delivery, body));
            }
        }
        if under_way.is_empty() {
            break;
        }
        tokio::select! {
            first = under_way.next() => finished.extend(first.flatten()),
            // What is new does not wait for one that hangs, as long as there is a place.
            () = more.notified(), if under_way.len() < AT_ONCE as usize => continue,
        }
        while let Some(Some(more)) = under_way.next().now_or_never() {
            finished.extend(more);
        }
    }
    if !has_sent && !core.stopping.is_cancelled() {
        tokio::time::sleep(NOTHING_TO_TAKE).await;
    }
}

/// Writes down what is finished and takes more, in one transaction.
async fn turn(
    core: &Arc<Core>,
    tenant: TenantId,
    webhook: WebhookId,
    finished: &[Attempted],
) -> Result<Option<Taken>, Error> {
    let (writing, finished) = (Arc::clone(core), finished.to_vec());
    let (taken, is_told) = core
        .store
        .write_bulk(tenant, move |tx| {
            let mut is_told = false;
            for attempted in &finished {
                is_told |= health::settle(tx, &writing, tenant, attempted)?;
            }
            Ok::<_, Error>((take(tx, &writing, tenant, webhook)?, is_told))
        })
        .await?;
    if is_told {
        core.feed.wake();
    }
    Ok(taken)
}

fn take(tx: &mut Tx<'_>, core: &Core, tenant: TenantId, id: WebhookId) -> Result<Option<Taken>, Error> {
    let Some(webhook) = webhooks_out::get(tx, tenant, id)?.filter(|webhook| webhook.enabled) else {
        return Ok(None);
    };
    let free = AT_ONCE.saturating_sub(webhook_deliveries::under_way(tx, tenant, id)?);
    if free == 0 || core.stopping.is_cancelled() {
        return Ok(None);
    }
    let now = core.clock.now();
    let claimed = webhook_deliveries::claim(tx, core.epoch, tenant, id, now, free)?;
    if claimed.is_empty() {
        return Ok(None);
    }
    let mut secrets = Vec::new();
    for secret in webhooks_out::secrets(tx, tenant, id, now)? {
        let opened = WebhookSecretKey::open(&core.vault, tenant, id, &secret.sealed);
        secrets.push(opened.map_err(|error| store::Error::Unexpected(error.to_string()))?);
    }
    let target = Arc::new(Target { url: webhook.url, secrets });
    let mut deliveries = Vec::with_capacity(claimed.len());
    for mut delivery in claimed {
        match webhook_log::body(tx, tenant, delivery.seq)? {
            Some(body) => deliveries.push((delivery, body)),
            None => {
                delivery.state = DeliveryState::Failed;
                delivery.next_attempt_at = None;
                delivery.last_error = Some("what was to be sent is not kept any more".to_owned());
                webhook_deliveries::settle(tx, core.epoch, tenant, &delivery)?;
            }
        }
    }
    Ok(Some(Taken { target, deliveries }))
}
