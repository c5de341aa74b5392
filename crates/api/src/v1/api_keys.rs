//! `/v1/api-keys`: keys of programs.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use domain::access::Scopes;
use domain::clock::Timestamp;
use domain::ids::ApiKeyId;
use domain::invalid::Invalid;
use engine::Engine;
use engine::access::{ApiKey, NewApiKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kit::{Caller, Created, Json, List, NoContent, Paging, Path, Problem};

pub(super) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .api_route(
            "/v1/api-keys",
            get_with(list_api_keys, |op| op.id("list_api_keys").tag("Access").summary("API keys")).post_with(
                create_api_key,
                |op| {
                    op.id("create_api_key").tag("Access").summary("Make an API key").description(
                        "The answer is the only place where the key is ever shown. Nobody can give a key more than \
                         they may do themselves.",
                    )
                },
            ),
        )
        .api_route(
            "/v1/api-keys/{id}",
            delete_with(revoke_api_key, |op| {
                op.id("revoke_api_key").tag("Access").summary("Revoke an API key").description(
                    "It stops working at once, on other nodes of a cluster within five seconds. It stays in the list.",
                )
            }),
        )
}

/// A key of a program, without the key itself.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ApiKey")]
struct ApiKeyView {
    id: ApiKeyId,
    name: String,
    /// The first characters of the key, to tell it from others.
    prefix: String,
    /// `*`, or permissions such as `messages:write`.
    scopes: Vec<String>,
    created_at: Timestamp,
    /// When it was last used, to the minute.
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> ApiKeyView {
        let ApiKey { id, name, prefix, scopes, created_at, last_used_at, revoked_at, .. } = key;
        ApiKeyView { id, name, prefix, scopes: scopes.words(), created_at, last_used_at, revoked_at }
    }
}

/// A key that was just made.
#[derive(Serialize, JsonSchema)]
struct CreatedApiKey {
    #[serde(flatten)]
    kept: ApiKeyView,
    /// The key. It is shown this once.
    key: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateApiKey {
    name: String,
    /// `["*"]`, or permissions such as `messages:write`.
    scopes: Vec<String>,
}

async fn list_api_keys(
    State(engine): State<Engine>,
    caller: Caller,
    Paging(page): Paging,
) -> Result<Json<List<ApiKeyView>>, Problem> {
    Ok(List::of(engine.api_keys(&caller, page).await?, ApiKeyView::from))
}

async fn create_api_key(
    State(engine): State<Engine>,
    caller: Caller,
    Json(new): Json<CreateApiKey>,
) -> Result<Created<CreatedApiKey>, Problem> {
    let scopes = Scopes::parse(&new.scopes).map_err(|error| Invalid::at("/scopes", error.to_string()))?;
    let created = engine.create_api_key(&caller, NewApiKey { name: new.name, scopes }).await?;
    Ok(Created(CreatedApiKey { kept: created.kept.into(), key: created.key.reveal().clone() }))
}

async fn revoke_api_key(
    State(engine): State<Engine>,
    caller: Caller,
    Path(id): Path<ApiKeyId>,
) -> Result<NoContent, Problem> {
    engine.revoke_api_key(&caller, id).await?;
    Ok(NoContent)
}
