//! The dashboard under `/app/`: files by name, and its page for every other path, so that links into it work.

use axum::Router;
use axum::extract::{Path, Request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use dashboard::Asset;
use engine::Engine;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use tower_http::compression::CompressionLayer;

use crate::kit::front;

/// No inline script. Styles may be inline, for the component library. A message's HTML is shown in a sandboxed frame with a
/// stricter policy of its own; frames inherit this one, so the images that a person asks to see have to be allowed here.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https: http:; \
     connect-src 'self'; font-src 'self'; frame-src 'self' blob:; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Router<Engine> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/app/") }))
        .route("/app", get(|| async { Redirect::to("/app/") }))
        .route("/app/", get(index))
        .route("/app/{*path}", get(file))
        .route("/favicon.ico", get(icon))
        .layer(CompressionLayer::new().gzip(true))
}

async fn index(headers: HeaderMap) -> Response {
    serve(dashboard::index(), &headers)
}

async fn file(Path(path): Path<String>, request: Request) -> Response {
    match dashboard::asset(&path) {
        Some(asset) => serve(asset, request.headers()),
        None if path.starts_with("assets/") => front::not_found().await.into_response(),
        None => serve(dashboard::index(), request.headers()),
    }
}

async fn icon(headers: HeaderMap) -> Response {
    dashboard::asset("favicon.svg")
        .map_or_else(|| StatusCode::NO_CONTENT.into_response(), |asset| serve(asset, &headers))
}

fn serve(asset: Asset, headers: &HeaderMap) -> Response {
    let cache = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let etag = HeaderValue::from_str(&asset.etag).unwrap_or(const { HeaderValue::from_static("\"\"") });
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = if known.is_some_and(|known| known.contains(&asset.etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content_type = HeaderValue::from_str(&asset.content_type)
            .unwrap_or(const { HeaderValue::from_static("application/octet-stream") });
        let mut response = asset.bytes.into_owned().into_response();
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(ETAG, etag);
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    response
}
