//! `POST /v3/mail/send`: the message as JSON, and what the answer means. Pure.
//! <https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send>

use std::collections::BTreeMap;

use domain::address::Mailbox;
use domain::clock::Timestamp;
use domain::failure::{Outcome, Words};
use domain::outgoing::{File, Outgoing};
use net::http::Response;
use serde::Serialize;

use super::failures;
use crate::letter;

/// The custom argument in which our message id comes back with every event.
pub(super) const REFERENCE_ARGUMENT: &str = "chancery_id";

/// Headers that refuse the whole message, beside those that are never given.
const RESERVED: &[&str] = &["x-sg-id", "x-sg-eid"];

#[derive(Serialize)]
struct Mail<'a> {
    personalizations: [Personalization<'a>; 1],
    from: Address<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Address<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    content: Vec<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_settings: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct Personalization<'a> {
    to: Vec<Address<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<Address<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<Address<'a>>,
    custom_args: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct Address<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Attachment<'a> {
    content: String,
    filename: &'a str,
    r#type: &'a str,
    disposition: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

/// The request's body.
pub(super) fn encode(message: &Outgoing, sandbox: bool) -> Vec<u8> {
    // An address that occurs twice refuses the whole message.
    let mut seen: Vec<String> = Vec::new();
    let mut once = |mailboxes: &'_ [Mailbox]| -> Vec<usize> {
        let mut kept = Vec::new();
        for (index, mailbox) in mailboxes.iter().enumerate() {
            let key = mailbox.address.key();
            if !seen.contains(&key) {
                seen.push(key);
                kept.push(index);
            }
        }
        kept
    };
    let [to, cc, bcc] = [&message.to, &message.cc, &message.bcc]
        .map(|mailboxes| once(mailboxes).into_iter().map(|index| address(&mailboxes[index])).collect());
    let (inline, attached) = letter::files(message);
    let custom_args = BTreeMap::from([(REFERENCE_ARGUMENT, message.id.to_string())]);
    let mail = Mail {
        personalizations: [Personalization { to, cc, bcc, custom_args }],
        from: address(&message.from),
        reply_to: message.reply_to.as_ref().map(address),
        subject: &message.subject,
        content: content(message),
        attachments: inline
            .into_iter()
            .map(|file| attachment(file, true))
            .chain(attached.into_iter().map(|file| attachment(file, false)))
            .collect(),
        headers: letter::headers(message)
            .into_iter()
            .filter(|(name, _)| !RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name)))
            .collect(),
        mail_settings: sandbox.then(|| serde_json::json!({ "sandbox_mode": { "enable": true } })),
    };
    serde_json::to_vec(&mail).expect("a struct of texts is JSON")
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    let name = mailbox.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    Address { email: mailbox.address.as_str(), name }
}

/// The text comes first. Neither may be empty.
fn content(message: &Outgoing) -> Vec<Content<'_>> {
    let full = |text: &'_ str| !text.is_empty();
    let mut content = Vec::new();
    if let Some(value) = message.text.as_deref().filter(|text| full(text)) {
        content.push(Content { r#type: "text/plain", value });
    }
    if let Some(value) = message.html.as_deref().filter(|html| full(html)) {
        content.push(Content { r#type: "text/html", value });
    }
    if content.is_empty() {
        content.push(Content { r#type: "text/plain", value: " " });
    }
    content
}

fn attachment(file: &File, is_inline: bool) -> Attachment<'_> {
    Attachment {
        content: letter::base64(file),
        filename: &file.filename,
        r#type: &file.content_type,
        disposition: if is_inline { "inline" } else { "attachment" },
        content_id: file.content_id.as_deref().filter(|_| is_inline),
    }
}

/// What the answer means.
pub(super) fn decode(answer: &Response, sandbox: bool, now: Timestamp) -> Outcome {
    match answer.status.as_u16() {
        202 => {
            let id = answer.headers.get("x-message-id").and_then(|id| id.to_str().ok()).map(str::trim);
            Outcome::Sent {
                provider_id: id.filter(|id| !id.is_empty()).map(str::to_owned),
                words: Words::new("202", "taken by SendGrid"),
                refused: Vec::new(),
            }
        }
        200 if sandbox => Outcome::Sent {
            provider_id: None,
            words: Words::new("200", "checked by SendGrid's sandbox, and not delivered"),
            refused: Vec::new(),
        },
        _ => failures::outcome(answer, now),
    }
}

/// The id in a Message-ID that SendGrid wrote in place of ours, such as `abcdefghijklmnopqrstuv@geopod-ismtpd-1`.
pub(super) fn id_in(message_id: &str) -> Option<&str> {
    let (id, host) = message_id.split_once('@')?;
    let is_id =
        id.len() == 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let is_host = host.contains("ismtpd") || host.ends_with("sendgrid.net");
    (is_id && is_host).then_some(id)
}
