//! The courier: looks which webhooks have something due, and opens a lane for each of them; and goes on with replays.

use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use store::webhook_replays;
use store::webhooks_out::{self, Waiting};
use tokio::sync::Notify;

use super::{lane, replaying};
use crate::Error;
use crate::core::Core;

/// Other processes write too, and wake nobody here: those of a cluster, and single commands beside the server.
const POLL: Duration = Duration::from_secs(2);
const AFTER_FAULT: Duration = Duration::from_secs(1);

pub(super) async fn run(core: &Arc<Core>) {
    loop {
        let began = core.webhooks.turns.begin();
        let (next, poll) = match look(core).await {
            Ok(next) => {
                core.webhooks.turns.end(began, next);
                (next, POLL)
            }
            Err(error) => {
                if core.stopping.is_cancelled() {
                    return;
                }
                tracing::warn!(%error, "Deliveries to webhooks could not be looked for; trying again.");
                (None, AFTER_FAULT)
            }
        };
        tokio::select! {
            () = core.webhooks.turns.asked_for() => {}
            () = core.sleep_until(next) => {}
            () = tokio::time::sleep(poll) => {}
            () = core.stopping.cancelled() => return,
        }
    }
}

/// Opens lanes for all webhooks with something due; gives when there is something for the others.
async fn look(core: &Arc<Core>) -> Result<Option<Timestamp>, Error> {
    let (waiting, replays) = core
        .store
        .read(|tx| Ok::<_, Error>((webhooks_out::waiting(tx)?, webhook_replays::running(tx)?)))
        .await?;
    for (tenant, replay) in replays {
        replaying::open(core, tenant, replay);
    }
    let now = core.clock.now();
    let mut next: Option<Timestamp> = None;
    for one in waiting {
        if one.next > now {
            next = Some(next.map_or(one.next, |next| next.min(one.next)));
        } else {
            open(core, one);
        }
    }
    Ok(next)
}

/// Opens the lane of a webhook, or tells it that there is more. It asks for a look when it ends.
fn open(core: &Arc<Core>, waiting: Waiting) {
    if core.stopping.is_cancelled() {
        return;
    }
    let more = Arc::new(Notify::new());
    match core.webhooks.lanes.lock().entry(waiting.webhook) {
        Entry::Occupied(lane) => return lane.get().notify_one(),
        Entry::Vacant(place) => drop(place.insert(Arc::clone(&more))),
    }
    let sending = Arc::clone(core);
    core.tasks.spawn(async move {
        lane::run(&sending, waiting.tenant, waiting.webhook, &more).await;
        sending.webhooks.lanes.lock().remove(&waiting.webhook);
        sending.webhooks.look_again();
    });
}
