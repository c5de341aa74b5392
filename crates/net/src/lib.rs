//! The only door out of the process: HTTP with a guard, SMTP in both directions, signatures.

pub mod check;
pub mod http;
pub mod signature;
pub mod smtp;
pub mod tls;
