//! `POST /email`: the message as JSON, and what the answer means. Pure.
//! <https://postmarkapp.com/developer/api/email-api>

use domain::failure::{Outcome, Words};
use domain::outgoing::{File, Outgoing};
use net::http::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failures;
use crate::letter;

/// The name under which our id is given and comes back in every event.
pub(super) const METADATA: &str = "chancery_id";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Email<'a> {
    from: String,
    to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    cc: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    bcc: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_body: Option<&'a str>,
    message_stream: &'a str,
    metadata: Value,
    track_opens: bool,
    track_links: &'static str,
    headers: Vec<Header<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Header<'a> {
    name: &'a str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment<'a> {
    name: &'a str,
    content: String,
    content_type: &'a str,
    #[serde(rename = "ContentID", skip_serializing_if = "Option::is_none")]
    content_id: Option<String>,
}

/// The request's body.
pub(super) fn encode(message: &Outgoing, stream: &str) -> Vec<u8> {
    let (inline, attached) = letter::files(message);
    let mut attachments: Vec<Attachment<'_>> = inline
        .into_iter()
        .map(|file| Attachment {
            content_id: file.content_id.as_ref().map(|id| format!("cid:{id}")),
            ..attachment(file)
        })
        .collect();
    attachments.extend(attached.into_iter().map(attachment));
    let email = Email {
        from: letter::written(&message.from),
        to: letter::all_written(&message.to).join(", "),
        cc: letter::all_written(&message.cc).join(", "),
        bcc: letter::all_written(&message.bcc).join(", "),
        reply_to: message.reply_to.as_ref().map(letter::written),
        subject: &message.subject,
        text_body: letter::text(message),
        html_body: message.html.as_deref(),
        message_stream: stream,
        metadata: json!({ METADATA: message.id.to_string() }),
        // Whether people are watched is decided by the sender of the message, not by the server's settings.
        track_opens: false,
        track_links: "None",
        headers: headers(message),
        attachments,
    };
    serde_json::to_vec(&email).expect("a struct of texts is JSON")
}

fn headers(message: &Outgoing) -> Vec<Header<'_>> {
    let mut headers: Vec<Header<'_>> =
        letter::headers(message).into_iter().map(|(name, value)| Header { name, value }).collect();
    // Without it Postmark writes a Message-ID of its own.
    headers.push(Header { name: "X-PM-KeepID", value: "true".to_owned() });
    headers
}

fn attachment(file: &File) -> Attachment<'_> {
    Attachment {
        name: &file.filename,
        content: letter::base64(file),
        content_type: &file.content_type,
        content_id: None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    error_code: i64,
    #[serde(default)]
    message: String,
    #[serde(rename = "MessageID")]
    message_id: Option<String>,
}

/// What the answer means.
pub(super) fn decode(answer: &Response) -> Outcome {
    if answer.status != http::StatusCode::OK {
        return failures::outcome(answer);
    }
    let Ok(taken) = serde_json::from_slice::<Answer>(&answer.body) else {
        return Outcome::Unknown(Words::new("200", "the answer is not what Postmark answers"));
    };
    if taken.error_code != 0 {
        return failures::outcome(answer);
    }
    let Some(id) = taken.message_id.filter(|id| !id.is_empty()) else {
        return Outcome::Unknown(Words::new("200", "the answer names no MessageID"));
    };
    let refused = inactive(&taken.message);
    let words = Words::new(
        "200",
        if taken.message.is_empty() { "taken by Postmark".to_owned() } else { taken.message },
    );
    Outcome::Sent { provider_id: Some(id), words, refused }
}

/// `Message OK, but will not deliver to these inactive addresses: a@example.com, b@example.com`.
fn inactive(message: &str) -> Vec<(String, Words)> {
    let Some((_, listed)) = message.split_once("inactive addresses:") else { return Vec::new() };
    listed
        .split([',', ' ', ';'])
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.parse::<domain::address::EmailAddress>().is_ok())
        .map(|address| (address.to_owned(), Words::plain("inactive: Postmark does not deliver to it")))
        .collect()
}
