//! The IMAP client against Dovecot, and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_net as net;

mod mailbox;
mod scripted;

// Shared with the tests of the whole app by its path: the crate that holds it stands above this one.
#[path = "../../../testkit/src/counterparts/dovecot.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod dovecot;
