//! Acme's webhooks: who sends them, and what they tell. Pure.
//! <https://acme.example/docs/webhooks>

use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde::Deserialize;

use crate::provider::{RawRequest, Refused, Unreadable};
use crate::webhook::Secrets;

/// HMAC-SHA256 of the raw body, in base 64.
const SIGNATURE: &str = "X-Acme-Signature";

/// The vendor's event types. What is not listed becomes `other` and is kept raw.
const EVENTS: &[(&str, EventKind)] = &[
    ("accepted", EventKind::Accepted),
    ("delivered", EventKind::Delivered),
    ("deferred", EventKind::Deferred),
    ("bounced", EventKind::BouncedHard),
    ("complained", EventKind::Complained),
];

/// Whether the vendor signed it.
pub(super) fn verify(request: &RawRequest, secrets: &Secrets) -> Result<(), Refused> {
    if secrets.is_empty() {
        return Err(Refused::unauthorized("the account has no webhook secret"));
    }
    let given = request.header(SIGNATURE).ok_or(Refused::unauthorized("the signature is missing"))?;
    let is_signed = secrets.any(|secret| {
        let expected = net::signature::base64(&net::signature::hmac_sha256(secret.as_bytes(), &request.body));
        net::signature::equal(given.as_bytes(), expected.as_bytes())
    });
    if is_signed { Ok(()) } else { Err(Refused::unauthorized("the signature is not the vendor's")) }
}

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    at: Option<String>,
    message_id: Option<String>,
    reference: Option<String>,
    recipient: Option<String>,
    #[serde(default)]
    detail: String,
}

/// The facts in it.
pub(super) fn read(body: &[u8]) -> Result<Vec<DeliveryReport>, Unreadable> {
    let events: Vec<Event> = serde_json::from_slice(body)
        .map_err(|error| Unreadable(format!("expected a list of events: {error}")))?;
    Ok(events.into_iter().map(report).collect())
}

fn report(event: Event) -> DeliveryReport {
    let kind =
        EVENTS.iter().find(|(known, _)| *known == event.kind).map_or(EventKind::Other, |(_, kind)| *kind);
    DeliveryReport {
        dedupe_key: event.id,
        about: About {
            message_id: event.reference.and_then(|reference| reference.parse().ok()),
            provider_id: event.message_id,
            rfc_message_id: None,
        },
        kind,
        at: event.at.and_then(|at| at.parse().ok()),
        recipient: event.recipient,
        words: Words::new(event.kind, event.detail),
    }
}
