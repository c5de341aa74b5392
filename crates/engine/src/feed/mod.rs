//! The event feed as followers see it: what happened after a number, then whatever happens next.

mod hub;
pub(crate) mod reader;

pub(crate) use hub::FeedHub;
pub use hub::Follower;

use domain::access::{Permission, Principal};
pub use store::feed::{Event, Facts};

use crate::{Engine, Error};

impl Engine {
    /// The events behind a number, oldest first.
    ///
    /// # Errors
    /// Any [`Error`] of the store; missing permission.
    pub async fn events_after(
        &self,
        principal: &Principal,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<Event>, Error> {
        principal.require(Permission::EventsRead)?;
        let tenant = principal.tenant;
        Ok(self.core.store.read(move |tx| store::feed::after(tx, tenant, seq, limit)).await?)
    }

    /// Follows the feed from behind a number, or from now on.
    ///
    /// # Errors
    /// As [`Engine::events_after`].
    pub async fn follow_events(&self, principal: &Principal, after: Option<i64>) -> Result<Follower, Error> {
        principal.require(Permission::EventsRead)?;
        let tenant = principal.tenant;
        let seq = match after {
            Some(seq) => seq,
            None => self.core.store.read(move |tx| store::feed::last(tx, tenant)).await?,
        };
        Ok(hub::follow(&self.core, tenant, seq))
    }
}
