//! SMTP on bare sockets: the sink that counts, and the client of the yardsticks and the peers.

pub mod client;
pub mod flood;
pub mod sink;
