//! Webhooks that were refused: counted for every account and day, with one write at a time however many come.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use domain::clock::Timestamp;
use domain::ids::{AccountId, TenantId};
use parking_lot::Mutex;
use providers::{Refusal, Refused};

use crate::core::Core;

/// What is counted and not written yet.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    counts: HashMap<(TenantId, AccountId), i64>,
    is_writing: bool,
}

impl Refusals {
    /// What is to be written now; when it is nothing, the one who writes may go.
    fn take(&self) -> HashMap<(TenantId, AccountId), i64> {
        let mut waiting = self.0.lock();
        waiting.is_writing = !waiting.counts.is_empty();
        mem::take(&mut waiting.counts)
    }
}

/// The counter of what an account refused on a day.
pub(crate) fn refused_counter(account: AccountId, now: Timestamp) -> String {
    format!("refused.{account}.{}", now.day())
}

/// Counts one; anybody can send these, so they never wait for the disk and never queue up before it.
pub(super) fn count(core: &Arc<Core>, provider: &str, refused: &Refused, of: (TenantId, AccountId)) {
    let labels = [("provider", provider.to_owned()), ("reason", refused.reason.to_owned())];
    metrics::counter!("chancery_webhooks_refused_total", &labels).increment(1);
    if refused.answer == Refusal::Later {
        // Not refused yet: it comes again.
        return;
    }
    let mut waiting = core.refusals.0.lock();
    *waiting.counts.entry(of).or_default() += 1;
    if mem::replace(&mut waiting.is_writing, true) {
        return;
    }
    drop(waiting);
    let writing = Arc::clone(core);
    core.tasks.spawn(async move { write(&writing).await });
}

/// Writes until nothing waits.
async fn write(core: &Arc<Core>) {
    loop {
        let counts = core.refusals.take();
        if counts.is_empty() {
            return;
        }
        let now = core.clock.now();
        for ((tenant, account), count) in counts {
            let counter = refused_counter(account, now);
            let added =
                core.store.write(tenant, move |tx| store::counters::add(tx, tenant, &counter, count)).await;
            if let Err(error) = added {
                tracing::warn!(%error, "Refused webhooks could not be counted; the metric has them.");
            }
        }
    }
}
