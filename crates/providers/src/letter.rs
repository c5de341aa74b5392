//! The parts of a message as HTTP APIs of mail take them: addresses, headers, files. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::Mailbox;
use domain::outgoing::{File, Outgoing};

/// The header by which a message is found again, wherever the vendor has no better place for our id.
pub(crate) const REFERENCE_HEADER: &str = "X-Chancery-Id";

/// Headers that are written from the message itself, or by the vendor.
const OWN_HEADERS: &[&str] = &[
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "mime-version",
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "reply-to",
    "return-path",
    "received",
    "dkim-signature",
    "x-chancery-id",
];

/// Our id, the headers of the thread, and those of the sender's choice that are free. Values hold no line ends.
pub(crate) fn headers(message: &Outgoing) -> Vec<(&str, String)> {
    let mut headers = vec![
        (REFERENCE_HEADER, message.id.to_string()),
        ("Message-ID", format!("<{}>", message.rfc_message_id)),
    ];
    if let Some(parent) = &message.in_reply_to {
        headers.push(("In-Reply-To", format!("<{parent}>")));
    }
    if !message.references.is_empty() {
        let ids: Vec<String> = message.references.iter().map(|id| format!("<{id}>")).collect();
        headers.push(("References", ids.join(" ")));
    }
    for (name, value) in &message.headers {
        if !OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            headers.push((name, value.replace(['\r', '\n'], " ")));
        }
    }
    headers
}

/// `Jane Doe <jane@example.com>`, with the name in quotes where it holds more than words.
pub(crate) fn written(mailbox: &Mailbox) -> String {
    match mailbox.name.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        None => mailbox.address.as_str().to_owned(),
        Some(name) if name.chars().all(|c| c.is_alphanumeric() || c == ' ') => {
            format!("{name} <{}>", mailbox.address)
        }
        Some(name) => {
            let kept: String = name.chars().filter(|character| !character.is_control()).collect();
            format!("\"{}\" <{}>", kept.replace('\\', "\\\\").replace('"', "\\\""), mailbox.address)
        }
    }
}

pub(crate) fn all_written(mailboxes: &[Mailbox]) -> Vec<String> {
    mailboxes.iter().map(written).collect()
}

/// The text that is sent: a message without HTML needs one, and it may be empty.
pub(crate) fn text(message: &Outgoing) -> Option<&str> {
    message.text.as_deref().or(if message.html.is_none() { Some("") } else { None })
}

/// The files that the HTML shows, and those that go beside it.
pub(crate) fn files(message: &Outgoing) -> (Vec<&File>, Vec<&File>) {
    message.attachments.iter().partition(|file| file.content_id.is_some() && message.html.is_some())
}

pub(crate) fn base64(file: &File) -> String {
    STANDARD.encode(&file.bytes)
}

/// What a message weighs, near enough for a limit.
pub(crate) fn size(message: &Outgoing) -> u64 {
    let text = message.text.as_ref().map_or(0, String::len) + message.html.as_ref().map_or(0, String::len);
    let files: usize = message.attachments.iter().map(|file| file.bytes.len()).sum();
    (text + files) as u64
}
