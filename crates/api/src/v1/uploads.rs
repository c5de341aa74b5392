//! `/v1/uploads`: files for messages, notes and drafts that name them.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::openapi::{MediaType, ReferenceOr, RequestBody};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use domain::ids::UploadId;
use engine::Engine;
use engine::inbox::{LARGEST_UPLOAD, UploadLabel, UploadView};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::openapi::answers_with;
use crate::kit::{Caller, Code, Created, Path, Problem, Query, reply};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/uploads",
            post_with(create_upload, |mut op| {
                let content = [("application/octet-stream".to_owned(), MediaType::default())].into_iter().collect();
                let body = RequestBody { content, required: true, ..RequestBody::default() };
                op.inner_mut().request_body = Some(ReferenceOr::Item(body));
                op.id("create_upload").tag("Inbox").summary("Upload a file").description(
                    "The body is the file, up to 25 MiB; its type is found from the bytes when `Content-Type` says \
                     nothing. Name it by `upload_id` in a message, note or draft. Kept for seven days, and as long as a \
                     draft or note names it.",
                )
            }),
        )
        .api_route(
            "/v1/uploads/{id}",
            get_with(get_upload, |op| {
                let op = answers_with(op, "application/octet-stream", "The content of the file.");
                op.id("get_upload").tag("Inbox").summary("The content of an upload").description(
                    "Your own, and those that belong to a note.",
                )
            }),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Named {
    /// What the file is called.
    #[serde(default)]
    filename: String,
}

async fn create_upload(
    State(engine): State<Engine>,
    caller: Caller,
    Query(Named { filename }): Query<Named>,
    headers: HeaderMap,
    body: Raw,
) -> Result<Created<UploadView>, Problem> {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Said before the first byte is read, so that nobody waits for an upload that is refused in the end.
    if length.is_some_and(|length| length > LARGEST_UPLOAD) {
        return Err(Problem::new(Code::PayloadTooLarge, "An upload has at most 25 MiB."));
    }
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let content_type = content_type.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let label = UploadLabel { filename, content_type };
    Ok(Created(engine.upload(&caller, label, body.0.into_data_stream()).await?))
}

async fn get_upload(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<UploadId>,
) -> Result<Response, Problem> {
    Ok(reply::file(engine.upload_content(&caller, id).await?))
}

/// The body as it comes; its size is watched while it is read.
struct Raw(Body);

impl<S: Send + Sync> axum::extract::FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Raw, Problem> {
        Ok(Raw(request.into_body()))
    }
}

impl aide::OperationInput for Raw {}
