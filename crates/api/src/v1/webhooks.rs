//! `/v1/webhooks`: programs outside that are told of events.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::{WebhookDeliveryId, WebhookId, WebhookReplayId};
use engine::Engine;
use engine::webhooks::{
    CreatedWebhook, NewWebhook, NewWebhookReplay, RotateSecret, RotatedSecret, WebhookChange,
    WebhookDeliveryDetail, WebhookDeliveryFilter, WebhookDeliveryView, WebhookReplayView, WebhookView,
};

use crate::kit::{Accepted, Caller, Created, Json, List, NoContent, Paging, Path, Problem, Query};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/webhooks",
            get_with(list_webhooks, |op| {
                op.id("list_webhooks").tag("Webhooks").summary("Webhooks").description(
                    "With their health and the secrets that sign now, without the secrets themselves.",
                )
            })
            .post_with(create_webhook, |op| {
                op.id("create_webhook").tag("Webhooks").summary("Add a webhook").description(
                    "It gets every event that fits `events`, from now on, at least once, signed as Standard Webhooks \
                     says. The answer is the only place where the secret is shown.",
                )
            }),
        )
        .api_route(
            "/v1/webhooks/{id}",
            get_with(get_webhook, |op| op.id("get_webhook").tag("Webhooks").summary("One webhook"))
                .patch_with(update_webhook, |op| {
                    op.id("update_webhook").tag("Webhooks").summary("Change a webhook").description(
                        "While it is off, what waits stays where it is and nothing new is collected; a replay fetches \
                         that. `enabled: true` also forgets earlier failures.",
                    )
                })
                .delete_with(delete_webhook, |op| {
                    op.id("delete_webhook").tag("Webhooks").summary("Remove a webhook with its log")
                }),
        )
        .api_route(
            "/v1/webhooks/{id}/rotate-secret",
            post_with(rotate_webhook_secret, |op| {
                op.id("rotate_webhook_secret").tag("Webhooks").summary("Give a webhook a new secret").description(
                    "Requests are signed with the new and the old one until `old_expires_at`. It is shown this once.",
                )
            }),
        )
        .api_route(
            "/v1/webhooks/{id}/test",
            post_with(test_webhook, |op| {
                op.id("test_webhook").tag("Webhooks").summary("Send a test event").description(
                    "Of type `webhook.test`, whatever the webhook wants, and once: look at the delivery for what came \
                     back. Problem: `webhook_disabled`.",
                )
            }),
        )
        .api_route(
            "/v1/webhooks/{id}/deliveries",
            get_with(list_webhook_deliveries, |op| {
                op.id("list_webhook_deliveries").tag("Webhooks").summary("What was sent to it, newest first")
            }),
        )
        .api_route(
            "/v1/webhooks/{id}/replay",
            post_with(replay_webhook, |op| {
                op.id("replay_webhook").tag("Webhooks").summary("Send again what happened since a time").description(
                    "Each with the `webhook-id` that it had; also what happened while the webhook was off. It runs in the \
                     background, goes on after a restart, and ends when the webhook is switched off or removed; look at \
                     the replay for how far it is. One at a time. Problems: `webhook_disabled`, `conflict`.",
                )
            }),
        )
        .api_route(
            "/v1/webhooks/{id}/replays",
            get_with(list_webhook_replays, |op| {
                op.id("list_webhook_replays").tag("Webhooks").summary("Replays of a webhook, newest first")
            }),
        )
        .api_route(
            "/v1/webhook-replays/{id}",
            get_with(get_webhook_replay, |op| {
                op.id("get_webhook_replay").tag("Webhooks").summary("One replay, and how far it has come").description(
                    "Kept as long as the log of deliveries. `done` means that all of it is on its way: the deliveries tell \
                     what arrived.",
                )
            }),
        )
        .api_route(
            "/v1/webhook-deliveries/{id}",
            get_with(get_webhook_delivery, |op| {
                op.id("get_webhook_delivery")
                    .tag("Webhooks")
                    .summary("One delivery, with what was sent and answered")
            }),
        )
        .api_route(
            "/v1/webhook-deliveries/{id}/replay",
            post_with(replay_webhook_delivery, |op| {
                op.id("replay_webhook_delivery").tag("Webhooks").summary("Send one delivery again").description(
                    "With the same `webhook-id` and body, and as many attempts as a new one. Problem: \
                     `webhook_disabled`.",
                )
            }),
        )
}

async fn list_webhooks(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<List<WebhookView>>, Problem> {
    Ok(List::whole(engine.webhooks(&caller).await?))
}

async fn create_webhook(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewWebhook>,
) -> Result<Created<CreatedWebhook>, Problem> {
    Ok(Created(engine.add_webhook(&caller, new).await?))
}

async fn get_webhook(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(engine.webhook(&caller, id).await?))
}

async fn update_webhook(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(change): Json<WebhookChange>,
) -> Result<Json<WebhookView>, Problem> {
    Ok(Json(engine.change_webhook(&caller, id, change).await?))
}

async fn delete_webhook(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<NoContent, Problem> {
    engine.remove_webhook(&caller, id).await?;
    Ok(NoContent)
}

async fn rotate_webhook_secret(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(rotate): Json<RotateSecret>,
) -> Result<Json<RotatedSecret>, Problem> {
    Ok(Json(engine.rotate_webhook_secret(&caller, id, rotate).await?))
}

async fn test_webhook(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Accepted<WebhookDeliveryView>, Problem> {
    Ok(Accepted(engine.test_webhook(&caller, id).await?))
}

async fn list_webhook_deliveries(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Query(filter): Query<WebhookDeliveryFilter>,
    Paging(page): Paging,
) -> Result<Json<List<WebhookDeliveryView>>, Problem> {
    Ok(List::of(engine.webhook_deliveries(&caller, id, filter, page).await?, |view| view))
}

async fn replay_webhook(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(asked): Json<NewWebhookReplay>,
) -> Result<Accepted<WebhookReplayView>, Problem> {
    Ok(Accepted(engine.replay_webhook(&caller, id, asked).await?))
}

async fn list_webhook_replays(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Paging(page): Paging,
) -> Result<Json<List<WebhookReplayView>>, Problem> {
    Ok(List::of(engine.webhook_replays(&caller, id, page).await?, |view| view))
}

async fn get_webhook_replay(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookReplayId>,
) -> Result<Json<WebhookReplayView>, Problem> {
    Ok(Json(engine.webhook_replay(&caller, id).await?))
}

async fn get_webhook_delivery(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookDeliveryId>,
) -> Result<Json<WebhookDeliveryDetail>, Problem> {
    Ok(Json(engine.webhook_delivery(&caller, id).await?))
}

async fn replay_webhook_delivery(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<WebhookDeliveryId>,
) -> Result<Accepted<WebhookDeliveryView>, Problem> {
    Ok(Accepted(engine.replay_webhook_delivery(&caller, id).await?))
}
