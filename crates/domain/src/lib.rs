//! The words of the trade and their rules. No I/O, no async; time, ids and chance come in as values.

pub mod access;
pub mod address;
pub mod automatic;
pub mod backoff;
pub mod canned;
pub mod chance;
pub mod channel;
pub mod clock;
pub mod contact;
pub mod conversation;
pub mod draft;
pub mod event;
pub mod failure;
pub mod file_name;
pub mod ids;
pub mod invalid;
pub mod media_type;
pub mod mention;
pub mod message;
pub mod notification;
pub mod outgoing;
pub mod page;
pub mod presence;
pub mod search;
pub mod secret;
pub mod threading;
mod words;
