//! `/v1/suppressions`: addresses that are not written to, and why.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use domain::channel::Channel;
use domain::ids::SuppressionId;
use engine::Engine;
use engine::suppression::{
    LARGEST_IMPORT, NewSuppression, SuppressionCheck, SuppressionFilter, SuppressionImport, SuppressionView,
    SuppressionsImported,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::openapi::answers_with;
use crate::kit::{Caller, Created, Json, List, NoContent, Paging, Path, Problem, Query, reply};

const TAG: &str = "Suppression";

pub(super) fn routes() -> ApiRouter<Engine> {
    let import = ApiRouter::new()
        .api_route(
            "/v1/suppressions/import",
            post_with(import_suppressions, |op| {
                op.id("import_suppressions").tag(TAG).summary("Import entries from CSV").description(
                    "Up to 100,000 rows. Rows that cannot be read are refused each by itself; the others count. With \
                     `dry_run` nothing changes: the answer is what a real run would say.",
                )
            }),
        )
        .layer(DefaultBodyLimit::max(LARGEST_IMPORT));
    ApiRouter::new()
        .api_route(
            "/v1/suppressions",
            get_with(list_suppressions, |op| {
                op.id("list_suppressions")
                    .tag(TAG)
                    .summary("Addresses that are not written to, newest first")
                    .description("An address has one entry for each reason: removing one leaves the others.")
            })
            .post_with(create_suppression, |op| {
                op.id("create_suppression").tag(TAG).summary("Put an address on the list").description(
                    "From now on messages to it are `blocked`, with the reason `suppressed`; of several recipients only \
                     this one is left out. Hard bounces, complaints and unsubscriptions that providers report are put on \
                     the list by themselves. Problem: `already_suppressed`.",
                )
            }),
        )
        .api_route(
            "/v1/suppressions/check",
            get_with(check_suppression, |op| {
                op.id("check_suppression")
                    .tag(TAG)
                    .summary("Whether an address is on the list")
                    .description("`entry` is the strongest, when there are several.")
            }),
        )
        .api_route(
            "/v1/suppressions/export",
            get_with(export_suppressions, |op| {
                let op = answers_with(op, "text/csv", "The file.");
                op.id("export_suppressions").tag(TAG).summary("The list as CSV").description(
                    "Of all entries, or of those that the filters of the list leave. An import takes it as it is.",
                )
            }),
        )
        .api_route(
            "/v1/suppressions/{id}",
            get_with(get_suppression, |op| op.id("get_suppression").tag(TAG).summary("One entry")).merge(
                delete_with(delete_suppression, |op| {
                    op.id("delete_suppression").tag(TAG).summary("Take an entry off the list").description(
                        "The reason is kept in the audit log. Messages that were blocked stay so until somebody sends \
                         them again with `POST /v1/messages/{id}/retry`.",
                    )
                }),
            ),
        )
        .merge(import)
}

async fn list_suppressions(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<SuppressionFilter>,
    Paging(page): Paging,
) -> Result<Json<List<SuppressionView>>, Problem> {
    Ok(List::of(engine.suppressions(&caller, filter, page).await?, |view| view))
}

async fn create_suppression(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewSuppression>,
) -> Result<Created<SuppressionView>, Problem> {
    Ok(Created(engine.add_suppression(&caller, new).await?))
}

async fn get_suppression(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<SuppressionId>,
) -> Result<Json<SuppressionView>, Problem> {
    Ok(Json(engine.suppression(&caller, id).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Asked {
    address: String,
    /// `email` when absent.
    #[serde(default)]
    channel: Option<Channel>,
}

async fn check_suppression(
    State(engine): State<Engine>,
    caller: Caller,
    Query(Asked { address, channel }): Query<Asked>,
) -> Result<Json<SuppressionCheck>, Problem> {
    let channel = channel.unwrap_or(Channel::Email);
    Ok(Json(engine.check_suppression(&caller, channel, &address).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RemoveSuppression {
    /// Why the address may be written to again, in your words.
    reason: String,
}

async fn delete_suppression(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<SuppressionId>,
    Json(RemoveSuppression { reason }): Json<RemoveSuppression>,
) -> Result<NoContent, Problem> {
    engine.remove_suppression(&caller, id, &reason).await?;
    Ok(NoContent)
}

async fn import_suppressions(
    State(engine): State<Engine>,
    caller: Caller,
    Json(import): Json<SuppressionImport>,
) -> Result<Json<SuppressionsImported>, Problem> {
    Ok(Json(engine.import_suppressions(&caller, import).await?))
}

async fn export_suppressions(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<SuppressionFilter>,
) -> Result<Response, Problem> {
    let export = engine.export_suppressions(&caller, filter).await?;
    let parts = futures_util::stream::try_unfold(export, |mut export| async {
        Ok::<_, engine::Error>(export.next_part().await?.map(|part| (part, export)))
    });
    Ok(reply::download("text/csv; charset=utf-8", "suppressions.csv", parts))
}
