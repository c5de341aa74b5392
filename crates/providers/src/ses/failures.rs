//! The exceptions of SES, and what they mean for the message. Pure.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html>

use std::time::Duration;

use domain::failure::{Outcome, RejectReason, Words};
use net::http::Response;
use serde_json::Value;

/// SES names no time to wait: its rates are by the second, its quota is of the last 24 hours.
const RATE_WAIT: Duration = Duration::from_secs(2);
const QUOTA_WAIT: Duration = Duration::from_mins(10);

#[derive(Clone, Copy)]
enum Class {
    Account,
    Throttled,
    Temporary,
    Rejected(RejectReason),
}

/// By exception, whatever the status says.
const EXCEPTIONS: &[(&str, Class)] = &[
    ("TooManyRequestsException", Class::Throttled),
    ("ThrottlingException", Class::Throttled),
    ("Throttling", Class::Throttled),
    ("AccountSuspendedException", Class::Account),
    ("SendingPausedException", Class::Account),
    // The configuration set, as the address of the request is ours.
    ("NotFoundException", Class::Account),
    ("AccessDeniedException", Class::Account),
    ("UnrecognizedClientException", Class::Account),
    ("InvalidClientTokenId", Class::Account),
    ("InvalidSignatureException", Class::Account),
    ("SignatureDoesNotMatch", Class::Account),
    ("IncompleteSignature", Class::Account),
    ("IncompleteSignatureException", Class::Account),
    ("MissingAuthenticationToken", Class::Account),
    ("MissingAuthenticationTokenException", Class::Account),
    ("ExpiredTokenException", Class::Account),
    ("OptInRequired", Class::Account),
    ("MailFromDomainNotVerifiedException", Class::Rejected(RejectReason::BadSender)),
    ("MessageRejected", Class::Rejected(RejectReason::Content)),
    ("LimitExceededException", Class::Rejected(RejectReason::Policy)),
    ("BadRequestException", Class::Rejected(RejectReason::Invalid)),
    ("ValidationException", Class::Rejected(RejectReason::Invalid)),
    ("ConflictException", Class::Temporary),
    ("ConcurrentModificationException", Class::Temporary),
    ("InternalServiceErrorException", Class::Temporary),
    ("InternalFailure", Class::Temporary),
    ("InternalServerError", Class::Temporary),
    ("ServiceUnavailable", Class::Temporary),
    ("ServiceUnavailableException", Class::Temporary),
];

/// What SES says of itself.
pub(super) struct Told {
    pub exception: Option<String>,
    pub detail: String,
}

pub(super) fn told(answer: &Response) -> Told {
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let text = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
    let header =
        answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let exception = header.or_else(|| text("__type")).or_else(|| text("code")).map(|name| {
        // `com.amazonaws.ses#MessageRejected:http://internal.amazon.com/…`
        let name = name.split(':').next().unwrap_or_default();
        name.rsplit('#').next().unwrap_or_default().to_owned()
    });
    let detail = text("message").or_else(|| text("Message")).filter(|words| !words.is_empty());
    Told { exception, detail: detail.unwrap_or_else(|| format!("SES answered {}", answer.status)) }
}

/// The outcome of an answer that is not 200.
pub(super) fn outcome(answer: &Response) -> Outcome {
    let told = told(answer);
    let status = answer.status.as_u16();
    let known = told.exception.as_deref().and_then(|exception| {
        EXCEPTIONS.iter().find(|(name, _)| *name == exception).map(|(_, class)| *class)
    });
    let words = Words::new(told.exception.clone().unwrap_or_else(|| status.to_string()), told.detail);
    let class = match (known, status) {
        (Some(class), _) => class,
        (None, 429) => Class::Throttled,
        (None, 413) => Class::Rejected(RejectReason::Content),
        (None, 408 | 503) => Class::Temporary,
        // An exception that we do not know is still SES speaking; without one it is something in front of it, which
        // cannot know whether SES had taken the message.
        (None, 500..=599) if told.exception.is_some() => Class::Temporary,
        (None, 500..=599) => return Outcome::Unknown(words),
        (None, 300..=399 | 401..=405) => Class::Account,
        (None, 400..=499) => Class::Rejected(RejectReason::Invalid),
        (None, _) => return Outcome::Unknown(words),
    };
    match class {
        Class::Account => Outcome::Misconfigured(words),
        Class::Temporary => Outcome::Temporary(words),
        Class::Throttled => Outcome::RateLimited { after: Some(wait(&words.detail)), words },
        Class::Rejected(reason) => Outcome::Rejected { reason: closer(reason, &words.detail), words },
    }
}

/// The second's rate and the day's quota share one exception; only the words tell them apart.
fn wait(detail: &str) -> Duration {
    if detail.to_ascii_lowercase().contains("daily") { QUOTA_WAIT } else { RATE_WAIT }
}

/// `MessageRejected` is also what an unverified sender gets; only the words tell.
fn closer(reason: RejectReason, detail: &str) -> RejectReason {
    if reason == RejectReason::Content && detail.contains("not verified") {
        RejectReason::BadSender
    } else {
        reason
    }
}
