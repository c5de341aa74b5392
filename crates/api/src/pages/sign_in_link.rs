//! `/sign-in/link`: one click on a one-time link. GET only shows, because scanners of mail open links; POST acts.

use axum::extract::{Form, Query, State};
use axum::response::Response;
use engine::Engine;
use http::StatusCode;
use maud::html;
use serde::Deserialize;

use super::form::{self, OwnForm};
use super::page;
use crate::kit::Problem;

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

pub(super) async fn show(
    State(engine): State<Engine>,
    Query(link): Query<Link>,
) -> Result<Response, Problem> {
    if !engine.sign_in_link_holds(&link.token).await? {
        return Ok(worthless());
    }
    let content = html! {
        h1 { "Sign in" }
        p.lead { "This link signs you in without a password. It works once." }
        form method="post" action="/sign-in/link" {
            input type="hidden" name="token" value=(link.token);
            button autofocus { "Sign in" }
        }
    };
    Ok(page::answer("Sign in", content))
}

pub(super) async fn act(
    State(engine): State<Engine>,
    _: OwnForm,
    Form(link): Form<Link>,
) -> Result<Response, Problem> {
    match engine.sign_in_with_link(&link.token).await {
        Ok(session) => Ok(form::let_in(&engine, &session)),
        Err(engine::Error::NotSignedIn(_)) => Ok(worthless()),
        Err(error) => Err(error.into()),
    }
}

fn worthless() -> Response {
    let words = "It was used already, or is too old.";
    let way_on = Some(("Sign in with a password", "/sign-in"));
    page::notice(StatusCode::NOT_FOUND, "This sign-in link does not hold", words, way_on)
}
