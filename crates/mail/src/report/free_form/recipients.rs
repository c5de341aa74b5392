//! The addresses that a notice is about.

use std::ops::Range;

use domain::address::EmailAddress;

use super::super::OriginalHeaders;
use crate::parse::Parsed;

/// Recipients beyond this number are left out.
const MAX_NAMED: usize = 100;

/// An address, and the lines of the notice that are about it.
pub(super) struct Named {
    pub(super) address: Option<EmailAddress>,
    pub(super) lines: Range<usize>,
}

/// In the order of the notice. An address on a line of its own is a recipient; one inside a sentence only where none
/// stands alone.
pub(super) fn named(notice: &[&str], message: &Parsed, quoted: &OriginalHeaders) -> Vec<Named> {
    let mut found = standing_alone(notice);
    let declared = declared(message);
    if found.is_empty() && declared.is_empty() {
        found = inside_sentences(notice);
    }
    for address in declared {
        if !found.iter().any(|(other, _)| other.key() == address.key()) {
            let place = notice.iter().position(|line| line.to_lowercase().contains(&address.key()));
            found.push((address, place.unwrap_or(0)));
        }
    }
    let is_sender = |address: &EmailAddress| is_sender(address, message, quoted);
    if found.iter().any(|(address, _)| !is_sender(address)) {
        found.retain(|(address, _)| !is_sender(address));
    } else if quoted.only_recipient().is_some() {
        found.clear();
    }
    found.sort_by_key(|(_, place)| *place);
    let mut distinct: Vec<(EmailAddress, usize)> = Vec::new();
    for (address, place) in found {
        if distinct.len() < MAX_NAMED && !distinct.iter().any(|(other, _)| other.key() == address.key()) {
            distinct.push((address, place));
        }
    }
    let starts: Vec<usize> = distinct.iter().map(|(_, place)| *place).collect();
    let count = distinct.len();
    let lines = |number: usize| match number {
        _ if count == 1 => 0..notice.len(),
        number if number + 1 < count => starts[number]..starts[number + 1],
        number => starts[number]..notice.len(),
    };
    distinct
        .into_iter()
        .enumerate()
        .map(|(number, (address, _))| Named { address: Some(address), lines: lines(number) })
        .collect()
}

/// `X-Failed-Recipients`, which Exim and Gmail write.
fn declared(message: &Parsed) -> Vec<EmailAddress> {
    let lists = message.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("X-Failed-Recipients"));
    lists
        .flat_map(|(_, list)| list.split([',', ' ', ';']))
        .filter_map(|address| address.trim().parse().ok())
        .collect()
}

/// The one who gets the report is the one who wrote, not one who failed. Servers name themselves too.
fn is_sender(address: &EmailAddress, message: &Parsed, quoted: &OriginalHeaders) -> bool {
    let key = address.key();
    let is = |other: &EmailAddress| other.key() == key;
    // An id looks like an address.
    if quoted.message_id.as_ref().is_some_and(|id| id.to_lowercase() == key) {
        return true;
    }
    let local = address.local().to_ascii_lowercase();
    let is_of_original = quoted.to.iter().any(|mailbox| is(&mailbox.address));
    !is_of_original
        && (message.to.iter().any(|mailbox| is(&mailbox.address))
            || message.from.iter().any(|mailbox| is(&mailbox.address))
            || quoted.from.iter().any(|mailbox| is(&mailbox.address))
            || ["postmaster", "mailer-daemon", "abuse", "helpdesk", "hostmaster"].contains(&local.as_str()))
}

fn standing_alone(notice: &[&str]) -> Vec<(EmailAddress, usize)> {
    let mut found = Vec::new();
    for (place, line) in notice.iter().enumerate() {
        let line = line.trim().trim_start_matches(['*', '-', '•', '·', ' ']);
        if line.len() > 600 || !line.contains('@') {
            continue;
        }
        if let Some(address) = at_start(line) {
            found.push((address, place));
        }
    }
    found
}

/// `<jane@example.com>:`, `jane@example.com`, `jane@example.com<mailto:jane@example.com>`, `Jane (jane@example.com)`,
/// `To: jane@example.com`. What follows must not go on like a sentence.
fn at_start(line: &str) -> Option<EmailAddress> {
    let (address, after) = if let Some(rest) = line.strip_prefix('<') {
        rest.split_once('>')?
    } else {
        let end = line
            .find(|character: char| character.is_whitespace() || "<>:;,()[]".contains(character))
            .unwrap_or(line.len());
        line.split_at(end)
    };
    let after = after.trim_start();
    let ends = after.is_empty()
        || [":", "<mailto:", "[mailto:", "(", "...", ",", ";", "--", "- ", "on "]
            .iter()
            .any(|sign| after.starts_with(sign));
    if let (true, Ok(address)) = (ends, address.trim_start_matches("mailto:").parse()) {
        return Some(address);
    }
    named_in_brackets(line)
}

/// `Jane Doe (jane@example.com)` and `Jane Doe <jane@example.com>` as a whole line.
fn named_in_brackets(line: &str) -> Option<EmailAddress> {
    let line = line.trim_end_matches(['.', ':']);
    let inner = line.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let inner = inner.or_else(|| line.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')));
    let (name, address) = inner?;
    let is_name = name.split_whitespace().count() <= 5 && !name.contains([':', '@', '.']);
    if is_name { address.trim_start_matches("mailto:").parse().ok() } else { None }
}

fn inside_sentences(notice: &[&str]) -> Vec<(EmailAddress, usize)> {
    let mut found = Vec::new();
    for (place, line) in notice.iter().enumerate() {
        if line.len() > 4_000 || line.to_ascii_lowercase().contains("message-id") {
            continue;
        }
        let words = line
            .split(|character: char| character.is_whitespace() || "<>()[]\"',;:*|“”«»„".contains(character));
        let addresses =
            words.map(|word| word.trim_end_matches(['.', '!', '?'])).filter(|word| word.contains('@'));
        found.extend(addresses.filter_map(|word| Some((word.parse().ok()?, place))));
        if found.len() > MAX_NAMED {
            break;
        }
    }
    found
}
