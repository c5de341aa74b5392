//! Who may speak: an ECDSA signature over a time and the body, byte for byte. Pure.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::Timestamp;

use crate::provider::{RawRequest, Refused};
use crate::webhook::is_recent;

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// Public keys of which any may fit: while one is changed over, the earlier one is right as well.
#[derive(Default)]
pub(super) struct Keys(Vec<Vec<u8>>);

impl Keys {
    /// Adds a key as the vendor shows it, with or without the lines of PEM around it. Says whether it is one.
    pub(super) fn add(&mut self, text: &str) -> bool {
        let base64: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .flat_map(|line| line.chars().filter(|character| !character.is_whitespace()))
            .collect();
        match STANDARD.decode(base64) {
            Ok(key) if net::signature::is_p256_public_key(&key) => {
                self.0.push(key);
                true
            }
            _ => false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a webhook is signed with one of the keys, and not too long ago.
///
/// # Errors
/// 401: SendGrid comes again for a day, in which a key can be mended.
pub(super) fn verify(
    request: &RawRequest,
    keys: &Keys,
    now: Timestamp,
    window: Duration,
) -> Result<(), Refused> {
    let signature = request.header(SIGNATURE).ok_or(Refused::unauthorized("the webhook is not signed"))?;
    let timestamp = request.header(TIMESTAMP).ok_or(Refused::unauthorized("the webhook has no time"))?;
    let signature = STANDARD
        .decode(signature)
        .map_err(|_| Refused::unauthorized("the webhook's signature is not base 64"))?;
    let message = [timestamp.as_bytes(), &request.body].concat();
    if !keys.0.iter().any(|key| net::signature::ecdsa_p256_fits(key, &message, &signature)) {
        return Err(Refused::unauthorized("the webhook's signature does not fit the verification key"));
    }
    let is_young = timestamp.parse().is_ok_and(|seconds| is_recent(seconds, now, window));
    if is_young { Ok(()) } else { Err(Refused::unauthorized("the webhook is outside of the replay window")) }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    // sendgrid/sendgrid-python, test/unit/test_eventwebhook.py.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    const ANOTHER: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA==";
    const RIGHT: &str =
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    const AT: i64 = 1_600_112_502;

    fn body() -> String {
        // The file's last line end is not the vendor's.
        let sample = include_str!("samples/signed-by-the-vendor.json");
        format!("{}\r\n", sample.trim_end())
    }

    fn verified(
        keys: &[&str],
        signature: Option<&str>,
        timestamp: Option<&str>,
        body: String,
        now: i64,
    ) -> bool {
        let mut known = Keys::default();
        assert!(keys.iter().all(|key| known.add(key)));
        let headers = [(SIGNATURE, signature), (TIMESTAMP, timestamp)];
        let headers =
            headers.iter().filter_map(|(name, value)| Some(((*name).to_uppercase(), (*value)?.to_owned())));
        let request =
            RawRequest { headers: headers.collect(), body: Bytes::from(body), ..RawRequest::default() };
        verify(&request, &known, Timestamp::from_micros(now * 1_000_000), Duration::from_secs(90_000)).is_ok()
    }

    #[test]
    fn published_signatures_fit_and_others_do_not() {
        assert_eq!(body().len(), 327);
        assert!(verified(&[KEY], Some(RIGHT), Some("1600112502"), body(), AT));
        assert!(verified(&[ANOTHER, KEY], Some(RIGHT), Some("1600112502"), body(), AT));
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &KEY[..64], &KEY[64..]);
        assert!(verified(&[&pem], Some(RIGHT), Some("1600112502"), body(), AT));
        let wrong = RIGHT.replace("MEUCIG", "MEUCIH");
        for (keys, signature, timestamp, body) in [
            (&[ANOTHER][..], Some(RIGHT), Some("1600112502"), body()),
            (&[KEY], Some(wrong.as_str()), Some("1600112502"), body()),
            (&[KEY], Some("%%"), Some("1600112502"), body()),
            (&[KEY], Some(""), Some("1600112502"), body()),
            (&[KEY], Some(RIGHT), Some("1600112503"), body()),
            (&[KEY], Some(RIGHT), Some("1600112502"), body().trim_end().to_owned()),
            (&[KEY], Some(RIGHT), Some("1600112502"), body().replace("dropped", "bounced")),
            (&[KEY], None, Some("1600112502"), body()),
            (&[KEY], Some(RIGHT), None, body()),
            (&[], Some(RIGHT), Some("1600112502"), body()),
        ] {
            assert!(!verified(keys, signature, timestamp, body, AT), "{signature:?} {timestamp:?}");
        }
    }

    #[test]
    fn the_window_is_closed_on_both_sides() {
        for (now, right) in [(AT + 90_000, true), (AT + 90_001, false), (AT - 90_001, false)] {
            assert_eq!(verified(&[KEY], Some(RIGHT), Some("1600112502"), body(), now), right, "{now}");
        }
    }

    #[test]
    fn only_keys_on_the_curve_are_keys() {
        for wrong in ["", "hello", "MFkw", &KEY[..80], "-----BEGIN PUBLIC KEY-----"] {
            assert!(!Keys::default().add(wrong), "{wrong}");
        }
        assert!(Keys::default().is_empty());
    }
}
