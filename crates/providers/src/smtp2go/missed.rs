//! `POST /activity/search` once more: everything that happened in a time, as webhooks should have told it. Pure.
//! <https://developers.smtp2go.com/docs/view-account-activity>

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::message::EventKind;
use domain::outgoing::{About, DeliveryReport};
use net::http::Response;
use serde_json::{Value, json};

use super::webhook;
use crate::answer::not_done;
use crate::letter::REFERENCE_HEADER;
use crate::provider::NotDone;

/// Of up to 1,000 events each; the search may be asked 60 times a minute.
pub(super) const MAX_PAGES: usize = 10;

/// The search's names, which are not those of webhooks.
const EVENTS: &[(&str, EventKind)] = &[
    ("processed", EventKind::Accepted),
    ("delivered", EventKind::Delivered),
    ("soft-bounced", EventKind::BouncedSoft),
    ("hard-bounced", EventKind::BouncedHard),
    ("rejected", EventKind::Rejected),
    ("spam", EventKind::Complained),
    ("spam-complaint", EventKind::Complained),
    ("opened", EventKind::Opened),
    ("clicked", EventKind::Clicked),
    ("unsubscribed", EventKind::Unsubscribed),
    ("resubscribed", EventKind::Resubscribed),
];

/// The request's body.
pub(super) fn encode((since, until): (Timestamp, Timestamp), continue_token: Option<&str>) -> Vec<u8> {
    let mut body = json!({
        "start_date": since.to_string(),
        "end_date": until.to_string(),
        "limit": 1000,
        "include_headers": false,
        "custom_headers": [REFERENCE_HEADER],
    });
    if let Some(token) = continue_token {
        body["continue_token"] = json!(token);
    }
    body.to_string().into_bytes()
}

/// The events of a page, and the token of the next.
///
/// # Errors
/// When it is no page of events.
pub(super) fn decode(answer: &Response) -> Result<(Vec<DeliveryReport>, Option<String>), NotDone> {
    if answer.status != http::StatusCode::OK {
        return Err(not_done(&super::failures::outcome(answer)));
    }
    let strange = || NotDone::Later("the answer is not what SMTP2GO answers".to_owned());
    let root: Value = serde_json::from_slice(&answer.body).map_err(|_| strange())?;
    let events = root.pointer("/data/events").and_then(Value::as_array).ok_or_else(strange)?;
    let token =
        root.pointer("/data/continue_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    Ok((events.iter().filter_map(report).collect(), token.map(str::to_owned)))
}

/// Nothing for an event that names no message or no known event.
fn report(event: &Value) -> Option<DeliveryReport> {
    let text =
        |name: &str| event.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let (email_id, name) = (text("email_id")?, text("event")?);
    let spelled = name.replace(['_', ' '], "-").to_lowercase();
    let kind = EVENTS.iter().find(|(known, _)| *known == spelled).map(|(_, kind)| *kind)?;
    let at = text("date").and_then(webhook::instant);
    let recipient = text("recipient").filter(|_| kind != EventKind::Accepted);
    let detail = text("smtp_response").or_else(|| text("reason")).unwrap_or(name);
    let code = detail.split([' ', '-']).find(|word| webhook::is_smtp_code(word));
    let headers = event.get("custom_headers").and_then(Value::as_object).into_iter().flatten();
    let ours = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case(REFERENCE_HEADER))
        .find_map(|(_, value)| value.as_str()?.trim().parse().ok());
    Some(DeliveryReport {
        dedupe_key: webhook::key(email_id, kind, name, recipient, at),
        about: About { message_id: ours, provider_id: Some(email_id.to_owned()), rfc_message_id: None },
        kind,
        at,
        recipient: recipient.map(str::to_owned),
        machine: None,
        words: Words { code: code.map(str::to_owned), detail: detail.to_owned() },
    })
}
