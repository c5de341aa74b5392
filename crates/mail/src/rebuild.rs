//! Puts a received mail together again from the fields that a provider made of it, so that all that comes in is MIME.
//! The bytes are for our own parser: header values stay UTF-8, as in RFC 6532.

use domain::outgoing::File;

use crate::compose::body::{self, Content};

/// A received mail in pieces.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    /// In their order; those that say how the bytes were packed are left out, because they are packed anew.
    pub headers: Vec<(String, String)>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub files: Vec<File>,
}

impl Fields {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// Adds a header when it says something and none of that name is there.
    pub fn complete(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty())
            && self.header(name).is_none()
        {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// The mail as `message/rfc822`. The same fields always give the same bytes.
#[must_use]
pub fn rebuild(fields: &Fields) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in &fields.headers {
        if is_header(name) && !is_packing(name) {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(unfolded(value).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    let content = Content {
        text: fields.text.as_deref(),
        html: fields.html.as_deref(),
        files: &fields.files,
        seed: fields.header("message-id").unwrap_or("rebuilt"),
    };
    body::write(&mut out, &content);
    out
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn is_packing(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "mime-version" || name.starts_with("content-")
}

/// One line: what a vendor left folded, or slipped in, cannot begin another header.
fn unfolded(value: &str) -> String {
    value
        .split(['\r', '\n', '\0'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_in_pieces_is_parsed_like_one_that_came_whole() {
        let mut fields = Fields {
            headers: vec![
                ("From".to_owned(), "Jane Döe <jane@example.org>".to_owned()),
                ("Content-Type".to_owned(), "multipart/evil".to_owned()),
                ("Message-ID".to_owned(), "<a@example.org>".to_owned()),
                ("In-Reply-To".to_owned(), "<b@example.com>".to_owned()),
                ("X-Note".to_owned(), "one\r\n Bcc: two".to_owned()),
            ],
            text: Some("Grüße".to_owned()),
            html: Some("<p>Grüße <img src=\"cid:logo\"></p>".to_owned()),
            files: vec![File {
                filename: "logo.png".to_owned(),
                content_type: "image/png".to_owned(),
                content_id: Some("logo".to_owned()),
                bytes: b"\x89PNG".as_slice().into(),
            }],
        };
        fields.complete("Subject", Some("Re: Ihre Bestellung ✓"));
        fields.complete("From", Some("nobody@example.com"));
        fields.complete("Cc", Some(" "));
        let parsed = crate::parse(&rebuild(&fields));
        assert_eq!(parsed.from.map(|from| from.to_string()).as_deref(), Some("Jane Döe <jane@example.org>"));
        assert_eq!(parsed.subject.as_deref(), Some("Re: Ihre Bestellung ✓"));
        assert_eq!(parsed.message_id.as_deref(), Some("a@example.org"));
        assert_eq!(parsed.in_reply_to, ["b@example.com"]);
        assert_eq!(parsed.text.as_deref().map(str::trim), Some("Grüße"));
        assert!(parsed.html.is_some_and(|html| html.contains("cid:logo")));
        assert_eq!((parsed.parts.len(), parsed.parts[0].content_id.as_deref()), (1, Some("logo")));
        assert!(parsed.cc.is_empty());
    }
}
