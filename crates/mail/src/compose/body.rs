//! The parts of a message: text, HTML, inline files, attachments, in the nesting that mail programs expect.

use domain::outgoing::File;

use super::encoding;

/// What a message is made of.
#[derive(Clone, Copy)]
pub(crate) struct Content<'a> {
    pub text: Option<&'a str>,
    pub html: Option<&'a str>,
    pub files: &'a [File],
    /// The boundaries are made from it.
    pub seed: &'a str,
}

/// Writes the content headers of the message and everything below.
pub(crate) fn write(out: &mut Vec<u8>, message: &Content<'_>) {
    let boundaries = Boundaries::of(message.seed);
    let (inline, attached): (Vec<&File>, Vec<&File>) =
        message.files.iter().partition(|file| file.content_id.is_some() && message.html.is_some());
    if attached.is_empty() {
        return related(out, message, &inline, &boundaries);
    }
    let mixed = boundaries.at('m');
    open(out, "mixed", &mixed);
    related(out, message, &inline, &boundaries);
    for attachment in attached {
        next(out, &mixed);
        file(out, attachment, None);
    }
    close(out, &mixed);
}

fn related(out: &mut Vec<u8>, message: &Content<'_>, inline: &[&File], boundaries: &Boundaries) {
    if inline.is_empty() {
        return alternative(out, message, boundaries);
    }
    let boundary = boundaries.at('r');
    open(out, "related", &boundary);
    alternative(out, message, boundaries);
    for image in inline {
        next(out, &boundary);
        file(out, image, image.content_id.as_deref());
    }
    close(out, &boundary);
}

fn alternative(out: &mut Vec<u8>, message: &Content<'_>, boundaries: &Boundaries) {
    match (message.text, message.html) {
        (Some(text), Some(html)) => {
            let boundary = boundaries.at('a');
            open(out, "alternative", &boundary);
            plain(out, text);
            next(out, &boundary);
            rich(out, html);
            close(out, &boundary);
        }
        (None, Some(html)) => rich(out, html),
        (text, None) => plain(out, text.unwrap_or_default()),
    }
}

fn plain(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"Content-Type: text/plain; charset=utf-8\r\n");
    encoding::text(out, text);
}

fn rich(out: &mut Vec<u8>, html: &str) {
    out.extend_from_slice(b"Content-Type: text/html; charset=utf-8\r\n");
    encoding::text(out, html);
}

fn file(out: &mut Vec<u8>, file: &File, content_id: Option<&str>) {
    out.extend_from_slice(b"Content-Type: ");
    out.extend_from_slice(usable_type(&file.content_type).as_bytes());
    out.extend_from_slice(b"\r\nContent-Disposition: ");
    out.extend_from_slice(if content_id.is_some() { &b"inline"[..] } else { b"attachment" });
    filename(out, &file.filename);
    out.extend_from_slice(b"\r\n");
    if let Some(content_id) = content_id {
        super::header::ids(out, "Content-ID", std::iter::once(content_id));
    }
    encoding::base64(out, &file.bytes);
}

/// The type as given when it is one, else the one that fits all. Types that have parts of their own may not be encoded
/// (RFC 2046 section 5), so they travel as bytes.
fn usable_type(content_type: &str) -> &str {
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.split_once('/') {
        Some((kind, subtype))
            if is_token(kind)
                && is_token(subtype)
                && !kind.eq_ignore_ascii_case("multipart")
                && !kind.eq_ignore_ascii_case("message") =>
        {
            essence
        }
        _ => "application/octet-stream",
    }
}

/// The `filename` parameter: quoted when it is short ASCII, else in the pieces of RFC 2231.
fn filename(out: &mut Vec<u8>, name: &str) {
    const PIECE: usize = 48;
    let is_simple = name.len() <= PIECE
        && name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && !b"\"\\%".contains(&byte));
    if is_simple {
        out.extend_from_slice(b";\r\n filename=\"");
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
        return;
    }
    let mut piece = String::with_capacity(PIECE + 3);
    let mut number = 0;
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            piece.push(char::from(byte));
        } else {
            piece.push_str(&format!("%{byte:02X}"));
        }
        if piece.len() >= PIECE {
            filename_piece(out, number, &piece);
            piece.clear();
            number += 1;
        }
    }
    if !piece.is_empty() || number == 0 {
        filename_piece(out, number, &piece);
    }
}

fn filename_piece(out: &mut Vec<u8>, number: u32, piece: &str) {
    let charset = if number == 0 { "utf-8''" } else { "" };
    out.extend_from_slice(format!(";\r\n filename*{number}*={charset}{piece}").as_bytes());
}

/// The boundaries of one message. `=_` occurs in no encoded part, and a plain part that has it gets encoded.
struct Boundaries(u64);

impl Boundaries {
    /// From the message id (FNV-1a), so that every attempt has the same bytes.
    fn of(message_id: &str) -> Boundaries {
        let hash = message_id.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        Boundaries(hash)
    }

    fn at(&self, level: char) -> String {
        format!("=_{level}{:016x}", self.0)
    }
}

/// The header of a multipart, and the boundary in front of its first part.
fn open(out: &mut Vec<u8>, kind: &str, boundary: &str) {
    for piece in
        ["Content-Type: multipart/", kind, ";\r\n boundary=\"", boundary, "\"\r\n\r\n--", boundary, "\r\n"]
    {
        out.extend_from_slice(piece.as_bytes());
    }
}

/// The boundary between two parts. The line end in front of it belongs to it (RFC 2046 section 5.1.1).
fn next(out: &mut Vec<u8>, boundary: &str) {
    for piece in ["\r\n--", boundary, "\r\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}

fn close(out: &mut Vec<u8>, boundary: &str) {
    for piece in ["\r\n--", boundary, "--\r\n"] {
        out.extend_from_slice(piece.as_bytes());
    }
}
