//! HTTP/1.1 on bare sockets: a client cheap enough to load a server on the same two cores, and the
//! simulated provider that the server sends to.

pub mod api;
pub mod connection;
pub mod provider;
pub mod wire;
