//! `POST /v2/email/outbound-emails`: what the real one refuses is refused, the rest is taken.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::EmailAddress;
use domain::clock::Timestamp;
use serde_json::{Value, json};

use super::super::http::{Request, Turn};
use super::{Shared, error, ok};

pub(super) const PATH: &str = "/v2/email/outbound-emails";

const MAX_MESSAGE_BYTES: usize = 40 << 20;
const MAX_RECIPIENTS: usize = 50;
/// With its line end.
const MAX_LINE: usize = 1_000;

/// One message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The id in the answer and in events.
    pub message_id: String,
    /// The Message-ID that SES writes in place of the given one, without angle brackets.
    pub rfc_message_id: String,
    pub at: Timestamp,
    pub from: String,
    /// To, Cc and Bcc, as they were given.
    pub recipients: Vec<String>,
    pub tags: Vec<(String, String)>,
    pub configuration_set: Option<String>,
    /// The MIME as it was given.
    pub raw: Vec<u8>,
}

impl Taken {
    /// The tag of that name.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(super) fn send(shared: &Arc<Shared>, request: &Request) -> Turn {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return error(400, "SerializationException", "The body is not JSON.");
    };
    match read(shared, &body) {
        Ok(mut taken) => {
            let number = shared.number();
            taken.message_id = format!("0107018f5a3c2b1d-00000000-0000-4000-8000-{number:012}-000000");
            let place = if shared.options.region == "us-east-1" { "email" } else { &shared.options.region };
            taken.rfc_message_id = format!("{}@{place}.amazonses.com", taken.message_id);
            let answer = json!({ "MessageId": taken.message_id });
            shared.taken.lock().push(taken);
            ok(&answer)
        }
        Err((exception, words)) => error(400, exception, &words),
    }
}

type Refused = (&'static str, String);

fn bad(words: impl Into<String>) -> Refused {
    ("BadRequestException", words.into())
}

fn read(shared: &Shared, body: &Value) -> Result<Taken, Refused> {
    let mut recipients = Vec::new();
    for field in ["ToAddresses", "CcAddresses", "BccAddresses"] {
        let listed = body.pointer(&format!("/Destination/{field}")).and_then(Value::as_array);
        recipients.extend(listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    }
    if recipients.is_empty() {
        return Err(bad("Destination must not be empty."));
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err(bad("Recipient count exceeds 50."));
    }
    for recipient in &recipients {
        let local = recipient.split('@').next().unwrap_or_default();
        if recipient.parse::<EmailAddress>().is_err() || !local.is_ascii() {
            return Err(bad(format!("Invalid email address {recipient}.")));
        }
    }
    let contents = body.get("Content").and_then(Value::as_object);
    if contents.is_none_or(|contents| contents.len() != 1) {
        return Err(bad("Content must have exactly one of Simple, Raw and Template."));
    }
    let data = body.pointer("/Content/Raw/Data").and_then(Value::as_str).unwrap_or_default();
    let raw = STANDARD.decode(data).map_err(|_| bad("Data is not base 64."))?;
    let from = sender(shared, body, &raw)?;
    let configuration_set = body.get("ConfigurationSetName").and_then(Value::as_str).map(str::to_owned);
    if configuration_set.as_ref().is_some_and(|name| *name != shared.options.configuration_set) {
        return Err(("NotFoundException", "Configuration set does not exist.".to_owned()));
    }
    Ok(Taken {
        message_id: String::new(),
        rfc_message_id: String::new(),
        at: shared.options.clock.now(),
        from,
        recipients,
        tags: tags(body)?,
        configuration_set,
        raw,
    })
}

/// The sender, when the message is one and it may send it.
fn sender(shared: &Shared, body: &Value, raw: &[u8]) -> Result<String, Refused> {
    if raw.len() > MAX_MESSAGE_BYTES {
        return Err(bad(format!("Message length is more than {MAX_MESSAGE_BYTES} bytes long.")));
    }
    if raw.split_inclusive(|byte| *byte == b'\n').any(|line| line.len() > MAX_LINE) {
        return Err(("MessageRejected", "A line of the message is too long.".to_owned()));
    }
    let parsed = mail::parse(raw);
    let header = parsed.from.ok_or_else(|| bad("Missing final '@domain'"))?.address;
    let given = body.get("FromEmailAddress").and_then(Value::as_str);
    for address in [given.unwrap_or(header.as_str()), header.as_str()] {
        if address.rsplit('@').next() != Some(shared.options.domain.as_str()) {
            let words = format!(
                "Email address is not verified. The following identities failed the check in region {}: {address}",
                shared.options.region.to_uppercase()
            );
            return Err(("MessageRejected", words));
        }
    }
    Ok(header.as_str().to_owned())
}

fn tags(body: &Value) -> Result<Vec<(String, String)>, Refused> {
    let listed = body.get("EmailTags").and_then(Value::as_array).into_iter().flatten();
    listed
        .map(|tag| {
            let text = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let (name, value) = (text("Name"), text("Value"));
            let is_allowed = |text: &str| {
                !text.is_empty()
                    && text.len() <= 256
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            };
            if is_allowed(&name) && is_allowed(&value) {
                Ok((name, value))
            } else {
                Err(bad(format!("Invalid tag {name}={value}.")))
            }
        })
        .collect()
}
