//! Hands messages to an SMTP server over kept connections. Never tries a message again unless it is certain that
//! nothing of it was sent; an answer that got lost is `Unknown`.

mod classify;
mod config;
mod connection;
mod extensions;
mod pool;
mod replies;
pub(crate) mod sasl;
mod stream;
mod stuffing;
pub(crate) mod tls;
mod transaction;

pub use config::{Credentials, Mechanism, Security, SmtpConfig, Timeouts};
pub use pool::{Envelope, Pool};
