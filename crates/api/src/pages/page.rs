//! The frame that all of these pages have.

use axum::response::{Html, IntoResponse, Response};
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, html};

/// One style sheet, one icon, our own forms: nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// A page with a status.
pub(crate) fn with_status(status: StatusCode, title: &str, content: Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Chancery" }
                link rel="icon" href="/favicon.ico";
                link rel="stylesheet" href="/pages.css";
            }
            body {
                main {
                    p.brand { "Chancery" }
                    (content)
                }
            }
        }
    };
    (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(page.into_string())).into_response()
}

/// A page.
pub(crate) fn answer(title: &str, content: Markup) -> Response {
    with_status(StatusCode::OK, title, content)
}

/// A page that only says something, with one way on.
pub(super) fn notice(status: StatusCode, title: &str, words: &str, way_on: Option<(&str, &str)>) -> Response {
    let content = html! {
        h1 { (title) }
        p { (words) }
        @if let Some((label, href)) = way_on { p { a.button href=(href) { (label) } } }
    };
    with_status(status, title, content)
}
