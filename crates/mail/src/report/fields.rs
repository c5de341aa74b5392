//! The blocks of fields that reports are made of (RFC 3464 section 2.1): written like headers, apart by empty lines.

use domain::address::EmailAddress;
use domain::clock::Timestamp;

/// Blocks beyond this number are not read: no honest report speaks of so many recipients.
const MAX_BLOCKS: usize = 1_000;
const MAX_FIELDS: usize = 200;

/// One block; names in lower case.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Every block of a part.
    pub(super) fn blocks(bytes: &[u8]) -> Vec<Fields> {
        let text = String::from_utf8_lossy(bytes);
        let mut blocks = Vec::new();
        let mut block = Fields::default();
        for line in text.lines() {
            if line.trim().is_empty() {
                if !block.0.is_empty() {
                    blocks.push(std::mem::take(&mut block));
                }
                if blocks.len() == MAX_BLOCKS {
                    break;
                }
            } else if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = block.0.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':')
                && block.0.len() < MAX_FIELDS
            {
                block.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        if !block.0.is_empty() {
            blocks.push(block);
        }
        blocks
    }

    /// The first field of this name that says anything.
    pub(super) fn get(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(found, value)| found == name && !value.is_empty())
            .map(|(_, value)| &**value)
    }

    pub(super) fn time(&self, name: &'static str) -> Option<Timestamp> {
        time(self.get(name)?)
    }
}

/// A date as mail writes it.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let date = mail_parser::DateTime::parse_rfc822(text).filter(mail_parser::DateTime::is_valid)?;
    Some(Timestamp::from_micros(date.to_timestamp().saturating_mul(1_000_000)))
}

/// `dns; mx.example.com` without its type.
pub(super) fn untyped(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, rest)| rest).trim()
}

/// `rfc822; jane@example.com`, `utf-8; …` and what servers write instead: brackets, no type, `xtext`.
pub(super) fn address(value: &str) -> Option<EmailAddress> {
    let (kind, text) = match value.split_once(';') {
        Some((kind, text)) => (kind.trim().to_ascii_lowercase(), text.trim()),
        None => (String::new(), value.trim()),
    };
    let text = text.trim_matches(['<', '>', ' ', '"']);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    if kind == "utf-8"
        && let Some(unescaped) = unescaped(text)
    {
        return unescaped.parse().ok();
    }
    text.parse().ok().or_else(|| from_xtext(text)?.parse().ok())
}

/// RFC 6533 section 3: `\x{e4}` for characters that the way does not carry.
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x{") {
        let (digits, after) = after.split_once('}')?;
        out.push_str(before);
        out.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// RFC 3461 section 4: `+2B` for a plus sign. Some servers give the address back as it stood in the envelope.
fn from_xtext(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'+' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            out.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            out.push(*first);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}
