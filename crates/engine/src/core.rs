//! What every use case stands on: the store, time, ids, chance, the vault, and how this server is addressed.

use std::path::PathBuf;
use std::sync::Arc;

use domain::chance::Chance;
use domain::clock::Clock;
use domain::ids::Ids;
use store::Store;

use crate::vault::Vault;

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
    pub(crate) options: Options,
}

impl Engine {
    #[must_use]
    pub fn new(store: Store, clock: Clock, chance: Chance, vault: Vault, options: Options) -> Engine {
        let ids = Ids::new(clock.clone(), chance.clone());
        Engine { core: Arc::new(Core { store, clock, ids, chance, vault, options }) }
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
