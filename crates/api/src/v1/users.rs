//! `/v1/users`: the people of a tenant.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, patch_with};
use axum::extract::State;
use domain::access::Role;
use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::ids::UserId;
use domain::secret::Secret;
use engine::Engine;
use engine::access::{Member, NewUser, UserChange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::{Caller, Created, Json, List, Paging, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/users",
            get_with(list_users, |op| op.id("list_users").tag("Access").summary("People")).post_with(
                create_user,
                |op| {
                    op.id("create_user").tag("Access").summary("Add a person").description(
                        "Only owners make owners. Problems: `email_taken`, `invalid_request`, `forbidden`.",
                    )
                },
            ),
        )
        .api_route(
            "/v1/users/{id}",
            patch_with(update_user, |op| {
                op.id("update_user").tag("Access").summary("Change a person").description(
                    "Another password, or being disabled, ends all sessions of that person. Problems: `last_owner`, \
                     `forbidden`, `not_found`.",
                )
            })
            .get_with(get_user, |op| op.id("get_user").tag("Access").summary("One person")),
        )
}

/// A person who signs in.
#[derive(Serialize, JsonSchema)]
struct User {
    id: UserId,
    name: String,
    email: String,
    role: Role,
    created_at: Timestamp,
    /// A disabled person cannot sign in.
    disabled: bool,
}

impl From<Member> for User {
    fn from(member: Member) -> User {
        let Member { id, email, name, role, created_at, disabled_at } = member;
        User { id, name, email, role, created_at, disabled: disabled_at.is_some() }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateUser {
    name: String,
    email: EmailAddress,
    /// At least 10 characters.
    password: Secret,
    role: Role,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateUser {
    name: Option<String>,
    role: Option<Role>,
    disabled: Option<bool>,
    /// At least 10 characters.
    password: Option<Secret>,
}

async fn list_users(
    State(engine): State<Engine>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<List<User>>, Problem> {
    Ok(List::of(engine.users(&caller, page).await?, User::from))
}

async fn get_user(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<UserId>,
) -> Result<Json<User>, Problem> {
    Ok(Json(engine.user(&caller, id).await?.into()))
}

async fn create_user(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<CreateUser>,
) -> Result<Created<User>, Problem> {
    let CreateUser { name, email, password, role } = new;
    let member = engine.create_user(&caller, NewUser { name, email, password, role }).await?;
    Ok(Created(member.into()))
}

async fn update_user(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<UserId>,
    Json(change): Json<UpdateUser>,
) -> Result<Json<User>, Problem> {
    let UpdateUser { name, role, disabled, password } = change;
    let member = engine.change_user(&caller, id, UserChange { name, role, disabled, password }).await?;
    Ok(Json(member.into()))
}
