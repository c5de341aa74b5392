//! Ids, dates and the marks of machines.

use domain::clock::Timestamp;
use mail_parser::{HeaderValue, Message};

use super::addresses::is_deceptive;
use super::{Parsed, encoded_words, marks};

/// Headers beyond this number are not listed.
const MAX_HEADERS: usize = 500;
const MAX_VALUE_BYTES: usize = 16 * 1024;
const MAX_IDS: usize = 200;

pub(super) fn read(message: &Message<'_>, parsed: &mut Parsed) {
    let subject = match raw(message, "Subject") {
        // The parser reads encoded words where they are allowed; people want to read them everywhere.
        Some(subject) if subject.contains("=?") => Some(encoded_words::decoded(&one_line(subject))),
        Some(subject) => Some(subject.to_owned()),
        None => None,
    };
    parsed.subject = subject.as_deref().map(one_line).filter(|subject| !subject.is_empty());
    parsed.date = message
        .date()
        .filter(|date| date.is_valid())
        .map(|date| Timestamp::from_micros(date.to_timestamp().saturating_mul(1_000_000)));
    parsed.message_id = raw(message, "Message-ID").and_then(|value| ids(value).into_iter().next());
    parsed.in_reply_to = raw(message, "In-Reply-To").map(ids).unwrap_or_default();
    parsed.references = raw(message, "References").map(ids).unwrap_or_default();
    parsed.auto = marks::read(message, parsed.subject.as_deref());
}

/// Every header, decoded where it is text.
pub(super) fn all(message: &Message<'_>) -> Vec<(String, String)> {
    let raw_message = message.raw_message();
    let headers = message.headers().iter().take(MAX_HEADERS);
    headers
        .map(|header| {
            let value = match &header.value {
                HeaderValue::Text(text) => text.clone().into_owned(),
                HeaderValue::TextList(list) => list.join(", "),
                _ => {
                    let place = header.offset_start as usize..header.offset_end as usize;
                    String::from_utf8_lossy(raw_message.get(place).unwrap_or_default()).into_owned()
                }
            };
            (header.name.as_str().to_owned(), shortened(one_line(&value)))
        })
        .collect()
}

fn shortened(mut value: String) -> String {
    if value.len() > MAX_VALUE_BYTES {
        let mut end = MAX_VALUE_BYTES;
        while !value.is_char_boundary(end) {
            end -= 1;
        }
        value.truncate(end);
        value.push('…');
    }
    value
}

/// White space folded, nothing that deceives.
fn one_line(text: &str) -> String {
    let kept: String = text.chars().filter(|character| !is_deceptive(*character)).collect();
    kept.trim().split(['\r', '\n', '\t']).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The topmost header of this name: those below may have been there before a server of ours added its own.
pub(super) fn raw<'a>(message: &'a Message<'_>, name: &str) -> Option<&'a str> {
    let header = message.headers().iter().find(|header| header.name.as_str().eq_ignore_ascii_case(name))?;
    let place = header.offset_start as usize..header.offset_end as usize;
    std::str::from_utf8(message.raw_message().get(place)?).ok().map(str::trim)
}

/// The ids between angle brackets; where a sender left them out or did not close them, every word with an `@`.
fn ids(value: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((id, after)) = after.split_once('>') else { break };
        // Of `<one@example.com <two@example.com>` only the second is closed.
        let id = id.rsplit_once('<').map_or(id, |(_, id)| id);
        found.push(id.to_owned());
        rest = after;
    }
    if found.is_empty() {
        let bare = value.split(|character: char| character.is_whitespace() || "<>".contains(character));
        found.extend(bare.filter(|word| word.contains('@')).map(str::to_owned));
    }
    for id in &mut found {
        // A long id may have been folded inside.
        id.retain(|character| !character.is_whitespace() && !character.is_control());
    }
    found.retain(|id: &String| !id.is_empty() && id.len() <= 998);
    found.truncate(MAX_IDS);
    found
}
