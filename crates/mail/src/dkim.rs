//! DKIM (RFC 6376, RFC 8463): signs a finished mail, so that whoever receives it can tell that it is ours and whole.
//! Relaxed in both parts; the same mail, keys and time always give the same header.

mod canonical;
mod key;
mod record;

pub use key::{Algorithm, Key, NotAKey, make};
pub use record::Record;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::Timestamp;

/// What is signed when it is there. `true`: one more than there is, so that a second one cannot be added later.
const SIGNED: &[(&str, bool)] = &[
    ("from", true),
    ("sender", false),
    ("reply-to", true),
    ("to", true),
    ("cc", true),
    ("subject", true),
    ("date", true),
    ("message-id", true),
    ("in-reply-to", false),
    ("references", false),
    ("mime-version", true),
    ("content-type", true),
    ("content-transfer-encoding", true),
    ("list-id", false),
    // RFC 8058: one-click unsubscribing counts only when both are signed.
    ("list-unsubscribe", false),
    ("list-unsubscribe-post", false),
    ("auto-submitted", false),
];

/// How long a line of a signature's base 64 is.
const LINE: usize = 72;

/// The signatures of a mail as header fields, to be put in front of it: one for each key. Nothing when there is no key.
///
/// `mail` is the whole message with CR LF line ends, as it goes out.
#[must_use]
pub fn sign(mail: &[u8], keys: &[Key], now: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(keys.len() * 1024);
    if keys.is_empty() {
        return out;
    }
    let (head, body) = canonical::parts(mail);
    let mut digest = Context::new(&SHA256);
    canonical::body(body, |piece| digest.update(piece));
    let body_hash = STANDARD.encode(digest.finish());
    let fields: Vec<canonical::Field<'_>> = canonical::fields(head).collect();
    let (names, covered) = select(&fields);
    for key in keys {
        let unsigned = format!(
            "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
            key.algorithm.tag(),
            key.domain,
            key.selector,
            now.seconds(),
            folded(&names),
        );
        let mut input = covered.clone();
        canonical::header(unsigned.as_bytes(), &mut input);
        let signature = STANDARD.encode(key.sign(&input));
        out.extend_from_slice(unsigned.as_bytes());
        for (number, line) in signature.as_bytes().chunks(LINE).enumerate() {
            if number > 0 {
                out.extend_from_slice(b"\r\n\t");
            }
            out.extend_from_slice(line);
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The names for `h=` and the canonical form of the fields that they name. Of several with one name the last is taken
/// first (RFC 6376 section 5.4.2).
fn select(fields: &[canonical::Field<'_>]) -> (Vec<&'static str>, Vec<u8>) {
    let (mut names, mut covered) = (Vec::with_capacity(24), Vec::with_capacity(1024));
    for (name, once_more) in SIGNED {
        for field in fields.iter().rev().filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes())) {
            names.push(*name);
            canonical::header(field.whole, &mut covered);
            covered.extend_from_slice(b"\r\n");
        }
        if *once_more {
            names.push(*name);
        }
    }
    (names, covered)
}

/// Names with colons between, in lines that no server breaks.
fn folded(names: &[&str]) -> String {
    let (mut text, mut width) = (String::with_capacity(names.len() * 14), 0);
    for (number, name) in names.iter().enumerate() {
        if number > 0 {
            text.push(':');
            if width > LINE - 12 {
                text.push_str("\r\n\t ");
                width = 0;
            }
        }
        text.push_str(name);
        width += name.len() + 1;
    }
    text
}

#[cfg(test)]
mod tests;
