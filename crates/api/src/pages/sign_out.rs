//! `/sign-out`: ends the session of the cookie.

use axum::extract::State;
use axum::response::Response;
use engine::Engine;
use http::HeaderMap;
use maud::html;

use super::form::{self, OwnForm};
use super::page;
use crate::kit::Problem;
use crate::kit::auth::session_token;

pub(super) async fn show() -> Response {
    let content = html! {
        h1 { "Sign out" }
        form method="post" action="/sign-out" { button autofocus { "Sign out" } }
        p { a href="/app/" { "Stay signed in" } }
    };
    page::answer("Sign out", content)
}

pub(super) async fn act(
    State(engine): State<Engine>,
    _: OwnForm,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = session_token(&headers) {
        engine.sign_out(token).await?;
    }
    Ok(form::let_out(&engine))
}
