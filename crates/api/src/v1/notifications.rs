//! `/v1/notifications`: what the person who asks should know.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use engine::Engine;
use engine::inbox::{NotificationCount, NotificationFilter, NotificationView, NotificationsRead, NowRead};

use crate::kit::{Caller, Json, List, Paging, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/notifications",
            get_with(list_notifications, |op| {
                op.id("list_notifications").tag("Inbox").summary("Your notifications, newest first").description(
                    "Mentions, assignments, replies in your conversations, snoozed ones that woke. Problem: `person_only`.",
                )
            }),
        )
        .api_route(
            "/v1/notifications/count",
            get_with(count_notifications, |op| {
                op.id("count_notifications").tag("Inbox").summary("How many of your notifications are unread")
            }),
        )
        .api_route(
            "/v1/notifications/read",
            post_with(read_notifications, |op| {
                op.id("read_notifications").tag("Inbox").summary("Mark notifications as read").description(
                    "Some by `ids`, `all`, or all about one `conversation_id`. Answers how many were unread.",
                )
            }),
        )
}

async fn list_notifications(
    State(engine): State<Engine>,
    caller: Caller,
    Query(filter): Query<NotificationFilter>,
    Paging(page): Paging,
) -> Result<Json<List<NotificationView>>, Problem> {
    Ok(List::of(engine.notifications(&caller, filter, page).await?, |view| view))
}

async fn count_notifications(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<NotificationCount>, Problem> {
    Ok(Json(engine.notification_count(&caller).await?))
}

async fn read_notifications(
    State(engine): State<Engine>,
    caller: Caller,
    Json(read): Json<NotificationsRead>,
) -> Result<Json<NowRead>, Problem> {
    Ok(Json(engine.read_notifications(&caller, read).await?))
}
