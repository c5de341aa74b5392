//! What webhooks of several providers have in common: secrets that are changed over, `Authorization`, the replay window.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::Timestamp;
use domain::secret::Secret;
use net::signature;

use crate::provider::{RawRequest, Refused};

/// The secrets that are right now: while one is changed over, the earlier one is right as well.
#[derive(Default)]
pub(crate) struct Secrets(Vec<Secret>);

impl Secrets {
    pub(crate) fn of(secrets: impl IntoIterator<Item = Option<Secret>>) -> Secrets {
        Secrets(secrets.into_iter().flatten().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them fits. All are tried, so that the time does not tell which.
    pub(crate) fn any(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.0.iter().fold(false, |found, secret| fits(secret.reveal()) | found)
    }
}

/// Compares the `Authorization` header with the secrets, when there are any. A secret is a bearer token, or
/// `user:password` for basic.
///
/// # Errors
/// With 401: 403 would make some providers give up.
pub(crate) fn authorized(request: &RawRequest, secrets: &Secrets) -> Result<(), Refused> {
    if secrets.is_empty() {
        return Ok(());
    }
    let given = request
        .header("authorization")
        .ok_or(Refused::unauthorized("the webhook has no Authorization header"))?
        .trim();
    let is_ours = secrets.any(|secret| {
        // Whether a vendor encodes `user:password` itself is not always documented, so both ways are right.
        [
            format!("Bearer {secret}"),
            format!("Basic {secret}"),
            format!("Basic {}", STANDARD.encode(secret.as_bytes())),
        ]
        .iter()
        .fold(false, |found, expected| signature::equal(given.as_bytes(), expected.as_bytes()) | found)
    });
    if is_ours {
        Ok(())
    } else {
        Err(Refused::unauthorized("the webhook's Authorization header is not the one that was set up"))
    }
}

/// Whether a time in whole seconds since 1970 is no further from now than the tolerance, either way.
pub(crate) fn is_recent(seconds: i64, now: Timestamp, tolerance: Duration) -> bool {
    let apart = now.micros().saturating_sub(seconds.saturating_mul(1_000_000)).unsigned_abs();
    u128::from(apart) <= tolerance.as_micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> RawRequest {
        RawRequest { headers: vec![("Authorization".to_owned(), value.to_owned())], ..RawRequest::default() }
    }

    #[test]
    fn webhooks_are_believed_by_their_authorization() {
        let secrets = Secrets::of([
            Some(Secret::new("token-2".to_owned())),
            Some(Secret::new("jane:example-secret".to_owned())),
        ]);
        // printf 'jane:example-secret' | base64
        for right in [
            "Bearer jane:example-secret",
            "Basic jane:example-secret",
            "Basic amFuZTpleGFtcGxlLXNlY3JldA==",
            "Bearer token-2",
        ] {
            assert!(authorized(&with(right), &secrets).is_ok(), "{right}");
        }
        for wrong in ["", "Bearer x", "jane:example-secret", "Bearer jane:example-secret2"] {
            assert!(authorized(&with(wrong), &secrets).is_err(), "{wrong}");
        }
        assert!(authorized(&RawRequest::default(), &secrets).is_err());
        assert!(authorized(&RawRequest::default(), &Secrets::default()).is_ok());
    }

    #[test]
    fn a_time_is_recent_on_both_sides_of_now() {
        let (now, tolerance) = (Timestamp::from_micros(1_000_000_000), Duration::from_secs(300));
        for (seconds, recent) in [
            (1000, true),
            (700, true),
            (1300, true),
            (699, false),
            (1301, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            assert_eq!(is_recent(seconds, now, tolerance), recent, "{seconds}");
        }
    }
}
