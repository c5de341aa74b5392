//! What the forms share: where a form was sent from, why it was refused, and the cookie that comes of it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::response::{IntoResponse, Redirect, Response};
use engine::access::StartedSession;
use engine::{Engine, Error};
use http::header::{HOST, ORIGIN, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use maud::{Markup, html};

use crate::kit::auth::SESSION_COOKIE;
use crate::kit::{Code, Problem};

/// Browsers keep a cookie no longer than this; the session itself ends earlier, by the server's word.
const COOKIE_SECONDS: u32 = 400 * 24 * 60 * 60;

/// A form that one of our own pages sent, and the client's address. Other sites' forms are refused: they could sign
/// somebody in as somebody else.
pub(super) struct OwnForm {
    pub client: Option<IpAddr>,
}

impl FromRequestParts<Engine> for OwnForm {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, engine: &Engine) -> Result<OwnForm, Problem> {
        if !is_own(&parts.headers, &engine.options().public_url) {
            return Err(Problem::new(Code::CsrfFailed, "This form was sent from another site."));
        }
        let client = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(OwnForm { client })
    }
}

/// Every browser in use sends `Origin` with a form; what sends none is no browser, and carries nobody's cookies.
fn is_own(headers: &HeaderMap, public_url: &str) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if origin == public_url {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some() && origin.split_once("://").map(|(_, rest)| rest) == host
}

/// To the dashboard, signed in.
pub(super) fn let_in(engine: &Engine, session: &StartedSession) -> Response {
    let cookie = format!(
        "{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}{}",
        session.token.reveal(),
        secure(engine)
    );
    with_cookie(Redirect::to("/app/"), &cookie)
}

/// To the sign-in page, signed out.
pub(super) fn let_out(engine: &Engine) -> Response {
    let cookie = format!("{SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", secure(engine));
    with_cookie(Redirect::to("/sign-in"), &cookie)
}

fn secure(engine: &Engine) -> &'static str {
    if engine.options().public_url.starts_with("https://") { "; Secure" } else { "" }
}

fn with_cookie(to: Redirect, cookie: &str) -> Response {
    let mut response = to.into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Why a form was not taken: a status, and sentences to show above it.
pub(super) struct Refused {
    pub status: StatusCode,
    pub sentences: Vec<String>,
}

impl Refused {
    pub(super) fn saying(sentence: &str) -> Refused {
        Refused { status: StatusCode::UNPROCESSABLE_ENTITY, sentences: vec![sentence.to_owned()] }
    }

    /// What a person can do something about is shown in the form; the rest is a problem like everywhere.
    pub(super) fn of(error: Error) -> Result<Refused, Problem> {
        let status = match &error {
            Error::Invalid(invalid) => {
                let sentences = invalid
                    .faults
                    .iter()
                    .map(|fault| format!("{}: {}.", label(&fault.pointer), fault.detail));
                let sentences = sentences.collect();
                return Ok(Refused { status: StatusCode::UNPROCESSABLE_ENTITY, sentences });
            }
            Error::NotSignedIn(_) => StatusCode::UNAUTHORIZED,
            Error::Conflict { .. } => StatusCode::CONFLICT,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            _ => return Err(error.into()),
        };
        Ok(Refused { status, sentences: vec![sentence(&error.to_string())] })
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            div.refused role="alert" { @for sentence in &self.sentences { p { (sentence) } } }
        }
    }
}

fn label(pointer: &str) -> &str {
    match pointer {
        "/name" => "Your name",
        "/email" => "Email address",
        "/password" => "Password",
        _ => "The form",
    }
}

/// Begins with a capital and ends with a full stop.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_our_own_pages_are_taken() {
        let sent = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8080"));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().expect("a value"));
            }
            is_own(&headers, "https://chat.example.com")
        };
        assert!(sent(None));
        assert!(sent(Some("http://127.0.0.1:8080")));
        assert!(sent(Some("https://chat.example.com")));
        assert!(!sent(Some("https://chat.example.com.evil.example")));
        assert!(!sent(Some("http://127.0.0.1:9090")));
        assert!(!sent(Some("null")));
    }
}
