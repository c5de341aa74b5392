//! `/v1/doctor`: what is wrong around this server, and what to do.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use engine::Engine;
use engine::doctor::{DoctorReport, DoctorRequest};

use crate::kit::{Caller, Json, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new().api_route(
        "/v1/doctor",
        post_with(run_doctor, |op| {
            op.id("run_doctor").tag("Channels").summary("Look at everything that can be wrong").description(
                "Asks providers, the DNS, and this server through its public address; takes some seconds, and changes \
                 nothing. Answers 200 whatever is found. What could not be asked, because the machine is offline, is \
                 `skipped` and no problem.",
            )
        }),
    )
}

async fn run_doctor(
    State(engine): State<Engine>,
    caller: Caller,
    Json(asked): Json<DoctorRequest>,
) -> Result<Json<DoctorReport>, Problem> {
    Ok(Json(engine.doctor(&caller, asked).await?))
}
