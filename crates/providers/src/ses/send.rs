//! `POST /v2/email/outbound-emails`: our own MIME in the request, and what the answer means. Pure.
//! <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>

use domain::address::{EmailAddress, Mailbox};
use domain::failure::{Outcome, Words};
use domain::outgoing::Outgoing;
use net::http::Response;
use net::signature::base64;
use serde::{Deserialize, Serialize};

use super::failures;

pub(super) const PATH: &str = "/v2/email/outbound-emails";
/// The tag by which events name our message.
pub(super) const REFERENCE_TAG: &str = "chancery-id";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail<'a> {
    from_email_address: &'a str,
    destination: Destination<'a>,
    content: Content,
    email_tags: [Tag<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set_name: Option<&'a str>,
}

/// Who gets it, whatever the headers say: blind copies stand only here.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Destination<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to_addresses: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc_addresses: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bcc_addresses: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    raw: Raw,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    data: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    name: &'a str,
    value: &'a str,
}

/// The request's body.
pub(super) fn encode(message: &Outgoing, mime: &[u8], configuration_set: Option<&str>) -> Vec<u8> {
    let mut seen: Vec<&EmailAddress> = Vec::new();
    let id = message.id.to_string();
    let email = SendEmail {
        from_email_address: message.from.address.as_str(),
        destination: Destination {
            to_addresses: fresh(&message.to, &mut seen),
            cc_addresses: fresh(&message.cc, &mut seen),
            bcc_addresses: fresh(&message.bcc, &mut seen),
        },
        content: Content { raw: Raw { data: base64(mime) } },
        email_tags: [Tag { name: REFERENCE_TAG, value: &id }],
        configuration_set_name: configuration_set,
    };
    serde_json::to_vec(&email).expect("a struct of texts is JSON")
}

/// The addresses that are not in an earlier field: one that is in two would get two copies.
fn fresh<'a>(mailboxes: &'a [Mailbox], seen: &mut Vec<&'a EmailAddress>) -> Vec<&'a str> {
    let mut fresh = Vec::with_capacity(mailboxes.len());
    for Mailbox { address, .. } in mailboxes {
        if !seen.contains(&address) {
            seen.push(address);
            fresh.push(address.as_str());
        }
    }
    fresh
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    message_id: String,
}

/// What the answer means.
pub(super) fn decode(answer: &Response) -> Outcome {
    if answer.status != http::StatusCode::OK {
        return failures::outcome(answer);
    }
    match serde_json::from_slice(&answer.body) {
        Ok(Answer { message_id }) if !message_id.is_empty() => Outcome::Sent {
            provider_id: Some(message_id),
            words: Words::new("200", "taken by Amazon SES"),
            refused: Vec::new(),
        },
        _ => Outcome::Unknown(Words::new("200", "the answer is not what SES answers")),
    }
}
