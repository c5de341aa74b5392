//! The SMTP client against our own receiver, against servers that misbehave, and against Postfix and its sink.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]
#![expect(clippy::print_stdout, reason = "says which part was left out")]

extern crate chancery_net as net;

mod dialogues;
mod outcomes;
mod pooling;
mod postfix;
mod receiver;
mod relay;
mod scripted;
mod secured;
mod sink;

// Shared with the tests of the whole app by its path: the crate that holds it stands above this one.
#[path = "../../../testkit/src/counterparts/postfix.rs"]
#[expect(dead_code, reason = "not all of it is needed here")]
mod private_postfix;
