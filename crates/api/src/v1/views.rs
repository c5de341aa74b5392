//! `/v1/views`: searches with a name.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, patch_with};
use axum::extract::State;
use domain::ids::ViewId;
use engine::Engine;
use engine::inbox::{NewView, SavedView, ViewChange};

use crate::kit::{Caller, Created, Json, List, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/views",
            get_with(list_views, |op| {
                op.id("list_views").tag("Inbox").summary("Saved views").description(
                    "Everybody's and one's own, in their order. Their rows are those of `GET /v1/search` with the view's \
                     `query`.",
                )
            })
            .post_with(create_view, |op| {
                op.id("create_view").tag("Inbox").summary("Save a view").description(
                    "`shared: true` shows it to everybody and needs `inbox:configure`; a key has no views of its own.",
                )
            }),
        )
        .api_route(
            "/v1/views/{id}",
            patch_with(update_view, |op| op.id("update_view").tag("Inbox").summary("Change a view")).delete_with(
                delete_view,
                |op| {
                    op.id("delete_view")
                        .tag("Inbox")
                        .summary("Remove a view")
                        .description("The conversations in it stay.")
                },
            ),
        )
}

async fn list_views(State(engine): State<Engine>, caller: Caller) -> Result<Json<List<SavedView>>, Problem> {
    Ok(List::whole(engine.views(&caller).await?))
}

async fn create_view(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewView>,
) -> Result<Created<SavedView>, Problem> {
    Ok(Created(engine.add_view(&caller, new).await?))
}

async fn update_view(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ViewId>,
    Json(change): Json<ViewChange>,
) -> Result<Json<SavedView>, Problem> {
    Ok(Json(engine.change_view(&caller, id, change).await?))
}

async fn delete_view(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ViewId>,
) -> Result<NoContent, Problem> {
    engine.remove_view(&caller, id).await?;
    Ok(NoContent)
}
