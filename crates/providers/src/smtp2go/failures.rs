//! SMTP2GO's codes and statuses, and what they mean for the message. Pure.
//! <https://developers.smtp2go.com/reference/introduction-1> has no complete list; unknown codes go by the status.

use std::time::Duration;

use domain::failure::{Outcome, RejectReason, Words};
use net::check::CheckStep;
use net::http::Response;
use serde_json::Value;

use crate::answer::retry_after;

/// No `Retry-After` is sent; the vendor says that an address is shut out for at least a minute.
const SHUT_OUT: Duration = Duration::from_secs(60);

/// What a code means whatever the status says.
const CODES: &[(&str, Class)] = &[
    ("ENDPOINT_PERMISSION_DENIED", Class::Account),
    ("REQ_LIMIT_EXCEEDED", Class::RateLimit),
    ("NON_VALIDATING_IN_PAYLOAD", Class::Payload),
    ("SENDER_NOT_VERIFIED", Class::Sender),
];

#[derive(Clone, Copy)]
enum Class {
    Account,
    RateLimit,
    Payload,
    Sender,
}

/// The vendor's error, wherever in the answer it stands.
struct Told {
    code: Option<String>,
    detail: Option<String>,
    field: Option<String>,
    /// Whether the answer was written by the API rather than by something in front of it.
    is_api: bool,
}

fn told(answer: &Response) -> Told {
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let text = |name: &str| {
        let found = root.pointer(&format!("/data/{name}")).or_else(|| root.get(name));
        found.and_then(Value::as_str).map(str::to_owned)
    };
    Told {
        code: text("error_code"),
        detail: text("field_validation_errors/message").or_else(|| text("error")),
        field: text("field_validation_errors/fieldname"),
        is_api: root.get("request_id").is_some() || root.get("data").is_some(),
    }
}

/// The outcome of an answer that is not 200.
pub(super) fn outcome(answer: &Response) -> Outcome {
    let told = told(answer);
    let status = answer.status.as_u16();
    let words = Words::new(
        told.code.clone().unwrap_or_else(|| status.to_string()),
        told.detail.clone().unwrap_or_else(|| format!("SMTP2GO answered {}", answer.status)),
    );
    let class = told.code.as_deref().and_then(|code| {
        let code = code.rsplit('.').next().unwrap_or(code);
        CODES.iter().find(|(known, _)| *known == code).map(|(_, class)| *class)
    });
    match (class, status) {
        (Some(Class::Account), _) | (None, 401..=405) | (None, 300..=399) => Outcome::Misconfigured(words),
        (Some(Class::RateLimit), _) | (None, 429) => {
            Outcome::RateLimited { after: Some(retry_after(answer).unwrap_or(SHUT_OUT)), words }
        }
        (Some(Class::Sender), _) => Outcome::Rejected { reason: RejectReason::BadSender, words },
        (Some(Class::Payload), _) => {
            Outcome::Rejected { reason: reason_of_field(told.field.as_deref()), words }
        }
        (None, 413) => Outcome::Rejected { reason: RejectReason::Content, words },
        (None, 408 | 503) => Outcome::Temporary(words),
        // The API says itself that it failed. Anything in front of it cannot know whether the API had taken the message.
        (None, 500..=599) if told.is_api && !matches!(status, 502 | 504) => Outcome::Temporary(words),
        (None, 500..=599) => Outcome::Unknown(words),
        (None, 400..=499) => super::send::invalid(words),
        (None, _) => Outcome::Unknown(words),
    }
}

fn reason_of_field(field: Option<&str>) -> RejectReason {
    match field {
        Some("to" | "cc" | "bcc") => RejectReason::BadRecipient,
        Some("sender") => RejectReason::BadSender,
        Some("attachments" | "inlines") => RejectReason::Content,
        _ => RejectReason::Invalid,
    }
}

/// One of the `failures` in an answer that is 200 all the same. They are sentences without a code, so words are all
/// there is to go by.
pub(super) fn recipient(failure: &Value) -> (String, Words) {
    let text = match failure {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let address = text
        .split(|character: char| character.is_whitespace() || "<>,:;'\"()".contains(character))
        .find(|word| word.parse::<domain::address::EmailAddress>().is_ok())
        .unwrap_or_default()
        .to_owned();
    (address, Words::plain(text))
}

pub(super) fn reason_in_words(text: &str) -> RejectReason {
    let text = text.to_ascii_lowercase();
    let speaks_of = |word: &str| text.contains(word);
    if speaks_of("sender") {
        RejectReason::BadSender
    } else if speaks_of("suppress") || speaks_of("unsubscribed") || speaks_of("blocked") {
        RejectReason::Suppressed
    } else if speaks_of("recipient") || speaks_of("address") {
        RejectReason::BadRecipient
    } else {
        RejectReason::Policy
    }
}

/// The steps of a check, from the answer about the key's permissions.
pub(super) fn check(answer: &Response) -> Vec<CheckStep> {
    let mut steps = vec![CheckStep::passed("connect", "SMTP2GO answered")];
    if answer.status == http::StatusCode::OK {
        steps.push(CheckStep::passed("api_key", "the API key is accepted"));
        steps.push(permission(&answer.body));
    } else {
        let words = outcome(answer).words().clone();
        let code = words.code.map(|code| format!("{code}: ")).unwrap_or_default();
        steps.push(CheckStep::failed("api_key", format!("{code}{}", words.detail)));
    }
    steps
}

fn permission(body: &[u8]) -> CheckStep {
    let root: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut named = Vec::new();
    texts(&root, &mut named);
    // How permissions are written is not documented beyond the path of the endpoint.
    let endpoints: Vec<&str> =
        named.iter().map(|text| text.trim_start_matches('/')).filter(|text| text.contains('/')).collect();
    if endpoints.iter().any(|endpoint| *endpoint == "email/send" || *endpoint == "email/*") {
        CheckStep::passed("permission", "the API key may use /email/send")
    } else if endpoints.is_empty() {
        CheckStep::passed("permission", "SMTP2GO does not say what the key may use")
    } else {
        CheckStep::failed("permission", "the API key has no permission for /email/send")
    }
}

fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|item| texts(item, found)),
        Value::Object(map) => map.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}
