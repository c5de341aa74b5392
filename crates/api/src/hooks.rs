//! Webhooks in: `/hooks/{provider}/{secret}`. Stored, then answered with what stops the provider's retries.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, OriginalUri, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use engine::Engine;
use engine::receive::{RawRequest, Refusal, WebhookAnswer};

use crate::kit::{Problem, json};

/// The largest webhook; providers send batches and small mails.
const LARGEST: usize = 50 << 20;

pub(crate) fn routes() -> Router<Engine> {
    Router::new()
        .route("/hooks/doctor/{nonce}", get(echo))
        .route("/hooks/{provider}/{secret}", post(receive))
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Shows the doctor, who asks through the public address, that it leads here.
async fn echo(State(engine): State<Engine>, Path(nonce): Path<String>) -> Result<String, StatusCode> {
    let is_nonce = (16..=64).contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_nonce { Ok(engine.doctor_echo(&nonce)) } else { Err(StatusCode::NOT_FOUND) }
}

async fn receive(
    State(engine): State<Engine>,
    Path((provider, secret)): Path<(String, String)>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let body = body.map_err(json::not_received)?;
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let request = RawRequest {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    };
    let answer = engine.take_in_webhook(&provider, &secret, request).await?;
    Ok(match answer {
        WebhookAnswer::Taken => (StatusCode::OK, "ok\n"),
        WebhookAnswer::NoSuchAddress => (StatusCode::NOT_FOUND, "no such address\n"),
        WebhookAnswer::Refused(Refusal::Unauthorized) => (StatusCode::UNAUTHORIZED, "refused\n"),
        WebhookAnswer::Refused(Refusal::Forbidden) => (StatusCode::FORBIDDEN, "refused\n"),
        WebhookAnswer::Refused(Refusal::Unacceptable) => (StatusCode::NOT_ACCEPTABLE, "refused\n"),
        WebhookAnswer::Refused(Refusal::Later) => (StatusCode::SERVICE_UNAVAILABLE, "try again later\n"),
    })
}
