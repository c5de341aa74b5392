//! `/v1/conversations`: the inbox.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::ConversationId;
use engine::Engine;
use engine::inbox::{
    ConversationChange, ConversationCounts, ConversationFilter, ConversationView, MessageView,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::{Caller, Json, List, NoContent, Paging, Path, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/conversations",
            get_with(list_conversations, |op| {
                op.id("list_conversations").tag("Inbox").summary("Conversations, newest activity first")
            }),
        )
        .api_route(
            "/v1/conversations/counts",
            get_with(count_conversations, |op| {
                op.id("count_conversations").tag("Inbox").summary("How many conversations there are")
            }),
        )
        .api_route(
            "/v1/conversations/{id}",
            get_with(get_conversation, |op| {
                op.id("get_conversation").tag("Inbox").summary("One conversation")
            })
            .patch_with(update_conversation, |op| {
                op.id("update_conversation").tag("Inbox").summary("Resolve, reopen, assign, prioritise")
            }),
        )
        .api_route(
            "/v1/conversations/{id}/messages",
            get_with(list_conversation_messages, |op| {
                op.id("list_conversation_messages").tag("Inbox").summary("The messages of a conversation").description(
                    "The first page has the newest messages, oldest first within it; `next_cursor` leads to older ones.",
                )
            }),
        )
        .api_route(
            "/v1/conversations/{id}/read",
            post_with(read_conversation, |op| {
                op.id("read_conversation").tag("Inbox").summary("Mark a conversation as read")
            }),
        )
        .api_route(
            "/v1/conversations/{id}/tray-decision",
            post_with(decide_tray, |op| {
                op.id("decide_tray").tag("Inbox").summary("Say whether a stranger's message belongs here").description(
                    "`belongs: true` moves its messages into the conversation it claims, and lets its sender in from \
                     then on. Answers the conversation in which the messages are now. Problem: `not_in_tray`.",
                )
            }),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TrayDecision {
    belongs: bool,
}

async fn list_conversations(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<ConversationFilter>,
    Paging(page): Paging,
) -> Result<Json<List<ConversationView>>, Problem> {
    Ok(List::of(engine.conversations(&caller, filter, page).await?, |view| view))
}

async fn count_conversations(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<ConversationCounts>, Problem> {
    Ok(Json(engine.conversation_counts(&caller).await?))
}

async fn get_conversation(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<Json<ConversationView>, Problem> {
    Ok(Json(engine.conversation(&caller, id).await?))
}

async fn update_conversation(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(change): Json<ConversationChange>,
) -> Result<Json<ConversationView>, Problem> {
    Ok(Json(engine.change_conversation(&caller, id, change).await?))
}

async fn list_conversation_messages(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Paging(page): Paging,
) -> Result<Json<List<MessageView>>, Problem> {
    Ok(List::of(engine.conversation_messages(&caller, id, page).await?, |view| view))
}

async fn read_conversation(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<NoContent, Problem> {
    engine.mark_conversation_read(&caller, id).await?;
    Ok(NoContent)
}

async fn decide_tray(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(TrayDecision { belongs }): Json<TrayDecision>,
) -> Result<Json<ConversationView>, Problem> {
    Ok(Json(engine.decide_tray(&caller, id, belongs).await?))
}
