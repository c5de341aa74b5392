//! One reader per tenant tells all followers: five hundred open pages cost one query, not five hundred.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::ids::TenantId;
use parking_lot::Mutex;
use store::feed::Event;
use tokio::sync::{broadcast, watch};

use crate::core::Core;

/// Events that a follower may lag behind in memory; after that it reads from the database.
const REMEMBERED: usize = 1_024;
const PER_READ: u32 = 500;
/// Other processes of a cluster write too, and wake nobody here.
const CLUSTER_POLL: Duration = Duration::from_secs(1);

/// Wakes the readers after commits, and knows who follows.
pub(crate) struct FeedHub {
    tick: watch::Sender<u64>,
    tenants: Mutex<HashMap<TenantId, broadcast::Sender<Arc<Event>>>>,
}

impl FeedHub {
    pub(crate) fn new() -> FeedHub {
        FeedHub { tick: watch::Sender::new(0), tenants: Mutex::new(HashMap::new()) }
    }

    /// Something was committed that followers may want.
    pub(crate) fn wake(&self) {
        self.tick.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// How often something was committed.
    pub(crate) fn count(&self) -> u64 {
        *self.tick.borrow()
    }

    /// The same count, for those who wait for it to change.
    pub(crate) fn ticks(&self) -> watch::Receiver<u64> {
        self.tick.subscribe()
    }
}

/// Somebody who follows a tenant's feed.
pub struct Follower {
    core: Arc<Core>,
    tenant: TenantId,
    seq: i64,
    live: broadcast::Receiver<Arc<Event>>,
    ready: VecDeque<Arc<Event>>,
    /// Whether the database has to be read before the live events connect.
    behind: bool,
}

/// Begins to follow behind `seq`.
pub(crate) fn follow(core: &Arc<Core>, tenant: TenantId, seq: i64) -> Follower {
    let mut tenants = core.feed.tenants.lock();
    let live = match tenants.get(&tenant) {
        Some(sender) => sender.subscribe(),
        None => {
            let (sender, live) = broadcast::channel(REMEMBERED);
            tenants.insert(tenant, sender.clone());
            let reading = Arc::clone(core);
            core.tasks.spawn(async move { read_on(&reading, tenant, &sender).await });
            live
        }
    };
    Follower { core: Arc::clone(core), tenant, seq, live, ready: VecDeque::new(), behind: true }
}

impl Follower {
    /// The number of the last event that was given, or behind which it began.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.seq
    }

    /// The next event; nothing when the server stops.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.seq = event.seq;
                return Some(event);
            }
            if self.behind {
                self.catch_up().await;
                continue;
            }
            let received = tokio::select! {
                received = self.live.recv() => received,
                () = self.core.stopping.cancelled() => return None,
            };
            match received {
                Ok(event) if event.seq <= self.seq => {}
                // A gap means that something was missed between the database and the live events.
                Ok(event) if event.seq == self.seq + 1 => self.ready.push_back(event),
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => self.behind = true,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    async fn catch_up(&mut self) {
        let (tenant, seq) = (self.tenant, self.seq);
        match self.core.store.read(move |tx| store::feed::after(tx, tenant, seq, PER_READ)).await {
            Ok(events) => {
                self.behind = events.len() == PER_READ as usize;
                self.ready.extend(events.into_iter().map(Arc::new));
            }
            Err(error) => {
                tracing::warn!(%error, "The event feed could not be read; trying again.");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}

/// Reads new events of a tenant and gives them to its followers, as long as there are any.
async fn read_on(core: &Arc<Core>, tenant: TenantId, followers: &broadcast::Sender<Arc<Event>>) {
    let mut tick = core.feed.tick.subscribe();
    let mut seq = core.store.read(move |tx| store::feed::last(tx, tenant)).await.unwrap_or(0);
    let in_cluster = core.store.engine() == store::Engine::Postgres;
    loop {
        if followers.receiver_count() == 0 {
            let mut tenants = core.feed.tenants.lock();
            if followers.receiver_count() == 0 {
                tenants.remove(&tenant);
                return;
            }
        }
        let read = core.store.read(move |tx| store::feed::after(tx, tenant, seq, PER_READ)).await;
        let events = read.unwrap_or_default();
        let is_full = events.len() == PER_READ as usize;
        for event in events {
            seq = event.seq;
            // Nobody may be listening at this moment; they read from the database when they come back.
            drop(followers.send(Arc::new(event)));
        }
        if is_full {
            continue;
        }
        tokio::select! {
            changed = tick.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(CLUSTER_POLL), if in_cluster => {}
            () = core.stopping.cancelled() => return,
        }
    }
}
