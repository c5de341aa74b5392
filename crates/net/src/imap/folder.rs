//! Names of folders as IMAP writes them: characters beyond ASCII in modified UTF-7 (RFC 3501 section 5.1.3), and the whole
//! in quotes.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;

const MUTF7: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A folder's name for a command. Control characters, which no folder has, are left out.
pub(super) fn quoted(name: &str) -> String {
    let mut out = String::from("\"");
    let mut beyond = Vec::new();
    for character in name.chars().filter(|character| !character.is_control()) {
        if character.is_ascii() {
            flush(&mut out, &mut beyond);
            match character {
                '&' => out.push_str("&-"),
                '"' | '\\' => out.extend(['\\', character]),
                plain => out.push(plain),
            }
        } else {
            let mut units = [0; 2];
            beyond.extend(character.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut out, &mut beyond);
    out.push('"');
    out
}

fn flush(out: &mut String, beyond: &mut Vec<u8>) {
    if !beyond.is_empty() {
        out.push('&');
        MUTF7.encode_string(&*beyond, out);
        out.push('-');
        beyond.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_rfc_does() {
        for (name, written) in [
            ("INBOX", "\"INBOX\""),
            ("[Gmail]/All Mail", "\"[Gmail]/All Mail\""),
            ("R&D", "\"R&-D\""),
            ("a\"b\\c\r\nd", "\"a\\\"b\\\\cd\""),
            ("Entwürfe", "\"Entw&APw-rfe\""),
            ("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""),
            ("🙂", "\"&2D3eQg-\""),
        ] {
            assert_eq!(quoted(name), written, "{name}");
        }
    }
}
