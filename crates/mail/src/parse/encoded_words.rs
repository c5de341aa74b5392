//! Encoded words (RFC 2047) where no standard allows them: in the middle of a word, in quotes, cut off at the end, or with
//! one character broken over two of them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use mail_parser::decoders::charsets::map::charset_decoder;

/// A text with its encoded words as what they say; what cannot be read stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        out.push_str(before);
        let Some((charset, mut bytes, mut after)) = word_at(word, true) else {
            out.push_str("=?");
            rest = &word[2..];
            continue;
        };
        // One character may be broken over words of the same encoding.
        while let Some((next_charset, more, behind)) = word_at(after.trim_start(), true) {
            if !next_charset.eq_ignore_ascii_case(charset) {
                // Space between two encoded words says nothing.
                after = after.trim_start();
                break;
            }
            bytes.extend_from_slice(&more);
            after = behind;
        }
        out.push_str(&text_of(charset, &bytes));
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The same headers with neighbouring words of one encoding made one, or nothing when there are none.
pub(super) fn joined(headers: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = headers;
    let mut has_changed = false;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        out.push_str(before);
        let Some((charset, mut bytes, mut after)) = word_at(word, false) else {
            out.push_str("=?");
            rest = &word[2..];
            continue;
        };
        let mut words = 1;
        while let Some((next_charset, more, behind)) = word_at(folded_start(after), false) {
            if !next_charset.eq_ignore_ascii_case(charset) {
                break;
            }
            bytes.extend_from_slice(&more);
            after = behind;
            words += 1;
        }
        if words == 1 {
            out.push_str(&word[..word.len() - after.len()]);
        } else {
            has_changed = true;
            out.push_str(&format!("=?{charset}?B?{}?=", STANDARD.encode(&bytes)));
        }
        rest = after;
    }
    out.push_str(rest);
    has_changed.then_some(out)
}

/// Whether words stand next to each other, so that joining them may be needed.
pub(super) fn has_neighbours(headers: &[u8]) -> bool {
    let mut words =
        headers.windows(2).enumerate().filter(|(_, pair)| *pair == b"?=").map(|(place, _)| place + 2);
    words.any(|place| {
        let rest = headers[place..].trim_ascii_start();
        rest.starts_with(b"=?") && rest.len() < headers.len() - place
    })
}

/// What follows folding white space; a new line that does not begin with it is a new header.
fn folded_start(text: &str) -> &str {
    let rest = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let space = &text[..text.len() - rest.len()];
    if space.is_empty() || space.ends_with('\n') { "" } else { rest }
}

/// The charset, the bytes and what follows, when a word begins here. One that never ends may be taken as a whole.
fn word_at(text: &str, may_be_cut: bool) -> Option<(&str, Vec<u8>, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let is_charset = !charset.is_empty()
        && charset.len() <= 40
        && charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:*+".contains(&byte));
    if !is_charset {
        return None;
    }
    let charset = charset.split('*').next().unwrap_or(charset);
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, after) = match rest.split_once("?=") {
        Some((encoded, after)) if !encoded.contains(['\r', '\n']) => (encoded, after),
        _ if may_be_cut => {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (rest[..end].trim_end_matches('?'), &rest[end..])
        }
        _ => return None,
    };
    let bytes = match encoding {
        "b" | "B" => from_base64(encoded)?,
        "q" | "Q" => from_quoted(encoded),
        _ => return None,
    };
    Some((charset, bytes, after))
}

/// Of a word that was cut off the last bits are left over.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let kept: String =
        text.chars().filter(|character| character.is_ascii_graphic() && *character != '=').collect();
    // Of one that was cut off, what is left of the last three bytes.
    let whole = if kept.len() % 4 == 1 { &kept[..kept.len() - 1] } else { kept.as_str() };
    LENIENT.decode(whole).ok()
}

fn from_quoted(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let hex = text.get(place + 1..place + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, hex) {
            (b'=', Some(value)) => {
                out.push(value);
                place += 2;
            }
            (b'_', _) => out.push(b' '),
            _ => out.push(*byte),
        }
        place += 1;
    }
    out
}

fn text_of(charset: &str, bytes: &[u8]) -> String {
    match charset_decoder(charset.as_bytes()) {
        Some(decode) if !charset.eq_ignore_ascii_case("utf-8") => decode(bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_in_bad_places_are_read() {
        for (text, expected) in [
            ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
            ("Re=?utf-8?q?=3A_Gr=C3=BC=C3=9Fe?=!", "Re: Grüße!"),
            ("\"=?utf-8?q?Gr=C3=BC=C3=9Fe?=\"", "\"Grüße\""),
            ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"),
            ("=?utf-8?q?Gr=C3?=\r\n =?UTF-8?Q?=BC=C3=9Fe?= x", "Grüße x"),
            ("=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü"),
            ("=?utf-8?q?Gr=C3=BC=C3=9Fe", "Grüße"),
            ("=?utf-8?b?R3LDvMOfZ", "Grüß"),
            ("=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle?=", "Grüße an alle"),
            ("=?utf-8*de?q?ja?=", "ja"),
            ("=?utf-8?b?R3Lé?=", "Gr"),
            ("=?? a =?x?y?z?= 1 =? 2", "=?? a =?x?y?z?= 1 =? 2"),
            ("=?x-unknown?q?a=FC?=", "a\u{FFFD}"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }

    #[test]
    fn neighbours_are_joined_within_one_header() {
        let headers =
            "Subject: =?utf-8?b?R3LD?=\r\n =?utf-8?b?vMOfZQ==?=\r\nX: =?utf-8?q?a?=\r\nY: =?utf-8?q?b?=\r\n";
        let joined = joined(headers).unwrap();
        assert_eq!(joined, "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nX: =?utf-8?q?a?=\r\nY: =?utf-8?q?b?=\r\n");
        assert!(has_neighbours(headers.as_bytes()) && !has_neighbours(joined.as_bytes()));
    }

    proptest! {
        #[test]
        fn no_word_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(vec![
            "=?", "?=", "utf-8", "?q?", "?B?", "=C3", "=BC", "R3LD", "=", "é", " ", "\r\n ", "\r\n", "x",
        ]), 0..40)) {
            let text = pieces.concat();
            let _ = decoded(&text);
            let _ = joined(&text);
        }
    }
}
