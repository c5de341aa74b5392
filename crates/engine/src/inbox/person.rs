//! Some things belong to one person: only somebody who signed in has them, never a key.

use domain::access::{ActorKind, Principal};
use domain::ids::UserId;
use domain::invalid::Invalid;

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

/// Whom a filter names by `me`, `none` or an id: a person's id, or nobody.
///
/// # Errors
/// At the pointer, when it is none of these, or `me` is nobody.
pub(crate) fn named(
    principal: &Principal,
    pointer: &'static str,
    word: &str,
) -> Result<Option<String>, Invalid> {
    match word {
        "none" => Ok(None),
        "me" => person(principal)
            .map(|me| Some(me.to_string()))
            .map_err(|_| Invalid::at(pointer, "only a person who is signed in is `me`")),
        id => {
            let id: UserId = id.parse().map_err(|_| {
                Invalid::at(pointer, "expected `me`, `none` or a person's id, such as usr_01jd…")
            })?;
            Ok(Some(id.to_string()))
        }
    }
}
