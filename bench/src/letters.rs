//! Writes the messages of a run and finds their mark (`bench-id`, `bench-at`) again at a sink.

use std::fmt::Write as _;

use crate::http::wire::find;

/// The size of a text body: 1 KiB, as every scenario says.
pub const BODY_BYTES: usize = 1_024;

const FILLER: &str = "The quick brown fox jumps over the lazy dog, then rests.";

/// What a body says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub number: u64,
    /// Reading of the watch when the message was sent (or was due, in an open loop).
    pub at: u64,
}

/// Finds the mark in the bytes of a message. The text is plain ASCII in short lines, so neither
/// quoted-printable nor JSON changes the few bytes that are looked for.
pub fn find_mark(content: &[u8]) -> Option<Mark> {
    let number = number_after(content, b"bench-id: ")?;
    let at = number_after(content, b"bench-at: ")?;
    Some(Mark { number, at })
}

fn number_after(content: &[u8], label: &[u8]) -> Option<u64> {
    let from = find(content, label)? + label.len();
    let digits = content[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&content[from..from + digits]).ok()?.parse().ok()
}

/// Appends a marked text of `BODY_BYTES`, its lines ended by `line_end` (`\r\n` in mail, the two
/// characters `\` and `n` inside JSON).
pub fn write_text(mark: Mark, line_end: &str, out: &mut String) {
    let start = out.len();
    let _ = write!(out, "bench-id: {}{line_end}bench-at: {}{line_end}", mark.number, mark.at);
    // An escaped line end takes two bytes in JSON, so such a text is some 20 bytes shorter once read.
    while out.len() - start + FILLER.len() + line_end.len() <= BODY_BYTES {
        out.push_str(FILLER);
        out.push_str(line_end);
    }
    while out.len() - start < BODY_BYTES {
        out.push('.');
    }
}

/// How the JSON of `POST /v1/messages` differs between scenarios.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// How many different recipients take turns.
    pub contacts: u64,
    /// The number of the first of them.
    pub first_contact: u64,
    /// Adds an HTML part of about the same size.
    pub html: bool,
    /// `send_at`, for messages that are to be accepted and not sent.
    pub send_at: Option<String>,
    /// `priority: bulk`.
    pub bulk: bool,
}

impl Outgoing {
    /// Appends the JSON object of one message.
    pub fn write_json(&self, mark: Mark, out: &mut String) {
        let contact = self.first_contact + mark.number % self.contacts.max(1);
        let _ = write!(
            out,
            r#"{{"channel":"email","to":"customer-{contact}@example.com","subject":"Your order {}","text":""#,
            mark.number
        );
        write_text(mark, "\\n", out);
        out.push('"');
        if self.html {
            out.push_str(r#","html":"<html><body><h1>Your order</h1>"#);
            for _ in 0..15 {
                let _ = write!(out, "<p>{FILLER}</p>");
            }
            out.push_str(r#"</body></html>""#);
        }
        if let Some(send_at) = &self.send_at {
            let _ = write!(out, r#","send_at":"{send_at}""#);
        }
        if self.bulk {
            out.push_str(r#","priority":"bulk""#);
        }
        out.push('}');
    }
}

/// Appends a whole RFC 5322 message as a customer would send it.
pub fn write_mail(mark: Mark, mail: &Incoming<'_>, out: &mut String) {
    let _ = write!(
        out,
        "From: Jane Customer <{from}>\r\nTo: Support <{to}>\r\nSubject: {subject}\r\n\
         Message-ID: <{id}>\r\nDate: Fri, 20 Nov 2026 14:00:00 +0000\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n",
        from = mail.from,
        to = mail.to,
        subject = mail.subject,
        id = mail.message_id,
    );
    if let Some(parent) = mail.in_reply_to {
        let _ = write!(out, "In-Reply-To: <{parent}>\r\nReferences: <{parent}>\r\n");
    }
    out.push_str("\r\n");
    write_text(mark, "\r\n", out);
    out.push_str("\r\n");
}

/// The headers of an incoming mail.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    pub message_id: &'a str,
    pub in_reply_to: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::{BODY_BYTES, Mark, Outgoing, find_mark, write_text};

    #[test]
    fn a_text_has_the_size_and_gives_its_mark_back() {
        let mark = Mark { number: 123_456, at: 9_876_543_210 };
        let mut text = String::new();
        write_text(mark, "\r\n", &mut text);
        assert_eq!(text.len(), BODY_BYTES);
        assert_eq!(find_mark(text.as_bytes()), Some(mark));
    }

    #[test]
    fn the_json_parses_and_carries_the_mark() {
        let mark = Mark { number: 7, at: 8 };
        let outgoing = Outgoing {
            contacts: 5,
            first_contact: 0,
            html: true,
            send_at: Some("2099-01-01T00:00:00Z".to_owned()),
            bulk: true,
        };
        let mut json = String::new();
        outgoing.write_json(mark, &mut json);
        let value: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
        assert_eq!(value["to"], "customer-2@example.com");
        assert_eq!(value["priority"], "bulk");
        assert_eq!(find_mark(value["text"].as_str().expect("text").as_bytes()), Some(mark));
        assert_eq!(find_mark(json.as_bytes()), Some(mark));
    }

    #[test]
    fn no_mark_no_number() {
        assert_eq!(find_mark(b"bench-id: x"), None);
        assert_eq!(find_mark(b"bench-id: 12"), None);
    }
}
