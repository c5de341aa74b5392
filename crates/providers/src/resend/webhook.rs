//! What Resend tells: one JSON object in each request. A received mail is announced only, and fetched later. Pure.
//! <https://resend.com/docs/dashboard/webhooks/event-types>

use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde_json::Value;

use super::send::{SEVERAL_TAG, TAG};
use super::signature;
use crate::letter::REFERENCE_HEADER;
use crate::provider::{Fact, RawRequest, StoredMail, Unreadable};

/// The vendor's names; any other is kept as it came.
pub(super) const EVENTS: &[(&str, EventKind)] = &[
    ("email.scheduled", EventKind::Accepted),
    ("email.sent", EventKind::Sent),
    ("email.delivered", EventKind::Delivered),
    ("email.delivery_delayed", EventKind::Deferred),
    ("email.complained", EventKind::Complained),
    ("email.opened", EventKind::Opened),
    ("email.clicked", EventKind::Clicked),
    ("email.suppressed", EventKind::Rejected),
    ("email.failed", EventKind::Failed),
];

/// The facts in a webhook.
pub(super) fn read(request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
    let event: Value =
        serde_json::from_slice(&request.body).map_err(|error| Unreadable(format!("not JSON: {error}")))?;
    let name =
        text(&event, "/type").ok_or_else(|| Unreadable("the webhook names no type of event".to_owned()))?;
    if name == "email.received" {
        return received(&event).map(|stored| vec![Fact::Stored(stored)]);
    }
    Ok(vec![Fact::Report(report(&event, name, signature::id(request)))])
}

fn received(event: &Value) -> Result<StoredMail, Unreadable> {
    let id = text(event, "/data/email_id")
        .ok_or_else(|| Unreadable("the received mail has no email_id".to_owned()))?;
    Ok(StoredMail {
        dedupe_key: format!("received:{id}"),
        place: id.to_owned(),
        // What is announced is the header, not the envelope.
        envelope_from: None,
        envelope_to: addresses(event, "/data/to"),
    })
}

fn addresses<T: std::str::FromStr>(event: &Value, pointer: &str) -> Vec<T> {
    let listed = event.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).filter_map(|address| address.parse().ok()).collect()
}

fn report(event: &Value, name: &str, id: Option<&str>) -> DeliveryReport {
    let email_id = text(event, "/data/email_id");
    let at = text(event, "/created_at");
    let key = match id {
        Some(id) => id.to_owned(),
        None => [Some(name), email_id, at].map(Option::unwrap_or_default).join(":"),
    };
    // With several recipients it does not say whose event it is; `to` may name one and leave out the copies.
    let recipient = match event.pointer("/data/to").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) if marked(event, SEVERAL_TAG, None).is_none() => only.as_str().map(str::to_owned),
        _ => None,
    };
    DeliveryReport {
        dedupe_key: key,
        about: About {
            message_id: marked(event, TAG, Some(REFERENCE_HEADER)).and_then(|id| id.parse().ok()),
            provider_id: email_id.map(str::to_owned),
            rfc_message_id: None,
        },
        kind: kind(event, name),
        at: at.and_then(|at| at.parse().ok()),
        recipient,
        // Resend does not say whether a program opened it.
        machine: None,
        words: words(event, name),
    }
}

/// A mark of ours: among the tags, which come as an object or as a list, or among the headers.
fn marked<'a>(event: &'a Value, tag: &str, header: Option<&str>) -> Option<&'a str> {
    let listed = |pointer: &str, wanted: &str| {
        let list = event.pointer(pointer)?.as_array()?;
        let found = list
            .iter()
            .find(|one| text(one, "/name").is_some_and(|name| name.eq_ignore_ascii_case(wanted)))?;
        text(found, "/value")
    };
    text(event, &format!("/data/tags/{tag}"))
        .or_else(|| listed("/data/tags", tag))
        .or_else(|| listed("/data/headers", header?))
}

fn kind(event: &Value, name: &str) -> EventKind {
    if name == "email.bounced" {
        // Only what is called permanent may stop mail to this address for good.
        return match text(event, "/data/bounce/type") {
            Some("Permanent") => EventKind::BouncedHard,
            _ => EventKind::BouncedSoft,
        };
    }
    EVENTS.iter().find(|(known, _)| *known == name).map_or(EventKind::Other, |(_, kind)| *kind)
}

fn words(event: &Value, name: &str) -> Words {
    let details = [
        "/data/bounce/diagnosticCode/0",
        "/data/bounce/message",
        "/data/failed/reason",
        "/data/suppressed/message",
        "/data/click/link",
    ];
    let detail = details.iter().find_map(|pointer| text(event, pointer)).unwrap_or(name);
    let code = text(event, "/data/bounce/subType").or_else(|| text(event, "/data/suppressed/type"));
    Words { code: code.map(str::to_owned), detail: detail.to_owned() }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}
