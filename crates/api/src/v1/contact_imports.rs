//! `/v1/contact-imports`: contacts from a file.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use axum::response::Response;
use domain::ids::ContactImportId;
use engine::Engine;
use engine::contacts::{ImportFormat, ImportPreview, ImportRequest, ImportView, PreviewRequest};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::openapi::answers_with;
use crate::kit::{Accepted, Caller, Json, List, Paging, Path, Problem, Query, reply};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/contact-imports",
            get_with(list_contact_imports, |op| {
                op.id("list_contact_imports").tag("Contacts").summary("Imports, newest first")
            })
            .post_with(create_contact_import, |op| {
                op.id("create_contact_import").tag("Contacts").summary("Import contacts from an upload").description(
                    "Goes on by itself, each row exactly once, also after a crash. With `dry_run=true` nothing changes: \
                     the report is what a real run would say. Contacts are told apart by address and phone number. Up to \
                     200,000 rows and 25 MiB.",
                )
            }),
        )
        .api_route(
            "/v1/contact-imports/preview",
            post_with(preview_contact_import, |op| {
                op.id("preview_contact_import")
                    .tag("Contacts")
                    .summary("Look at a file before it is imported")
                    .description("Its columns, what each of them probably is, and its first rows.")
            }),
        )
        .api_route(
            "/v1/contact-imports/{id}",
            get_with(get_contact_import, |op| {
                op.id("get_contact_import").tag("Contacts").summary("How far an import came")
            }),
        )
        .api_route(
            "/v1/contact-imports/{id}/refused",
            get_with(get_refused_rows, |op| {
                let op = answers_with(op, "text/csv", "The rows, each with its reason.");
                op.id("get_refused_rows")
                    .tag("Contacts")
                    .summary("The rows that were refused, as CSV")
                    .description("The first 10,000, each with its reason in the last column.")
            }),
        )
}

async fn list_contact_imports(
    State(engine): State<Engine>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<List<ImportView>>, Problem> {
    Ok(List::of(engine.contact_imports(&caller, page).await?, |view| view))
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Terms {
    format: ImportFormat,
    /// `true`: only tell what would happen.
    #[serde(default)]
    dry_run: bool,
}

async fn create_contact_import(
    State(engine): State<Engine>,
    caller: Caller,
    Query(Terms { format, dry_run }): Query<Terms>,
    Json(request): Json<ImportRequest>,
) -> Result<Accepted<ImportView>, Problem> {
    Ok(Accepted(engine.import_contacts(&caller, format, dry_run, request).await?))
}

async fn preview_contact_import(
    State(engine): State<Engine>,
    caller: Caller,
    Json(request): Json<PreviewRequest>,
) -> Result<Json<ImportPreview>, Problem> {
    Ok(Json(engine.preview_contact_import(&caller, request).await?))
}

async fn get_contact_import(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactImportId>,
) -> Result<Json<ImportView>, Problem> {
    Ok(Json(engine.contact_import(&caller, id).await?))
}

async fn get_refused_rows(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ContactImportId>,
) -> Result<Response, Problem> {
    let text = engine.refused_rows(&caller, id).await?;
    let parts = futures_util::stream::iter([Ok::<_, engine::Error>(text)]);
    Ok(reply::download("text/csv; charset=utf-8", "refused.csv", parts))
}
