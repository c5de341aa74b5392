//! `POST /v3/{domain}/messages`: the message as a form, and what the answer means. Pure.
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/openapi-final/tag/Messages/>

use domain::clock::Timestamp;
use domain::failure::{Outcome, Words};
use domain::outgoing::Outgoing;
use net::http::Response;
use serde::Deserialize;

use super::failures;
use super::multipart::{self, Form, Part};
use crate::letter;

/// The variable in which our message id comes back with every event.
pub(super) const REFERENCE_VARIABLE: &str = "chancery_id";

/// The request's body.
pub(super) fn encode(message: &Outgoing, sandbox: bool) -> Form {
    let mut fields: Vec<(String, String)> = vec![
        ("from".to_owned(), letter::written(&message.from)),
        ("subject".to_owned(), message.subject.clone()),
    ];
    for (name, mailboxes) in [("to", &message.to), ("cc", &message.cc), ("bcc", &message.bcc)] {
        fields.extend(letter::all_written(mailboxes).into_iter().map(|mailbox| (name.to_owned(), mailbox)));
    }
    if let Some(text) = letter::text(message) {
        // A form without a body is refused, and an empty one may count as none.
        fields.push(("text".to_owned(), if text.is_empty() { " ".to_owned() } else { text.to_owned() }));
    }
    if let Some(html) = &message.html {
        fields.push(("html".to_owned(), html.clone()));
    }
    for (name, value) in letter::headers(message) {
        fields.push((format!("h:{name}"), value));
    }
    if let Some(reply_to) = &message.reply_to {
        fields.push(("h:Reply-To".to_owned(), letter::written(reply_to)));
    }
    fields.push((format!("v:{REFERENCE_VARIABLE}"), message.id.to_string()));
    if sandbox {
        fields.push(("o:testmode".to_owned(), "yes".to_owned()));
    }
    let (inline, attached) = letter::files(message);
    let mut parts: Vec<Part<'_>> = fields.iter().map(|(name, value)| Part::Field(name, value)).collect();
    parts.extend(attached.into_iter().map(|file| Part::File("attachment", &file.filename, file)));
    // The HTML refers to a picture by the name it is given here.
    parts.extend(
        inline
            .into_iter()
            .map(|file| Part::File("inline", file.content_id.as_deref().unwrap_or(&file.filename), file)),
    );
    multipart::write(message.id, &parts)
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    message: String,
}

/// What the answer means.
pub(super) fn decode(answer: &Response, now: Timestamp) -> Outcome {
    if answer.status != http::StatusCode::OK {
        return failures::outcome(answer, now);
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Answer { id, message }) if message.starts_with("Queued") => Outcome::Sent {
            provider_id: Some(bare(&id)).filter(|id| !id.is_empty()),
            words: Words::new("200", message),
            refused: Vec::new(),
        },
        // Any path that is no endpoint is answered with 200 and a greeting.
        Err(_) if String::from_utf8_lossy(&answer.body).contains("Mailgun Magnificent API") => {
            Outcome::Misconfigured(Words::new("200", "there is no such endpoint: the base URL is wrong"))
        }
        _ => Outcome::Unknown(Words::new("200", "the answer is not what Mailgun answers")),
    }
}

/// Ids stand in angle brackets in answers and without in events.
pub(super) fn bare(id: &str) -> String {
    id.trim().trim_matches(['<', '>']).to_owned()
}

/// A Message-ID that Mailgun wrote in place of ours, such as `20261120143638.0d1e2f3a4b5c6d7e@mg.example.com`: it is the
/// id that the answer named.
pub(super) fn own_form(message_id: &str) -> Option<&str> {
    let (left, domain) = message_id.split_once('@')?;
    let (time, rest) = left.split_once('.')?;
    let is_own = time.len() == 14
        && time.bytes().all(|byte| byte.is_ascii_digit())
        && rest.len() >= 8
        && rest.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'.')
        && !domain.is_empty();
    is_own.then_some(message_id)
}
