//! What every use case stands on: the store, time, ids, chance, the vault, and how this server is addressed.

use std::path::PathBuf;
use std::sync::Arc;

use domain::chance::Chance;
use domain::clock::{Clock, Timestamp};
use domain::ids::{EpochId, Ids};
use providers::Surroundings;
use store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Door;
use crate::blobs::Blobs;
use crate::feed::FeedHub;
use crate::feed::reader::Progress;
use crate::inbox::Presence;
use crate::mailboxes::Readers;
use crate::receive::{Frequencies, Heard, Intake, Refusals};
use crate::send::Senders;
use crate::turns::Turns;
use crate::vault::Vault;
use crate::webhooks::Webhooks;

/// How this server was set up; none of it changes while it runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where attachments are kept, beside the database.
    pub data_dir: PathBuf,
    /// How the outside reaches this server, without a slash at the end; webhook signatures are computed with it.
    pub public_url: String,
    /// The name this server gives itself in SMTP.
    pub hostname: String,
    /// Whether outbound connections to private addresses are allowed (loopback providers in tests and demo).
    pub allow_private: bool,
    /// Whether messages are sent at all; off, they are accepted and wait.
    pub dispatch: bool,
    pub doctor: crate::doctor::DoctorOptions,
}

/// The engine; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) core: Arc<Core>,
}

pub(crate) struct Core {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) chance: Chance,
    pub(crate) vault: Vault,
    pub(crate) access: Door,
    pub(crate) options: Options,
    /// Names this process in leases.
    pub(crate) epoch: EpochId,
    pub(crate) surroundings: Surroundings,
    pub(crate) blobs: Blobs,
    pub(crate) feed: FeedHub,
    /// How far the search index has come.
    pub(crate) following: Progress,
    /// Who looks at which conversation.
    pub(crate) presence: Presence,
    pub(crate) senders: Senders,
    pub(crate) intake: Intake,
    /// The mailboxes that this process reads.
    pub(crate) mailboxes: Readers,
    /// Webhooks to programs outside.
    pub(crate) webhooks: Webhooks,
    /// Refused webhooks that are not counted yet.
    pub(crate) refusals: Refusals,
    /// When accounts heard from their vendors.
    pub(crate) heard: Heard,
    /// How often senders wrote lately.
    pub(crate) frequencies: Frequencies,
    /// The loop of background jobs.
    pub(crate) jobs: Turns,
    /// Wakes whoever waits for a time, when a test moves the clock.
    pub(crate) clock_moved: Arc<Notify>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stopping: CancellationToken,
}

impl Core {
    /// Waits until a time; forever when there is none.
    pub(crate) async fn sleep_until(&self, time: Option<Timestamp>) {
        let Some(time) = time else { return std::future::pending().await };
        loop {
            let moved = self.clock_moved.notified();
            let left = time.since(self.clock.now());
            if left.is_zero() {
                return;
            }
            if self.clock.ticks() {
                tokio::time::sleep(left).await;
            } else {
                moved.await;
            }
        }
    }
}

impl Engine {
    /// Puts an engine together; nothing runs until [`Engine::start`].
    ///
    /// `console` is where the console provider prints.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        chance: Chance,
        vault: Vault,
        options: Options,
        console: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Engine {
        let ids = Ids::new(clock.clone(), chance.clone());
        let clock_moved = Arc::new(Notify::new());
        let moved = Arc::clone(&clock_moved);
        clock.on_advance(move || moved.notify_waiters());
        // Addresses of providers are configured by whoever runs this server; addresses that others give need a stricter one.
        let policy = net::http::GuardPolicy { allow_private: options.allow_private, allow_loopback: true };
        let surroundings = Surroundings {
            http: net::http::Client::new(policy).watching_clocks(clock.clone()),
            clock: clock.clone(),
            console,
            hello_name: options.hostname.clone(),
        };
        let core = Core {
            epoch: ids.next(),
            blobs: Blobs::new(&options.data_dir),
            feed: FeedHub::new(),
            following: Progress::new(),
            presence: Presence::default(),
            senders: Senders::default(),
            intake: Intake::new(),
            mailboxes: Readers::default(),
            webhooks: Webhooks::new(options.allow_private),
            refusals: Refusals::default(),
            heard: Heard::default(),
            frequencies: Frequencies::default(),
            jobs: Turns::new(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            access: Door::default(),
            store,
            clock,
            ids,
            chance,
            vault,
            options,
            surroundings,
            clock_moved,
        };
        Engine { core: Arc::new(core) }
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.core.store
    }

    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.core.clock
    }

    #[must_use]
    pub fn options(&self) -> &Options {
        &self.core.options
    }
}
