//! Reads of a mail what the stand-in needs to file it: few headers, taken as they stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A mail, read.
#[derive(Debug)]
pub struct Mail<'a> {
    pub message_id: Option<String>,
    pub subject: String,
    pub from: String,
    /// Everybody it is from or to.
    pub people: Vec<String>,
    /// Its own Message-ID, those it names, and its subject without marks.
    pub signs: Vec<String>,
    pub raw: &'a [u8],
}

pub fn read(raw: &[u8]) -> Mail<'_> {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let head = text.split("\n\n").next().unwrap_or_default().replace("\n ", " ");
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .unwrap_or_default()
            .to_owned()
    };
    let mut signs = between_brackets(&header("Message-ID"));
    let message_id = signs.first().cloned();
    signs.extend(between_brackets(&header("In-Reply-To")));
    signs.extend(between_brackets(&header("References")));
    let subject = decoded(&header("Subject"));
    let plain = ["Re: ", "RE: ", "AW: ", "SV: "].iter().find_map(|mark| subject.strip_prefix(mark));
    signs.push(format!("subject {}", plain.unwrap_or(&subject)));
    let from = between_brackets(&header("From")).pop().unwrap_or_default();
    let mut people = vec![from.clone()];
    people.extend(
        header("Cc").split(", ").map(|address| address.trim_matches(['<', '>', ' ', ',']).to_owned()),
    );
    Mail { message_id, subject, from, people, signs, raw }
}

/// Encoded words (RFC 2047) of the two alphabets that are used here; the space between two of them is no space.
fn decoded(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("=?") {
        if !before.trim().is_empty() || out.is_empty() {
            out.push_str(before);
        }
        let mut parts = after.splitn(4, '?');
        let (Some(charset), Some(how), Some(word), Some(end)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            break;
        };
        let bytes = if how == "B" { STANDARD.decode(word).unwrap_or_default() } else { unquoted(word) };
        match charset {
            "utf-8" => out.push_str(&String::from_utf8_lossy(&bytes)),
            _ => out.extend(bytes.iter().map(|byte| char::from(*byte))),
        }
        rest = end.strip_prefix('=').unwrap_or(end);
    }
    out.push_str(rest);
    out
}

fn unquoted(word: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code =
            after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        rest = after;
        match (first, code) {
            (b'=', Some(code)) => {
                bytes.push(code);
                rest = &after[2..];
            }
            (b'_', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    bytes
}

fn between_brackets(value: &str) -> Vec<String> {
    value.split('<').skip(1).filter_map(|part| Some(part.split_once('>')?.0.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::{decoded, read};
    use crate::post::encoding::{header, header_latin1};

    #[test]
    fn encoded_subjects_are_read() {
        let long = "Réclamation très longue, à propos de la livraison nº 144".to_owned();
        for subject in ["Box 7", "Grüße 7", long.as_str()] {
            assert_eq!(decoded(&header(subject).replace("\r\n", "")), subject);
            assert_eq!(decoded(&header_latin1(subject).replace("\r\n", "")), subject);
            assert_eq!(
                decoded(&format!("Re: {}", header(subject).replace("\r\n", ""))),
                format!("Re: {subject}")
            );
        }
    }

    #[test]
    fn a_reply_bears_the_signs_of_its_thread() {
        let raw = b"From: J <j@example.com>\r\nCc: k@example.com\r\nSubject: Re: Box\r\nMessage-ID: <c>\r\nReferences: <a>\r\n <b>\r\n\r\nHello";
        let mail = read(raw);
        assert_eq!(mail.signs, ["c", "a", "b", "subject Box"]);
        assert_eq!(mail.people, ["j@example.com", "k@example.com"]);
    }
}
