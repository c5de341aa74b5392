//! Header lines: folded, and encoded where they hold more than ASCII (RFC 2047).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::Mailbox;
use domain::clock::Timestamp;

/// Where lines are folded; RFC 5322 section 2.1.1 asks for 78.
const WIDTH: usize = 76;
/// An encoded word has at most 75 characters, of which `=?utf-8?b?` and `?=` take 12.
const WORD_FRAME: usize = 12;
const WORD_ROOM: usize = 75 - WORD_FRAME;
/// A word shorter than this is not worth its frame: it goes to the next line.
const LEAST_ROOM: usize = 16;

pub(super) fn date(out: &mut Vec<u8>, date: Timestamp) {
    let instant = jiff::Timestamp::from_microsecond(date.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let printed =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).unwrap_or_default();
    out.extend_from_slice(b"Date: ");
    // The form of HTTP, with the zone in the digits that RFC 5322 asks for.
    out.extend_from_slice(printed.strip_suffix("GMT").unwrap_or(&printed).as_bytes());
    out.extend_from_slice(b"+0000\r\n");
}

/// A header of free text. What could end the line is a space.
pub(super) fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let mut line = Line { column: name.len() + 2 };
    let cleaned = without_controls(value);
    if is_plain(&cleaned) {
        line.words(out, &cleaned);
    } else {
        line.encoded(out, &cleaned);
    }
    out.extend_from_slice(b"\r\n");
}

/// A header of addresses; nothing when there are none.
pub(super) fn mailboxes(out: &mut Vec<u8>, name: &str, mailboxes: &[Mailbox]) {
    if mailboxes.is_empty() {
        return;
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    let mut line = Line { column: name.len() + 2 };
    for (place, mailbox) in mailboxes.iter().enumerate() {
        if place > 0 {
            out.push(b',');
            line.column += 1;
            line.space_or_fold(out, mailbox.address.as_str().len() + 2);
        }
        if let Some(name) = mailbox.name.as_deref().filter(|name| !name.trim().is_empty()) {
            line.phrase(out, name.trim());
            // Room for the brackets and a comma.
            line.space_or_fold(out, mailbox.address.as_str().len() + 3);
            line.raw(out, &["<", mailbox.address.as_str(), ">"]);
        } else {
            line.raw(out, &[mailbox.address.as_str()]);
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// A header of message ids; nothing when there are none.
pub(super) fn ids<'a>(out: &mut Vec<u8>, name: &str, ids: impl Iterator<Item = &'a str>) {
    let mut line = Line { column: name.len() + 2 };
    let mut is_first = true;
    for id in ids {
        let id: String =
            id.chars().filter(|&c| !c.is_control() && !c.is_whitespace() && !"<>".contains(c)).collect();
        if id.is_empty() {
            continue;
        }
        if is_first {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            is_first = false;
        } else {
            line.space_or_fold(out, id.len() + 2);
        }
        line.raw(out, &["<", &id, ">"]);
    }
    if !is_first {
        out.extend_from_slice(b"\r\n");
    }
}

/// The column of the line that is being written.
struct Line {
    column: usize,
}

impl Line {
    fn raw(&mut self, out: &mut Vec<u8>, parts: &[&str]) {
        for part in parts {
            out.extend_from_slice(part.as_bytes());
            self.column += part.len();
        }
    }

    /// A space, on a new line when what follows would not fit on this one.
    fn space_or_fold(&mut self, out: &mut Vec<u8>, following: usize) {
        if self.column + 1 + following > WIDTH {
            out.extend_from_slice(b"\r\n ");
            self.column = 1;
        } else {
            out.push(b' ');
            self.column += 1;
        }
    }

    /// ASCII text, folded in front of single spaces.
    fn words(&mut self, out: &mut Vec<u8>, value: &str) {
        for (place, word) in value.split(' ').enumerate() {
            if place > 0 {
                self.space_or_fold(out, word.len());
            }
            self.raw(out, &[word]);
        }
    }

    /// A display name.
    fn phrase(&mut self, out: &mut Vec<u8>, name: &str) {
        let name = without_controls(name);
        if !is_plain(&name) {
            self.encoded(out, &name);
        } else if name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&byte))
        {
            self.words(out, &name);
        } else {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            self.raw(out, &["\"", &quoted, "\""]);
        }
    }

    /// RFC 2047, in whichever of the two encodings is shorter. No character is split between two words.
    fn encoded(&mut self, out: &mut Vec<u8>, value: &str) {
        let letters = value.bytes().filter(|byte| is_safe(*byte) || *byte == b' ').count();
        let in_q = letters + 3 * (value.len() - letters);
        let base64 = in_q > value.len().div_ceil(3) * 4;
        let mut rest = value;
        let mut is_first = true;
        while !rest.is_empty() {
            // A line with an encoded word in it has at most 76 characters.
            if !is_first || self.column + WORD_FRAME + LEAST_ROOM > WIDTH {
                out.extend_from_slice(b"\r\n ");
                self.column = 1;
            }
            is_first = false;
            let room = WORD_ROOM.min(WIDTH - WORD_FRAME - self.column);
            let (word, after) = rest.split_at(fitting(rest, base64, room));
            rest = after;
            let written = out.len();
            if base64 {
                out.extend_from_slice(b"=?utf-8?b?");
                out.extend_from_slice(STANDARD.encode(word).as_bytes());
            } else {
                out.extend_from_slice(b"=?utf-8?q?");
                word.bytes().for_each(|byte| q_byte(out, byte));
            }
            out.extend_from_slice(b"?=");
            self.column += out.len() - written;
        }
    }
}

/// How many bytes of the text fit into so much room of an encoded word; whole characters only, and at least one.
fn fitting(text: &str, base64: bool, room: usize) -> usize {
    let mut room = if base64 { room / 4 * 3 } else { room };
    let mut end = 0;
    for character in text.chars() {
        let bytes = character.len_utf8();
        let cost = match character {
            _ if base64 => bytes,
            ' ' => 1,
            _ if character.is_ascii() && u8::try_from(character).is_ok_and(is_safe) => 1,
            _ => 3 * bytes,
        };
        if cost > room {
            break;
        }
        room -= cost;
        end += bytes;
    }
    end
}

/// What may stand for itself in an encoded word, also inside a phrase (RFC 2047 section 5).
fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!*+-/".contains(&byte)
}

fn q_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b' ' => out.push(b'_'),
        byte if is_safe(byte) => out.push(byte),
        byte => out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
    }
}

pub(super) const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Whether a text means itself: ASCII, nothing that reads as an encoded word, no word that cannot be folded, no space
/// that folding would lose.
fn is_plain(text: &str) -> bool {
    text.is_ascii()
        && !text.contains("=?")
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
        && text.split(' ').all(|word| word.len() < 900)
}

fn without_controls(text: &str) -> std::borrow::Cow<'_, str> {
    if text.chars().any(char::is_control) {
        text.replace("\r\n", " ").replace(char::is_control, " ").into()
    } else {
        text.into()
    }
}
