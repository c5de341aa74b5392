//! A request that is sent twice with one key is done once, and answered twice with the same answer.

use domain::clock::Timestamp;
use domain::ids::TenantId;
use store::Tx;

use crate::Error;

/// A caller's key with the fingerprint of the request it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
}

/// Why a transaction ended without doing its work.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The key was used before, with this answer.
    Seen(Vec<u8>),
    Failed(Error),
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Stop {
        Stop::Failed(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Writes the key beside the work. When it was used before, the work is undone and the first answer given.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    key: Option<&IdempotencyKey>,
    at: Timestamp,
    answer: &[u8],
) -> Result<(), Stop> {
    let Some(IdempotencyKey { key, fingerprint }) = key else { return Ok(()) };
    if store::idempotency::record(tx, tenant, (key, fingerprint), at, (202, answer))? {
        return Ok(());
    }
    let Some(found) = store::idempotency::find(tx, tenant, key)? else {
        return Err(Error::conflict(
            "idempotency_in_progress",
            "this key is being used right now; try again",
        )
        .into());
    };
    if found.fingerprint != fingerprint.as_slice() {
        let detail = "this Idempotency-Key came before with another request; use a new key for a new request";
        return Err(Error::conflict("idempotency_mismatch", detail).into());
    }
    match found.answer {
        Some((_, answer)) => Err(Stop::Seen(answer)),
        None => {
            let detail = "a request with this Idempotency-Key is still being worked on; try again shortly";
            Err(Error::conflict("idempotency_in_progress", detail).into())
        }
    }
}
