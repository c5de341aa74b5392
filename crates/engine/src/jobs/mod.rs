//! Background work: jobs that must not be forgotten, and rounds that come again.

use std::sync::Arc;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::clock::Timestamp;
use futures_util::FutureExt as _;
use store::jobs::{self, Job};

use crate::core::Core;
use crate::{Error, contacts, inbox, receive, send, suppression, webhooks};

/// The kind of job that asks a provider about an unknown message.
pub(crate) const RECONCILE: &str = "reconcile";

/// The kind of job that asks a provider to take an address off its own list.
pub(crate) const UNSUPPRESS: &str = "unsuppress";

/// The kind of job that wakes a snoozed conversation.
pub(crate) const WAKE: &str = "wake_conversation";

const PER_CLAIM: usize = 50;
/// The longest that the loop sleeps: rounds are due by then.
const ROUND: Duration = Duration::from_mins(1);

/// How often messages are looked for that nobody has in hand.
const UNKNOWN_ROUND: Duration = Duration::from_mins(5);

/// What came of a run.
pub(crate) enum JobOutcome {
    Done,
    /// Not yet: again after a while, for this reason.
    Again(String),
    /// Not yet: again at this time, for this reason.
    At(Timestamp, String),
}

/// Runs jobs until the engine stops.
pub(crate) fn start(core: &Arc<Core>) {
    let running = Arc::clone(core);
    core.tasks.spawn(async move {
        loop {
            let look = running.jobs.begin();
            let next = match run_due(&running).await {
                Ok(next) => {
                    running.jobs.end(look, Some(next));
                    next
                }
                Err(error) => {
                    tracing::warn!(%error, "Jobs could not be claimed; trying again.");
                    running.clock.now().plus(Duration::from_secs(5))
                }
            };
            tokio::select! {
                () = running.jobs.asked_for() => {}
                () = running.sleep_until(Some(next)) => {}
                () = running.stopping.cancelled() => return,
            }
        }
    });
}

/// Runs everything that is due; gives when to look again.
async fn run_due(core: &Arc<Core>) -> Result<Timestamp, Error> {
    // Counted from before the work: what fell due while it was done is looked at without a further wait.
    let round = core.clock.now().plus(ROUND);
    loop {
        let (epoch, now) = (core.epoch, core.clock.now());
        let claimed = core.store.write_any(move |tx| jobs::claim(tx, epoch, now, PER_CLAIM)).await?;
        if claimed.is_empty() || core.stopping.is_cancelled() {
            break;
        }
        for job in claimed {
            run(core, job).await?;
        }
    }
    rounds(core).await?;
    let due = core.store.read(jobs::next_due).await?;
    Ok(due.map_or(round, |due| due.min(round)))
}

async fn run(core: &Arc<Core>, job: Job) -> Result<(), Error> {
    let work = async {
        match job.kind.as_str() {
            RECONCILE => send::reconcile(core, &job).await,
            UNSUPPRESS => suppression::tell_provider(core, &job).await,
            WAKE => inbox::wake(core, &job).await,
            contacts::CONTACT_IMPORT => contacts::continue_import(core, &job).await,
            other => Ok(JobOutcome::Again(format!("this program knows no job of kind {other}"))),
        }
    };
    let outcome = std::panic::AssertUnwindSafe(work).catch_unwind().await;
    let (tenant, id, now) = (job.tenant, job.id, core.clock.now());
    let wait = Backoff::JOB.wait_after(job.attempts.min(Backoff::JOB.attempts - 1), &core.chance);
    let usual = now.plus(wait.unwrap_or(Backoff::JOB.ceiling));
    let (reason, due_at) = match outcome {
        Ok(Ok(JobOutcome::Done)) => (None, usual),
        Ok(Ok(JobOutcome::Again(reason))) => (Some(reason), usual),
        Ok(Ok(JobOutcome::At(due_at, reason))) => (Some(reason), due_at),
        Ok(Err(error)) => (Some(error.to_string()), usual),
        Err(_) => (Some("the job panicked".to_owned()), usual),
    };
    core.store
        .write(tenant, move |tx| match &reason {
            None => jobs::delete(tx, tenant, id),
            Some(reason) => jobs::retry(tx, tenant, id, due_at, reason),
        })
        .await?;
    Ok(())
}

/// Work that comes round again; of several processes one does it.
async fn rounds(core: &Arc<Core>) -> Result<(), Error> {
    let now = core.clock.now();
    let next = now.plus(Duration::from_mins(10));
    let mine = core.store.write_any(move |tx| store::schedules::take(tx, "clean-up", now, next)).await?;
    if mine {
        crate::Engine { core: Arc::clone(core) }.forget_expired_access().await?;
        inbox::forget_unwanted(core).await?;
        receive::forget_old(core).await?;
        webhooks::forget_old(core).await?;
    }
    let next = now.plus(UNKNOWN_ROUND);
    let mine = core.store.write_any(move |tx| store::schedules::take(tx, "unknown", now, next)).await?;
    if mine {
        send::look_after_unknown(core).await?;
    }
    receive::ask_for_missed(core).await?;
    Ok(())
}
