//! Some things belong to one person: only somebody who signed in has them, never a key.

use domain::access::{ActorKind, Principal};
use domain::ids::UserId;

use crate::Error;

/// The person who asks.
///
/// # Errors
/// `person_only` for keys and the server itself.
pub(super) fn person(principal: &Principal) -> Result<UserId, Error> {
    let id = principal.actor.id.as_deref().filter(|_| principal.actor.kind == ActorKind::User);
    id.and_then(|id| id.parse().ok()).ok_or_else(|| {
        Error::conflict("person_only", "this belongs to people who sign in; a key has none of its own")
    })
}
