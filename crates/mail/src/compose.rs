//! Writes a message as RFC 5322 and MIME bytes. The same message always gives the same bytes, on every attempt, and
//! they pass through every server: lines end in CR LF and hold ASCII only, but for addresses that are not ASCII.

pub(crate) mod body;
mod encoding;
mod header;

use domain::outgoing::Outgoing;

/// The longest chain of `References`; of a longer one the first and the last are kept (RFC 5322 section 3.6.4 wants
/// all, but a line of headers has its limits in practice).
const MAX_REFERENCES: usize = 60;

/// Headers that are written from the message itself, or that say how the bytes are packed.
const OWN_HEADERS: &[&str] = &[
    "date",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "return-path",
    "received",
];

/// The whole message with CRLF line ends, without `Bcc`.
#[must_use]
pub fn compose(message: &Outgoing) -> Vec<u8> {
    let mut out = Vec::with_capacity(room_for(message));
    header::date(&mut out, message.date);
    header::mailboxes(&mut out, "From", std::slice::from_ref(&message.from));
    header::mailboxes(&mut out, "Reply-To", message.reply_to.as_slice());
    header::mailboxes(&mut out, "To", &message.to);
    header::mailboxes(&mut out, "Cc", &message.cc);
    if message.to.is_empty() && message.cc.is_empty() {
        // Only blind copies: some servers refuse a message that is addressed to nobody.
        out.extend_from_slice(b"To: undisclosed-recipients:;\r\n");
    }
    header::text(&mut out, "Subject", &message.subject);
    header::ids(&mut out, "Message-ID", std::iter::once(message.rfc_message_id.as_str()));
    header::ids(&mut out, "In-Reply-To", message.in_reply_to.as_deref().into_iter());
    header::ids(&mut out, "References", trimmed(&message.references));
    for (name, value) in &message.headers {
        if is_free(name) {
            header::text(&mut out, name, value);
        }
    }
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    let content = body::Content {
        text: message.text.as_deref(),
        html: message.html.as_deref(),
        files: &message.attachments,
        seed: &message.rfc_message_id,
    };
    body::write(&mut out, &content);
    out
}

/// Whether a header of the sender's choice may be written.
fn is_free(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
        && !OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

fn trimmed(references: &[String]) -> impl Iterator<Item = &str> {
    let left_out = references.len().saturating_sub(MAX_REFERENCES);
    let first = references.iter().take(1);
    first.chain(references.iter().skip(1 + left_out)).map(String::as_str)
}

fn room_for(message: &Outgoing) -> usize {
    let text = message.text.as_ref().map_or(0, String::len) + message.html.as_ref().map_or(0, String::len);
    let files: usize = message.attachments.iter().map(|file| file.bytes.len() * 11 / 8 + 512).sum();
    1024 + text + text / 8 + files
}

#[cfg(test)]
mod tests;
