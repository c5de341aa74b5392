//! `/v1/tags`: words put on conversations.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, patch_with};
use axum::extract::State;
use domain::ids::TagId;
use engine::Engine;
use engine::inbox::{NewTag, TagChange, TagView};

use crate::kit::{Caller, Created, Json, List, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/tags",
            get_with(list_tags, |op| op.id("list_tags").tag("Inbox").summary("Tags by name")).post_with(
                create_tag,
                |op| {
                    op.id("create_tag").tag("Inbox").summary("Add a tag").description("Problem: `tag_taken`.")
                },
            ),
        )
        .api_route(
            "/v1/tags/{id}",
            patch_with(update_tag, |op| {
                op.id("update_tag")
                    .tag("Inbox")
                    .summary("Rename or colour a tag")
                    .description("Problem: `tag_taken`.")
            })
            .delete_with(delete_tag, |op| {
                op.id("delete_tag").tag("Inbox").summary("Remove a tag, and take it off all conversations")
            }),
        )
}

async fn list_tags(State(engine): State<Engine>, caller: Caller) -> Result<Json<List<TagView>>, Problem> {
    Ok(List::whole(engine.tags(&caller).await?))
}

async fn create_tag(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewTag>,
) -> Result<Created<TagView>, Problem> {
    Ok(Created(engine.add_tag(&caller, new).await?))
}

async fn update_tag(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<TagId>,
    Json(change): Json<TagChange>,
) -> Result<Json<TagView>, Problem> {
    Ok(Json(engine.change_tag(&caller, id, change).await?))
}

async fn delete_tag(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<TagId>,
) -> Result<NoContent, Problem> {
    engine.remove_tag(&caller, id).await?;
    Ok(NoContent)
}
