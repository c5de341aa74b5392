//! The people of a message.

use domain::address::Mailbox;
use mail_parser::{Addr, Address, HeaderName, Message, MessageParser};

use super::{Notices, Parsed, encoded_words, headers};

/// Addresses beyond this number are left out of a header.
const MAX_ADDRESSES: usize = 500;

pub(super) fn read(message: &Message<'_>, parsed: &mut Parsed, notices: &mut Notices) {
    let senders = message.headers().iter().filter(|header| header.name == HeaderName::From);
    let mut senders = senders.filter_map(|header| mailboxes(header.value.as_address()).into_iter().next());
    // A program that shows the second would show somebody else.
    parsed.from = senders.next();
    if let (Some(first), Some(second)) = (&parsed.from, senders.next())
        && first.address.key() != second.address.key()
    {
        notices.note("The message names more than one sender; the first is shown.");
    }
    parsed.from = parsed.from.take().or_else(|| encoded_sender(message));
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
    let name = address.name.as_deref().map(|name| {
        if name.contains("=?") { tidy_name(&encoded_words::decoded(name)) } else { tidy_name(name) }
    });
    let name = name.filter(|name| !name.is_empty());
    Some(Mailbox { name, address: address.address.as_deref()?.parse().ok()? })
}

/// Some programs encode the address together with the name.
fn encoded_sender(message: &Message<'_>) -> Option<Mailbox> {
    let raw = headers::raw(message, "From").filter(|raw| raw.contains("=?"))?;
    let decoded = encoded_words::decoded(raw).replace(['\r', '\n'], " ");
    let header = format!("From: {decoded}\r\n\r\n");
    let reread = MessageParser::default().parse_headers(header.as_bytes())?;
    mailboxes(reread.from()).into_iter().next()
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
