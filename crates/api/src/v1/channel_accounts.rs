//! `/v1/channel-accounts` and `/v1/providers`: what messages go through.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use domain::ids::AccountId;
use engine::Engine;
use engine::accounts::{AccountChange, AccountView, Checked, NewAccount, ProviderView};

use crate::kit::{Caller, Created, Json, List, NoContent, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/providers",
            get_with(list_providers, |op| {
                op.id("list_providers").tag("Channels").summary("The providers to choose from")
            }),
        )
        .api_route(
            "/v1/channel-accounts",
            get_with(list_channel_accounts, |op| {
                op.id("list_channel_accounts").tag("Channels").summary("Channel accounts")
            })
            .post_with(create_channel_account, |op| {
                op.id("create_channel_account").tag("Channels").summary("Add a channel account").description(
                    "Settings are those of the provider's schema; secrets are encrypted and never shown again.",
                )
            }),
        )
        .api_route(
            "/v1/channel-accounts/{id}",
            get_with(get_channel_account, |op| {
                op.id("get_channel_account").tag("Channels").summary("One channel account")
            })
            .patch_with(update_channel_account, |op| {
                op.id("update_channel_account").tag("Channels").summary("Change a channel account").description(
                    "A secret that is absent or empty stays as it is. A stopped account is tried again.",
                )
            })
            .delete_with(delete_channel_account, |op| {
                op.id("delete_channel_account").tag("Channels").summary("Remove a channel account").description(
                    "Problem `account_in_use` while messages wait for it.",
                )
            }),
        )
        .api_route(
            "/v1/channel-accounts/{id}/check",
            post_with(check_channel_account, |op| {
                op.id("check_channel_account").tag("Channels").summary("Try an account without sending").description(
                    "Answers 200 also when the check fails: `ok` and the steps say how it went.",
                )
            }),
        )
}

async fn list_providers(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<List<ProviderView>>, Problem> {
    Ok(List::whole(engine.providers(&caller)?))
}

async fn list_channel_accounts(
    State(engine): State<Engine>,
    caller: Caller,
) -> Result<Json<List<AccountView>>, Problem> {
    Ok(List::whole(engine.channel_accounts(&caller).await?))
}

async fn create_channel_account(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<NewAccount>,
) -> Result<Created<AccountView>, Problem> {
    Ok(Created(engine.add_channel_account(&caller, new).await?))
}

async fn get_channel_account(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<AccountId>,
) -> Result<Json<AccountView>, Problem> {
    Ok(Json(engine.channel_account(&caller, id).await?))
}

async fn update_channel_account(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<AccountId>,
    Json(change): Json<AccountChange>,
) -> Result<Json<AccountView>, Problem> {
    Ok(Json(engine.change_channel_account(&caller, id, change).await?))
}

async fn delete_channel_account(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<AccountId>,
) -> Result<NoContent, Problem> {
    engine.remove_channel_account(&caller, id).await?;
    Ok(NoContent)
}

async fn check_channel_account(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<AccountId>,
) -> Result<Json<Checked>, Problem> {
    Ok(Json(engine.check_channel_account(&caller, id).await?))
}
