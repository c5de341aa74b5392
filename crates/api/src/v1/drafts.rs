//! `/v1/drafts`: what the person who asks is writing.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use domain::ids::{ConversationId, DraftId};
use engine::Engine;
use engine::inbox::{DraftChange, DraftView, NewDraft};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::{Caller, Created, Json, List, NoContent, Paging, Path, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/drafts",
            get_with(list_drafts, |op| {
                op.id("list_drafts").tag("Inbox").summary("Your drafts, the one changed last first").description(
                    "Nobody else sees them. Problem: `person_only`.",
                )
            })
            .post_with(create_draft, |op| op.id("create_draft").tag("Inbox").summary("Keep a draft")),
        )
        .api_route(
            "/v1/drafts/{id}",
            get_with(get_draft, |op| op.id("get_draft").tag("Inbox").summary("One draft of yours"))
                .put_with(update_draft, |op| {
                    op.id("update_draft").tag("Inbox").summary("Write what a draft says now").description(
                        "With `if_updated_at`, only if nothing else has written it since. Problem: `draft_changed`; the \
                         draft stays as the other window wrote it.",
                    )
                })
                .delete_with(delete_draft, |op| op.id("delete_draft").tag("Inbox").summary("Forget a draft")),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Of {
    /// Only those of this conversation.
    conversation: Option<ConversationId>,
}

async fn list_drafts(
    State(engine): State<Engine>,
    caller: Caller,
    Query(Of { conversation }): Query<Of>,
    Paging(page): Paging,
) -> Result<Json<List<DraftView>>, Problem> {
    Ok(List::of(engine.drafts(&caller, conversation, page).await?, |view| view))
}

async fn create_draft(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewDraft>,
) -> Result<Created<DraftView>, Problem> {
    Ok(Created(engine.create_draft(&caller, new).await?))
}

async fn get_draft(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<DraftId>,
) -> Result<Json<DraftView>, Problem> {
    Ok(Json(engine.draft(&caller, id).await?))
}

async fn update_draft(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<DraftId>,
    Json(change): Json<DraftChange>,
) -> Result<Json<DraftView>, Problem> {
    Ok(Json(engine.change_draft(&caller, id, change).await?))
}

async fn delete_draft(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<DraftId>,
) -> Result<NoContent, Problem> {
    engine.delete_draft(&caller, id).await?;
    Ok(NoContent)
}
