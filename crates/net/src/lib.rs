//! The only door out of the process: HTTP with a guard, SMTP in both directions, IMAP, signatures.

pub mod check;
pub mod dns;
pub mod http;
pub mod imap;
pub mod oauth;
pub mod signature;
pub mod smtp;
pub mod tls;
