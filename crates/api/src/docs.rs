//! The reference at `/docs`, the description at `/openapi.json`, the list of problems. Nothing is loaded from elsewhere.

use std::sync::OnceLock;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::Engine;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use maud::{DOCTYPE, Markup, html};
use tower_http::compression::CompressionLayer;

use crate::kit::Code;
use crate::pages::page;

/// The reference sets styles from its script, hence 'unsafe-inline' for styles alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
     connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(crate) fn routes() -> Router<Engine> {
    Router::new()
        .route("/openapi.json", get(description))
        .route("/docs", get(reference))
        .route("/docs/reference.js", get(script))
        .route("/docs/problems", get(problems))
        .layer(CompressionLayer::new().gzip(true))
}

async fn description() -> Response {
    static DESCRIPTION: OnceLock<Bytes> = OnceLock::new();
    let body = DESCRIPTION.get_or_init(|| Bytes::from(crate::openapi_json().to_string()));
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], body.clone()).into_response()
}

/// What the reference is told. Its own fonts and its services on the web stay off.
const CONFIGURATION: &str = r#"{"url":"/openapi.json","theme":"default","withDefaultFonts":false,"hideClientButton":true,"hideModels":false,"showSidebar":true}"#;

async fn reference() -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Chancery API" }
                link rel="icon" href="/favicon.ico";
            }
            body {
                script id="api-reference" data-configuration=(CONFIGURATION) {}
                script src="/docs/reference.js" {}
                noscript { "The reference needs JavaScript. The description itself is at /openapi.json." }
            }
        }
    };
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    (headers, axum::response::Html(page.into_string())).into_response()
}

async fn script() -> Response {
    static SCRIPT: OnceLock<Bytes> = OnceLock::new();
    let body = SCRIPT.get_or_init(|| Bytes::from(embedded_script()));
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, body.clone()).into_response()
}

/// aide embeds the reference's program in a whole page with inline scripts, which our policy forbids; this is the last
/// script of that page.
fn embedded_script() -> String {
    let page = aide::scalar::Scalar::new("/openapi.json").html();
    let after = page.split_once("JSON.stringify(configuration)").map_or("", |(_, after)| after);
    let after = after.split_once("<script>").map_or("", |(_, after)| after);
    after.rsplit_once("</script>").map_or("", |(script, _)| script).trim().to_owned()
}

async fn problems() -> Response {
    page::answer("Problems", list())
}

fn list() -> Markup {
    html! {
        h1 { "Problems" }
        p { "Every refusal is a problem document (RFC 9457) whose " code { "code" } " is one of these." }
        dl.problems {
            @for code in Code::ALL {
                dt id=(code.word()) {
                    code { (code.word()) } " " span.status { (code.status().as_u16()) } " " (code.title())
                }
                dd { (words(code.docs())) }
            }
        }
    }
}

/// Text in which backticks set off code.
fn words(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reference_s_program_is_found_in_its_page() {
        let script = super::embedded_script();
        assert!(script.len() > 1_000_000, "{}", script.len());
        assert!(script.contains("api-reference"));
        assert!(!script.contains("</script>"));
    }
}
