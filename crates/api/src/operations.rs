//! What operators and their machines ask: is it alive, is it ready, how much does it do.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use engine::Engine;
use serde::Serialize;

use crate::kit::{Json, Problem, metrics};

pub(crate) fn routes() -> Router<Engine> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::show))
}

/// The process answers; nothing else is asked.
async fn alive() -> impl IntoResponse {
    "ok\n"
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// Writes that wait for the database.
    waiting: usize,
    set_up: bool,
}

/// The database answers; a load balancer sends requests here only then.
async fn ready(State(engine): State<Engine>) -> Result<Json<Ready>, Problem> {
    engine.ready().await?;
    let set_up = engine.is_set_up().await?;
    Ok(Json(Ready { ready: true, waiting: engine.store().waiting(), set_up }))
}
