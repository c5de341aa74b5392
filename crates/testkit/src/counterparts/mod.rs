//! Real servers that the tests talk to, where they are installed: each a private one on loopback, gone with the test.

mod dovecot;
mod postfix;

pub use dovecot::Dovecot;
pub use postfix::Postfix;
