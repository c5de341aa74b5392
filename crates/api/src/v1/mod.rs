//! The resources of version 1: one noun per file, each with a `routes()` that is merged here.

mod api_keys;
mod audit;
mod me;
mod users;

use aide::axum::ApiRouter;
use engine::Engine;

pub(crate) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .merge(me::routes())
        .merge(users::routes())
        .merge(api_keys::routes())
        .merge(audit::routes())
}
