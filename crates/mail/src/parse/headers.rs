//! Ids, dates and the marks of machines.

use domain::clock::Timestamp;
use mail_parser::{HeaderValue, Message, MimeHeaders as _};

use super::addresses::is_deceptive;
use super::{AutoMarks, Parsed};

/// Headers beyond this number are not listed.
const MAX_HEADERS: usize = 500;
const MAX_VALUE_BYTES: usize = 16 * 1024;
const MAX_IDS: usize = 200;

pub(super) fn read(message: &Message<'_>, parsed: &mut Parsed) {
    parsed.subject = message.subject().map(one_line).filter(|subject| !subject.is_empty());
    parsed.date = message
        .date()
        .filter(|date| date.is_valid())
        .map(|date| Timestamp::from_micros(date.to_timestamp().saturating_mul(1_000_000)));
    parsed.message_id = raw(message, "Message-ID").and_then(|value| ids(value).into_iter().next());
    parsed.in_reply_to = raw(message, "In-Reply-To").map(ids).unwrap_or_default();
    parsed.references = raw(message, "References").map(ids).unwrap_or_default();
    parsed.auto = auto_marks(message);
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

fn raw<'a>(message: &'a Message<'_>, name: &'static str) -> Option<&'a str> {
    message.header_raw(name)
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

fn auto_marks(message: &Message<'_>) -> AutoMarks {
    let value = |name| raw(message, name).map(|value| value.trim().to_ascii_lowercase());
    let has = |name| message.header_raw(name).is_some();
    let precedence = value("Precedence").unwrap_or_default();
    let auto_submitted =
        value("Auto-Submitted").is_some_and(|value| !value.is_empty() && !value.starts_with("no"));
    AutoMarks {
        auto_submitted: auto_submitted
            || has("X-Autoreply")
            || has("X-Autorespond")
            || precedence == "auto_reply",
        precedence_bulk: matches!(precedence.as_str(), "bulk" | "junk" | "list"),
        list: has("List-Id") || has("List-Unsubscribe"),
        null_sender: value("Return-Path").is_some_and(|value| value == "<>"),
        report: message
            .content_type()
            .is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("report")),
    }
}
