//! Follows the event feed and makes a delivery for each webhook that wants an event.
//!
//! The cursor moves in the transaction that makes the deliveries, so that each is made exactly once, whatever dies when.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::event::FeedType;
use domain::ids::TenantId;
use domain::webhook::{DeliveryState, EventPattern};
use store::feed::Event;
use store::webhook_deliveries::{self, WebhookDelivery};
use store::webhooks_out::{self, Webhook};
use store::{Tx, feed};

use super::content::Writer;
use crate::Error;
use crate::core::Core;

/// Events with a body in one transaction.
const PER_WRITE: usize = 50;
/// Events in one look.
const PER_READ: u32 = 300;
/// Events that no webhook wants are not noted one by one.
const NOT_WORTH_A_WRITE: i64 = 2_000;
/// What happens within this time is told together.
const GATHERING: Duration = Duration::from_millis(10);
/// Other processes write too, and wake nobody here: those of a cluster, and single commands beside the server.
const POLL: Duration = Duration::from_secs(1);
const AFTER_FAULT: Duration = Duration::from_secs(1);

pub(super) async fn follow(core: &Arc<Core>) {
    let mut tick = core.feed.ticks();
    let mut looked_at = HashMap::new();
    loop {
        let count = *tick.borrow_and_update();
        let pause = match catch_up(core, &mut looked_at).await {
            Ok(()) => {
                core.webhooks.followed.store(count, Ordering::SeqCst);
                None
            }
            Err(error) => {
                if core.stopping.is_cancelled() {
                    return;
                }
                tracing::warn!(%error, "Webhooks could not be told what is new; trying again.");
                Some(AFTER_FAULT)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause.unwrap_or(POLL)) => {}
            changed = tick.changed(), if pause.is_none() => if changed.is_err() { return },
            () = core.stopping.cancelled() => return,
        }
        tokio::time::sleep(GATHERING).await;
    }
}

/// Takes in all that is new, of all tenants. `looked_at` remembers events that were not worth a write.
async fn catch_up(core: &Arc<Core>, looked_at: &mut HashMap<TenantId, i64>) -> Result<(), Error> {
    let behind = core.store.read(webhooks_out::behind).await?;
    for (tenant, last) in behind {
        while looked_at.get(&tenant).copied().unwrap_or(0) < last {
            if core.stopping.is_cancelled() {
                return Ok(());
            }
            let after = looked_at.get(&tenant).copied().unwrap_or(0);
            let reached = step(core, tenant, after).await?;
            looked_at.insert(tenant, reached);
        }
    }
    Ok(())
}

/// What one look at the feed brought.
#[derive(Default)]
struct Batch {
    /// Where the cursor was.
    cursor: i64,
    /// The last event that this accounts for.
    reached: i64,
    /// The events that somebody wants, with what is sent for them.
    events: Vec<(Event, String)>,
}

async fn step(core: &Arc<Core>, tenant: TenantId, after: i64) -> Result<i64, Error> {
    let batch = core.store.read(move |tx| read(tx, tenant, after)).await?;
    let reached = batch.reached;
    if batch.events.is_empty() && reached - batch.cursor < NOT_WORTH_A_WRITE {
        return Ok(reached);
    }
    let writing = Arc::clone(core);
    let cursor = core.store.write_bulk(tenant, move |tx| write(tx, &writing, tenant, &batch)).await?;
    core.webhooks.look_again();
    Ok(cursor)
}

fn read(tx: &mut Tx<'_>, tenant: TenantId, after: i64) -> Result<Batch, Error> {
    let cursor = webhooks_out::cursor(tx, tenant)?;
    let wishes = wishes(tx, tenant)?;
    // What happened before the oldest of them was switched on is nobody's.
    let Some(from) = wishes.iter().map(|wish| wish.webhook.from_seq).min() else {
        return Ok(Batch { cursor, reached: feed::last(tx, tenant)?, events: Vec::new() });
    };
    let after = after.max(cursor).max(from);
    let mut batch = Batch { cursor, reached: after, events: Vec::new() };
    let mut writer = Writer::new(tenant);
    for event in feed::after(tx, tenant, after, PER_READ)? {
        batch.reached = event.seq;
        if wishes.iter().any(|wish| wish.wants(&event)) {
            let body = writer.body(tx, &event)?;
            batch.events.push((event, body));
        }
        if batch.events.len() >= PER_WRITE {
            break;
        }
    }
    Ok(batch)
}

/// Makes the deliveries of a batch; gives where the cursor is then. Another process may have been there first: its work
/// stands, and the next look begins behind it.
fn write(tx: &mut Tx<'_>, core: &Core, tenant: TenantId, batch: &Batch) -> Result<i64, Error> {
    let cursor = webhooks_out::cursor(tx, tenant)?;
    if cursor != batch.cursor {
        return Ok(cursor);
    }
    // Read again: one may have been switched off meanwhile.
    let wishes = wishes(tx, tenant)?;
    for (event, body) in &batch.events {
        for wish in wishes.iter().filter(|wish| wish.wants(event)) {
            deliver(tx, core, &wish.webhook, event, body)?;
        }
    }
    webhooks_out::move_cursor(tx, tenant, batch.reached)?;
    Ok(batch.reached)
}

/// Makes the delivery of an event; false when the webhook has it already.
pub(super) fn deliver(
    tx: &mut Tx<'_>,
    core: &Core,
    webhook: &Webhook,
    event: &Event,
    body: &str,
) -> Result<bool, Error> {
    let now = core.clock.now();
    webhook_deliveries::put_body(tx, webhook.tenant, event.seq, body, now)?;
    let delivery = fresh(core, webhook, event.seq, event.kind.as_str());
    Ok(webhook_deliveries::insert(tx, webhook.tenant, &delivery)?)
}

/// A delivery that is due now.
pub(super) fn fresh(core: &Core, webhook: &Webhook, seq: i64, event_type: &str) -> WebhookDelivery {
    let now = core.clock.now();
    WebhookDelivery {
        id: core.ids.next(),
        webhook: webhook.id,
        seq,
        event_type: event_type.to_owned(),
        state: DeliveryState::Waiting,
        attempts: 0,
        attempts_before: 0,
        next_attempt_at: Some(now),
        created_at: now,
        last_status: None,
        last_error: None,
    }
}

/// A webhook that is on, with what it wants.
struct Wish {
    webhook: Webhook,
    patterns: Vec<EventPattern>,
}

impl Wish {
    fn wants(&self, event: &Event) -> bool {
        event.seq > self.webhook.from_seq && wants(&self.patterns, event.kind)
    }
}

fn wishes(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Wish>, Error> {
    let all = webhooks_out::all(tx, tenant)?.into_iter().filter(|webhook| webhook.enabled);
    Ok(all.map(|webhook| Wish { patterns: patterns(&webhook), webhook }).collect())
}

/// What a webhook wants. Types that this version does not know any more are left out.
pub(super) fn patterns(webhook: &Webhook) -> Vec<EventPattern> {
    webhook.events.iter().filter_map(|text| text.parse().ok()).collect()
}

pub(super) fn wants(patterns: &[EventPattern], kind: FeedType) -> bool {
    patterns.iter().any(|pattern| pattern.matches(kind))
}
