//! `/v1/messages`: send, look at, call back, settle.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::ids::{AttachmentId, MessageId};
use engine::Engine;
use engine::inbox::{MessageDetail, MessageFilter, MessageView};
use engine::send::{Accepted, Answer, Decision, MessageRequest, Resolved};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::idempotency::REPLAYED_HEADER;
use crate::kit::openapi::answers_with;
use crate::kit::{self, Caller, Json, List, Once, Paging, Path, Problem, Query};

/// 25 MiB of attachments as base64, and room for the rest.
const LARGEST: usize = 40 << 20;

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/messages",
            post_with(send_message, |op| {
                op.id("send_message").tag("Messages").summary("Send a message").description(
                    "Answers 202 when the message is safely on disk; what becomes of it is told by its state and \
                     events. With `Idempotency-Key` the same request is done once.",
                )
            })
            .get_with(list_messages, |op| {
                op.id("list_messages").tag("Messages").summary("Messages, newest first")
            }),
        )
        .api_route(
            "/v1/messages/batch",
            post_with(send_batch, |op| {
                op.id("send_batch").tag("Messages").summary("Send up to 1000 messages").description(
                    "All are accepted or none: a fault names its message, such as `/messages/3/to`.",
                )
            }),
        )
        .api_route(
            "/v1/messages/{id}",
            get_with(get_message, |op| {
                op.id("get_message").tag("Messages").summary("One message with its timeline")
            }),
        )
        .api_route(
            "/v1/messages/{id}/raw",
            get_with(get_message_raw, |op| {
                let op = answers_with(op, "message/rfc822", "The message as it came, or as it is sent.");
                op.id("get_message_raw").tag("Messages").summary("The bytes of a message (message/rfc822)")
            }),
        )
        .api_route(
            "/v1/messages/{id}/attachments/{attachment}",
            get_with(get_attachment, |op| {
                let op = answers_with(op, "application/octet-stream", "The content of the file.");
                op.id("get_attachment").tag("Messages").summary("A file of a message")
            }),
        )
        .api_route(
            "/v1/messages/{id}/cancellation",
            post_with(cancel_message, |op| {
                op.id("cancel_message").tag("Messages").summary("Call a message back").description(
                    "Problem `not_cancellable` when it is being sent or has left.",
                )
            }),
        )
        .api_route(
            "/v1/messages/{id}/retry",
            post_with(retry_message, |op| {
                op.id("retry_message").tag("Messages").summary("Send a message again").description(
                    "For one that failed, bounced, was blocked or is held. Problems: `not_retryable`; `still_suppressed` while \
                     its recipient is on the suppression list.",
                )
            }),
        )
        .api_route(
            "/v1/messages/{id}/resolution",
            post_with(resolve_message, |op| {
                op.id("resolve_message").tag("Messages").summary("Settle an unknown message").description(
                    "`arrived`: it counts as sent. `send_again`: it is sent once more. Problem: `not_unknown`.",
                )
            }),
        )
        .api_route(
            "/v1/message-resolutions",
            post_with(resolve_messages, |op| {
                op.id("resolve_messages").tag("Messages").summary("Settle many unknown messages")
            }),
        )
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// Several messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    /// 1 to 1000.
    messages: Vec<MessageRequest>,
}

/// The accepted messages of a batch, in its order.
#[derive(Debug, Serialize, JsonSchema)]
struct AcceptedBatch {
    data: Vec<Accepted>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Resolution {
    decision: Decision,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Resolutions {
    /// Up to 1000.
    ids: Vec<MessageId>,
    decision: Decision,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct AttachmentPath {
    id: MessageId,
    attachment: AttachmentId,
}

async fn send_message(
    State(engine): State<Engine>,
    caller: Caller,
    Once { asked, key }: Once<MessageRequest>,
) -> Result<Replayable<Accepted>, Problem> {
    let Answer { mut accepted, replayed } = engine.accept_message(&caller, asked, key).await?;
    let first = accepted.pop().ok_or_else(|| Problem::internal("an accepted message without an answer"))?;
    Ok(Replayable { body: first, replayed })
}

async fn send_batch(
    State(engine): State<Engine>,
    caller: Caller,
    Once { asked, key }: Once<BatchRequest>,
) -> Result<Replayable<AcceptedBatch>, Problem> {
    let Answer { accepted, replayed } = engine.accept_batch(&caller, asked.messages, key).await?;
    Ok(Replayable { body: AcceptedBatch { data: accepted }, replayed })
}

async fn list_messages(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<MessageFilter>,
    Paging(page): Paging,
) -> Result<Json<List<MessageView>>, Problem> {
    Ok(List::of(engine.messages(&caller, filter, page).await?, |view| view))
}

async fn get_message(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MessageId>,
) -> Result<Json<MessageDetail>, Problem> {
    Ok(Json(engine.message(&caller, id).await?))
}

async fn get_message_raw(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MessageId>,
) -> Result<Response, Problem> {
    let raw = engine.message_raw(&caller, id).await?;
    Ok(([(CONTENT_TYPE, "message/rfc822")], raw).into_response())
}

async fn get_attachment(
    State(engine): State<Engine>,
    caller: Caller,
    Path(path): Path<AttachmentPath>,
) -> Result<Response, Problem> {
    let file = engine.attachment(&caller, path.id, path.attachment).await?;
    Ok(kit::reply::file(file))
}

async fn cancel_message(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MessageId>,
) -> Result<Json<MessageDetail>, Problem> {
    engine.cancel_message(&caller, id).await?;
    Ok(Json(engine.message(&caller, id).await?))
}

async fn retry_message(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MessageId>,
) -> Result<kit::Accepted<MessageDetail>, Problem> {
    engine.retry_message(&caller, id).await?;
    Ok(kit::Accepted(engine.message(&caller, id).await?))
}

async fn resolve_message(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<MessageId>,
    Json(Resolution { decision }): Json<Resolution>,
) -> Result<Json<MessageDetail>, Problem> {
    engine.resolve_message(&caller, id, decision).await?;
    Ok(Json(engine.message(&caller, id).await?))
}

async fn resolve_messages(
    State(engine): State<Engine>,
    caller: Caller,
    Json(Resolutions { ids, decision }): Json<Resolutions>,
) -> Result<Json<Resolved>, Problem> {
    if ids.is_empty() || ids.len() > 1_000 {
        return Err(domain::invalid::Invalid::at("/ids", "expected 1 to 1000 ids").into());
    }
    Ok(Json(engine.resolve_messages(&caller, ids, decision).await?))
}

/// 202, with a mark when it is the answer to an earlier request with the same key.
struct Replayable<T> {
    body: T,
    replayed: bool,
}

impl<T: Serialize> IntoResponse for Replayable<T> {
    fn into_response(self) -> Response {
        let mut response = kit::Accepted(self.body).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED_HEADER, axum::http::HeaderValue::from_static("true"));
        }
        response
    }
}

impl<T: JsonSchema> aide::OperationOutput for Replayable<T> {
    type Inner = T;

    fn operation_response(
        context: &mut aide::generate::GenContext,
        operation: &mut aide::openapi::Operation,
    ) -> Option<aide::openapi::Response> {
        kit::Accepted::<T>::operation_response(context, operation)
    }

    fn inferred_responses(
        context: &mut aide::generate::GenContext,
        operation: &mut aide::openapi::Operation,
    ) -> Vec<(Option<aide::openapi::StatusCode>, aide::openapi::Response)> {
        kit::Accepted::<T>::inferred_responses(context, operation)
    }
}
