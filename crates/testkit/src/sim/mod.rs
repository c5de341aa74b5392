//! Simulated providers on loopback: they check what the real ones check, answer as the real ones answer, remember what
//! they took, and fail on demand.

mod faults;
mod form;
mod http;
pub mod imap;
pub mod mailgun;
pub mod postmark;
pub mod resend;
pub mod sendgrid;
pub mod ses;
pub mod smtp;
pub mod smtp2go;
pub mod tokens;
pub mod vendor;

pub use faults::Faults;
