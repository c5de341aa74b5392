//! Signatures of webhooks as Svix makes them (Standard Webhooks, `v1`): HMAC-SHA256 over id, time and raw body. Pure.
//! <https://docs.svix.com/receiving/verifying-payloads/how-manual>

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::Timestamp;
use net::signature;

use crate::provider::{RawRequest, Refused};
use crate::webhook::{Secrets, is_recent};

/// Every try is signed with its own time, so a retry after hours passes.
const TOLERANCE: Duration = Duration::from_mins(5);
/// More signatures than any change of secrets needs.
const MOST_SIGNATURES: usize = 16;

/// The id of a webhook, the same for every try.
pub(super) fn id(request: &RawRequest) -> Option<&str> {
    header(request, "id")
}

/// The bytes of a secret.
pub(super) fn key(secret: &str) -> Option<Vec<u8>> {
    let packed = secret.trim().strip_prefix("whsec_")?;
    STANDARD.decode(packed).ok().filter(|key| !key.is_empty())
}

/// Whether one of the secrets signed it, just now.
pub(super) fn verify(request: &RawRequest, secrets: &Secrets, now: Timestamp) -> Result<(), Refused> {
    if secrets.is_empty() {
        return Err(Refused::unauthorized(
            "the account has no webhook signing secret, so nothing can be believed",
        ));
    }
    let id = id(request).ok_or(Refused::unauthorized("the webhook has no id"))?;
    let time = header(request, "timestamp").ok_or(Refused::unauthorized("the webhook has no timestamp"))?;
    let given = header(request, "signature").ok_or(Refused::unauthorized("the webhook has no signature"))?;
    let seconds =
        time.parse().map_err(|_| Refused::unauthorized("the webhook's timestamp is not a number"))?;
    if !is_recent(seconds, now, TOLERANCE) {
        return Err(Refused::unauthorized("the webhook's timestamp is too far from now"));
    }
    let mut signed = format!("{id}.{time}.").into_bytes();
    signed.extend_from_slice(&request.body);
    let is_ours = secrets.any(|secret| {
        let Some(key) = key(secret) else { return false };
        let expected = format!("v1,{}", signature::base64(&signature::hmac_sha256(&key, &signed)));
        given
            .split(' ')
            .take(MOST_SIGNATURES)
            .fold(false, |found, one| signature::equal(one.as_bytes(), expected.as_bytes()) | found)
    });
    if is_ours { Ok(()) } else { Err(Refused::unauthorized("the webhook's signature is not the vendor's")) }
}

/// Svix writes its own names, the standard others.
fn header<'a>(request: &'a RawRequest, name: &str) -> Option<&'a str> {
    request.header(&format!("svix-{name}")).or_else(|| request.header(&format!("webhook-{name}")))
}
