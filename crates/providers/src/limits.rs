//! Limits that are checked before anything is sent.

use domain::failure::{Outcome, RejectReason, Words};
use domain::outgoing::Outgoing;

use crate::letter;
use crate::manifest::Manifest;

/// The outcome of a message that the provider would not take for its size or its recipients.
pub(crate) fn refused(message: &Outgoing, manifest: &Manifest) -> Option<Outcome> {
    let limits = manifest.capabilities;
    recipients(message.recipients().len(), limits.max_recipients)
        .or_else(|| too_large(letter::size(message), limits.max_message_bytes))
}

/// The outcome of a message that is larger than allowed.
pub(crate) fn too_large(bytes: u64, limit: Option<u64>) -> Option<Outcome> {
    let limit = limit.filter(|limit| bytes > *limit)?;
    let detail = format!("the message has {bytes} bytes, and at most {limit} are allowed");
    Some(Outcome::Rejected { reason: RejectReason::Content, words: Words::plain(detail) })
}

/// The outcome of a message with more recipients than allowed, or none.
pub(crate) fn recipients(count: usize, limit: Option<u32>) -> Option<Outcome> {
    let detail = match limit {
        _ if count == 0 => "the message has no recipient".to_owned(),
        Some(limit) if count > limit as usize => {
            format!("the message has {count} recipients, and at most {limit} are allowed")
        }
        _ => return None,
    };
    Some(Outcome::Rejected { reason: RejectReason::Invalid, words: Words::plain(detail) })
}
