//! The workers behind the journal: each takes an entry, makes of it what it is, and writes down what became of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::event::FeedType;
use domain::ids::{JournalId, TenantId};
use futures_util::FutureExt as _;
use store::feed::{self, Facts};
use store::journal::{self, Entry, JournalState};

use super::intake::InHand;
use super::missed::RECONCILER;
use super::{mail, webhook};
use crate::Error;
use crate::core::Core;

/// Many, because each waits for its commit, and those that wait together share one.
const WORKERS: usize = 64;
/// After so many tries an entry has failed; a person can replay it.
const TRIES: u32 = 6;
/// The same for an entry that waits for somebody else's server: about a day.
const PATIENT_TRIES: u32 = 340;

/// How an entry ended.
pub(super) enum Ended {
    /// Written down in the same transaction that filed it.
    Filed,
    Ignored(String),
    /// Not yet: what it is about may still come.
    Later(String),
    /// Not yet: another server has to give something first, and it may be away for long.
    MuchLater(String),
}

/// Lets the workers run until the engine stops.
pub(crate) fn start(core: &Arc<Core>) {
    for _ in 0..WORKERS {
        let working = Arc::clone(core);
        core.tasks.spawn(async move { work(&working).await });
    }
    core.intake.look_again();
}

async fn work(core: &Arc<Core>) {
    loop {
        while let Some(entry) = core.intake.take() {
            // One more may be waiting: another worker should look.
            core.intake.wake.notify_one();
            settle(core, entry).await;
            core.intake.finished();
            if core.stopping.is_cancelled() {
                return;
            }
        }
        if let Err(error) = claim(core).await {
            tracing::warn!(%error, "Entries of the journal could not be claimed; trying again.");
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        }
        tokio::select! {
            () = core.intake.wake.notified() => {}
            () = core.stopping.cancelled() => return,
        }
    }
}

/// Claims what waits in the journal and nobody has in hand.
async fn claim(core: &Arc<Core>) -> Result<(), Error> {
    let room = core.intake.room();
    let most = room.entries;
    if most == 0 {
        return Ok(());
    }
    let (epoch, now) = (core.epoch, core.clock.now());
    let claimed = core.store.write_any(move |tx| journal::claim(tx, epoch, now, most)).await?;
    let any = !claimed.is_empty();
    core.intake.claimed(&room, claimed);
    if any {
        core.intake.wake.notify_one();
    }
    Ok(())
}

async fn settle(core: &Arc<Core>, entry: InHand) {
    let InHand { tenant, id, fresh } = entry;
    let worked = std::panic::AssertUnwindSafe(work_on(core, tenant, id, fresh)).catch_unwind().await;
    let ended = match worked {
        Ok(Ok(ended)) => ended,
        Ok(Err(Error::Store(error))) => Ended::Later(error.to_string()),
        Ok(Err(error)) => return fail(core, tenant, id, error.to_string()).await,
        Err(_) => {
            tracing::error!(entry = %id, "Working on a journal entry panicked; it is kept and can be replayed.");
            return fail(core, tenant, id, "an internal error; the entry is kept as it came".to_owned())
                .await;
        }
    };
    match ended {
        Ended::Filed => core.feed.wake(),
        Ended::Ignored(reason) => finish(core, tenant, id, JournalState::Ignored, Some(reason)).await,
        Ended::Later(reason) => put_off(core, tenant, id, reason, TRIES).await,
        Ended::MuchLater(reason) => put_off(core, tenant, id, reason, PATIENT_TRIES).await,
    }
}

async fn work_on(
    core: &Arc<Core>,
    tenant: TenantId,
    id: JournalId,
    fresh: Option<(Arc<Entry>, Bytes)>,
) -> Result<Ended, Error> {
    let (entry, body) = match fresh {
        Some((entry, body)) => (Entry::clone(&entry), body),
        None => {
            let found = core
                .store
                .read(move |tx| {
                    let entry = journal::get(tx, tenant, id)?;
                    Ok::<_, Error>(entry.zip(journal::body(tx, tenant, id)?))
                })
                .await?;
            let Some((entry, body)) = found else { return Ok(Ended::Filed) };
            (entry, Bytes::from(body))
        }
    };
    if entry.state != JournalState::Received {
        return Ok(Ended::Filed);
    }
    if entry.source.starts_with("webhook:") || entry.source.starts_with(RECONCILER) {
        webhook::work_on(core, entry, body).await
    } else {
        mail::work_on(core, entry, body).await
    }
}

/// Tries an entry again after a while, or gives it up.
async fn put_off(core: &Arc<Core>, tenant: TenantId, id: JournalId, reason: String, tries: u32) {
    let counted = core
        .store
        .write(tenant, move |tx| {
            let Some(mut entry) = journal::get(tx, tenant, id)? else { return Ok(tries) };
            entry.attempts += 1;
            journal::count_attempt(tx, &entry)?;
            Ok::<_, store::Error>(entry.attempts)
        })
        .await;
    let attempts = match counted {
        Ok(attempts) if attempts >= tries => return fail(core, tenant, id, reason).await,
        Ok(attempts) => attempts,
        Err(_) => 1,
    };
    let wait = Duration::from_secs(1 << attempts.min(8));
    let (waiting, until) = (Arc::clone(core), core.clock.now().plus(wait));
    core.intake.put_off();
    core.tasks.spawn(async move {
        tokio::select! {
            () = waiting.sleep_until(Some(until)) => {}
            () = waiting.stopping.cancelled() => {}
        }
        waiting.intake.back_again(InHand { tenant, id, fresh: None });
    });
}

async fn fail(core: &Arc<Core>, tenant: TenantId, id: JournalId, reason: String) {
    tracing::warn!(entry = %id, "A journal entry could not be worked on; it is kept and can be replayed.");
    finish(core, tenant, id, JournalState::Failed, Some(reason)).await;
}

async fn finish(
    core: &Arc<Core>,
    tenant: TenantId,
    id: JournalId,
    state: JournalState,
    reason: Option<String>,
) {
    let now = core.clock.now();
    let written = core
        .store
        .write(tenant, move |tx| {
            let Some(entry) = journal::get(tx, tenant, id)? else { return Ok(()) };
            let entry = Entry { state, reason: reason.clone(), attempts: entry.attempts + 1, ..entry };
            journal::finish(tx, &entry)?;
            if state == JournalState::Failed {
                let facts = Facts { journal_id: Some(id.to_string()), ..Facts::default() };
                feed::append(tx, tenant, FeedType::JournalFailed, now, &facts)?;
            }
            Ok::<_, store::Error>(())
        })
        .await;
    if let Err(error) = written {
        // Still leased to this process and in state received: the next start takes it up again.
        tracing::error!(entry = %id, %error, "What became of a journal entry could not be written.");
    }
    core.feed.wake();
}
