//! `/v1/canned-responses`: texts that are used again and again.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::{CannedResponseId, ConversationId};
use engine::Engine;
use engine::inbox::{CannedResponseChange, CannedResponseView, NewCannedResponse, RenderedResponse};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::{Caller, Created, Json, List, NoContent, Paging, Path, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/canned-responses",
            get_with(list_canned_responses, |op| {
                op.id("list_canned_responses").tag("Inbox").summary("Canned responses, by shortcut")
            })
            .post_with(create_canned_response, |op| {
                op.id("create_canned_response").tag("Inbox").summary("Add a canned response").description(
                    "Variables: `{{contact.name}}`, `{{contact.first_name}}`, `{{contact.email}}`, \
                     `{{contact.attributes.x}}`, `{{agent.name}}`, `{{agent.first_name}}`, `{{conversation.subject}}`, \
                     `{{conversation.id}}`, `{{business.name}}`; with a default: `{{contact.first_name|there}}`. \
                     Problem: `shortcut_taken`.",
                )
            }),
        )
        .api_route(
            "/v1/canned-responses/{id}",
            get_with(get_canned_response, |op| {
                op.id("get_canned_response").tag("Inbox").summary("One canned response")
            })
            .patch_with(update_canned_response, |op| {
                op.id("update_canned_response").tag("Inbox").summary("Change a canned response")
            })
            .delete_with(delete_canned_response, |op| {
                op.id("delete_canned_response").tag("Inbox").summary("Forget a canned response")
            }),
        )
        .api_route(
            "/v1/canned-responses/{id}/render",
            post_with(render_canned_response, |op| {
                op.id("render_canned_response").tag("Inbox").summary("Fill in a canned response").description(
                    "For a conversation; without one nothing is known of a contact. What is missing and has no default \
                     stays in the text in its braces and is named in `missing`. Counts a use.",
                )
            }),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Words {
    /// Only those whose shortcut, name or text has these words.
    q: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenderFor {
    #[serde(default)]
    conversation_id: Option<ConversationId>,
}

async fn list_canned_responses(
    State(engine): State<Engine>,
    caller: Caller,
    Query(Words { q }): Query<Words>,
    Paging(page): Paging,
) -> Result<Json<List<CannedResponseView>>, Problem> {
    Ok(List::of(engine.canned_responses(&caller, q, page).await?, |view| view))
}

async fn create_canned_response(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewCannedResponse>,
) -> Result<Created<CannedResponseView>, Problem> {
    Ok(Created(engine.create_canned_response(&caller, new).await?))
}

async fn get_canned_response(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<CannedResponseId>,
) -> Result<Json<CannedResponseView>, Problem> {
    Ok(Json(engine.canned_response(&caller, id).await?))
}

async fn update_canned_response(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<CannedResponseId>,
    Json(change): Json<CannedResponseChange>,
) -> Result<Json<CannedResponseView>, Problem> {
    Ok(Json(engine.change_canned_response(&caller, id, change).await?))
}

async fn delete_canned_response(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<CannedResponseId>,
) -> Result<NoContent, Problem> {
    engine.delete_canned_response(&caller, id).await?;
    Ok(NoContent)
}

async fn render_canned_response(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<CannedResponseId>,
    Json(RenderFor { conversation_id }): Json<RenderFor>,
) -> Result<Json<RenderedResponse>, Problem> {
    Ok(Json(engine.render_canned_response(&caller, id, conversation_id).await?))
}
