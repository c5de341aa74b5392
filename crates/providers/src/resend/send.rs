//! `POST /emails`: the message as JSON, and what the answer means. Pure.
//! <https://resend.com/docs/api-reference/emails/send-email>

use std::collections::BTreeMap;

use domain::failure::{LookUp, Outcome, Words};
use domain::outgoing::Outgoing;
use http::HeaderValue;
use net::http::Response;
use serde::{Deserialize, Serialize};

use super::failures;
use crate::letter;

/// The tag in which our id goes with the message and comes back in every event.
pub(super) const TAG: &str = "chancery_id";
/// The tag that a message to several recipients has: its events do not say whose they are, even when `to` names one.
pub(super) const SEVERAL_TAG: &str = "chancery_several";

#[derive(Serialize)]
struct Email<'a> {
    from: String,
    to: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<&'a str>,
    headers: BTreeMap<&'a str, String>,
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
}

#[derive(Serialize)]
struct Tag {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Attachment<'a> {
    filename: &'a str,
    content: String,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_id: Option<&'a str>,
}

/// The request's body: the same bytes on every attempt of one trial, as the idempotency key demands.
pub(super) fn encode(message: &Outgoing) -> Vec<u8> {
    let (inline, attached) = letter::files(message);
    let attachments = inline.into_iter().map(|file| (file, file.content_id.as_deref()));
    let attachments = attachments.chain(attached.into_iter().map(|file| (file, None)));
    let email = Email {
        from: letter::written(&message.from),
        to: letter::all_written(&message.to),
        cc: letter::all_written(&message.cc),
        bcc: letter::all_written(&message.bcc),
        reply_to: message.reply_to.as_ref().map(letter::written),
        subject: &message.subject,
        text: letter::text(message),
        html: message.html.as_deref(),
        headers: letter::headers(message).into_iter().collect(),
        tags: tags(message),
        attachments: attachments
            .map(|(file, content_id)| Attachment {
                filename: &file.filename,
                content: letter::base64(file),
                content_type: &file.content_type,
                content_id,
            })
            .collect(),
    };
    serde_json::to_vec(&email).expect("a struct of texts is JSON")
}

fn tags(message: &Outgoing) -> Vec<Tag> {
    let mut tags = vec![Tag { name: TAG, value: message.id.to_string() }];
    let several = message.recipients().len();
    if several > 1 {
        tags.push(Tag { name: SEVERAL_TAG, value: several.to_string() });
    }
    tags
}

/// One for each trial: its repetitions are one message, and one that a person asks for anew is another.
pub(super) fn idempotency_key(message: &Outgoing) -> HeaderValue {
    HeaderValue::try_from(format!("{}/{}", message.id, message.trial)).expect("ids are ASCII")
}

#[derive(Deserialize)]
struct Answer {
    id: String,
}

/// What the answer means.
pub(super) fn decode(answer: &Response) -> Outcome {
    if !answer.status.is_success() {
        return failures::outcome(answer);
    }
    match serde_json::from_slice::<Answer>(&answer.body) {
        Ok(Answer { id }) if !id.is_empty() => Outcome::Sent {
            provider_id: Some(id),
            words: Words::new(answer.status.as_str(), "taken by Resend"),
            refused: Vec::new(),
        },
        _ => Outcome::Unknown(Words::new(answer.status.as_str(), "the answer names no id")),
    }
}

#[derive(Deserialize)]
struct Known {
    #[serde(default)]
    last_event: Option<String>,
}

/// What `GET /emails/{id}` says. That it is not there proves nothing about a request without an answer.
pub(super) fn decode_look_up(answer: &Response, id: &str) -> LookUp {
    if answer.status != http::StatusCode::OK {
        return LookUp::Failed(failures::outcome(answer).words().clone());
    }
    match serde_json::from_slice::<Known>(&answer.body) {
        Ok(known) => LookUp::Found {
            provider_id: Some(id.to_owned()),
            words: Words::plain(format!(
                "known to Resend: {}",
                known.last_event.as_deref().unwrap_or("no event")
            )),
        },
        Err(_) => LookUp::Failed(Words::plain("the answer is not what Resend answers")),
    }
}
