//! The use cases: accept, dispatch, receive, thread, decide. Everything that happens to a message happens here.

pub mod access;
pub mod audit;
mod core;
mod error;
pub mod feed;
pub mod vault;

pub use crate::core::{Engine, Options};
pub use error::Error;
