//! Starting and stopping: an epoch begins, takes over what dead ones held, and gives up its own at the end.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{EpochId, MessageId, TenantId};
use domain::message::MessageState;
use store::epochs;
use store::messages::Change;

use crate::core::Core;
use crate::feed::reader;
use crate::send::take_over;
use crate::{Engine, Error, accounts, inbox, jobs, mailboxes, receive, search, webhooks};

/// How long a process of a cluster is believed to live without a sign.
const ALIVE: Duration = Duration::from_secs(20);
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// How long a stop waits for sends under way.
const GRACE: Duration = Duration::from_secs(30);

impl Engine {
    /// Begins to work: takes over from processes that died, then lets accounts send, entries be read and jobs run.
    /// Gives how many messages are unknown because a process died while it sent them.
    ///
    /// # Errors
    /// Any fault of the store.
    pub async fn start(&self) -> Result<u64, Error> {
        let core = &self.core;
        let (epoch, now) = (core.epoch, core.clock.now());
        core.store
            .write_any(move |tx| Ok::<_, Error>(epochs::begin(tx, epoch, now, now.plus(ALIVE))?))
            .await?;
        let unknown = take_over_predecessor(core).await? + take_over_dead(core).await?;
        inbox::forget_unfinished(core).await?;
        accounts::connect_all(core).await?;
        receive::start(core);
        jobs::start(core);
        reader::start::<search::Indexer>(core);
        webhooks::start(core);
        let following = Arc::clone(core);
        core.tasks.spawn(async move { accounts::follow_changes(&following).await });
        let reading = Arc::clone(core);
        core.tasks.spawn(async move { mailboxes::follow_changes(&reading).await });
        let watching = Arc::clone(core);
        core.tasks.spawn(async move { inbox::watch_presence(&watching).await });
        if core.store.engine() == store::Engine::Postgres {
            let living = Arc::clone(core);
            core.tasks.spawn(async move { stay_alive(&living).await });
        }
        Ok(unknown)
    }

    /// Whether the database answers and takes work; what `/readyz` tells.
    ///
    /// # Errors
    /// What is wrong.
    pub async fn ready(&self) -> Result<(), Error> {
        let now = self.core.clock.now();
        self.core
            .store
            .write_any(move |tx| {
                // A write, because a full disk still reads.
                store::schedules::take(tx, "readiness", now, now)?;
                Ok::<_, Error>(())
            })
            .await
    }

    /// Ends what waits for events, such as open streams; work under way goes on.
    pub fn begin_stop(&self) {
        self.core.stopping.cancel();
    }

    /// Connects the accounts without letting them send: for single commands beside a server.
    ///
    /// # Errors
    /// Any fault of the store.
    pub async fn connect_without_sending(&self) -> Result<(), Error> {
        accounts::connect_all(&self.core).await
    }

    /// Stops taking work up, finishes what is under way, gives up the rest.
    pub async fn stop(&self) {
        let core = &self.core;
        core.stopping.cancel();
        core.tasks.close();
        if tokio::time::timeout(GRACE, core.tasks.wait()).await.is_err() {
            tracing::warn!("Some sends did not finish in time; the next start treats them as unknown.");
        }
        for sender in core.senders.all() {
            give_up_started(core, sender.tenant, sender.give_up_started()).await;
        }
        let epoch = core.epoch;
        let given_up = core
            .store
            .write_any(move |tx| {
                store::deliveries::release_unstarted(tx, epoch)?;
                store::journal::release(tx, epoch)?;
                store::jobs::release(tx, epoch)?;
                store::mailboxes::release(tx, epoch)?;
                store::webhook_deliveries::release(tx, epoch)?;
                Ok::<_, Error>(())
            })
            .await;
        if let Err(error) = given_up {
            tracing::warn!(%error, "Leases could not be given up; the next start frees them.");
        }
        let store = core.store.clone();
        if tokio::task::spawn_blocking(move || store.stop()).await.is_err() {
            tracing::error!("The database did not close cleanly.");
        }
    }

    /// Ends the engine as if the process were killed: leases stay, nothing is finished. For tests of recovery.
    pub fn abandon(&self) {
        self.core.stopping.cancel();
        self.core.tasks.close();
        self.core.store.abandon();
    }

    /// Whether nothing is waiting to be done now: for tests, which drive the clock.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let core = &self.core;
        let now = core.clock.now();
        core.store.waiting() == 0
            && core.intake.is_idle()
            && core.following.is_idle(&core.feed)
            && core.jobs.is_idle(now)
            && core.webhooks.is_idle(core, now)
            && core.senders.all().iter().all(|sender| sender.is_idle(now))
    }
}

/// What was accepted with a slot while the process was about to end was marked as started, and nobody sent it: it is known
/// that nothing of it left, so it waits again instead of being unknown.
async fn give_up_started(core: &Arc<Core>, tenant: TenantId, messages: Vec<MessageId>) {
    if messages.is_empty() {
        return;
    }
    let epoch = core.epoch;
    let given_up = core
        .store
        .write(tenant, move |tx| {
            for message in &messages {
                if store::deliveries::take_back(tx, tenant, *message, epoch)? {
                    let change = Change::default();
                    store::messages::set_state(tx, tenant, *message, MessageState::Queued, &change)?;
                }
            }
            Ok::<_, store::Error>(())
        })
        .await;
    if let Err(error) = given_up {
        tracing::warn!(%error, "Some messages that never left will count as unknown after the next start.");
    }
}

/// The process that worked on this data folder before is dead, whatever the database believes: the folder has one server at
/// a time. Without this a single node on PostgreSQL would wait for its own leases to run out.
async fn take_over_predecessor(core: &Arc<Core>) -> Result<u64, Error> {
    let path = core.options.data_dir.join("epoch");
    let predecessor: Option<EpochId> =
        tokio::fs::read_to_string(&path).await.ok().and_then(|text| text.trim().parse().ok());
    let unknown = match predecessor {
        Some(epoch) if epoch != core.epoch => take_over(core, epoch).await?,
        _ => 0,
    };
    if let Err(error) = tokio::fs::write(&path, format!("{}\n", core.epoch)).await {
        // The next start waits for the leases to run out, and loses nothing.
        tracing::warn!(%error, "The data folder does not take the name of this process.");
    }
    Ok(unknown)
}

/// On SQLite only one process can live, so all others are dead; in a cluster those that gave no sign.
async fn take_over_dead(core: &Arc<Core>) -> Result<u64, Error> {
    let (epoch, now) = (core.epoch, core.clock.now());
    let embedded = core.store.engine() == store::Engine::Sqlite;
    let dead = core
        .store
        .read(move |tx| if embedded { epochs::others(tx, epoch) } else { epochs::dead(tx, now, epoch) })
        .await?;
    let mut unknown = 0;
    for epoch in dead {
        unknown += take_over(core, epoch).await?;
    }
    Ok(unknown)
}

/// Gives signs of life, and takes over from those who give none.
async fn stay_alive(core: &Arc<Core>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SIGN_OF_LIFE) => {}
            () = core.stopping.cancelled() => return,
        }
        let (epoch, until) = (core.epoch, core.clock.now().plus(ALIVE));
        match core.store.write_any(move |tx| epochs::renew(tx, epoch, until)).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::error!("Another process took this one for dead and has its leases; stopping.");
                core.stopping.cancel();
                return;
            }
            Err(error) => tracing::warn!(%error, "No sign of life could be written."),
        }
        match take_over_dead(core).await {
            Ok(0) => {}
            Ok(unknown) => {
                tracing::warn!(unknown, "Took over from a process that died; some of its sends are unknown.");
            }
            Err(error) => tracing::warn!(%error, "Dead processes could not be looked for."),
        }
        let tended = core.store.clone();
        match tokio::task::spawn_blocking(move || tended.tend()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "The database could not be looked after."),
            Err(error) => tracing::warn!(%error, "Looking after the database panicked."),
        }
        // Others may have accepted what is due, and died.
        for sender in core.senders.all() {
            sender.look_again();
        }
        core.intake.look_again();
    }
}
