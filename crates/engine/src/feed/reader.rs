//! Readers inside this server that take in the whole feed of every tenant, each event once, in its order.
//!
//! A reader looks at a stretch of the feed; what it makes of it is written in the transaction that moves its cursor, so that
//! each event counts exactly once, whatever dies when.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::ids::TenantId;
use store::Tx;
use store::feed::{self, Event};

use super::FeedHub;
use crate::Error;
use crate::core::Core;

/// Events in one look.
const PER_READ: u32 = 300;
/// Events that say nothing to a reader are not noted one by one.
const NOT_WORTH_A_WRITE: i64 = 2_000;
/// What happens within this time is taken in together.
const GATHERING: Duration = Duration::from_millis(10);
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// Somebody who takes in the feed.
pub(crate) trait Reader: 'static {
    /// What is to be written for a stretch of the feed.
    type Work: Send + Sync + 'static;
    /// What did not work, for the log, when a look fails.
    const FAULT: &'static str;

    /// Where this process keeps how far the reader has come.
    fn progress(core: &Core) -> &Progress;

    /// How often to look when nobody in this process says that something happened; never when absent.
    fn poll(core: &Core) -> Option<Duration>;

    /// The tenants of whose feed there is more than was taken in, each with the number of its newest event.
    fn behind(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, i64)>, store::Error>;

    /// The number of the last event that was taken in; 0 before the first.
    fn cursor(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, store::Error>;

    fn move_cursor(tx: &mut Tx<'_>, tenant: TenantId, seq: i64) -> Result<(), store::Error>;

    /// Looks at what happened behind a number.
    fn look(tx: &mut Tx<'_>, tenant: TenantId, after: i64) -> Result<Stretch<Self::Work>, Error>;

    /// Writes what a look brought.
    fn write(tx: &mut Tx<'_>, core: &Core, tenant: TenantId, work: &Self::Work) -> Result<(), Error>;

    /// Something was written, which took so long.
    fn wrote(core: &Core, took: Duration) -> impl Future<Output = ()> + Send;
}

/// What one look at the feed brought.
pub(crate) struct Stretch<W> {
    /// The last event that this accounts for.
    pub reached: i64,
    /// What is to be written for it.
    pub work: Option<W>,
}

/// The events of one look.
pub(crate) fn events(tx: &mut Tx<'_>, tenant: TenantId, after: i64) -> Result<Vec<Event>, store::Error> {
    feed::after(tx, tenant, after, PER_READ)
}

/// How far a reader has come; for those who wait for it.
#[derive(Debug)]
pub(crate) struct Progress {
    /// The count of the hub up to which everything was looked at.
    done: AtomicU64,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        Progress { done: AtomicU64::new(u64::MAX) }
    }

    /// Whether nothing was committed since the reader last saw all.
    pub(crate) fn is_idle(&self, feed: &FeedHub) -> bool {
        self.done.load(Ordering::SeqCst) == feed.count()
    }
}

/// Lets a reader take in what happens, until the engine stops.
pub(crate) fn start<R: Reader>(core: &Arc<Core>) {
    let reading = Arc::clone(core);
    core.tasks.spawn(async move { read_on::<R>(&reading).await });
}

async fn read_on<R: Reader>(core: &Arc<Core>) {
    let mut tick = core.feed.ticks();
    let poll = R::poll(core);
    let mut looked_at = HashMap::new();
    loop {
        let count = *tick.borrow_and_update();
        let fault = catch_up::<R>(core, &mut looked_at).await.err();
        match &fault {
            None => R::progress(core).done.store(count, Ordering::SeqCst),
            Some(_) if core.stopping.is_cancelled() => return,
            Some(error) => tracing::warn!(%error, "{}; trying again.", R::FAULT),
        }
        let pause = if fault.is_some() { Some(AFTER_FAULT) } else { poll };
        tokio::select! {
            () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            changed = tick.changed(), if fault.is_none() => if changed.is_err() { return },
            () = core.stopping.cancelled() => return,
        }
        tokio::time::sleep(GATHERING).await;
    }
}

/// Takes in all that is new, of all tenants. `looked_at` remembers events that were not worth a write.
async fn catch_up<R: Reader>(core: &Arc<Core>, looked_at: &mut HashMap<TenantId, i64>) -> Result<(), Error> {
    let behind = core.store.read(R::behind).await?;
    for (tenant, last) in behind {
        while looked_at.get(&tenant).copied().unwrap_or(0) < last {
            if core.stopping.is_cancelled() {
                return Ok(());
            }
            let after = looked_at.get(&tenant).copied().unwrap_or(0);
            let reached = step::<R>(core, tenant, after).await?;
            looked_at.insert(tenant, reached);
        }
    }
    Ok(())
}

/// One look and at most one write; gives the number of the last event that was dealt with. Another process may have been
/// there first: its work stands, and the next look begins behind it.
async fn step<R: Reader>(core: &Arc<Core>, tenant: TenantId, after: i64) -> Result<i64, Error> {
    let (from, stretch) = core
        .store
        .read(move |tx| {
            let cursor = R::cursor(tx, tenant)?;
            Ok::<_, Error>((cursor, R::look(tx, tenant, after.max(cursor))?))
        })
        .await?;
    let reached = stretch.reached;
    if stretch.work.is_none() && reached - from < NOT_WORTH_A_WRITE {
        return Ok(reached);
    }
    let writing = Arc::clone(core);
    let (cursor, took) = core
        .store
        .write_bulk(tenant, move |tx| {
            let begun = Instant::now();
            let cursor = R::cursor(tx, tenant)?;
            if cursor != from {
                return Ok::<_, Error>((cursor, Duration::ZERO));
            }
            if let Some(work) = &stretch.work {
                R::write(tx, &writing, tenant, work)?;
            }
            R::move_cursor(tx, tenant, stretch.reached)?;
            Ok((stretch.reached, begun.elapsed()))
        })
        .await?;
    R::wrote(core, took).await;
    Ok(cursor)
}
