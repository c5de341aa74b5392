//! The courier: looks which webhooks have something due, and opens a lane for each of them.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use store::webhooks_out::{self, Waiting};

use super::lane;
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
    let waiting = core.store.read(webhooks_out::waiting).await?;
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

/// Opens the lane of a webhook, unless there is one: it takes what is new itself, and asks for a look when it ends.
fn open(core: &Arc<Core>, waiting: Waiting) {
    if core.stopping.is_cancelled() || !core.webhooks.lanes.lock().insert(waiting.webhook) {
        return;
    }
    let sending = Arc::clone(core);
    core.tasks.spawn(async move {
        lane::run(&sending, waiting.tenant, waiting.webhook).await;
        sending.webhooks.lanes.lock().remove(&waiting.webhook);
        sending.webhooks.look_again();
    });
}
