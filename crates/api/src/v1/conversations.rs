//! `/v1/conversations`: the inbox.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::ConversationId;
use domain::ids::MessageId;
use engine::Engine;
use engine::inbox::{
    BulkChange, BulkChanged, ConversationChange, ConversationCounts, ConversationFilter, ConversationView,
    MessageView, Rearranged, SplitRequest, TimelineItem,
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
            "/v1/conversations/bulk",
            post_with(update_conversations, |op| {
                op.id("update_conversations").tag("Inbox").summary("Change many conversations alike").description(
                    "At most 500, in one transaction. Those that do not exist or were merged are named in `skipped`.",
                )
            }),
        )
        .api_route(
            "/v1/conversations/{id}",
            get_with(get_conversation, |op| {
                op.id("get_conversation").tag("Inbox").summary("One conversation")
            })
            .patch_with(update_conversation, |op| {
                op.id("update_conversation").tag("Inbox").summary("Resolve, snooze, assign, tag, prioritise")
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
            "/v1/conversations/{id}/timeline",
            get_with(list_timeline, |op| {
                op.id("list_timeline").tag("Inbox").summary("Messages, notes and changes of a conversation").description(
                    "The first page has the newest, oldest first within it; `next_cursor` leads to older ones.",
                )
            }),
        )
        .api_route(
            "/v1/conversations/{id}/merge",
            post_with(merge_conversation, |op| {
                op.id("merge_conversation").tag("Inbox").summary("Move all of a conversation into another").description(
                    "Undone by `POST /v1/rearrangements/{id}/undo`. Problem: `conversation_merged`.",
                )
            }),
        )
        .api_route(
            "/v1/conversations/{id}/split",
            post_with(split_conversation, |op| {
                op.id("split_conversation").tag("Inbox").summary("Move some messages into a new conversation").description(
                    "Undone by `POST /v1/rearrangements/{id}/undo`. Problem: `conversation_merged`.",
                )
            }),
        )
        .api_route(
            "/v1/conversations/{id}/move",
            post_with(move_messages, |op| {
                op.id("move_messages").tag("Inbox").summary("Move some messages into another conversation").description(
                    "Undone by `POST /v1/rearrangements/{id}/undo`. Problem: `conversation_merged`.",
                )
            }),
        )
        .api_route(
            "/v1/conversations/{id}/unread",
            post_with(unread_conversation, |op| {
                op.id("unread_conversation").tag("Inbox").summary("Mark its newest message as not read")
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
    engine.mark_conversation(&caller, id, true).await?;
    Ok(NoContent)
}

async fn unread_conversation(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<NoContent, Problem> {
    engine.mark_conversation(&caller, id, false).await?;
    Ok(NoContent)
}

async fn update_conversations(
    State(engine): State<Engine>,
    caller: Caller,
    Json(bulk): Json<BulkChange>,
) -> Result<Json<BulkChanged>, Problem> {
    Ok(Json(engine.change_conversations(&caller, bulk).await?))
}

async fn list_timeline(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Paging(page): Paging,
) -> Result<Json<List<TimelineItem>>, Problem> {
    Ok(List::of(engine.timeline(&caller, id, page).await?, |item| item))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MergeRequest {
    into: ConversationId,
}

async fn merge_conversation(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(MergeRequest { into }): Json<MergeRequest>,
) -> Result<Json<Rearranged>, Problem> {
    Ok(Json(engine.merge_conversation(&caller, id, into).await?))
}

async fn split_conversation(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(split): Json<SplitRequest>,
) -> Result<Json<Rearranged>, Problem> {
    Ok(Json(engine.split_conversation(&caller, id, split).await?))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MoveRequest {
    message_ids: Vec<MessageId>,
    into: ConversationId,
}

async fn move_messages(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(MoveRequest { message_ids, into }): Json<MoveRequest>,
) -> Result<Json<Rearranged>, Problem> {
    Ok(Json(engine.move_messages(&caller, id, message_ids, into).await?))
}

async fn decide_tray(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(TrayDecision { belongs }): Json<TrayDecision>,
) -> Result<Json<ConversationView>, Problem> {
    Ok(Json(engine.decide_tray(&caller, id, belongs).await?))
}
