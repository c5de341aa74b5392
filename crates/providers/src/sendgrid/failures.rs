//! SendGrid's errors, and what they mean for the message. Pure. There are no codes: the status and the field that is named
//! are all there is to go by.
//! <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors>

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{Outcome, RejectReason, Words};
use net::check::CheckStep;
use net::http::Response;
use serde::Deserialize;

use crate::answer::retry_after;

/// How long to wait when the answer does not say.
const PAUSE: Duration = Duration::from_secs(60);
/// An account must not be shut out for long by a slip of the other side.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

#[derive(Deserialize)]
struct Told {
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    message: String,
    #[serde(default)]
    field: Option<String>,
}

fn told(answer: &Response) -> Option<Vec<Fault>> {
    serde_json::from_slice::<Told>(&answer.body).ok().map(|told| told.errors)
}

/// The outcome of an answer that is no success.
pub(super) fn outcome(answer: &Response, now: Timestamp) -> Outcome {
    let faults = told(answer);
    let status = answer.status.as_u16();
    let field = faults.iter().flatten().find_map(|fault| fault.field.as_deref()).unwrap_or_default();
    let words = Words::new(status.to_string(), sentence(answer, faults.as_deref()));
    match status {
        429 => Outcome::RateLimited { after: Some(wait(answer, now)), words },
        // The sender is not verified; another message may have one that is.
        403 if field == "from" => Outcome::Rejected { reason: RejectReason::BadSender, words },
        300..=399 | 401..=405 => Outcome::Misconfigured(words),
        413 => Outcome::Rejected { reason: RejectReason::Content, words },
        408 | 503 => Outcome::Temporary(words),
        // The API says itself that it failed. Anything in front of it cannot know whether the API had taken the message.
        500..=599 if faults.is_some() && !matches!(status, 502 | 504) => Outcome::Temporary(words),
        500..=599 => Outcome::Unknown(words),
        400..=499 => Outcome::Rejected { reason: reason(field), words },
        _ => Outcome::Unknown(words),
    }
}

fn sentence(answer: &Response, faults: Option<&[Fault]>) -> String {
    let sentences: Vec<String> = faults
        .unwrap_or_default()
        .iter()
        .filter(|fault| !fault.message.is_empty())
        .map(|fault| match &fault.field {
            Some(field) => format!("{field}: {}", fault.message),
            None => fault.message.clone(),
        })
        .collect();
    if sentences.is_empty() { format!("SendGrid answered {}", answer.status) } else { sentences.join("; ") }
}

fn reason(field: &str) -> RejectReason {
    match field.split('.').next().unwrap_or_default() {
        "personalizations" => RejectReason::BadRecipient,
        "from" => RejectReason::BadSender,
        "attachments" | "content" => RejectReason::Content,
        _ => RejectReason::Invalid,
    }
}

/// `X-RateLimit-Reset` is a time in seconds since 1970.
fn wait(answer: &Response, now: Timestamp) -> Duration {
    let reset = answer
        .headers
        .get("x-ratelimit-reset")
        .and_then(|value| value.to_str().ok()?.trim().parse::<i64>().ok());
    let until = reset.map(|seconds| Timestamp::from_micros(seconds.saturating_mul(1_000_000)).since(now));
    let wait = until.or_else(|| retry_after(answer)).unwrap_or(PAUSE);
    wait.clamp(Duration::from_secs(1), LONGEST_PAUSE)
}

#[derive(Deserialize)]
struct Scopes {
    scopes: Vec<String>,
}

/// The steps of a check, from the answer about what the key may do.
pub(super) fn check(answer: &Response) -> Vec<CheckStep> {
    let mut steps = vec![CheckStep::passed("connect", "SendGrid answered")];
    let said = sentence(answer, told(answer).as_deref());
    match answer.status.as_u16() {
        200 => {
            steps.push(CheckStep::passed("api_key", "the API key is accepted"));
            steps.push(permission(&answer.body));
        }
        // The key is known and may not ask; what it may do is seen with the first message.
        403 => {
            steps.push(CheckStep::passed("api_key", "the API key is accepted"));
            steps.push(CheckStep::passed("permission", "SendGrid does not say what the key may do"));
        }
        _ => steps.push(CheckStep::failed("api_key", said)),
    }
    steps
}

fn permission(body: &[u8]) -> CheckStep {
    match serde_json::from_slice(body) {
        Ok(Scopes { scopes }) if !scopes.iter().any(|scope| scope == "mail.send") => {
            CheckStep::failed("permission", "the API key has no permission to send mail (mail.send)")
        }
        Ok(_) => CheckStep::passed("permission", "the API key may send mail"),
        Err(_) => CheckStep::passed("permission", "SendGrid does not say what the key may do"),
    }
}
