//! The words of the trade and their rules. No I/O, no async; time, ids and chance come in as values.

pub mod access;
pub mod address;
pub mod backoff;
pub mod chance;
pub mod channel;
pub mod clock;
pub mod conversation;
pub mod event;
pub mod failure;
pub mod ids;
pub mod invalid;
pub mod message;
pub mod outgoing;
pub mod page;
pub mod secret;
pub mod threading;
mod words;
