//! The use cases: accept, dispatch, receive, thread, decide. Everything that happens to a message happens here.

pub mod access;
pub mod accounts;
pub mod audit;
mod blobs;
pub mod contacts;
mod core;
pub mod doctor;
mod error;
pub mod feed;
pub mod house_settings;
pub mod inbox;
mod jobs;
pub mod mailboxes;
mod patch;
pub mod receive;
mod runtime;
pub mod search;
pub mod send;
pub mod suppression;
mod turns;
pub mod vault;
pub mod webhooks;

pub use crate::core::{Engine, Options};
pub use error::Error;
