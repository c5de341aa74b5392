//! `/sign-in`: address and password.

use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::secret::Secret;
use engine::Engine;
use http::{HeaderMap, StatusCode};
use maud::html;
use serde::Deserialize;

use super::form::{self, OwnForm, Refused};
use super::page;
use crate::kit::Problem;
use crate::kit::auth::session_token;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    email: String,
    password: String,
}

pub(super) async fn show(State(engine): State<Engine>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = session_token(&headers)
        && engine.authenticate_session(token).await.is_ok()
    {
        return Ok(Redirect::to("/app/").into_response());
    }
    if !engine.is_set_up().await? {
        let words = "Nobody can sign in yet. Open the set-up link that the server printed when it started.";
        return Ok(page::notice(StatusCode::OK, "This server is new", words, None));
    }
    Ok(ask("", None))
}

pub(super) async fn act(
    State(engine): State<Engine>,
    own: OwnForm,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    match engine.sign_in(&fields.email, Secret::new(fields.password), own.client).await {
        Ok(session) => Ok(form::let_in(&engine, &session)),
        Err(error) => Ok(ask(&fields.email, Some(&Refused::of(error)?))),
    }
}

fn ask(email: &str, refused: Option<&Refused>) -> Response {
    let content = html! {
        h1 { "Sign in" }
        @if let Some(refused) = refused { (refused.markup()) }
        form method="post" action="/sign-in" {
            label { span { "Email address" }
                input name="email" type="email" value=(email) required autofocus autocomplete="username"; }
            label { span { "Password" }
                input name="password" type="password" required autocomplete="current-password"; }
            button { "Sign in" }
        }
    };
    page::with_status(refused.map_or(StatusCode::OK, |refused| refused.status), "Sign in", content)
}
