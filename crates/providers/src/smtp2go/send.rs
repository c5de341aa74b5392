//! `POST /email/send`: the message as JSON, and what the answer means. Pure.
//! <https://developers.smtp2go.com/reference/send-standard-email>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::Mailbox;
use domain::failure::{Outcome, RejectReason, Words};
use domain::outgoing::{File, Outgoing};
use net::http::Response;
use serde::{Deserialize, Serialize};

use super::failures;

/// The header by which a message is found again: in webhooks, when its echo is switched on, and by activity search.
pub(super) const REFERENCE_HEADER: &str = "X-Chancery-Id";

/// Headers that SMTP2GO writes itself and refuses, or that are fields of their own.
const OWN_HEADERS: &[&str] = &[
    "content-type",
    "content-transfer-encoding",
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
    "x-chancery-id",
];

#[derive(Serialize)]
struct Email<'a> {
    sender: String,
    to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<String>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_body: Option<&'a str>,
    custom_headers: Vec<Header<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Blob<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inlines: Vec<Blob<'a>>,
}

#[derive(Serialize)]
struct Header<'a> {
    header: &'a str,
    value: String,
}

#[derive(Serialize)]
struct Blob<'a> {
    filename: &'a str,
    mimetype: &'a str,
    fileblob: String,
}

/// What a message weighs, near enough for the limit.
pub(super) fn size(message: &Outgoing) -> u64 {
    let text = message.text.as_ref().map_or(0, String::len) + message.html.as_ref().map_or(0, String::len);
    let files: usize = message.attachments.iter().map(|file| file.bytes.len()).sum();
    (text + files) as u64
}

/// The request's body.
pub(super) fn encode(message: &Outgoing) -> Vec<u8> {
    let (inline, attached): (Vec<&File>, Vec<&File>) =
        message.attachments.iter().partition(|file| file.content_id.is_some() && message.html.is_some());
    let email = Email {
        sender: written(&message.from),
        to: message.to.iter().map(written).collect(),
        cc: message.cc.iter().map(written).collect(),
        bcc: message.bcc.iter().map(written).collect(),
        subject: &message.subject,
        // A message needs one of the two, and may be empty.
        text_body: message.text.as_deref().or(if message.html.is_none() { Some("") } else { None }),
        html_body: message.html.as_deref(),
        custom_headers: headers(message),
        attachments: attached.into_iter().map(|file| blob(file, &file.filename)).collect(),
        // The HTML refers to a picture by the name it is given here.
        inlines: inline
            .into_iter()
            .map(|file| blob(file, file.content_id.as_deref().unwrap_or(&file.filename)))
            .collect(),
    };
    serde_json::to_vec(&email).expect("a struct of texts is JSON")
}

fn headers(message: &Outgoing) -> Vec<Header<'_>> {
    let mut headers = vec![
        Header { header: REFERENCE_HEADER, value: message.id.to_string() },
        Header { header: "Message-ID", value: format!("<{}>", message.rfc_message_id) },
    ];
    if let Some(reply_to) = &message.reply_to {
        headers.push(Header { header: "Reply-To", value: written(reply_to) });
    }
    if let Some(parent) = &message.in_reply_to {
        headers.push(Header { header: "In-Reply-To", value: format!("<{parent}>") });
    }
    if !message.references.is_empty() {
        let ids: Vec<String> = message.references.iter().map(|id| format!("<{id}>")).collect();
        headers.push(Header { header: "References", value: ids.join(" ") });
    }
    for (name, value) in &message.headers {
        if !OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            headers.push(Header { header: name, value: value.replace(['\r', '\n'], " ") });
        }
    }
    headers
}

/// `Jane Doe <jane@example.com>`, with the name in quotes where it holds more than words.
fn written(mailbox: &Mailbox) -> String {
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

fn blob<'a>(file: &'a File, filename: &'a str) -> Blob<'a> {
    Blob { filename, mimetype: &file.content_type, fileblob: STANDARD.encode(&file.bytes) }
}

#[derive(Deserialize)]
struct Answer {
    data: Taken,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Taken {
    email_id: Option<String>,
    schedule_id: Option<String>,
    succeeded: Option<u32>,
    failed: Option<u32>,
    failures: Vec<serde_json::Value>,
}

/// What the answer means.
pub(super) fn decode(answer: &Response) -> Outcome {
    if answer.status != http::StatusCode::OK {
        return failures::outcome(answer);
    }
    let Ok(Answer { data }) = serde_json::from_slice(&answer.body) else {
        return Outcome::Unknown(Words::new("200", "the answer is not what SMTP2GO answers"));
    };
    let refused: Vec<(String, Words)> = data.failures.iter().map(failures::recipient).collect();
    let id = data.email_id.or(data.schedule_id);
    let has_failed = data.failed.unwrap_or(0) > 0 || !refused.is_empty();
    if has_failed && data.succeeded.unwrap_or(0) == 0 {
        let detail = match refused.as_slice() {
            [] => "SMTP2GO refused the message without saying why".to_owned(),
            some => some.iter().map(|(_, words)| words.detail.as_str()).collect::<Vec<_>>().join("; "),
        };
        let reason = failures::reason_in_words(&detail);
        return Outcome::Rejected { reason, words: Words::new("200", detail) };
    }
    if id.is_none() && !has_failed {
        return Outcome::Unknown(Words::new("200", "the answer names no email_id"));
    }
    Outcome::Sent { provider_id: id, words: Words::new("200", "taken by SMTP2GO"), refused }
}

/// A message that was wrong in itself.
pub(super) fn invalid(words: Words) -> Outcome {
    Outcome::Rejected { reason: RejectReason::Invalid, words }
}
