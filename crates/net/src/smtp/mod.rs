//! SMTP in both directions: a client with a pool, and a receiver.

pub mod client;
pub mod reply;
pub mod server;

pub use reply::Reply;
