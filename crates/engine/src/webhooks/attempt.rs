//! One request to a webhook, signed; and what came back, as it is kept in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::clock::Timestamp;
use net::http::{Request, Response, TransportError};
use serde_json::{Value, json};
use store::webhook_deliveries::WebhookDelivery;
use store::webhook_log::WebhookAttempt;

use super::secret::WebhookSecretKey;
use crate::core::Core;

/// For the whole exchange, as Standard Webhooks recommends at the least.
const TIME_OUT: Duration = Duration::from_secs(15);
/// How much of an answer is kept.
const KEPT: usize = 16 * 1024;
/// How much of an answer's headers is kept.
const KEPT_HEADERS: usize = 8 * 1024;
/// How long a stop waits for an answer; without one the delivery is sent again after the next start.
const GRACE: Duration = Duration::from_secs(2);

/// Where deliveries go, and how they are signed.
pub(super) struct Target {
    pub url: String,
    /// Newest first; all of them sign.
    pub secrets: Vec<WebhookSecretKey>,
}

/// An attempt that came to an end.
#[derive(Debug, Clone)]
pub(super) struct Attempted {
    pub delivery: WebhookDelivery,
    pub attempt: WebhookAttempt,
    pub verdict: Verdict,
    /// When to try again, should there be another attempt.
    pub wait: Option<Duration>,
}

/// What the other side made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// 410: it wants no more, ever.
    Gone,
    Failed(String),
}

/// The headers of a signed request. Each secret gives a signature, so that the other side may know any of them.
#[must_use]
pub fn signed_headers(
    secrets: &[WebhookSecretKey],
    id: &str,
    at: Timestamp,
    body: &str,
) -> [(&'static str, String); 3] {
    let signatures: Vec<String> = secrets.iter().map(|secret| secret.sign(id, at.seconds(), body)).collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.seconds().to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

/// Sends a delivery once; nothing when the engine stopped before an answer came.
pub(super) async fn attempt(
    core: &Arc<Core>,
    target: Arc<Target>,
    delivery: WebhookDelivery,
    body: String,
) -> Option<Attempted> {
    let at = core.clock.now();
    let headers = signed_headers(&target.secrets, &delivery.id.to_string(), at, &body);
    let signature = headers[2].1.clone();
    let mut request = Request::post_json(&target.url, body, TIME_OUT);
    for (name, value) in headers {
        let value = value.parse().expect("ids, numbers and base 64 are plain characters");
        request.headers.insert(name, value);
    }
    let begun = Instant::now();
    let answer = tokio::select! {
        answer = core.webhooks.http.send_for_beginning(request, KEPT) => answer,
        () = given_up(core) => return None,
    };
    let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let number = delivery.attempts;
    let tries = number.saturating_sub(delivery.attempts_before);
    let wait = domain::webhook::wait_after(tries, &core.chance);
    let (verdict, kept) = judged(answer);
    let wait = wait.map(|wait| wait.max(kept.asked_to_wait.unwrap_or_default()));
    let error = match &verdict {
        Verdict::Failed(words) => Some(words.clone()),
        Verdict::Gone => Some("the answer was 410: it wants no more".to_owned()),
        Verdict::Delivered => None,
    };
    metrics::counter!("chancery_webhook_attempts_total", "outcome" => verdict.word()).increment(1);
    let Kept { status, headers, body, .. } = kept;
    let url = target.url.clone();
    let attempt = WebhookAttempt { number, at, url, signature, status, headers, body, error, took_ms };
    Some(Attempted { delivery, attempt, verdict, wait })
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Delivered => "delivered",
            Verdict::Gone => "gone",
            Verdict::Failed(_) => "failed",
        }
    }
}

async fn given_up(core: &Core) {
    core.stopping.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

/// What is kept of an answer.
struct Kept {
    status: Option<u32>,
    headers: Value,
    body: Option<String>,
    asked_to_wait: Option<Duration>,
}

fn judged(answer: Result<Response, TransportError>) -> (Verdict, Kept) {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let kept = Kept { status: None, headers: json!([]), body: None, asked_to_wait: None };
            return (Verdict::Failed(error.to_string()), kept);
        }
    };
    let status = answer.status;
    let verdict = match status.as_u16() {
        200..300 => Verdict::Delivered,
        410 => Verdict::Gone,
        300..400 => {
            Verdict::Failed(format!("the answer was {}; redirects are not followed", status.as_u16()))
        }
        other => Verdict::Failed(format!("the answer was {other}")),
    };
    let kept = Kept {
        status: Some(u32::from(status.as_u16())),
        headers: headers_of(&answer),
        body: Some(String::from_utf8_lossy(&answer.body).into_owned()),
        asked_to_wait: asked_to_wait(&answer),
    };
    (verdict, kept)
}

fn headers_of(answer: &Response) -> Value {
    let mut room = KEPT_HEADERS;
    let mut kept = Vec::new();
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else { break };
        room = left;
        kept.push(json!([name.as_str(), value]));
    }
    Value::Array(kept)
}

/// `Retry-After` in seconds, up to an hour: it may put an attempt off, not call it off.
fn asked_to_wait(answer: &Response) -> Option<Duration> {
    let seconds: u64 = answer.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(3_600)))
}
