//! Receiving: into the journal first, answered second; then read, placed and filed. What fails stays in the journal.

mod file;
mod guard;
mod heard;
mod intake;
mod journal;
mod mail;
mod missed;
mod refusals;
mod report;
mod reported;
mod retention;
mod smtp;
mod take_in;
mod thread;
mod webhook;
mod work;

pub use journal::JournalView;
pub use providers::{RawRequest, Refusal};
pub use smtp::SmtpOptions;
pub use store::journal::JournalState;
pub use take_in::{InboundMail, LARGEST_MAIL, TakenIn};
pub use webhook::WebhookAnswer;

pub(crate) use guard::Frequencies;
pub(crate) use heard::Heard;
pub(crate) use intake::Intake;
pub(crate) use missed::ask_for_missed;
pub(crate) use refusals::{Refusals, refused_counter};
pub(crate) use retention::forget_old;
pub(crate) use take_in::take_in_from_mailbox;
pub(crate) use work::start;
