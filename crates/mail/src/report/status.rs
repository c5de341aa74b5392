//! RFC 3464: the machine's half of a delivery report, with every recipient.

use super::class::{self, EnhancedStatus};
use super::fields::{self, Fields};
use super::{Action, DeliveryStatus, RecipientStatus, one_line, original};
use crate::parse::Parsed;

/// `None` when no block speaks of a recipient: then the text for people may know more.
pub(super) fn read(bytes: &[u8], message: &Parsed) -> Option<DeliveryStatus> {
    let blocks = Fields::blocks(bytes);
    let is_recipient = |block: &Fields| {
        ["final-recipient", "original-recipient", "action", "status"]
            .iter()
            .any(|name| block.get(name).is_some())
    };
    let recipients: Vec<RecipientStatus> =
        blocks.iter().filter(|block| is_recipient(block)).map(recipient).collect();
    if recipients.is_empty() {
        return None;
    }
    let whole = |name| blocks.iter().find_map(|block| block.get(name));
    Some(DeliveryStatus {
        envelope_id: whole("original-envelope-id").map(one_line),
        reporting_mta: whole("reporting-mta").map(fields::untyped).map(one_line),
        arrived_at: blocks.iter().find_map(|block| block.time("arrival-date")),
        recipients,
        original: original::of_parts(message),
        free_form: false,
    })
}

fn recipient(block: &Fields) -> RecipientStatus {
    let words = block.get("diagnostic-code").map(diagnosis).filter(|words| !words.is_empty());
    let said = words.as_deref().unwrap_or_default();
    let (reply, status_of_words) = class::codes_in(said);
    let named = block.get("status").and_then(|status| EnhancedStatus::read(status.trim_start()));
    let action = action(block.get("action"), named);
    let status = more_exact(named, status_of_words);
    RecipientStatus {
        address: block.get("final-recipient").and_then(fields::address),
        original: block.get("original-recipient").and_then(fields::address),
        action,
        status,
        reply,
        class: class::class(action, status, reply, said),
        remote_mta: block.get("remote-mta").map(fields::untyped).map(one_line),
        retried_until: block.time("will-retry-until"),
        words,
    }
}

fn diagnosis(value: &str) -> String {
    let is_typed = value.split_once(';').is_some_and(|(kind, _)| {
        !kind.is_empty()
            && kind.len() < 20
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    });
    one_line(if is_typed { fields::untyped(value) } else { value })
}

/// Where the word is missing or unknown the status says whether it is over.
fn action(word: Option<&str>, status: Option<EnhancedStatus>) -> Action {
    let word = word.and_then(|word| word.split(|c: char| !c.is_ascii_alphabetic()).next());
    let word = word.map(str::to_ascii_lowercase).and_then(|word| word.parse().ok());
    word.unwrap_or(match status.map(|status| status.class) {
        Some(2) => Action::Delivered,
        Some(4) => Action::Delayed,
        _ => Action::Failed,
    })
}

/// The status that was reported, but for one that only says "no" next to words with a better one.
fn more_exact(named: Option<EnhancedStatus>, said: Option<EnhancedStatus>) -> Option<EnhancedStatus> {
    match (named, said) {
        (Some(named), Some(said)) if named.subject == 0 && named.detail == 0 && named.class == said.class => {
            Some(said)
        }
        (named, said) => named.or(said),
    }
}
