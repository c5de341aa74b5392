//! Resend's errors by name, and what they mean for the message. Pure.
//! <https://resend.com/docs/api-reference/errors>

use std::time::Duration;

use domain::failure::{Outcome, RejectReason, Words};
use net::check::CheckStep;
use net::http::Response;
use serde_json::Value;

use crate::answer::retry_after;

/// A used-up quota does not come back within minutes.
const QUOTA_PAUSE: Duration = Duration::from_hours(1);

/// What a name means whatever the status says.
const NAMES: &[(&str, Class)] = &[
    ("missing_api_key", Class::Account),
    ("restricted_api_key", Class::Account),
    ("invalid_api_key", Class::Account),
    ("suspended_api_key", Class::Account),
    ("invalid_permission", Class::Account),
    ("invalid_access", Class::Account),
    ("not_found", Class::Account),
    ("method_not_allowed", Class::Account),
    ("rate_limit_exceeded", Class::RateLimit),
    ("daily_quota_exceeded", Class::Quota),
    ("monthly_quota_exceeded", Class::Quota),
    // The first request is still at work; the second finds its result later.
    ("concurrent_idempotent_requests", Class::Busy),
    ("resource_locked", Class::Busy),
    ("application_error", Class::Busy),
    ("internal_server_error", Class::Busy),
    ("service_unavailable", Class::Busy),
    ("invalid_attachment", Class::Refused(RejectReason::Content)),
    ("invalid_from_address", Class::Refused(RejectReason::BadSender)),
    ("invalid_to_address", Class::Refused(RejectReason::BadRecipient)),
    ("invalid_parameter", Class::Refused(RejectReason::Invalid)),
    ("missing_required_field", Class::Refused(RejectReason::Invalid)),
    ("missing_required_parameter", Class::Refused(RejectReason::Invalid)),
    ("invalid_idempotency_key", Class::Refused(RejectReason::Invalid)),
    // An earlier attempt came with other content. That one may have been sent, and only a person can compare the two.
    ("invalid_idempotent_request", Class::Refused(RejectReason::Invalid)),
];

#[derive(Clone, Copy)]
enum Class {
    Account,
    RateLimit,
    Quota,
    Busy,
    Refused(RejectReason),
}

/// The outcome of an answer that did not take the message.
pub(super) fn outcome(answer: &Response) -> Outcome {
    let status = answer.status.as_u16();
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let name = root.get("name").and_then(Value::as_str);
    let detail = root.get("message").and_then(Value::as_str).map(str::to_owned);
    let words = Words::new(
        name.map_or_else(|| status.to_string(), str::to_owned),
        detail.unwrap_or_else(|| format!("Resend answered {}", answer.status)),
    );
    let class = name.and_then(|name| NAMES.iter().find(|(known, _)| *known == name)).map(|(_, class)| *class);
    match (class, status) {
        (Some(Class::Account), _) => Outcome::Misconfigured(words),
        (Some(Class::Quota), _) => Outcome::RateLimited { after: Some(QUOTA_PAUSE), words },
        (Some(Class::RateLimit), _) | (None, 429) => Outcome::RateLimited { after: wait(answer), words },
        (Some(Class::Busy), _) => Outcome::Temporary(words),
        (Some(Class::Refused(reason)), _) => Outcome::Rejected { reason, words },
        // One name for two things: a domain that is not verified, or an account that may only write to itself.
        (None, 403) if name == Some("validation_error") => {
            Outcome::Rejected { reason: RejectReason::BadSender, words }
        }
        (None, 300..=399 | 401..=405) => Outcome::Misconfigured(words),
        (None, 413) => Outcome::Rejected { reason: RejectReason::Content, words },
        (None, 408 | 409 | 503) => Outcome::Temporary(words),
        (None, 400..=499) => Outcome::Rejected { reason: reason_of_field(&words.detail), words },
        (None, _) => Outcome::Unknown(words),
    }
}

/// `Invalid `to` field. …`: the field stands only in the sentence.
fn reason_of_field(text: &str) -> RejectReason {
    if ["`to`", "`cc`", "`bcc`"].iter().any(|field| text.contains(field)) {
        RejectReason::BadRecipient
    } else if text.contains("`from`") {
        RejectReason::BadSender
    } else {
        RejectReason::Invalid
    }
}

fn wait(answer: &Response) -> Option<Duration> {
    retry_after(answer).or_else(|| {
        let seconds = answer.headers.get("ratelimit-reset")?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(Duration::from_hours(1)))
    })
}

/// The steps of a check, from the answer about domains.
pub(super) fn check(answer: &Response, from_domain: Option<&str>) -> Vec<CheckStep> {
    let mut steps = vec![CheckStep::passed("connect", "Resend answered")];
    let words = outcome(answer).words().clone();
    if words.code.as_deref() == Some("restricted_api_key") {
        steps.push(CheckStep::passed(
            "api_key",
            "the API key may send, and nothing else: it cannot fetch received mail",
        ));
        return steps;
    }
    if answer.status != http::StatusCode::OK {
        let code = words.code.map(|code| format!("{code}: ")).unwrap_or_default();
        steps.push(CheckStep::failed("api_key", format!("{code}{}", words.detail)));
        return steps;
    }
    steps.push(CheckStep::passed("api_key", "the API key is accepted"));
    steps.extend(from_domain.map(|domain| domain_step(&answer.body, domain)));
    steps
}

fn domain_step(body: &[u8], domain: &str) -> CheckStep {
    let root: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let listed = root.get("data").and_then(Value::as_array).into_iter().flatten();
    let named = |listed: &&Value| {
        listed.get("name").and_then(Value::as_str).is_some_and(|name| {
            domain.eq_ignore_ascii_case(name) || domain.to_ascii_lowercase().ends_with(&format!(".{name}"))
        })
    };
    match listed.filter(named).find_map(|listed| listed.get("status").and_then(Value::as_str)) {
        Some("verified") => CheckStep::passed("domain", format!("the domain {domain} is verified")),
        Some(status) => CheckStep::failed("domain", format!("the domain {domain} is not verified: {status}")),
        None => CheckStep::failed("domain", format!("the domain {domain} is not known to Resend")),
    }
}
