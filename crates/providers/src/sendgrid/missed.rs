//! The Email Activity Feed, which is sold beside the account: what became of messages in a time. Pure.
//! <https://www.twilio.com/docs/sendgrid/api-reference/e-mail-activity/filter-all-messages>

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use net::http::Response;
use serde_json::Value;

use crate::answer::not_done;
use crate::provider::{ASKED, NotDone};

/// The most that one answer gives.
const LIMIT: usize = 1000;
/// Messages that were not delivered, of which each has to be asked for by itself; the feed may be asked six times a minute.
pub(super) const MAX_DETAILS: usize = 4;

/// The path with its query.
pub(super) fn path((since, until): (Timestamp, Timestamp)) -> String {
    let seconds = |at: Timestamp| format!("{}Z", at.to_string().get(..19).unwrap_or_default());
    let asked = format!(
        "last_event_time BETWEEN TIMESTAMP \"{}\" AND TIMESTAMP \"{}\"",
        seconds(since),
        seconds(until)
    );
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("limit", &LIMIT.to_string())
        .append_pair("query", &asked)
        .finish();
    format!("/v3/messages?{query}")
}

/// What the feed says of a time.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub delivered: Vec<DeliveryReport>,
    /// The whole ids of messages that were not, with their recipients.
    pub undelivered: Vec<String>,
}

/// The messages of an answer; nothing when there are more than it gives.
///
/// # Errors
/// When it is no list of messages.
pub(super) fn decode(answer: &Response) -> Result<Option<Page>, NotDone> {
    let root = json(answer)?;
    let list = root.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if list.len() >= LIMIT {
        return Ok(None);
    }
    let mut page = Page::default();
    for message in list {
        let text = |name: &str| message.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(id) = text("msg_id") else { continue };
        match text("status") {
            Some("delivered") => page.delivered.push(report(id, EventKind::Delivered, message, "delivered")),
            Some("not_delivered") => page.undelivered.push(id.to_owned()),
            _ => {}
        }
    }
    Ok(Some(page))
}

pub(super) fn details(id: &str) -> String {
    format!("/v3/messages/{}", crate::answer::path_part(id))
}

/// Why a message was not delivered.
///
/// # Errors
/// When they are no details of a message.
pub(super) fn decode_details(answer: &Response) -> Result<Vec<DeliveryReport>, NotDone> {
    let root = json(answer)?;
    let id = root.get("msg_id").and_then(Value::as_str).unwrap_or_default();
    let events = root.get("events").and_then(Value::as_array).into_iter().flatten();
    let reports = events.filter_map(|event| {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let kind = match text("event_name")? {
            "bounced" | "bounce" if text("bounce_type") == Some("hard") => EventKind::BouncedHard,
            "bounced" | "bounce" | "blocked" => EventKind::BouncedSoft,
            "dropped" => EventKind::Rejected,
            _ => return None,
        };
        let reason = text("reason").unwrap_or("not delivered");
        let at = text("processed").and_then(|at| at.parse().ok());
        Some(DeliveryReport { at, ..report(id, kind, &root, reason) })
    });
    Ok(reports.collect())
}

/// The feed knows nothing of the ids of events; a key of our own tells it from what webhooks say.
fn report(id: &str, kind: EventKind, message: &Value, detail: &str) -> DeliveryReport {
    let text = |name: &str| message.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let provider_id = id.split('.').next().unwrap_or(id);
    let recipient = text("to_email");
    DeliveryReport {
        dedupe_key: format!("{ASKED}{provider_id}:{}:{kind}", recipient.unwrap_or_default()),
        about: About { message_id: None, provider_id: Some(provider_id.to_owned()), rfc_message_id: None },
        kind,
        at: text("last_event_time").and_then(|at| at.parse().ok()),
        recipient: recipient.map(str::to_owned),
        machine: None,
        words: Words::plain(detail),
    }
}

fn json(answer: &Response) -> Result<Value, NotDone> {
    if answer.status != http::StatusCode::OK {
        return Err(not_done(&super::failures::outcome(answer, Timestamp::from_micros(0))));
    }
    let strange = |_| NotDone::Later("the answer is not what SendGrid answers".to_owned());
    serde_json::from_slice(&answer.body).map_err(strange)
}
