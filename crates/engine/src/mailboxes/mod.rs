//! Mailboxes that are read by IMAP: each by one task of one process, into the journal first, each mail once.

mod change;
mod check;
mod credentials;
mod health;
mod look;
mod missing;
mod portions;
mod reader;
mod readers;
mod settings;
mod take;
mod view;

pub use change::{MailboxChange, NewMailbox};
pub use missing::{MissingMail, MissingMailCheck, MissingMailRequest};
pub use settings::{AfterFiling, Authentication, ExistingMail, MailboxSettings};
pub use view::{FolderView, MailboxHealthView, MailboxView};

pub(crate) use readers::{Readers, follow_changes};
pub(crate) use view::takes_replies_for;
