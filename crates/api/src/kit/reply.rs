//! Answers other than 200 with JSON, each documented with its status.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Documented, StatusCode as DocumentedStatus};
use axum::response::{IntoResponse, Response};
use engine::inbox::FileContent;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use schemars::JsonSchema;
use serde::Serialize;

use super::Json;

/// 201: it was made; here it is.
#[derive(Debug)]
pub struct Created<T>(pub T);

/// 202: it is on disk, the work follows.
#[derive(Debug)]
pub struct Accepted<T>(pub T);

/// 204: done, nothing to say.
#[derive(Debug)]
pub struct NoContent;

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<T: JsonSchema> OperationOutput for Created<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        let response = axum::Json::<T>::operation_response(context, operation);
        response.map(|response| described(response, "It was made."))
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<DocumentedStatus>, Documented)> {
        with_status::<Created<T>>(201, context, operation)
    }
}

impl<T: JsonSchema> OperationOutput for Accepted<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Documented> {
        let response = axum::Json::<T>::operation_response(context, operation);
        response.map(|response| described(response, "It is safely on disk; the work follows."))
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<DocumentedStatus>, Documented)> {
        with_status::<Accepted<T>>(202, context, operation)
    }
}

impl OperationOutput for NoContent {
    type Inner = ();

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(Documented { description: "Done.".into(), ..Documented::default() })
    }

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<DocumentedStatus>, Documented)> {
        with_status::<NoContent>(204, context, operation)
    }
}

/// The response of `R` under one status.
pub(super) fn with_status<R: OperationOutput>(
    status: u16,
    context: &mut GenContext,
    operation: &mut Operation,
) -> Vec<(Option<DocumentedStatus>, Documented)> {
    let response = R::operation_response(context, operation);
    response.map(|response| (Some(DocumentedStatus::Code(status)), response)).into_iter().collect()
}

/// OpenAPI requires a description; a type without one of its own gets this.
pub(super) fn described(response: Documented, otherwise: &str) -> Documented {
    if response.description.is_empty() {
        return Documented { description: otherwise.to_owned(), ..response };
    }
    response
}

/// A file that is written while it is sent. Should it fail on the way, the connection ends, so that nobody takes the part
/// for the whole.
pub fn download<P, E>(
    content_type: &'static str,
    filename: &str,
    parts: impl futures_util::Stream<Item = Result<P, E>> + Send + 'static,
) -> Response
where
    P: Into<bytes::Bytes> + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let headers = [
        (http::header::CONTENT_TYPE, content_type.to_owned()),
        (http::header::CONTENT_DISPOSITION, disposition("attachment", filename)),
    ];
    (headers, axum::body::Body::from_stream(parts)).into_response()
}

/// `Content-Disposition` with a file name in any script (RFC 6266, RFC 8187); the name can break out of nothing.
pub fn disposition(kind: &str, filename: &str) -> String {
    let plain: String = filename
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in filename.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// A file from outside: a download and never a page, because it must not run under our origin. Pictures that cannot run
/// anything are shown in place.
pub fn file(file: FileContent) -> Response {
    let is_picture =
        matches!(file.content_type.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp");
    let content_type = if is_picture { file.content_type } else { "application/octet-stream".to_owned() };
    let disposition = disposition(if is_picture { "inline" } else { "attachment" }, &file.filename);
    ([(CONTENT_TYPE, content_type), (CONTENT_DISPOSITION, disposition)], file.bytes).into_response()
}
