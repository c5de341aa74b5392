//! Who is let in: set-up, signing in, sessions, people, API keys. Every change is written into the audit log with it.

mod api_keys;
mod cache;
mod idempotency;
mod links;
mod me;
mod password;
mod sessions;
mod set_up;
#[cfg(test)]
mod tests;
mod throttle;
mod token;
mod users;

use std::sync::Arc;

use domain::access::{ActorKind, Grant, Principal, Role};

pub use api_keys::{CreatedKey, NewApiKey};
pub use idempotency::{Answer, Begun, fingerprint};
pub use me::Me;
pub use sessions::{SignedIn, StartedSession};
pub use set_up::{NewOwner, SetUpBy};
pub use store::api_keys::ApiKey;
pub use store::users::Member;
pub use users::{NewUser, UserChange};

use cache::Cache;
use password::Hasher;
use throttle::Throttle;

/// What access control keeps in memory; the database has everything that matters.
#[derive(Default)]
pub(crate) struct Door {
    keys: Cache<Arc<Principal>>,
    sessions: Cache<Arc<SignedIn>>,
    throttle: Throttle,
    hasher: Hasher,
}

/// Whether this principal may make or alter somebody of that role. Keys never touch owners; the operator at the command
/// line may do everything.
fn may_grant(by: &Principal, role: Role) -> bool {
    match &by.grant {
        Grant::Role(own) => own.may_grant(role),
        Grant::Scopes(_) => by.actor.kind == ActorKind::System || role != Role::Owner,
    }
}
