//! Postmark's error codes and statuses, and what they mean for the message. Pure.
//! <https://postmarkapp.com/developer/api/overview#error-codes>. The codes collide with statuses of HTTP: the body is read
//! first.

use domain::failure::{Outcome, RejectReason, Words};
use net::check::CheckStep;
use net::http::Response;
use serde_json::Value;

use crate::answer::retry_after;

/// What an `ErrorCode` means whatever the status says.
const CODES: &[(i64, Class)] = &[
    (10, Class::Account),                            // bad or missing token
    (100, Class::Maintenance),                       // the API is offline for maintenance
    (300, Class::Refused(RejectReason::Invalid)),    // invalid email request
    (400, Class::Refused(RejectReason::BadSender)),  // sender signature not found
    (401, Class::Refused(RejectReason::BadSender)),  // sender signature not confirmed
    (402, Class::Refused(RejectReason::Invalid)),    // invalid JSON
    (403, Class::Refused(RejectReason::Invalid)),    // field not understood
    (405, Class::Account),                           // not allowed to send: out of credits
    (406, Class::Refused(RejectReason::Suppressed)), // inactive recipient
    (409, Class::Refused(RejectReason::Invalid)),    // JSON required
    (410, Class::Refused(RejectReason::Invalid)),    // too many in a batch
    (411, Class::Refused(RejectReason::Content)),    // attachment of a forbidden type
    (412, Class::Account),                           // the account is pending approval
    (413, Class::Account),                           // the account may not send
    (1235, Class::Account),                          // the message stream does not exist
    (1236, Class::Account),                          // the message stream may not be used so
];

#[derive(Clone, Copy)]
enum Class {
    Account,
    Maintenance,
    Refused(RejectReason),
}

/// The outcome of an answer that did not take the message.
pub(super) fn outcome(answer: &Response) -> Outcome {
    let status = answer.status.as_u16();
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let code = root.get("ErrorCode").and_then(Value::as_i64).filter(|code| *code != 0);
    let detail = root.get("Message").and_then(Value::as_str).map(str::to_owned);
    let words = Words::new(
        code.map_or_else(|| status.to_string(), |code| format!("ErrorCode {code}")),
        detail.unwrap_or_else(|| format!("Postmark answered {}", answer.status)),
    );
    // Too many requests is said by the status, whatever code goes with it.
    if status == 429 {
        return Outcome::RateLimited { after: retry_after(answer), words };
    }
    let class = code.and_then(|code| CODES.iter().find(|(known, _)| *known == code)).map(|(_, class)| *class);
    match (class, status) {
        (Some(Class::Account), _) => Outcome::Misconfigured(words),
        (Some(Class::Maintenance), _) => Outcome::Temporary(words),
        (Some(Class::Refused(RejectReason::Invalid)), _) => {
            Outcome::Rejected { reason: reason_in_words(&words.detail), words }
        }
        (Some(Class::Refused(reason)), _) => Outcome::Rejected { reason, words },
        (None, 300..=399 | 401..=405) => Outcome::Misconfigured(words),
        (None, 413) => Outcome::Rejected { reason: RejectReason::Content, words },
        (None, 408 | 503) => Outcome::Temporary(words),
        // The API says itself that it failed. Anything in front of it cannot know whether the API had taken the message.
        (None, 500) if code.is_some() || !root.is_null() => Outcome::Temporary(words),
        (None, 400..=499) => Outcome::Rejected { reason: RejectReason::Invalid, words },
        (None, _) => Outcome::Unknown(words),
    }
}

/// One code stands for every fault of a request; only its sentence names the field.
fn reason_in_words(text: &str) -> RejectReason {
    let text = text.to_ascii_lowercase();
    if text.contains("'from'") || text.contains("sender") {
        RejectReason::BadSender
    } else if ["'to'", "'cc'", "'bcc'", "recipient"].iter().any(|word| text.contains(word)) {
        RejectReason::BadRecipient
    } else {
        RejectReason::Invalid
    }
}

/// What `GET /server` says of the token.
pub(super) fn check_server(answer: &Response) -> CheckStep {
    if answer.status != http::StatusCode::OK {
        return refused("server_token", answer);
    }
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let name = root.get("Name").and_then(Value::as_str).unwrap_or("without a name");
    let kind = root.get("DeliveryType").and_then(Value::as_str).unwrap_or("Live");
    let note = if kind == "Sandbox" { "; it is a sandbox and delivers nothing" } else { "" };
    CheckStep::passed("server_token", format!("the token of the server {name} is accepted{note}"))
}

/// What `GET /message-streams/{id}` says of the stream.
pub(super) fn check_stream(answer: &Response, stream: &str) -> CheckStep {
    if answer.status != http::StatusCode::OK {
        return refused("message_stream", answer);
    }
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    match root.get("MessageStreamType").and_then(Value::as_str) {
        Some("Inbound") => {
            CheckStep::failed("message_stream", format!("the message stream {stream} is for receiving"))
        }
        _ => CheckStep::passed("message_stream", format!("the message stream {stream} can be used")),
    }
}

fn refused(step: &str, answer: &Response) -> CheckStep {
    let words = outcome(answer).words().clone();
    let code = words.code.map(|code| format!("{code}: ")).unwrap_or_default();
    CheckStep::failed(step, format!("{code}{}", words.detail))
}
