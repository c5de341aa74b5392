//! Takes mail in over SMTP or LMTP. A message is acknowledged only after its handler has said so.

mod chunk;
mod command;
mod connections;
mod hops;
mod lines;
mod listener;
mod rehearsal;
mod room;
mod serve;
mod session;
mod trace;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::address::EmailAddress;
use futures_util::future::BoxFuture;

use super::Reply;

pub use listener::Listener;
pub use rehearsal::{Rehearsal, rehearse};
pub use serve::serve;
pub use session::Protocol;
pub use trace::received;

/// How a receiver behaves.
#[derive(Clone)]
pub struct ServerConfig {
    /// Our name in the greeting.
    pub hostname: String,
    pub protocol: Protocol,
    pub limits: Limits,
    /// Offers STARTTLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
}

/// What a receiver allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub max_message_bytes: usize,
    /// RFC 5321 allows 1,000; real mail has far longer ones, and a line has to end somewhere.
    pub max_line_bytes: usize,
    pub max_recipients: usize,
    pub max_connections: usize,
    /// Connections at once from one IPv4 address or one IPv6 network of 64 bits.
    pub max_connections_per_address: usize,
    /// Bytes of messages on their way in, all together; who finds no room is asked to come again. Buffers grow by doubling,
    /// so that the memory is at most twice as much.
    pub max_bytes_in_flight: usize,
    /// After so many wrong commands the other side is no mail server.
    pub max_errors: u32,
    /// A session that says nothing for so long is closed.
    pub idle_timeout: Duration,
    /// A session that brings no message to its end for so long is closed, however much it says.
    pub transaction_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_message_bytes: 50 << 20,
            max_line_bytes: 1 << 20,
            max_recipients: 100,
            max_connections: 200,
            max_connections_per_address: 50,
            max_bytes_in_flight: 512 << 20,
            max_errors: 20,
            idle_timeout: Duration::from_mins(5),
            transaction_timeout: Duration::from_mins(20),
        }
    }
}

/// Who is on the other side.
#[derive(Debug, Clone)]
pub struct SessionPeer {
    pub protocol: Protocol,
    /// `None` is a program on this machine that came through a socket in the file system.
    pub address: Option<IpAddr>,
    /// What it called itself in EHLO, HELO or LHLO.
    pub hello: String,
    /// Whether it speaks the extended protocol, which HELO does not.
    pub extended: bool,
    pub tls: bool,
}

/// One message, taken whole.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub peer: SessionPeer,
    /// `None` is the null sender `<>`.
    pub from: Option<EmailAddress>,
    /// The recipients that were accepted, in order; with LMTP also those that were given twice.
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

    /// Takes a message that came by LMTP: one reply for each of its recipients, in their order.
    fn message_for_each(&self, incoming: Incoming) -> BoxFuture<'_, Vec<Reply>> {
        let recipients = incoming.to.len();
        Box::pin(async move { vec![self.message(incoming).await; recipients] })
    }
}
