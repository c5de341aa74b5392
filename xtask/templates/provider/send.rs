//! `POST /v1/messages`: the message as JSON, and what the answer means. Pure.
//! <https://acme.example/docs/api#send>

use domain::address::Mailbox;
use domain::failure::{Outcome, Words};
use domain::outgoing::{File, Outgoing};
use http::{HeaderValue, Method, header};
use net::http::{Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::Account;
use super::failures;

/// The request that sends a message.
pub(super) fn encode(message: &Outgoing, account: &Account) -> Request {
    let body = json!({
        "from": mailbox(&message.from),
        "to": mailboxes(&message.to),
        "cc": mailboxes(&message.cc),
        "bcc": mailboxes(&message.bcc),
        "reply_to": message.reply_to.as_ref().map(mailbox),
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "headers": headers(message),
        "attachments": message.attachments.iter().map(attachment).collect::<Vec<_>>(),
        // Comes back in every webhook.
        "reference": message.id.to_string(),
    });
    let url = format!("{}/v1/messages", account.base_url);
    authorized(Request::post_json(url, body.to_string(), account.timeout), account)
}

/// A question that sends nothing and needs the key.
pub(super) fn encode_check(account: &Account) -> Request {
    let mut request = Request::post_json(format!("{}/v1/account", account.base_url), "", account.timeout);
    request.method = Method::GET;
    request.headers.remove(header::CONTENT_TYPE);
    authorized(request, account)
}

fn authorized(mut request: Request, account: &Account) -> Request {
    let value = format!("Bearer {}", account.api_key.reveal());
    let mut value = HeaderValue::try_from(value).expect("the key was checked to be printable");
    value.set_sensitive(true);
    request.headers.insert(header::AUTHORIZATION, value);
    request
}

fn headers(message: &Outgoing) -> Value {
    let mut headers: serde_json::Map<String, Value> =
        message.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    headers.insert("Message-ID".to_owned(), format!("<{}>", message.rfc_message_id).into());
    if let Some(parent) = &message.in_reply_to {
        headers.insert("In-Reply-To".to_owned(), format!("<{parent}>").into());
    }
    if !message.references.is_empty() {
        let ids: Vec<String> = message.references.iter().map(|id| format!("<{id}>")).collect();
        headers.insert("References".to_owned(), ids.join(" ").into());
    }
    headers.into()
}

fn mailboxes(mailboxes: &[Mailbox]) -> Vec<Value> {
    mailboxes.iter().map(mailbox).collect()
}

fn mailbox(mailbox: &Mailbox) -> Value {
    json!({ "name": mailbox.name, "email": mailbox.address })
}

fn attachment(file: &File) -> Value {
    json!({
        "filename": file.filename,
        "content_type": file.content_type,
        "content_id": file.content_id,
        "content": net::signature::base64(&file.bytes),
    })
}

#[derive(Deserialize)]
struct Taken {
    id: String,
}

/// What the answer means.
pub(super) fn decode(answer: &Response) -> Outcome {
    if !answer.status.is_success() {
        return failures::outcome(answer);
    }
    let code = answer.status.as_str();
    match serde_json::from_slice::<Taken>(&answer.body) {
        Ok(Taken { id }) => {
            let words = Words::new(code, "taken");
            Outcome::Sent { provider_id: Some(id), words, refused: Vec::new() }
        }
        // Something in front of the vendor may have answered in its place.
        Err(_) => Outcome::Unknown(Words::new(code, "the answer is not what Acme answers")),
    }
}
