//! Takes mail in over SMTP. A message is acknowledged only after its handler has said so.

mod command;
mod lines;
mod rehearsal;
mod serve;
mod session;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::address::EmailAddress;
use futures_util::future::BoxFuture;

use super::Reply;

pub use rehearsal::{Rehearsal, rehearse};
pub use serve::serve;

/// What the receiver allows.
#[derive(Clone)]
pub struct ServerConfig {
    /// Our name in the greeting.
    pub hostname: String,
    pub max_message_bytes: usize,
    pub max_recipients: usize,
    pub max_connections: usize,
    /// A session that says nothing for so long is closed.
    pub idle_timeout: Duration,
    /// Offers STARTTLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// Who is on the other side.
#[derive(Debug, Clone)]
pub struct SessionPeer {
    pub address: IpAddr,
    /// What it called itself in EHLO or HELO.
    pub hello: String,
    pub tls: bool,
}

/// One message, taken whole.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub peer: SessionPeer,
    /// `None` is the null sender `<>`.
    pub from: Option<EmailAddress>,
    /// The recipients that were accepted, in order.
    pub to: Vec<EmailAddress>,
    /// As sent, dots unstuffed, without the final dot.
    pub bytes: Bytes,
    /// Whether SMTPUTF8 was asked for.
    pub utf8: bool,
}

/// Decides about recipients and messages.
pub trait Handler: Send + Sync + 'static {
    /// Whether mail for this recipient is taken: 250, or why not.
    fn recipient<'a>(
        &'a self,
        peer: &'a SessionPeer,
        from: Option<&'a EmailAddress>,
        to: &'a EmailAddress,
    ) -> BoxFuture<'a, Reply>;

    /// Takes a message. A positive reply promises that it is stored for good.
    fn message(&self, incoming: Incoming) -> BoxFuture<'_, Reply>;
}
