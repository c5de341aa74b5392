//! `/v1/rearrangements`: merges, splits and moves, taken back.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use domain::ids::RearrangementId;
use engine::Engine;
use engine::contacts::ContactView;
use engine::inbox::ConversationView;
use schemars::JsonSchema;
use serde::Serialize;

use crate::kit::{Caller, Json, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/rearrangements/{id}/undo",
        post_with(undo_rearrangement, |op| {
            op.id("undo_rearrangement").tag("Conversations").summary("Undo a merge, split or move").description(
                "What was moved and is still where it was put goes back. Gives the conversation, or for a merge of \
                 contacts the contact, that has it again. Problem: `not_undoable`.",
            )
        }),
    )
}

/// What has everything again: one of the two.
#[derive(Debug, Serialize, JsonSchema)]
struct Undone {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactView>,
}

async fn undo_rearrangement(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<RearrangementId>,
) -> Result<Json<Undone>, Problem> {
    Ok(Json(if engine.is_merge_of_contacts(&caller, id).await? {
        Undone { conversation: None, contact: Some(engine.undo_contact_merge(&caller, id).await?) }
    } else {
        let conversation = engine.undo_conversation_rearrangement(&caller, id).await?;
        Undone { conversation: Some(conversation), contact: None }
    }))
}
