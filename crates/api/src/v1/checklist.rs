//! `/v1/checklist`: what is left to do after the first start; a step is done only when it really worked.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use engine::Engine;
use engine::inbox::ChecklistStep;

use crate::kit::{Caller, Json, List, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/checklist",
        get_with(get_checklist, |op| {
            op.id("get_checklist").tag("Set-up").summary("What is left to do after the first start")
        }),
    )
}

async fn get_checklist(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<List<ChecklistStep>>, Problem> {
    Ok(List::whole(engine.checklist(&caller).await?))
}
