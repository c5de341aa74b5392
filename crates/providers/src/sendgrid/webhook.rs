//! Delivery events: a JSON array of many in each webhook. Pure.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde_json::Value;

use super::send::REFERENCE_ARGUMENT;
use crate::provider::Unreadable;

/// The vendor's names; `bounce` is told apart below.
const EVENTS: &[(&str, EventKind)] = &[
    ("processed", EventKind::Accepted),
    ("deferred", EventKind::Deferred),
    ("delivered", EventKind::Delivered),
    ("dropped", EventKind::Rejected),
    ("spamreport", EventKind::Complained),
    ("unsubscribe", EventKind::Unsubscribed),
    ("group_unsubscribe", EventKind::Unsubscribed),
    ("group_resubscribe", EventKind::Resubscribed),
    ("open", EventKind::Opened),
    ("click", EventKind::Clicked),
];

/// The facts in a webhook.
pub(super) fn read(body: &[u8]) -> Result<Vec<DeliveryReport>, Unreadable> {
    let events: Vec<Value> =
        serde_json::from_slice(body).map_err(|error| Unreadable(format!("no list of events: {error}")))?;
    events.iter().map(report).collect()
}

fn report(event: &Value) -> Result<DeliveryReport, Unreadable> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("event").ok_or_else(|| Unreadable("an event has no name".to_owned()))?;
    let key = text("sg_event_id").map(str::to_owned);
    let seconds = event.get("timestamp").and_then(Value::as_i64);
    Ok(DeliveryReport {
        dedupe_key: key.unwrap_or_else(|| net::signature::sha256_hex(event.to_string().as_bytes())),
        about: About {
            message_id: text(REFERENCE_ARGUMENT).and_then(|id| id.parse().ok()),
            provider_id: text("sg_message_id").and_then(|id| id.split('.').next()).map(str::to_owned),
            rfc_message_id: text("smtp-id").map(|id| id.trim_matches(['<', '>']).to_owned()),
        },
        kind: kind(name, text("type")),
        at: seconds.map(|seconds| Timestamp::from_micros(seconds.saturating_mul(1_000_000))),
        recipient: text("email").map(str::to_owned),
        machine: machine(event),
        words: words(event, name),
    })
}

fn kind(name: &str, bounce: Option<&str>) -> EventKind {
    if name == "bounce" {
        // A blocked or expired one says nothing for good about the address; SendGrid itself goes on sending there.
        return if bounce == Some("bounce") { EventKind::BouncedHard } else { EventKind::BouncedSoft };
    }
    EVENTS.iter().find(|(known, _)| *known == name).map_or(EventKind::Other, |(_, kind)| *kind)
}

fn words(event: &Value, name: &str) -> Words {
    let text = |name: &str| event.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let detail = text("reason").or_else(|| text("response")).or_else(|| text("url")).unwrap_or(name);
    let code = text("status").or_else(|| smtp_code(detail));
    Words { code: code.map(str::to_owned), detail: detail.to_owned() }
}

/// Whether a program looked at the mail, not a person, such as Apple's privacy protection.
fn machine(event: &Value) -> Option<bool> {
    match event.get("sg_machine_open")? {
        Value::Bool(is_machine) => Some(*is_machine),
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

/// `550 5.1.1 …` begins with one.
fn smtp_code(detail: &str) -> Option<&str> {
    let first = detail.split([' ', '-']).next()?;
    let is_code = first.len() == 3 && first.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(first)
}
