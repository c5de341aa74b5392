//! Sending: accepted in one transaction, handed over after its commit, started durably, attempted, recorded.
//!
//! A delivery is marked started before its bytes can leave. So after a crash exactly those that were started and have no
//! outcome are unknown; the rest is pending.

mod accept;
mod allowance;
mod attempt;
mod cancel;
mod checked;
mod circuit;
mod decision;
mod elsewhere;
mod files;
mod forward;
mod idempotent;
mod load;
mod order;
mod outcome;
mod pacing;
mod place;
mod reconcile;
mod recover;
mod reports;
mod request;
mod reroute;
mod resolve;
mod routing;
mod sender;
mod senders;
mod turn;

pub use accept::{Accepted, Answer, LARGEST_BATCH};
pub use idempotent::IdempotencyKey;
pub use request::{AttachmentRequest, MessageRequest, OneOrMany};
pub use resolve::{Decision, Resolved};
pub use turn::Role;

pub(crate) use load::{load, message_of_token, thread_of_token};
pub(crate) use place::contact_of;
pub(crate) use reconcile::{round as look_after_unknown, run as reconcile};
pub(crate) use recover::take_over;
pub(crate) use reports::{Applied, apply_report, is_news, own_message, sent_as};
pub(crate) use routing::{Candidate, Standing};
pub(crate) use sender::{Link, Sender, sent_counter};
pub(crate) use senders::Senders;
pub(crate) use turn::{Turn, turns};
