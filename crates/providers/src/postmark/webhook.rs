//! What Postmark tells: one JSON object in each request, an event or a mail that came in. Pure.
//! <https://postmarkapp.com/developer/webhooks/webhooks-overview>

use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde_json::Value;

use super::inbound;
use super::send::METADATA;
use crate::provider::{Fact, RawRequest, Unreadable};

/// The kinds of bounces by `Type`. The number beside it is not reliable: samples contradict each other.
const BOUNCES: &[(&str, EventKind)] = &[
    ("HardBounce", EventKind::BouncedHard),
    ("SoftBounce", EventKind::BouncedSoft),
    ("Unknown", EventKind::BouncedSoft),
    ("VirusNotification", EventKind::BouncedSoft),
    ("Transient", EventKind::Deferred),
    ("DnsError", EventKind::Deferred),
    ("OpenRelayTest", EventKind::Deferred),
    ("Unsubscribe", EventKind::Unsubscribed),
    ("Subscribe", EventKind::Resubscribed),
    ("SpamNotification", EventKind::Complained),
    ("SpamComplaint", EventKind::Complained),
    ("Blocked", EventKind::Rejected),
    ("BadEmailAddress", EventKind::Rejected),
    ("ManuallyDeactivated", EventKind::Rejected),
    ("DMARCPolicy", EventKind::Rejected),
    ("Unconfirmed", EventKind::Rejected),
    ("SMTPApiError", EventKind::Failed),
    ("TemplateRenderingFailed", EventKind::Failed),
];

/// The id in events that are about no message.
const NO_MESSAGE: &str = "00000000-0000-0000-0000-000000000000";

/// The facts in a webhook.
pub(super) fn read(request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
    let root: Value =
        serde_json::from_slice(&request.body).map_err(|error| Unreadable(format!("not JSON: {error}")))?;
    let events = match root {
        Value::Array(list) => list,
        one => vec![one],
    };
    events.into_iter().map(fact).collect()
}

fn fact(event: Value) -> Result<Fact, Unreadable> {
    if event.get("RecordType").is_none() && event.get("FromFull").is_some() {
        return inbound::read(event).map(Fact::Mail);
    }
    let kind = text(&event, "RecordType")
        .ok_or_else(|| Unreadable("the webhook is neither an event nor a mail".to_owned()))?;
    Ok(Fact::Report(report(&event, kind)))
}

pub(super) fn report(event: &Value, record: &str) -> DeliveryReport {
    let recipient = text(event, "Recipient").or_else(|| text(event, "Email"));
    let at =
        ["DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt"].iter().find_map(|name| text(event, name));
    let id = text(event, "MessageID").filter(|id| *id != NO_MESSAGE);
    DeliveryReport {
        dedupe_key: key(event, record, id, recipient, at),
        about: About {
            message_id: event
                .get("Metadata")
                .and_then(|metadata| text(metadata, METADATA))
                .and_then(|id| id.parse().ok()),
            provider_id: id.map(str::to_owned),
            rfc_message_id: None,
        },
        kind: kind(event, record),
        at: at.and_then(|at| at.parse().ok()),
        recipient: recipient.map(str::to_owned),
        // Postmark does not say whether a program opened it.
        machine: None,
        words: words(event, record),
    }
}

/// Bounces and complaints have an id; anything else is told apart by what it says.
fn key(event: &Value, record: &str, id: Option<&str>, recipient: Option<&str>, at: Option<&str>) -> String {
    match event.get("ID").and_then(Value::as_i64) {
        Some(number) if number != 0 => format!("{record}:{number}"),
        // It happens to a recipient once; the search for messages gives another time for it.
        _ if record == "Delivery" => delivery_key(id, recipient),
        _ => {
            let link = text(event, "OriginalLink");
            [Some(record), id, recipient, at, link].map(Option::unwrap_or_default).join(":")
        }
    }
}

/// What a delivery is known by, here and in the details of a message.
pub(super) fn delivery_key(id: Option<&str>, recipient: Option<&str>) -> String {
    format!("Delivery:{}:{}", id.unwrap_or_default(), recipient.unwrap_or_default().to_lowercase())
}

fn kind(event: &Value, record: &str) -> EventKind {
    match record {
        "Delivery" => EventKind::Delivered,
        "Open" => EventKind::Opened,
        "Click" => EventKind::Clicked,
        "SpamComplaint" => EventKind::Complained,
        "Bounce" => {
            let kind = text(event, "Type").unwrap_or_default();
            BOUNCES.iter().find(|(known, _)| *known == kind).map_or(EventKind::Other, |(_, kind)| *kind)
        }
        "SubscriptionChange" => subscription(event),
        _ => EventKind::Other,
    }
}

/// An address that was shut out by a bounce or a complaint was reported as that already.
fn subscription(event: &Value) -> EventKind {
    match (event.get("SuppressSending").and_then(Value::as_bool), text(event, "SuppressionReason")) {
        (Some(false), _) => EventKind::Resubscribed,
        (Some(true), Some("ManualSuppression")) => EventKind::Unsubscribed,
        _ => EventKind::Other,
    }
}

fn words(event: &Value, record: &str) -> Words {
    let detail = ["Details", "Description", "OriginalLink", "SuppressionReason", "UserAgent"]
        .iter()
        .find_map(|name| text(event, name))
        .unwrap_or(record);
    Words { code: text(event, "Type").map(str::to_owned), detail: detail.to_owned() }
}

/// A field that says something.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}
