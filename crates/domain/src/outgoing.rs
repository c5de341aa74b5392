//! A message on its way to a provider: everything that is sent, decided, and nothing that is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{EmailAddress, Mailbox};
use crate::channel::Channel;
use crate::clock::Timestamp;
use crate::ids::MessageId;

/// One message, ready to be encoded by a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Ours; providers that take a reference or an idempotency key get it.
    pub id: MessageId,
    pub channel: Channel,
    /// Where bounces are sent; the address of `from` when absent. For providers that let the sender choose.
    pub return_path: Option<EmailAddress>,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    pub reply_to: Option<Mailbox>,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<File>,
    /// Without angle brackets. The same on every attempt, so that receivers can tell a second copy.
    pub rfc_message_id: String,
    /// Without angle brackets.
    pub in_reply_to: Option<String>,
    /// Without angle brackets, oldest first.
    pub references: Vec<String>,
    /// Further headers of the sender's choice; names are checked when the message is accepted.
    pub headers: BTreeMap<String, String>,
    /// The `Date` header: when the message was accepted, so that every attempt has the same bytes.
    pub date: Timestamp,
    /// From 1.
    pub attempt: u32,
    /// The attempt that this one repeats, because its outcome is not known or nothing came of it. Further attempts of one
    /// trial are the same request; one that a person asks for after the message was taken or refused begins a new trial.
    pub trial: u32,
}

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    pub filename: String,
    pub content_type: String,
    /// For `cid:` links from the HTML; with it the file is inline.
    pub content_id: Option<String>,
    pub bytes: Arc<[u8]>,
}

impl Outgoing {
    /// Every recipient of the envelope, each once.
    #[must_use]
    pub fn recipients(&self) -> Vec<&EmailAddress> {
        let mut seen: Vec<&EmailAddress> = Vec::with_capacity(self.to.len() + self.cc.len() + self.bcc.len());
        for mailbox in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if !seen.contains(&&mailbox.address) {
                seen.push(&mailbox.address);
            }
        }
        seen
    }
}

/// One normalised fact that a provider's webhook told us about a message of ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// The provider's own id of this event: the same report twice has the same key.
    pub dedupe_key: String,
    /// How our message is found.
    pub about: About,
    pub kind: crate::message::EventKind,
    /// When it happened by the provider's clock, when it says so.
    pub at: Option<Timestamp>,
    pub recipient: Option<String>,
    /// Of an opening or a click: whether it was a program, where the provider says so.
    #[serde(default)]
    pub machine: Option<bool>,
    pub words: crate::failure::Words,
}

/// The ways in which a report names our message, strongest first. All that are known are filled in.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct About {
    pub message_id: Option<MessageId>,
    pub provider_id: Option<String>,
    pub rfc_message_id: Option<String>,
}
