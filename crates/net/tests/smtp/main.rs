//! The SMTP client against our own receiver, against servers that misbehave, and against Postfix's sink.

extern crate chancery_net as net;

mod outcomes;
mod pooling;
mod postfix;
mod scripted;
mod secured;
mod sink;
