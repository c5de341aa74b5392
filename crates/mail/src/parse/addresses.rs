//! The people of a message.

use domain::address::Mailbox;
use mail_parser::{Addr, Address, Message};

use super::{Notices, Parsed};

/// Addresses beyond this number are left out of a header.
const MAX_ADDRESSES: usize = 500;

pub(super) fn read(message: &Message<'_>, parsed: &mut Parsed, notices: &mut Notices) {
    parsed.from = mailboxes(message.from()).into_iter().next();
    parsed.sender = mailboxes(message.sender()).into_iter().next();
    parsed.reply_to = mailboxes(message.reply_to());
    parsed.to = message.all_to().flat_map(|list| mailboxes(Some(list))).take(MAX_ADDRESSES).collect();
    parsed.cc = message.all_cc().flat_map(|list| mailboxes(Some(list))).take(MAX_ADDRESSES).collect();
    if parsed.from.is_none() {
        notices.note("The message does not say who sent it.");
    }
}

/// Every usable address; the others stay visible in the headers.
fn mailboxes(list: Option<&Address<'_>>) -> Vec<Mailbox> {
    match list {
        None => Vec::new(),
        Some(Address::List(list)) => list.iter().filter_map(mailbox).take(MAX_ADDRESSES).collect(),
        Some(Address::Group(groups)) => {
            groups.iter().flat_map(|group| &group.addresses).filter_map(mailbox).take(MAX_ADDRESSES).collect()
        }
    }
}

fn mailbox(address: &Addr<'_>) -> Option<Mailbox> {
    let name = address.name.as_deref().map(tidy_name).filter(|name| !name.is_empty());
    Some(Mailbox { name, address: address.address.as_deref()?.parse().ok()? })
}

/// Names come from strangers: no control characters, and none that turn the writing direction around.
fn tidy_name(name: &str) -> String {
    let kept: String = name.chars().filter(|character| !is_deceptive(*character)).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that show something else than what is there.
pub(super) fn is_deceptive(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
