//! `/v1/channel-accounts/{id}/dkim`: the keys with which an SMTP account signs mail.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use domain::ids::AccountId;
use engine::Engine;
use engine::accounts::{DkimView, NewDkim};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::kit::{Caller, Created, Json, Path, Problem};

#[derive(Debug, Deserialize, JsonSchema)]
struct KeyPath {
    id: AccountId,
    selector: String,
}

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/channel-accounts/{id}/dkim",
            get_with(get_dkim, |op| {
                op.id("get_dkim")
                    .tag("Channels")
                    .summary("The DNS records of an account's DKIM keys")
                    .description("The private keys are never shown. Accounts of other providers have none here.")
            })
            .post_with(create_dkim, |op| {
                op.id("create_dkim").tag("Channels").summary("Make DKIM keys for an SMTP account").description(
                    "The new keys sign beside those that there are. Publish the records; the answer has all of them. To \
                     change over, make a key with another selector, publish it, and remove the old one some days later.",
                )
            }),
        )
        .api_route(
            "/v1/channel-accounts/{id}/dkim/{selector}",
            delete_with(delete_dkim, |op| {
                op.id("delete_dkim").tag("Channels").summary("Stop signing with a key and forget it").description(
                    "Leave its record published for a week: mail on its way is still checked with it. Answers with the \
                     keys that are left.",
                )
            }),
        )
}

async fn get_dkim(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<AccountId>,
) -> Result<Json<DkimView>, Problem> {
    Ok(Json(engine.dkim(&caller, id).await?))
}

async fn create_dkim(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<AccountId>,
    Json(new): Json<NewDkim>,
) -> Result<Created<DkimView>, Problem> {
    Ok(Created(engine.add_dkim(&caller, id, new).await?))
}

async fn delete_dkim(
    State(engine): State<Engine>,
    caller: Caller,
    Path(path): Path<KeyPath>,
) -> Result<Json<DkimView>, Problem> {
    Ok(Json(engine.remove_dkim(&caller, path.id, &path.selector).await?))
}
