//! The SMTP client against our own receiver, against servers that misbehave, and against Postfix and its sink.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]
#![expect(clippy::print_stdout, reason = "says which part was left out")]

extern crate chancery_net as net;

mod dialogues;
mod outcomes;
mod pooling;
mod postfix;
mod private_postfix;
mod relay;
mod scripted;
mod secured;
mod sink;
