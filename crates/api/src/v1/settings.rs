//! `/v1/settings`: what holds for the whole house.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use engine::Engine;
use engine::house_settings::{HouseSettings, SettingsChange};

use crate::kit::{Caller, Json, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/settings",
        get_with(get_settings, |op| op.id("get_settings").tag("Access").summary("Settings of the house"))
            .patch_with(update_settings, |op| {
                op.id("update_settings").tag("Access").summary("Change settings of the house")
            }),
    )
}

async fn get_settings(State(engine): State<Engine>, caller: Caller) -> Result<Json<HouseSettings>, Problem> {
    Ok(Json(engine.house_settings(&caller).await?))
}

async fn update_settings(
    State(engine): State<Engine>,
    caller: Caller,
    Json(change): Json<SettingsChange>,
) -> Result<Json<HouseSettings>, Problem> {
    Ok(Json(engine.change_house_settings(&caller, change).await?))
}
