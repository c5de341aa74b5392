//! `/setup`: the first owner, by the link that the server printed.

use axum::extract::{Form, Query, State};
use axum::response::Response;
use domain::address::EmailAddress;
use domain::secret::Secret;
use engine::Engine;
use engine::access::{NewOwner, SetUpBy};
use http::StatusCode;
use maud::html;
use serde::Deserialize;

use super::form::{self, OwnForm, Refused};
use super::page;
use crate::kit::Problem;

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Fields {
    token: String,
    business: String,
    name: String,
    email: String,
    password: String,
}

pub(super) async fn show(
    State(engine): State<Engine>,
    Query(link): Query<Link>,
) -> Result<Response, Problem> {
    if engine.is_set_up().await? {
        return Ok(done_already());
    }
    if !engine.set_up_link_holds(&link.token).await? {
        let words = "Use the newest link that the server printed; it prints another one each time it starts.";
        return Ok(page::notice(StatusCode::NOT_FOUND, "This set-up link does not hold", words, None));
    }
    Ok(ask(&Fields { token: link.token, ..Fields::default() }, None))
}

pub(super) async fn act(
    State(engine): State<Engine>,
    _: OwnForm,
    Form(fields): Form<Fields>,
) -> Result<Response, Problem> {
    let Ok(email) = fields.email.parse::<EmailAddress>() else {
        return Ok(ask(
            &fields,
            Some(&Refused::saying("Email address: expected one such as jane@example.com.")),
        ));
    };
    let owner = NewOwner {
        business: Some(fields.business.clone()),
        name: fields.name.clone(),
        email,
        password: Secret::new(fields.password.clone()),
    };
    match engine.set_up(SetUpBy::Link(Secret::new(fields.token.clone())), owner).await {
        Ok(member) => Ok(form::let_in(&engine, &engine.start_first_session(&member).await?)),
        Err(error) => Ok(ask(&fields, Some(&Refused::of(error)?))),
    }
}

fn done_already() -> Response {
    let words = "It has an owner already. Sign in; an owner can add further people.";
    page::notice(StatusCode::OK, "This server is set up", words, Some(("Sign in", "/sign-in")))
}

fn ask(fields: &Fields, refused: Option<&Refused>) -> Response {
    let content = html! {
        h1 { "Welcome" }
        p.lead { "Make the owner's account. The owner can add everybody else." }
        @if let Some(refused) = refused { (refused.markup()) }
        form method="post" action="/setup" {
            input type="hidden" name="token" value=(fields.token);
            label { span { "Business " small { "optional" } }
                input name="business" value=(fields.business) autocomplete="organization" maxlength="200"; }
            label { span { "Your name" }
                input name="name" value=(fields.name) required autocomplete="name" maxlength="200"; }
            label { span { "Email address" }
                input name="email" type="email" value=(fields.email) required autocomplete="username"; }
            label { span { "Password " small { "at least 10 characters" } }
                input name="password" type="password" required minlength="10" autocomplete="new-password"; }
            button { "Create account" }
        }
    };
    page::with_status(refused.map_or(StatusCode::OK, |refused| refused.status), "Set up", content)
}
