//! SQLite and PostgreSQL behind one door: schema, queries, transactions. No query crosses tenants.

pub mod accounts;
pub mod api_keys;
pub mod attachments;
pub mod attempts;
pub mod audit;
pub mod contacts;
pub mod conversations;
pub mod counters;
pub mod db;
pub mod deliveries;
pub mod epochs;
pub mod feed;
pub mod idempotency;
pub mod jobs;
pub mod journal;
pub mod links;
pub mod message_events;
pub mod messages;
mod migrations;
mod planner;
pub mod routes;
pub mod schedules;
pub mod sessions;
pub mod settings;
mod store;
pub mod tenants;
pub mod testing;
pub mod threads;
pub mod users;

pub use db::{Engine, Error, Tx};
pub use migrations::newest as newest_migration;
pub use store::Store;
