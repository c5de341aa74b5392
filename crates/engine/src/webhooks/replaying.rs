//! Works through replays, a stride of events at a time. What a stride sends again is written together with how far the
//! replay has come, so that within one replay each event counts once, whatever dies when.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{TenantId, WebhookDeliveryId, WebhookReplayId};
use domain::webhook::DeliveryState;
use store::feed::Event;
use store::webhook_replays::{self, ReplayState, WebhookReplay};
use store::webhooks_out::{self, Webhook};
use store::{Tx, feed, webhook_deliveries};

use super::content::Writer;
use super::follow::{deliver, patterns, wants};
use super::health::tell;
use crate::Error;
use crate::core::Core;

/// Events of one stride.
const STRIDE: u32 = 200;
/// Bodies that one stride writes.
const BODIES: usize = 50;
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// Works on a replay, unless this process does already.
pub(super) fn open(core: &Arc<Core>, tenant: TenantId, id: WebhookReplayId) {
    if core.stopping.is_cancelled() || !core.webhooks.replays.lock().insert(id) {
        return;
    }
    let working = Arc::clone(core);
    core.tasks.spawn(async move {
        work_through(&working, tenant, id).await;
        working.webhooks.replays.lock().remove(&id);
        working.webhooks.look_again();
    });
}

async fn work_through(core: &Arc<Core>, tenant: TenantId, id: WebhookReplayId) {
    while !core.stopping.is_cancelled() {
        match step(core, tenant, id).await {
            Ok(Step::More) => core.webhooks.look_again(),
            Ok(Step::End) => return core.feed.wake(),
            Ok(Step::Ended) => return,
            Err(_) if core.stopping.is_cancelled() => return,
            Err(error) => {
                tracing::warn!(replay = %id, %error, "A replay of a webhook could not go on; trying again.");
                tokio::time::sleep(AFTER_FAULT).await;
            }
        }
    }
}

enum Step {
    More,
    /// This was the last one.
    End,
    /// It had ended before.
    Ended,
}

/// What a stride found.
struct Stretch {
    replay: WebhookReplay,
    /// Where the replay is when it is written.
    reached: i64,
    wanted: Vec<Wanted>,
    /// Why it goes no further.
    reason: Option<&'static str>,
}

/// An event that the webhook wants, with its body when there is no delivery of it.
type Wanted = (Event, Option<String>);

/// One look and one write. Another process may work on the same replay: what it wrote stands, and the next look begins
/// behind it.
async fn step(core: &Arc<Core>, tenant: TenantId, id: WebhookReplayId) -> Result<Step, Error> {
    let Some(stretch) = core.store.read(move |tx| look(tx, tenant, id)).await? else {
        return Ok(Step::Ended);
    };
    let writing = Arc::clone(core);
    core.store.write_bulk(tenant, move |tx| write(tx, &writing, tenant, &stretch)).await
}

fn look(tx: &mut Tx<'_>, tenant: TenantId, id: WebhookReplayId) -> Result<Option<Stretch>, Error> {
    let replay = webhook_replays::get(tx, tenant, id)?.filter(|one| one.state == ReplayState::Running);
    let Some(replay) = replay else { return Ok(None) };
    let reached = replay.reached_seq;
    let webhook = match still_there(tx, tenant, &replay)? {
        Ok(webhook) => webhook,
        Err(reason) => {
            return Ok(Some(Stretch { replay, reached, wanted: Vec::new(), reason: Some(reason) }));
        }
    };
    let (patterns, mut writer) = (patterns(&webhook), Writer::new(tenant));
    let events = feed::after(tx, tenant, reached, STRIDE)?;
    let known = known(tx, tenant, &replay, events.last().map_or(reached, |event| event.seq))?;
    let mut stretch = Stretch { reached: replay.last_seq, replay, wanted: Vec::new(), reason: None };
    let mut bodies = 0;
    for (place, event) in events.into_iter().enumerate() {
        if event.seq > stretch.replay.last_seq {
            break;
        }
        let (seq, is_full) = (event.seq, place + 1 == STRIDE as usize);
        if wants(&patterns, event.kind) {
            let body = if known.contains_key(&seq) { None } else { Some(writer.body(tx, &event)?) };
            bodies += usize::from(body.is_some());
            stretch.wanted.push((event, body));
        }
        if is_full || bodies == BODIES {
            stretch.reached = seq;
            break;
        }
    }
    Ok(Some(stretch))
}

fn write(tx: &mut Tx<'_>, core: &Core, tenant: TenantId, stretch: &Stretch) -> Result<Step, Error> {
    let Some(mut replay) = webhook_replays::get(tx, tenant, stretch.replay.id)? else {
        return Ok(Step::Ended);
    };
    if replay.state != ReplayState::Running {
        return Ok(Step::Ended);
    }
    if replay.reached_seq != stretch.replay.reached_seq {
        return Ok(Step::More);
    }
    let now = core.clock.now();
    match still_there(tx, tenant, &replay)? {
        Ok(webhook) if stretch.reason.is_none() => {
            replay.replayed += send_again(tx, core, &webhook, stretch)?;
            replay.reached_seq = stretch.reached;
            if stretch.reached >= replay.last_seq {
                replay.state = ReplayState::Done;
            }
        }
        // On again between the look and the write: the next look goes on.
        Ok(_) => return Ok(Step::More),
        Err(reason) => {
            replay.state = ReplayState::Cancelled;
            replay.reason = Some(reason.to_owned());
        }
    }
    replay.updated_at = now;
    webhook_replays::progress(tx, tenant, &replay)?;
    if replay.state == ReplayState::Running {
        return Ok(Step::More);
    }
    if let Some(webhook) = webhooks_out::get(tx, tenant, replay.webhook)? {
        tell(tx, &webhook, now)?;
    }
    Ok(Step::End)
}

/// Lets the deliveries of a stretch begin anew, and makes those that are missing; gives how many.
fn send_again(tx: &mut Tx<'_>, core: &Core, webhook: &Webhook, stretch: &Stretch) -> Result<i64, Error> {
    let (now, only_failed) = (core.clock.now(), stretch.replay.only_failed);
    let known = known(tx, webhook.tenant, &stretch.replay, stretch.reached)?;
    let mut count = 0;
    for (event, body) in &stretch.wanted {
        let is_again = match (known.get(&event.seq), body) {
            (Some((_, DeliveryState::Delivered)), _) if only_failed => false,
            (Some((id, _)), _) => webhook_deliveries::again(tx, webhook.tenant, *id, now)?,
            (None, Some(body)) => deliver(tx, core, webhook, event, body)?,
            // Its delivery was removed at this moment.
            (None, None) => false,
        };
        count += i64::from(is_again);
    }
    Ok(count)
}

/// The webhook of a replay, or why there is nothing to send to.
fn still_there(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    replay: &WebhookReplay,
) -> Result<Result<Webhook, &'static str>, Error> {
    Ok(match webhooks_out::get(tx, tenant, replay.webhook)? {
        None => Err("The webhook was removed."),
        Some(webhook) if !webhook.enabled => Err("The webhook was switched off."),
        Some(webhook) => Ok(webhook),
    })
}

/// The deliveries that the webhook of a replay has of the events up to one.
fn known(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    replay: &WebhookReplay,
    to: i64,
) -> Result<HashMap<i64, (WebhookDeliveryId, DeliveryState)>, Error> {
    let rows = webhook_deliveries::of_events(tx, tenant, replay.webhook, replay.reached_seq, to)?;
    Ok(rows.into_iter().map(|(seq, id, state)| (seq, (id, state))).collect())
}
