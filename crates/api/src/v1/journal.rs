//! `/v1/journal`: everything that came in, as it came.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::ids::JournalId;
use engine::Engine;
use engine::receive::{JournalState, JournalView};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::openapi::answers_with;
use crate::kit::{Accepted, Caller, Json, List, Paging, Path, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/journal",
            get_with(list_journal, |op| {
                op.id("list_journal").tag("Receiving").summary("Everything that came in, newest first")
            }),
        )
        .api_route(
            "/v1/journal/{id}",
            get_with(get_journal_entry, |op| {
                op.id("get_journal_entry").tag("Receiving").summary("One entry")
            }),
        )
        .api_route(
            "/v1/journal/{id}/raw",
            get_with(get_journal_raw, |op| {
                let op = answers_with(op, "text/plain", "The bytes as they came.");
                op.id("get_journal_raw").tag("Receiving").summary("The bytes of an entry")
            }),
        )
        .api_route(
            "/v1/journal/{id}/replay",
            post_with(replay_journal_entry, |op| {
                op.id("replay_journal_entry")
                    .tag("Receiving")
                    .summary("Work on an entry again")
                    .description("For one that failed or was ignored. Problem: `already_processed`.")
            }),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Filter {
    state: Option<JournalState>,
    /// `api`, `smtp` or `webhook:<provider>`.
    source: Option<String>,
}

async fn list_journal(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Paging(page): Paging,
) -> Result<Json<List<JournalView>>, Problem> {
    let source = filter.source.unwrap_or_default();
    Ok(List::of(engine.journal(&caller, filter.state, source, page).await?, |view| view))
}

async fn get_journal_entry(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<JournalId>,
) -> Result<Json<JournalView>, Problem> {
    Ok(Json(engine.journal_entry(&caller, id).await?))
}

async fn get_journal_raw(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<JournalId>,
) -> Result<Response, Problem> {
    let bytes = engine.journal_body(&caller, id).await?;
    // Plain text whatever it is: it came from outside and is only looked at.
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response())
}

async fn replay_journal_entry(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<JournalId>,
) -> Result<Accepted<JournalView>, Problem> {
    Ok(Accepted(engine.replay_journal_entry(&caller, id).await?))
}
