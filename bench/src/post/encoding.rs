//! Transfer encodings as mail clients write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Base64 in lines of 76.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + bytes.len() / 38);
    for line in bytes.chunks(57) {
        STANDARD.encode_string(line, &mut out);
        out.push_str("\r\n");
    }
    out
}

/// Quoted-printable; lines of `text` end with CR LF.
pub fn quoted_printable(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() * 11 / 10);
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut width = 0;
        for (index, byte) in line.iter().enumerate() {
            let plain = (33..=126).contains(byte) && *byte != b'=';
            let plain = plain || (*byte == b' ' && index + 1 < line.len());
            let size = if plain { 1 } else { 3 };
            if width + size > 75 {
                out.push_str("=\r\n");
                width = 0;
            }
            if plain {
                out.push(char::from(*byte));
            } else {
                out.push_str(&format!("={byte:02X}"));
            }
            width += size;
        }
        out.push_str("\r\n");
    }
    out
}

/// A header value: as it is when it is ASCII, else encoded words of UTF-8 (RFC 2047).
pub fn header(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let mut words = Vec::new();
    let mut part = String::new();
    for letter in value.chars() {
        if part.len() + letter.len_utf8() > 42 {
            words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(&part)));
            part.clear();
        }
        part.push(letter);
    }
    words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(&part)));
    words.join("\r\n ")
}

/// As `header`, in ISO 8859-1 and Q, as Outlook does where the letters allow.
pub fn header_latin1(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let Some(bytes) = latin1(value) else { return header(value) };
    let mut out = String::new();
    for word in bytes.chunks(20) {
        if !out.is_empty() {
            out.push_str("\r\n ");
        }
        out.push_str("=?iso-8859-1?Q?");
        for byte in word {
            match byte {
                b' ' => out.push('_'),
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => out.push(char::from(*byte)),
                _ => out.push_str(&format!("={byte:02X}")),
            }
        }
        out.push_str("?=");
    }
    out
}

/// The text in ISO 8859-1, when its letters are in there.
pub fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{header, header_latin1, quoted_printable};

    #[test]
    fn what_is_not_ascii_is_encoded_and_lines_stay_short() {
        assert_eq!(quoted_printable("a=ü \r\nb".as_bytes()), "a=3D=C3=BC=20\r\nb\r\n");
        assert!(quoted_printable(&[b'x'; 300]).lines().all(|line| line.len() <= 76));
        assert_eq!(header("Order 7"), "Order 7");
        assert_eq!(header("Grüße"), "=?utf-8?B?R3LDvMOfZQ==?=");
        assert_eq!(header_latin1("Grüße 7"), "=?iso-8859-1?Q?Gr=FC=DFe_7?=");
        assert!(header(&"ü".repeat(100)).lines().all(|line| line.len() <= 76));
    }
}
