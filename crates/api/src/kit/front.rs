//! What happens to every request: a number, a line in the log, a count, safe headers, and no panic that gets out.
//!
//! The log never holds bodies, addresses or what follows a question mark; of webhook addresses it holds the route alone,
//! because their last part is a secret.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::Problem;
use super::metrics::Requests;
use super::problem::Refusal;

/// Numbers the requests; the log has the same number.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For answers that are no pages: a browser that is made to show one runs and loads nothing.
const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// What the front keeps between requests.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

struct Inner {
    last: AtomicU64,
    requests: Requests,
}

impl Front {
    /// `seed` keeps the numbers of two runs apart.
    #[must_use]
    pub fn new(seed: u64) -> Front {
        Front(Arc::new(Inner { last: AtomicU64::new(seed), requests: Requests::default() }))
    }
}

/// The outermost middleware.
pub async fn receive(State(front): State<Front>, request: Request, next: Next) -> Response {
    let number = front.0.last.fetch_add(1, Ordering::Relaxed);
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let uri = request.uri().clone();
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|panic| Problem::internal(words(&*panic)).into_response());
    let took = began.elapsed();
    front.0.requests.count(&method, route.as_ref(), response.status(), took);
    log(number, &method, route.as_ref(), &uri, &response, took);
    add_headers(response.headers_mut(), number);
    response
}

/// What the log shows of an address; where the last part is a secret, the route alone.
fn shown_path<'a>(uri: &'a Uri, route: &'a str) -> &'a str {
    if uri.path().starts_with("/hooks/") { route } else { uri.path() }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a handler panicked: {}", text.unwrap_or("without words"))
}

fn log(
    number: u64,
    method: &Method,
    route: Option<&MatchedPath>,
    uri: &Uri,
    response: &Response,
    took: Duration,
) {
    let (status, micros) = (response.status(), took.as_micros());
    let route = route.map_or("", MatchedPath::as_str);
    let path = shown_path(uri, route);
    let refusal = response.extensions().get::<Refusal>();
    let code = refusal.map(|refusal| refusal.code.word());
    let cause = refusal.and_then(|refusal| refusal.cause.as_deref());
    let id = format_args!("{number:016x}");
    if status.is_server_error() {
        tracing::error!(%id, %method, route, path, status = status.as_u16(), micros, code, cause, "a request failed");
    } else if status.is_client_error() {
        tracing::info!(%id, %method, route, path, status = status.as_u16(), micros, code, cause, "a request was refused");
    } else {
        tracing::debug!(%id, %method, route, path, status = status.as_u16(), micros, "a request was answered");
    }
}

fn add_headers(headers: &mut HeaderMap, number: u64) {
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(const { HeaderValue::from_static("no-store") });
    headers.insert(REQUEST_ID, id(number));
}

fn id(number: u64) -> HeaderValue {
    let mut digits = [0_u8; 16];
    for (place, digit) in digits.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (60 - 4 * place)) as usize & 15];
    }
    HeaderValue::from_bytes(&digits).unwrap_or(const { HeaderValue::from_static("0") })
}

/// For addresses that nothing answers.
pub async fn not_found() -> Problem {
    Problem::new(super::Code::NotFound, "There is nothing at this address.")
}

/// For addresses that answer to other methods.
pub async fn method_not_allowed() -> Problem {
    Problem::new(super::Code::MethodNotAllowed, "This address exists, but not for this method.")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    async fn defect() -> &'static str {
        panic!("a secret slipped out")
    }

    #[tokio::test]
    async fn a_panic_becomes_a_problem_that_tells_only_the_log() {
        let router =
            Router::new().route("/defect", get(defect)).layer(from_fn_with_state(Front::new(0xabc), receive));
        let request = Request::builder().uri("/defect").body(Body::empty()).expect("a request");
        let response = router.oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[REQUEST_ID], "0000000000000abc");
        let cause = response.extensions().get::<Refusal>().and_then(|refusal| refusal.cause.clone());
        assert_eq!(cause.as_deref(), Some("a handler panicked: a secret slipped out"));
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }

    #[test]
    fn the_log_never_shows_the_secret_of_a_webhook_or_a_query() {
        let shown = |uri: &'static str, route| shown_path(&Uri::from_static(uri), route).to_owned();
        assert_eq!(
            shown("/hooks/smtp2go/s3cret", "/hooks/{provider}/{secret}"),
            "/hooks/{provider}/{secret}"
        );
        assert_eq!(shown("/hooks/s3cret", ""), "");
        assert_eq!(shown("/setup?token=s3cret", "/setup"), "/setup");
    }
}
