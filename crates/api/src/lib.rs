//! HTTP: the v1 resources, the pages for signing in, the dashboard's files, and what operators ask for.
//!
//! A resource is one file under `v1/` with a `routes()`; `v1/mod.rs` merges them. `kit` has everything they share.

mod dashboard_files;
mod docs;
mod hooks;
pub mod kit;
mod operations;
mod pages;
mod v1;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use engine::Engine;

use kit::front::{self, Front};

/// The largest body where a resource does not say otherwise.
const LARGEST_BODY: usize = 1024 * 1024;

/// The whole server. Give it connections with `into_make_service_with_connect_info::<SocketAddr>()`, so that attempts to
/// sign in are counted per origin.
pub fn router(engine: Engine) -> Router {
    let (resources, _) = kit::openapi::finish(v1::routes());
    let resources = resources.layer(from_fn_with_state(engine.clone(), kit::idempotency::replay));
    kit::metrics::handle();
    let front = Front::new(engine.clock().now().micros().unsigned_abs());
    Router::new()
        .merge(resources)
        .merge(hooks::routes())
        .merge(pages::routes())
        .merge(docs::routes())
        .merge(dashboard_files::routes())
        .merge(operations::routes())
        .fallback(front::not_found)
        .method_not_allowed_fallback(front::method_not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(front, front::receive))
        .with_state(engine)
}

/// The description of the API, without a running engine.
#[must_use]
pub fn openapi_json() -> serde_json::Value {
    let (_, document) = kit::openapi::finish(v1::routes());
    serde_json::to_value(document).expect("the description is plain JSON")
}
