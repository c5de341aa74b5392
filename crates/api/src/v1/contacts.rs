//! `/v1/contacts`: the people outside.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use domain::ids::ContactId;
use engine::Engine;
use engine::inbox::ContactView;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::{Caller, Json, List, Paging, Path, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/contacts",
            get_with(list_contacts, |op| {
                op.id("list_contacts").tag("Contacts").summary("Contacts, newest first")
            }),
        )
        .api_route(
            "/v1/contacts/{id}",
            get_with(get_contact, |op| op.id("get_contact").tag("Contacts").summary("One contact"))
                .patch_with(update_contact, |op| {
                    op.id("update_contact").tag("Contacts").summary("Change a contact")
                }),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Search {
    /// Only those whose name or email address begins so.
    q: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UpdateContact {
    name: String,
}

async fn list_contacts(
    State(engine): State<Engine>,
    caller: Caller,
    Query(search): Query<Search>,
    Paging(page): Paging,
) -> Result<Json<List<ContactView>>, Problem> {
    Ok(List::of(engine.contacts(&caller, search.q, page).await?, |view| view))
}

async fn get_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
) -> Result<Json<ContactView>, Problem> {
    Ok(Json(engine.contact(&caller, id).await?))
}

async fn update_contact(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactId>,
    Json(change): Json<UpdateContact>,
) -> Result<Json<ContactView>, Problem> {
    Ok(Json(engine.rename_contact(&caller, id, change.name).await?))
}
