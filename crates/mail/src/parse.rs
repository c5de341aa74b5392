//! Reads a message as it came. Never fails and never panics: what cannot be read is named in a notice for people.

mod addresses;
mod authentication;
mod calendar;
mod charset;
mod encoded_words;
mod ends;
mod files;
mod headers;
mod marks;
mod plain;
mod recovery;

use std::borrow::Cow;

use bytes::Bytes;
use domain::address::Mailbox;
use domain::clock::Timestamp;
use mail_parser::{Message, MessageParser, MessagePart, PartType};

pub use authentication::{AuthenticationResult, AuthenticationResults, Verdict};
pub use calendar::{Calendar, CalendarTime};
pub use marks::{AutoMark, AutoMarks};

/// Messages inside messages are taken apart one inside the other; no honest mail has so many.
const MAX_NESTED: usize = 500;
/// Files beyond this number are not listed; the raw message has them all.
const MAX_FILES: usize = 200;
/// All files of one message together.
const MAX_FILE_BYTES: usize = 100 * 1024 * 1024;
/// Text beyond this is cut: nobody reads on, and every list would carry it.
const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;

/// Everything that was found in a message.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    pub from: Option<Mailbox>,
    pub sender: Option<Mailbox>,
    pub reply_to: Vec<Mailbox>,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub subject: Option<String>,
    pub date: Option<Timestamp>,
    /// Without angle brackets.
    pub message_id: Option<String>,
    /// Without angle brackets.
    pub in_reply_to: Vec<String>,
    /// Without angle brackets, in the order of the header: oldest first.
    pub references: Vec<String>,
    /// The plain text, or what the HTML says in plain text.
    pub text: Option<String>,
    /// As it came: not safe to show.
    pub html: Option<String>,
    /// Attachments and inline files.
    pub parts: Vec<Part>,
    /// Every header of the message, decoded, in order.
    pub headers: Vec<(String, String)>,
    pub auto: AutoMarks,
    /// What the last server that added such a header says. To be believed only when it is a server of one's own.
    pub authentication: Option<AuthenticationResults>,
    /// The invitation that came along; its file is among the parts as well.
    pub calendar: Option<Calendar>,
    /// A sentence for people when the message was broken or cut.
    pub notice: Option<String>,
}

/// A file inside a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The last path component of what the sender says; never empty.
    pub filename: String,
    /// What the bytes look like when the sender's word is generic.
    pub content_type: String,
    /// Without angle brackets.
    pub content_id: Option<String>,
    /// Whether it is meant to be shown inside the HTML.
    pub inline: bool,
    pub bytes: Bytes,
}

/// Reads whatever can be read.
#[must_use]
pub fn parse(raw: &[u8]) -> Parsed {
    let parser = MessageParser::default();
    let mut notices = Notices::default();
    let message = if nested(raw) > MAX_NESTED {
        notices.note("The message holds too many messages inside each other; only its headers were read.");
        parser.parse_headers(raw)
    } else {
        parser.parse(raw)
    };
    let Some(message) = message else {
        notices.note("The message has no headers; all of it is shown as text.");
        let text = String::from_utf8_lossy(raw).into_owned();
        let text = (!text.trim().is_empty()).then(|| plain::tidy(&text));
        return Parsed { text, notice: notices.sentence(), ..Parsed::default() };
    };
    let mut parsed = read_headers(&message, &mut notices);
    parsed.authentication = authentication::topmost(&parsed.headers);
    let is_broken = message.parts.iter().any(|part| part.is_encoding_problem);
    let mended = match recovery::with_boundary(&message) {
        Some(mended) => {
            Some((mended, "The message does not say where its parts begin; they were looked for."))
        }
        None if is_broken => {
            ends::with_ends(raw).map(|mended| (mended, "The message ends before its parts do."))
        }
        None => None,
    };
    let mended = mended.as_ref().and_then(|(mended, notice)| Some((parser.parse(mended)?, *notice)));
    match mended {
        Some((mended, notice)) => {
            notices.note(notice);
            read_bodies(&mended, &mut parsed, &mut notices);
            files::read(&mended, &mut parsed, &mut notices);
        }
        None => {
            read_bodies(&message, &mut parsed, &mut notices);
            match recovery::only_text(&message) {
                Some(text) if parsed.text.is_none() => {
                    notices.note("The message is of a kind that is not known; it is shown as text.");
                    parsed.text = Some(plain::tidy(cut(&text, &mut notices))).filter(|text| !text.is_empty());
                }
                _ => files::read(&message, &mut parsed, &mut notices),
            }
        }
    }
    parsed.calendar = calendar::find(&parsed.parts);
    if is_broken {
        notices.note("A part of the message is broken; it is shown as it came.");
    }
    parsed.notice = notices.sentence();
    parsed
}

/// Reads headers that stand alone, as reports quote them. There is no body, so nothing is said about one.
pub(crate) fn headers_only(raw: &[u8]) -> Parsed {
    // Without an empty line at the end the last header could be taken for a broken one.
    let mut closed = raw.to_vec();
    closed.extend_from_slice(b"\r\n\r\n");
    let Some(message) = MessageParser::default().parse_headers(&closed) else { return Parsed::default() };
    read_headers(&message, &mut Notices::default())
}

fn read_headers(message: &Message<'_>, notices: &mut Notices) -> Parsed {
    let head = message.parts.first().and_then(|root| message.raw_message().get(..root.offset_body as usize));
    let repaired = head.and_then(charset::repaired);
    let repaired = repaired.as_deref().and_then(|headers| MessageParser::default().parse_headers(headers));
    let message = repaired.as_ref().unwrap_or(message);
    let mut parsed = Parsed { headers: headers::all(message), ..Parsed::default() };
    addresses::read(message, &mut parsed, notices);
    headers::read(message, &mut parsed);
    parsed
}

/// What HTML says, for those who only want the words.
pub(crate) fn text_of_html(html: &str) -> String {
    plain::from_html(html)
}

/// An upper bound of how deep messages lie inside each other: how often a type is named that makes a part a message.
fn nested(raw: &[u8]) -> usize {
    const WORDS: [&[u8]; 3] = [b"rfc822", b"global", b"digest"];
    let starts =
        raw.iter().enumerate().filter(|(_, byte)| matches!(byte, b'r' | b'R' | b'g' | b'G' | b'd' | b'D'));
    starts
        .filter(|(place, _)| {
            raw.get(*place..place + 6)
                .is_some_and(|found| WORDS.iter().any(|word| word.eq_ignore_ascii_case(found)))
        })
        .count()
}

fn read_bodies(message: &Message<'_>, parsed: &mut Parsed, notices: &mut Notices) {
    let html = joined(
        message.html_bodies().filter_map(|part| Some(charset::body(message, part, html_of(part)?, notices))),
    );
    let text = joined(
        message.text_bodies().filter_map(|part| Some(charset::body(message, part, text_of(part)?, notices))),
    );
    let text = text.or_else(|| html.as_deref().map(plain::from_html));
    parsed.text = text.map(|text| plain::tidy(cut(&text, notices))).filter(|text| !text.is_empty());
    parsed.html = html.map(|html| plain::tidy(cut(&html, notices))).filter(|html| !html.trim().is_empty());
}

fn html_of<'a>(part: &'a MessagePart<'_>) -> Option<&'a str> {
    match &part.body {
        PartType::Html(html) => Some(html),
        _ => None,
    }
}

fn text_of<'a>(part: &'a MessagePart<'_>) -> Option<&'a str> {
    match &part.body {
        PartType::Text(text) => Some(text),
        _ => None,
    }
}

fn joined<'a>(pieces: impl Iterator<Item = Cow<'a, str>>) -> Option<String> {
    pieces.map(Cow::into_owned).reduce(|mut whole, next| {
        whole.push('\n');
        whole.push_str(&next);
        whole
    })
}

fn cut<'a>(text: &'a str, notices: &mut Notices) -> &'a str {
    if text.len() <= MAX_TEXT_BYTES {
        return text;
    }
    notices.note("The text is very long and was cut.");
    let mut end = MAX_TEXT_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// What people should know about how the message was read.
#[derive(Debug, Default)]
struct Notices(Vec<&'static str>);

impl Notices {
    fn note(&mut self, sentence: &'static str) {
        if !self.0.contains(&sentence) {
            self.0.push(sentence);
        }
    }

    fn sentence(self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(" "))
    }
}

#[cfg(test)]
mod tests;
