//! Texts that are not written in the characters that they claim, or claim none: UTF-8 when it is, else the most common of
//! the old ones.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, Message, MessagePart, MimeHeaders as _};

use super::{Notices, encoded_words};

/// The body of a part; guessed where its characters could not be read.
pub(super) fn body<'a>(
    message: &Message<'_>,
    part: &MessagePart<'_>,
    text: &'a str,
    notices: &mut Notices,
) -> Cow<'a, str> {
    let charset = part.content_type().and_then(|kind| kind.attribute("charset")).unwrap_or_default();
    let is_wrong = text.contains('\u{FFFD}') || (is_ascii_name(charset) && !text.is_ascii());
    if !is_wrong {
        return Cow::Borrowed(text);
    }
    let known =
        !charset.is_empty() && !is_ascii_name(charset) && charset_decoder(charset.as_bytes()).is_some();
    if known && !charset.eq_ignore_ascii_case("utf-8") && !charset.eq_ignore_ascii_case("utf8") {
        return unreadable(text, notices);
    }
    let raw =
        message.raw_message().get(part.offset_body as usize..part.offset_end as usize).unwrap_or_default();
    let bytes = match part.encoding {
        Encoding::None => Some(raw.to_vec()),
        Encoding::QuotedPrintable => quoted_printable_decode(raw),
        Encoding::Base64 => base64_decode(raw),
    };
    let Some(bytes) = bytes else { return unreadable(text, notices) };
    let guessed = match String::from_utf8(bytes) {
        Ok(text) => return Cow::Owned(text),
        Err(error) => western(error.as_bytes()),
    };
    // A text in UTF-8 with one broken character is still one.
    let broken = text.matches('\u{FFFD}').count();
    let sound = text.chars().filter(|character| !character.is_ascii()).count() - broken;
    if sound > broken {
        return unreadable(text, notices);
    }
    notices.note("The text does not say in which characters it is written; they were guessed.");
    Cow::Owned(guessed)
}

fn unreadable<'a>(text: &'a str, notices: &mut Notices) -> Cow<'a, str> {
    notices.note("Some characters of the text could not be read; the raw message holds them.");
    Cow::Borrowed(text)
}

/// The headers of a message with what would be misread put right, or nothing when they are fine.
pub(super) fn repaired(headers: &[u8]) -> Option<Vec<u8>> {
    match std::str::from_utf8(headers) {
        Ok(text) if encoded_words::has_neighbours(headers) => {
            encoded_words::joined(text).map(String::into_bytes)
        }
        Ok(_) => None,
        Err(_) => {
            let lines = headers.split_inclusive(|byte| *byte == b'\n');
            let text: String = lines
                .map(|line| {
                    String::from_utf8(line.to_vec()).unwrap_or_else(|error| western(error.as_bytes()))
                })
                .collect();
            Some(encoded_words::joined(&text).unwrap_or(text).into_bytes())
        }
    }
}

/// Windows-1252, which holds ISO 8859-1 too.
fn western(bytes: &[u8]) -> String {
    match charset_decoder(b"windows-1252") {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn is_ascii_name(charset: &str) -> bool {
    ["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us"].iter().any(|name| charset.eq_ignore_ascii_case(name))
}
