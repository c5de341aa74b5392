//! `POST /v3/mail/send`: what the real one refuses is refused, the rest is taken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::address::EmailAddress;
use domain::clock::Timestamp;
use serde_json::Value;

use super::super::http::{Request, Turn};
use super::{Shared, error};

const LARGEST_REQUEST: usize = 30_000_000;
const MOST_RECIPIENTS: usize = 1000;
const LARGEST_ARGUMENTS: usize = 10_000;
const RESERVED_HEADERS: &[&str] = &[
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
];

/// One message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// As in `X-Message-Id`.
    pub id: String,
    pub at: Timestamp,
    /// To, Cc and Bcc.
    pub recipients: Vec<String>,
    pub custom_args: Value,
    /// The whole request.
    pub request: Value,
}

impl Taken {
    /// The header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request["headers"].get(name).and_then(Value::as_str)
    }
}

type Wrong = (u16, String, &'static str);

pub(super) fn send(shared: &Shared, request: &Request) -> Turn {
    if request.body.len() > LARGEST_REQUEST {
        return error(413, None, "Payload too large");
    }
    let Ok(mail) = serde_json::from_slice::<Value>(&request.body) else {
        return error(400, None, "Bad Request");
    };
    match read(shared, &mail) {
        Err((status, field, message)) => error(status, Some(&field), message),
        Ok(_) if mail.pointer("/mail_settings/sandbox_mode/enable") == Some(&Value::Bool(true)) => {
            Turn::Answer { status: 200, body: String::new() }
        }
        Ok(taken) => {
            let headers = vec![("x-message-id", taken.id.clone()), ("content-type", "text/plain".to_owned())];
            shared.taken.lock().push(taken);
            Turn::Full { status: 202, headers, body: Bytes::new() }
        }
    }
}

fn read(shared: &Shared, mail: &Value) -> Result<Taken, Wrong> {
    let text = |pointer: &str| mail.pointer(pointer).and_then(Value::as_str);
    let from: EmailAddress = text("/from/email").and_then(|from| from.parse().ok()).ok_or((
        400,
        "from.email".to_owned(),
        "The from email does not contain a valid address.",
    ))?;
    if from.domain() != shared.options.domain {
        let sentence = "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.";
        return Err((403, "from".to_owned(), sentence));
    }
    if text("/subject").is_none_or(str::is_empty) {
        return Err((
            400,
            "subject".to_owned(),
            "The subject is required. You can get around this requirement if you use a template with a subject defined.",
        ));
    }
    let mut custom_args = Value::Null;
    let mut recipients = Vec::new();
    let groups = mail["personalizations"].as_array().filter(|groups| !groups.is_empty()).ok_or((
        400,
        "personalizations".to_owned(),
        "The personalizations field is required and must have at least one personalization.",
    ))?;
    for (number, group) in groups.iter().enumerate() {
        recipients.extend(addresses(group, number)?);
        custom_args = group["custom_args"].clone();
    }
    if recipients.len() > MOST_RECIPIENTS {
        return Err((
            400,
            "personalizations".to_owned(),
            "The total number of recipients must be no more than 1000.",
        ));
    }
    if custom_args.as_object().is_some_and(|arguments| arguments.values().any(|value| !value.is_string()))
        || custom_args.to_string().len() > LARGEST_ARGUMENTS
    {
        return Err((
            400,
            "custom_args".to_owned(),
            "The custom_args must be an object of strings, at most 10000 bytes.",
        ));
    }
    parts(mail)?;
    let id = format!("sim{:019}", shared.number());
    let at = shared.options.clock.now();
    Ok(Taken { id, at, recipients, custom_args, request: mail.clone() })
}

fn addresses(group: &Value, number: usize) -> Result<Vec<String>, Wrong> {
    let mut found: Vec<String> = Vec::new();
    for field in ["to", "cc", "bcc"] {
        for (index, entry) in group[field].as_array().into_iter().flatten().enumerate() {
            let at = format!("personalizations.{number}.{field}.{index}.email");
            let address: EmailAddress = entry["email"]
                .as_str()
                .and_then(|email| email.parse().ok())
                .ok_or((400, at.clone(), "Does not contain a valid address."))?;
            if found.contains(&address.key()) {
                return Err((
                    400,
                    at,
                    "Each email address in the personalization block should be unique between to, cc, and bcc.",
                ));
            }
            found.push(address.key());
        }
    }
    if group["to"].as_array().is_none_or(Vec::is_empty) {
        return Err((
            400,
            format!("personalizations.{number}.to"),
            "The to array is required for all personalization objects, and must have at least one email object with a valid email address.",
        ));
    }
    Ok(found)
}

/// Content, files and headers.
fn parts(mail: &Value) -> Result<(), Wrong> {
    let full = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let content = mail["content"].as_array().into_iter().flatten();
    let types: Vec<&str> = content.clone().filter_map(|part| part["type"].as_str()).collect();
    if types.is_empty() || content.clone().any(|part| !full(&part["value"])) {
        return Err((
            400,
            "content".to_owned(),
            "The content value must be a string at least one character in length.",
        ));
    }
    if types.iter().skip(1).any(|name| *name == "text/plain") {
        return Err((
            400,
            "content".to_owned(),
            "If present, text/plain must be first, followed by text/html.",
        ));
    }
    for file in mail["attachments"].as_array().into_iter().flatten() {
        let is_right = full(&file["filename"])
            && file["content"].as_str().is_some_and(|text| !text.is_empty() && STANDARD.decode(text).is_ok());
        if !is_right {
            return Err((
                400,
                "attachments.0.content".to_owned(),
                "The attachment content must be base64 encoded.",
            ));
        }
    }
    let mut headers = mail["headers"].as_object().into_iter().flatten();
    if headers
        .any(|(name, value)| RESERVED_HEADERS.contains(&name.to_lowercase().as_str()) || !value.is_string())
    {
        return Err((400, "headers".to_owned(), "The headers you have specified are reserved."));
    }
    Ok(())
}
