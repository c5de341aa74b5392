//! `/v1/teams`: who shares work.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, patch_with};
use axum::extract::State;
use domain::ids::TeamId;
use engine::Engine;
use engine::inbox::{NewTeam, TeamChange, TeamView};

use crate::kit::{Caller, Created, Json, List, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/teams",
            get_with(list_teams, |op| op.id("list_teams").tag("Inbox").summary("Teams by name"))
                .post_with(create_team, |op| op.id("create_team").tag("Inbox").summary("Add a team")),
        )
        .api_route(
            "/v1/teams/{id}",
            patch_with(update_team, |op| {
                op.id("update_team").tag("Inbox").summary("Rename a team, or say who is in it")
            })
            .delete_with(delete_team, |op| {
                op.id("delete_team")
                    .tag("Inbox")
                    .summary("Remove a team")
                    .description("Its conversations stay, without a team.")
            }),
        )
}

async fn list_teams(State(engine): State<Engine>, caller: Caller) -> Result<Json<List<TeamView>>, Problem> {
    Ok(List::whole(engine.teams(&caller).await?))
}

async fn create_team(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewTeam>,
) -> Result<Created<TeamView>, Problem> {
    Ok(Created(engine.add_team(&caller, new).await?))
}

async fn update_team(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<TeamId>,
    Json(change): Json<TeamChange>,
) -> Result<Json<TeamView>, Problem> {
    Ok(Json(engine.change_team(&caller, id, change).await?))
}

async fn delete_team(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<TeamId>,
) -> Result<NoContent, Problem> {
    engine.remove_team(&caller, id).await?;
    Ok(NoContent)
}
