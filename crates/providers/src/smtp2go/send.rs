//! `POST /email/send`: the message as JSON, and what the answer means. Pure.
//! <https://developers.smtp2go.com/reference/send-standard-email>

use domain::failure::{Outcome, RejectReason, Words};
use domain::outgoing::{File, Outgoing};
use net::http::Response;
use serde::{Deserialize, Serialize};

use super::failures;
use crate::letter;

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

/// The request's body.
pub(super) fn encode(message: &Outgoing) -> Vec<u8> {
    let (inline, attached) = letter::files(message);
    let email = Email {
        sender: letter::written(&message.from),
        to: letter::all_written(&message.to),
        cc: letter::all_written(&message.cc),
        bcc: letter::all_written(&message.bcc),
        subject: &message.subject,
        text_body: letter::text(message),
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
    let reply_to = message.reply_to.iter().map(|mailbox| ("Reply-To", letter::written(mailbox)));
    let mut headers = letter::headers(message);
    headers.extend(reply_to);
    headers.into_iter().map(|(header, value)| Header { header, value }).collect()
}

fn blob<'a>(file: &'a File, filename: &'a str) -> Blob<'a> {
    Blob { filename, mimetype: &file.content_type, fileblob: letter::base64(file) }
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
