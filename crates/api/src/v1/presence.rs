//! `/v1/conversations/{id}/presence`: who is looking or typing.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use domain::ids::ConversationId;
use engine::Engine;
use engine::inbox::{OthersPresent, PresencePing};

use crate::kit::{Caller, Json, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/conversations/{id}/presence",
        post_with(be_present, |op| {
            op.id("be_present").tag("Inbox").summary("Say that you look at a conversation, or type in it").description(
                "Valid for 30 seconds; say it again before. Answers who else is there. The event stream tells of changes \
                 as `event: presence`, without an id: `{\"conversation_id\", \"people\"}`. On a cluster each node knows \
                 those who are connected to it. Problem: `person_only`.",
            )
        }),
    )
}

async fn be_present(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(ping): Json<PresencePing>,
) -> Result<Json<OthersPresent>, Problem> {
    Ok(Json(engine.be_present(&caller, id, ping).await?))
}
