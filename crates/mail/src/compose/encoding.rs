//! Content-Transfer-Encodings (RFC 2045 section 6), chosen by content: as it is, quoted-printable, or base 64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::header::HEX;

/// 57 bytes give a line of 76.
const BASE64_LINE: usize = 57;
const QUOTED_LINE: usize = 76;
/// RFC 5322 section 2.1.1 allows 998; some relays break lines a little earlier.
const PLAIN_LINE: usize = 900;

/// Writes the encoding's header, the empty line, and the text with CR LF line ends.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    let text = with_whole_line_ends(text);
    let bytes = text.as_bytes();
    if is_plain(bytes) {
        out.extend_from_slice(b"Content-Transfer-Encoding: 7bit\r\n\r\n");
        out.extend_from_slice(bytes);
        return;
    }
    let escaped = bytes.iter().filter(|byte| !is_literal(**byte) && !b"\r\n".contains(byte)).count();
    if escaped * 2 > bytes.len() / 3 {
        base64(out, bytes);
    } else {
        out.extend_from_slice(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n");
        quoted_printable(out, bytes);
    }
}

/// The same for bytes of any kind.
pub(super) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n\r\n");
    let mut line = [0_u8; 80];
    for chunk in bytes.chunks(BASE64_LINE) {
        let length = STANDARD.encode_slice(chunk, &mut line).expect("57 bytes make 76 characters");
        out.extend_from_slice(&line[..length]);
        out.extend_from_slice(b"\r\n");
    }
}

fn with_whole_line_ends(text: &str) -> std::borrow::Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_whole = bytes.iter().enumerate().all(|(place, byte)| match byte {
        b'\n' => place > 0 && bytes[place - 1] == b'\r',
        b'\r' => bytes.get(place + 1) == Some(&b'\n'),
        _ => true,
    });
    if is_whole {
        return text.into();
    }
    let mut whole = String::with_capacity(text.len() + text.len() / 32 + 8);
    let mut rest = text;
    while let Some(end) = rest.find(['\r', '\n']) {
        whole.push_str(&rest[..end]);
        whole.push_str("\r\n");
        rest = rest[end..].strip_prefix("\r\n").unwrap_or(&rest[end + 1..]);
    }
    whole.push_str(rest);
    whole.into()
}

fn is_plain(bytes: &[u8]) -> bool {
    bytes.is_ascii()
        && bytes.iter().all(|byte| !byte.is_ascii_control() || b"\r\n\t".contains(byte))
        // A line that looks like one of our boundaries would end the part: quoted-printable breaks it up.
        && !bytes.windows(4).any(|window| window == b"--=_")
        && bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= PLAIN_LINE)
}

fn is_literal(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t') && byte != b'='
}

/// RFC 2045 section 6.7. The text has whole line ends.
fn quoted_printable(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut column = 0;
    for (place, byte) in bytes.iter().copied().enumerate() {
        if byte == b'\r' {
            continue;
        }
        if byte == b'\n' {
            out.extend_from_slice(b"\r\n");
            column = 0;
            continue;
        }
        let is_last_of_line = matches!(bytes.get(place + 1), None | Some(b'\r'));
        // Space at the end of a line gets lost on the way.
        let stands_for_itself = is_literal(byte) && !(is_last_of_line && matches!(byte, b' ' | b'\t'));
        let width = if stands_for_itself { 1 } else { 3 };
        if column + width > QUOTED_LINE - usize::from(!is_last_of_line) {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if stands_for_itself {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        column += width;
    }
}
