//! Who is asking: an API key in `Authorization`, or the session cookie with a CSRF token on everything but reading.

use std::ops::Deref;
use std::sync::Arc;

use aide::OperationInput;
use axum::extract::{FromRef, FromRequestParts};
use domain::access::Principal;
use engine::Engine;
use engine::access::SignedIn;
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::{Code, Problem};

/// The cookie that holds the session's token.
pub const SESSION_COOKIE: &str = "chancery_session";
/// The header that proves that a request with the cookie comes from our own pages.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Whoever sent the request, let in. Reads as a [`Principal`].
#[derive(Debug, Clone)]
pub struct Caller {
    principal: Arc<Principal>,
    session: Option<Arc<SignedIn>>,
}

impl Caller {
    /// The token that the dashboard sends back with changes; none for API keys, which need none.
    #[must_use]
    pub fn csrf_token(&self) -> Option<&str> {
        self.session.as_deref().map(|session| session.csrf_token.as_str())
    }

    /// The principal, to be kept beyond the request.
    #[must_use]
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// Finds out who sent a request.
    ///
    /// # Errors
    /// 401 when nobody is let in by it, 403 `csrf_failed` when a cookie comes without its token.
    pub async fn identify(engine: &Engine, method: &Method, headers: &HeaderMap) -> Result<Caller, Problem> {
        if let Some(value) = headers.get(AUTHORIZATION) {
            let key = value.to_str().ok().and_then(bearer).ok_or_else(|| {
                Problem::new(Code::Unauthenticated, "Expected Authorization: Bearer followed by an API key.")
            })?;
            let principal = engine.authenticate_key(key).await?;
            return Ok(Caller { principal, session: None });
        }
        let Some(token) = session_token(headers) else {
            return Err(Problem::new(
                Code::Unauthenticated,
                "The request has neither an API key nor a session.",
            ));
        };
        let session = engine.authenticate_session(token).await?;
        if !matches!(*method, Method::GET | Method::HEAD) {
            require_csrf(headers, &session)?;
        }
        Ok(Caller { principal: Arc::clone(&session.principal), session: Some(session) })
    }
}

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

impl<S> FromRequestParts<S> for Caller
where
    Engine: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Caller, Problem> {
        if let Some(known) = parts.extensions.get::<Caller>() {
            return Ok(known.clone());
        }
        Caller::identify(&Engine::from_ref(state), &parts.method, &parts.headers).await
    }
}

impl OperationInput for Caller {}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
}

/// The session's token, when the request has our cookie.
#[must_use]
pub fn session_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, token)| token)
}

fn require_csrf(headers: &HeaderMap, session: &SignedIn) -> Result<(), Problem> {
    let sent = headers.get(CSRF_HEADER).map(http::HeaderValue::as_bytes).unwrap_or_default();
    if is_same(sent, session.csrf_token.as_bytes()) {
        return Ok(());
    }
    let detail = "The header X-CSRF-Token is missing or not the csrf_token of GET /v1/me.";
    Err(Problem::new(Code::CsrfFailed, detail))
}

/// Compares without telling by its time where the first difference is.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |differences, (one, other)| differences | (one ^ other)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "theme=dark; chancery_session=abc; x=y".parse().expect("a value"));
        assert_eq!(session_token(&headers), Some("abc"));
        headers.clear();
        headers.append(COOKIE, "not_chancery_session=abc".parse().expect("a value"));
        assert_eq!(session_token(&headers), None);
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(is_same(b"abc", b"abc"));
        assert!(!is_same(b"abc", b"abd"));
        assert!(!is_same(b"", b"abc"));
    }
}
