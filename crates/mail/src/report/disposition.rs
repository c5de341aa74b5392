//! RFC 8098: receipts that say a message was shown or thrown away. They say nothing about whether an address works.

use domain::address::EmailAddress;

use super::fields::{self, Fields};
use super::one_line;

/// A read receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Disposition {
    pub recipient: Option<EmailAddress>,
    /// Without angle brackets.
    pub original_message_id: Option<String>,
    /// `displayed`, `deleted`, `processed` or `dispatched`.
    pub what: Option<String>,
}

pub(super) fn read(bytes: &[u8]) -> Disposition {
    let blocks = Fields::blocks(bytes);
    let first = |name| blocks.iter().find_map(|block| block.get(name));
    let id = first("original-message-id").map(|id| id.trim_matches(['<', '>', ' ']));
    let what = first("disposition").and_then(|value| fields::untyped(value).split(['/', ',', ' ']).next());
    Disposition {
        recipient: first("original-recipient").or_else(|| first("final-recipient")).and_then(fields::address),
        original_message_id: id.map(one_line).filter(|id| !id.is_empty()),
        what: what.map(str::to_ascii_lowercase).filter(|what| !what.is_empty()),
    }
}
