//! `Idempotency-Key` on POST: the same request with the same key gets the first answer again, for 24 hours.
//!
//! Sending and receiving messages keep their keys in the transaction that accepts the message, and so are left out here.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ids::TenantId;
use domain::invalid::Invalid;
use engine::Engine;
use engine::access::{Answer, Begun, fingerprint};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{Caller, Code, Problem};

pub const KEY_HEADER: HeaderName = HeaderName::from_static("idempotency-key");
pub const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");

const LONGEST_KEY: usize = 255;
/// Requests and answers of these resources are small; messages have their own way.
const LARGEST: usize = 1024 * 1024;

/// What an upload may have; with a key it stands in memory, because the key stands for its bytes.
const LARGEST_FILE: usize = engine::inbox::LARGEST_UPLOAD;

/// Resources that keep keys themselves.
const OWN_WAY: [&str; 2] = ["/v1/messages", "/v1/inbound/"];

/// The key that a request came with, checked.
///
/// # Errors
/// A problem when it is empty, too long or not printable ASCII.
pub fn key_of(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(KEY_HEADER) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
    key.map(Some).ok_or_else(|| {
        let detail = format!("expected Idempotency-Key to be 1 to {LONGEST_KEY} printable ASCII characters");
        Invalid::at("", detail).into()
    })
}

/// Middleware around all resources; costs nothing where there is no key.
pub async fn replay(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.method() != Method::POST
        || !request.headers().contains_key(KEY_HEADER)
        || OWN_WAY.iter().any(|own| path.starts_with(own))
    {
        return next.run(request).await;
    }
    once(&engine, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn once(engine: &Engine, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(key) = key_of(request.headers())?.map(str::to_owned) else { return Ok(next.run(request).await) };
    let caller = Caller::identify(engine, request.method(), request.headers()).await?;
    let tenant = caller.tenant;
    let (mut parts, body) = request.into_parts();
    let largest = if parts.uri.path() == "/v1/uploads" { LARGEST_FILE } else { LARGEST };
    let body = to_bytes(body, largest)
        .await
        .map_err(|_| Problem::new(Code::PayloadTooLarge, "The body is larger than this endpoint takes."))?;
    let actor = caller.actor.id.clone().unwrap_or_default();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    // The actor belongs to it: an answer must not be told to somebody who may see less.
    let fingerprint =
        fingerprint(&[parts.method.as_str().as_bytes(), target.as_bytes(), actor.as_bytes(), &body]);
    match engine.begin_idempotent(tenant, &key, fingerprint).await? {
        Begun::First => {}
        Begun::Again(answer) => return Ok(replayed(answer)),
        Begun::InProgress => {
            let detail = "The first request with this idempotency key has not been answered yet.";
            return Err(Problem::new(Code::IdempotencyInProgress, detail));
        }
        Begun::Mismatch => {
            let detail = "This idempotency key came first with another request.";
            return Err(Problem::new(Code::IdempotencyMismatch, detail));
        }
    }
    parts.extensions.insert(caller);
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    keep(engine, tenant, &key, response).await
}

/// Keeps an answer, unless the request did nothing: then the key may come again with a request that is put right.
async fn keep(engine: &Engine, tenant: TenantId, key: &str, response: Response) -> Result<Response, Problem> {
    if !response.status().is_success() {
        engine.release_idempotent(tenant, key).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(Problem::internal)?;
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answer = Answer {
        status: parts.status.as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.to_vec(),
    };
    engine.finish_idempotent(tenant, key, &answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replayed(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    if let Ok(content_type) = HeaderValue::from_str(&answer.content_type)
        && !content_type.is_empty()
    {
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    response
}
