//! The resources of version 1: one noun per file, each with a `routes()` that is merged here.

mod api_keys;
mod audit;
mod canned_responses;
mod channel_accounts;
mod checklist;
mod contact_imports;
mod contacts;
mod conversations;
mod dkim;
mod doctor;
mod drafts;
mod events;
mod inbound;
mod inbound_routes;
mod journal;
mod mailboxes;
mod me;
mod messages;
mod notes;
mod notifications;
mod presence;
mod rearrangements;
mod search;
mod settings;
mod suppressions;
mod tags;
mod teams;
mod uploads;
mod users;
mod views;
mod webhooks;

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
        .merge(search::routes())
        .merge(views::routes())
        .merge(contacts::routes())
        .merge(contact_imports::routes())
        .merge(suppressions::routes())
        .merge(rearrangements::routes())
        .merge(teams::routes())
        .merge(tags::routes())
        .merge(settings::routes())
        .merge(notes::routes())
        .merge(notifications::routes())
        .merge(drafts::routes())
        .merge(uploads::routes())
        .merge(canned_responses::routes())
        .merge(presence::routes())
        .merge(checklist::routes())
        .merge(channel_accounts::routes())
        .merge(dkim::routes())
        .merge(doctor::routes())
        .merge(mailboxes::routes())
        .merge(webhooks::routes())
}
