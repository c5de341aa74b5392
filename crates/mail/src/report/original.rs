//! What a report quotes of the message that it is about: the way back to our own message when the envelope says nothing.

use domain::address::{EmailAddress, Mailbox};

use crate::parse::{self, Parsed};

/// Headers of the quoted message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OriginalHeaders {
    /// Without angle brackets.
    pub message_id: Option<String>,
    pub from: Option<Mailbox>,
    pub to: Vec<Mailbox>,
    pub subject: Option<String>,
    /// Every quoted header, in order, without its folding.
    pub headers: Vec<(String, String)>,
}

impl OriginalHeaders {
    /// The first header of this name, whatever its case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.message_id.is_none() && self.headers.is_empty()
    }

    /// The only recipient of the message, when it had only one.
    pub(super) fn only_recipient(&self) -> Option<&EmailAddress> {
        match self.to.as_slice() {
            [mailbox] => Some(&mailbox.address),
            _ => None,
        }
    }
}

/// From the part that holds the message or its headers.
pub(super) fn of_parts(message: &Parsed) -> OriginalHeaders {
    const KINDS: &[&str] = &[
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "text/rfc822",
        "message/rfc822-headers",
        "message/global-headers",
    ];
    let part = message.parts.iter().find(|part| KINDS.contains(&part.content_type.as_str()));
    part.map(|part| read(&part.bytes)).unwrap_or_default()
}

/// From the bytes of headers, with or without what follows them.
pub(super) fn read(bytes: &[u8]) -> OriginalHeaders {
    let headers = parse::headers_only(bytes);
    OriginalHeaders {
        message_id: headers.message_id,
        from: headers.from,
        to: headers.to,
        subject: headers.subject,
        headers: headers.headers,
    }
}

/// Names by which a line is known to be a header of the quoted message.
const NAMES: &[&str] = &[
    "authentication-results",
    "bcc",
    "cc",
    "content-language",
    "content-transfer-encoding",
    "content-type",
    "date",
    "delivered-to",
    "dkim-signature",
    "feedback-id",
    "from",
    "importance",
    "in-reply-to",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "message-id",
    "mime-version",
    "organization",
    "precedence",
    "received",
    "received-spf",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "thread-index",
    "thread-topic",
    "to",
    "user-agent",
];

/// Where headers begin in a text, and where they end: the first run of three lines that are known ones, with the id or
/// the sender among them.
pub(super) fn block_in(lines: &[&str]) -> Option<(usize, usize)> {
    let mut start = 0;
    while start < lines.len() {
        if !is_header(lines[start]) {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        let mut known = 1;
        while end < lines.len() && !unquoted(lines[end]).trim().is_empty() {
            let line = unquoted(lines[end]);
            let is_folded = line.starts_with([' ', '\t']) && !is_header(lines[end].trim_start());
            if is_header(lines[end]) {
                known += 1;
            } else if !is_folded {
                break;
            }
            end += 1;
        }
        let names = |name: &str| {
            lines[start..end]
                .iter()
                .any(|line| line_name(line).is_some_and(|found| found.eq_ignore_ascii_case(name)))
        };
        if known >= 3 && ["message-id", "from", "received"].iter().any(|name| names(name)) {
            return Some((start, end));
        }
        start = end;
    }
    None
}

/// The lines of a block as bytes that a parser takes.
pub(super) fn bytes_of(lines: &[&str]) -> Vec<u8> {
    let indent = lines.first().map_or(0, |line| unquoted(line).len() - unquoted(line).trim_start().len());
    let mut bytes = Vec::new();
    for line in lines {
        let line = unquoted(line);
        let line = line.get(indent.min(line.len() - line.trim_start().len())..).unwrap_or(line);
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// An id that a text names without quoting the headers.
pub(super) fn id_in(text: &str) -> Option<String> {
    let place = text.to_ascii_lowercase().find("message-id")?;
    let after = &text[place + "message-id".len()..];
    let (before, rest) = after.split_once('<')?;
    let (id, _) = rest.split_once('>')?;
    let is_close =
        before.len() < 40 && id.contains('@') && !id.contains(char::is_whitespace) && id.len() < 500;
    is_close.then(|| id.to_owned())
}

fn is_header(line: &str) -> bool {
    let Some(name) = line_name(line) else { return false };
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || name.strip_prefix("x-").is_some_and(|rest| !rest.is_empty())
}

fn line_name(line: &str) -> Option<&str> {
    let (name, _) = unquoted(line).trim_start().split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some(name)
}

fn unquoted(line: &str) -> &str {
    line.strip_prefix("> ").or_else(|| line.strip_prefix('>')).unwrap_or(line)
}
