//! Follows the event feed and makes a delivery for each webhook that wants an event.

use std::time::Duration;

use domain::event::FeedType;
use domain::ids::TenantId;
use domain::webhook::{DeliveryState, EventPattern};
use store::feed::Event;
use store::webhook_deliveries::{self, WebhookDelivery};
use store::webhooks_out::{self, Webhook};
use store::{Tx, feed, webhook_log};

use super::content::Writer;
use crate::Error;
use crate::core::Core;
use crate::feed::reader::{self, Progress, Reader, Stretch};

/// Events with a body in one transaction.
const PER_WRITE: usize = 50;
/// Other processes write too, and wake nobody here: those of a cluster, and single commands beside the server.
const POLL: Duration = Duration::from_secs(1);

/// Takes in what webhooks are told.
pub(super) struct Teller;

/// The events that somebody wants, with what is sent for them.
type Told = Vec<(Event, String)>;

impl Reader for Teller {
    type Work = Told;
    const FAULT: &'static str = "Webhooks could not be told what is new";

    fn progress(core: &Core) -> &Progress {
        &core.webhooks.followed
    }

    fn poll(_core: &Core) -> Option<Duration> {
        Some(POLL)
    }

    fn behind(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, i64)>, store::Error> {
        webhooks_out::behind(tx)
    }

    fn cursor(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, store::Error> {
        webhooks_out::cursor(tx, tenant)
    }

    fn move_cursor(tx: &mut Tx<'_>, tenant: TenantId, seq: i64) -> Result<(), store::Error> {
        webhooks_out::move_cursor(tx, tenant, seq)
    }

    fn look(tx: &mut Tx<'_>, tenant: TenantId, after: i64) -> Result<Stretch<Told>, Error> {
        let wishes = wishes(tx, tenant)?;
        // What happened before the oldest of them was switched on is nobody's.
        let Some(from) = wishes.iter().map(|wish| wish.webhook.from_seq).min() else {
            return Ok(Stretch { reached: feed::last(tx, tenant)?, work: None });
        };
        let mut reached = after.max(from);
        let (mut writer, mut told) = (Writer::new(tenant), Vec::new());
        for event in reader::events(tx, tenant, reached)? {
            reached = event.seq;
            if wishes.iter().any(|wish| wish.wants(&event)) {
                let body = writer.body(tx, &event)?;
                told.push((event, body));
            }
            if told.len() >= PER_WRITE {
                break;
            }
        }
        Ok(Stretch { reached, work: (!told.is_empty()).then_some(told) })
    }

    fn write(tx: &mut Tx<'_>, core: &Core, tenant: TenantId, told: &Told) -> Result<(), Error> {
        // Read again: one may have been switched off meanwhile.
        let wishes = wishes(tx, tenant)?;
        for (event, body) in told {
            for wish in wishes.iter().filter(|wish| wish.wants(event)) {
                deliver(tx, core, &wish.webhook, event, body)?;
            }
        }
        Ok(())
    }

    async fn wrote(core: &Core, _took: Duration) {
        core.webhooks.look_again();
    }
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
    webhook_log::put_body(tx, webhook.tenant, event.seq, body, now)?;
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
