//! `/v1/me`: who the caller is and what the caller may do.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use domain::access::{ActorKind, Grant, Permission, Role};
use engine::Engine;
use schemars::JsonSchema;
use serde::Serialize;

use crate::kit::{Caller, Json, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/me",
        get_with(get_me, |op| op.id("get_me").tag("Access").summary("Who you are and what you may do")),
    )
}

/// Who the caller is.
#[derive(Serialize, JsonSchema)]
struct Me {
    /// The person who signed in; null for an API key.
    user: Option<MeUser>,
    /// The API key; null for a person.
    key: Option<MeKey>,
    tenant: MeTenant,
    /// The person's role; for an API key that may do everything `owner`, for other keys null.
    role: Option<Role>,
    permissions: Vec<Permission>,
    /// To be sent as `X-CSRF-Token` with changes; null for an API key, which needs none.
    csrf_token: Option<String>,
    /// The version of the server.
    version: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct MeUser {
    id: String,
    name: String,
    email: String,
}

#[derive(Serialize, JsonSchema)]
struct MeKey {
    id: String,
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct MeTenant {
    name: String,
}

async fn get_me(State(engine): State<Engine>, caller: Caller) -> Result<Json<Me>, Problem> {
    let me = engine.me(&caller).await?;
    let key = match (caller.actor.kind, caller.actor.id.clone()) {
        (ActorKind::Key, Some(id)) => Some(MeKey { id, name: caller.name.clone() }),
        _ => None,
    };
    let user = me.user.map(|user| MeUser { id: user.id.to_string(), name: user.name, email: user.email });
    Ok(Json(Me {
        user,
        key,
        tenant: MeTenant { name: me.tenant },
        role: role(&caller.grant),
        permissions: caller.permissions(),
        csrf_token: caller.csrf_token().map(str::to_owned),
        version: env!("CARGO_PKG_VERSION"),
    }))
}

fn role(grant: &Grant) -> Option<Role> {
    match grant {
        Grant::Role(role) => Some(*role),
        Grant::Scopes(domain::access::Scopes::All) => Some(Role::Owner),
        Grant::Scopes(domain::access::Scopes::Some(_)) => None,
    }
}
