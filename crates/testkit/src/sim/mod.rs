//! Simulated providers on loopback: they check what the real ones check, answer as the real ones answer, remember what
//! they took, and fail on demand.

mod certificate;
pub mod dns;
mod faults;
mod form;
pub(crate) mod http;
pub mod imap;
pub mod mailgun;
pub mod postmark;
pub mod receiver;
pub mod resend;
pub mod sendgrid;
pub mod ses;
pub mod smtp;
pub mod smtp2go;
mod specification;
mod suppressed;
pub mod time;
pub mod tokens;
pub mod vendor;

pub use certificate::certificate;
pub use faults::Faults;
