//! What Acme's refusals mean. A table; what it does not list is decided by the HTTP status.
//! <https://acme.example/docs/api#errors>

use std::time::Duration;

use domain::failure::{Outcome, RejectReason, Words};
use http::{StatusCode, header};
use net::check::CheckStep;
use net::http::Response;
use serde::Deserialize;

enum Class {
    Temporary,
    Rejected(RejectReason),
    Misconfigured,
}

/// The vendor's codes. Each row is a promise that nothing was sent.
const CODES: &[(&str, Class)] = &[
    ("invalid_recipient", Class::Rejected(RejectReason::BadRecipient)),
    ("suppressed_recipient", Class::Rejected(RejectReason::Suppressed)),
    ("message_too_large", Class::Rejected(RejectReason::Content)),
    ("sender_not_verified", Class::Misconfigured),
    ("account_suspended", Class::Misconfigured),
    ("try_again", Class::Temporary),
];

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
}

/// The outcome of an answer other than 2xx.
pub(super) fn outcome(answer: &Response) -> Outcome {
    let refusal = serde_json::from_slice::<Refusal>(&answer.body).ok();
    let is_the_vendors = refusal.is_some();
    let words = words(answer, refusal);
    let code = words.code.as_deref().unwrap_or_default();
    if let Some((_, class)) = CODES.iter().find(|(known, _)| *known == code) {
        return match class {
            Class::Temporary => Outcome::Temporary(words),
            Class::Rejected(reason) => Outcome::Rejected { reason: *reason, words },
            Class::Misconfigured => Outcome::Misconfigured(words),
        };
    }
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Outcome::RateLimited { after: retry_after(answer), words },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            Outcome::Misconfigured(words)
        }
        StatusCode::SERVICE_UNAVAILABLE => Outcome::Temporary(words),
        status if status.is_server_error() && is_the_vendors => Outcome::Temporary(words),
        // A gateway does not know what became of the request that it passed on.
        status if status.is_server_error() => Outcome::Unknown(words),
        status if status.is_redirection() => Outcome::Misconfigured(words),
        _ => Outcome::Rejected { reason: RejectReason::Invalid, words },
    }
}

/// The answer to the question whether the key is good.
pub(super) fn check(answer: &Response) -> CheckStep {
    if answer.status.is_success() {
        return CheckStep::passed("auth", "the key is good");
    }
    let refusal = serde_json::from_slice::<Refusal>(&answer.body).ok();
    CheckStep::failed("auth", words(answer, refusal).detail)
}

fn words(answer: &Response, refusal: Option<Refusal>) -> Words {
    match refusal {
        Some(refusal) => Words::new(refusal.code, refusal.message),
        None => Words::new(answer.status.as_str(), "the answer is not what Acme answers"),
    }
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
