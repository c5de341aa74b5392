//! Delivery events: one JSON object in each webhook. Pure.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads>

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use serde_json::Value;

use super::send::{REFERENCE_VARIABLE, bare};
use crate::provider::Unreadable;

/// The vendor's names; `failed` is told apart below.
const EVENTS: &[(&str, EventKind)] = &[
    ("accepted", EventKind::Accepted),
    ("delivered", EventKind::Delivered),
    ("opened", EventKind::Opened),
    ("clicked", EventKind::Clicked),
    ("complained", EventKind::Complained),
    ("unsubscribed", EventKind::Unsubscribed),
    ("rejected", EventKind::Rejected),
];

/// The fact in a webhook.
pub(super) fn read(body: &[u8]) -> Result<DeliveryReport, Unreadable> {
    let root: Value =
        serde_json::from_slice(body).map_err(|error| Unreadable(format!("not JSON: {error}")))?;
    let event = root.get("event-data").ok_or_else(|| Unreadable("the webhook names no event".to_owned()))?;
    report(event)
}

/// One event, as webhooks and the list of events show it.
pub(super) fn report(event: &Value) -> Result<DeliveryReport, Unreadable> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("/event").ok_or_else(|| Unreadable("the webhook names no event".to_owned()))?;
    let at = event.get("timestamp").and_then(instant);
    Ok(DeliveryReport {
        dedupe_key: key(event, at),
        about: about(event),
        kind: kind(event, name),
        at,
        // A rejected message names no recipient of its own.
        recipient: text("/recipient").or_else(|| text("/message/headers/to")).map(str::to_owned),
        machine: machine(event),
        words: words(event, name),
    })
}

/// An event's id is unique within a day only.
fn key(event: &Value, at: Option<Timestamp>) -> String {
    match (event.get("id").and_then(Value::as_str), at) {
        (Some(id), Some(at)) if !id.is_empty() => format!("{id}:{}", at.day()),
        _ => net::signature::sha256_hex(event.to_string().as_bytes()),
    }
}

/// Which message an event is about.
pub(super) fn about(event: &Value) -> About {
    let id = event.pointer("/message/headers/message-id").and_then(Value::as_str).map(bare);
    About {
        message_id: variables(event).and_then(|id| id.parse().ok()),
        provider_id: id.clone().filter(|id| !id.is_empty()),
        rfc_message_id: id.filter(|id| !id.is_empty()),
    }
}

/// Our id among the variables. They come as a text when they were too long or not valid.
fn variables(event: &Value) -> Option<String> {
    match event.get("user-variables")? {
        Value::Object(variables) => variables.get(REFERENCE_VARIABLE)?.as_str().map(str::to_owned),
        Value::String(text) => {
            let (_, after) = text.split_once(REFERENCE_VARIABLE)?;
            let from = after.find("msg_")?;
            let id: String =
                after[from..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            Some(id)
        }
        _ => None,
    }
}

fn kind(event: &Value, name: &str) -> EventKind {
    if name != "failed" {
        return EVENTS.iter().find(|(known, _)| *known == name).map_or(EventKind::Other, |(_, kind)| *kind);
    }
    let text = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or_default();
    let code = event.pointer("/delivery-status/code").and_then(Value::as_u64).unwrap_or(0);
    match (text("severity"), text("reason")) {
        ("permanent", reason) if reason.starts_with("suppress-") => EventKind::Rejected,
        // Bounced, unsubscribed or complained before: nothing was tried.
        ("permanent", _) if (605..=607).contains(&code) => EventKind::Rejected,
        // Given up after many tries, or held against the sending server: the address may well exist.
        ("permanent", "old" | "espblock" | "greylisted" | "blacklisted") => EventKind::BouncedSoft,
        ("permanent", "generic" | "unknown") if !(500..=599).contains(&code) => EventKind::BouncedSoft,
        ("permanent", _) => EventKind::BouncedHard,
        ("temporary", _) => EventKind::Deferred,
        // Only what is called permanent may stop mail to this address for good.
        _ => EventKind::BouncedSoft,
    }
}

/// Seconds with a fraction.
pub(super) fn instant(timestamp: &Value) -> Option<Timestamp> {
    let seconds = timestamp.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
    let duration = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    Some(Timestamp::from_micros(i64::try_from(duration.as_micros()).ok()?))
}

fn words(event: &Value, name: &str) -> Words {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let detail = text("/delivery-status/message")
        .or_else(|| text("/delivery-status/description"))
        .or_else(|| text("/reject/description"))
        .or_else(|| text("/reject/reason"))
        .or_else(|| text("/url"))
        .or_else(|| text("/reason"))
        .unwrap_or(name);
    let code = event.pointer("/delivery-status/code").and_then(Value::as_u64).filter(|code| *code > 0);
    let code = match (code, text("/delivery-status/enhanced-code")) {
        (Some(code), Some(enhanced)) => Some(format!("{code} {enhanced}")),
        (Some(code), None) => Some(code.to_string()),
        (None, _) => None,
    };
    Words { code, detail: detail.to_owned() }
}

/// Mailgun names the program that opened or clicked in place of a person, and names none when it was a person.
fn machine(event: &Value) -> Option<bool> {
    event.pointer("/client-info/bot")?.as_str().map(|bot| !bot.trim().is_empty())
}
