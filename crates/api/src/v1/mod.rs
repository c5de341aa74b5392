//! The resources of version 1: one noun per file, each with a `routes()` that is merged here.

mod api_keys;
mod audit;
mod channel_accounts;
mod checklist;
mod contacts;
mod conversations;
mod events;
mod inbound;
mod inbound_routes;
mod journal;
mod me;
mod messages;
mod users;

use aide::axum::ApiRouter;
use engine::Engine;

pub(crate) fn routes() -> ApiRouter<Engine> {
    ApiRouter::new()
        .merge(me::routes())
        .merge(users::routes())
        .merge(api_keys::routes())
        .merge(audit::routes())
        .merge(messages::routes())
        .merge(journal::routes())
        .merge(inbound_routes::routes())
        .merge(inbound::routes())
        .merge(events::routes())
        .merge(conversations::routes())
        .merge(contacts::routes())
        .merge(checklist::routes())
        .merge(channel_accounts::routes())
}
