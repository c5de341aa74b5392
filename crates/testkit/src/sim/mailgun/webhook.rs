//! Tells of events and hands mails over as the real one does: signed with a token that is good once, and again until it
//! is taken.

use std::net::SocketAddr;
use std::time::Duration;

use net::http::Request;
use serde_json::{Value, json};

use super::super::form::{self, Part};
use super::super::vendor;
use super::Shared;
use super::messages::Taken;

/// How often one webhook is tried.
const TIMES: usize = 4;

/// One event about one message.
#[derive(Debug, Clone)]
pub struct Told {
    pub about: Taken,
    /// The vendor's word, such as `delivered`.
    pub event: String,
    pub recipient: String,
    /// What this kind of event says beyond the others, such as `severity`.
    pub more: Value,
    /// Signs with another key.
    pub forged: bool,
    /// Uses the signature of an earlier webhook, with this token and time.
    pub reused: Option<(String, i64)>,
}

impl Told {
    /// The event of that name about a message and its first recipient.
    #[must_use]
    pub fn of(about: &Taken, event: &str) -> Told {
        Told {
            about: about.clone(),
            event: event.to_owned(),
            recipient: about.recipients.first().cloned().unwrap_or_default(),
            more: json!({}),
            forged: false,
            reused: None,
        }
    }

    #[must_use]
    pub fn to(mut self, recipient: &str) -> Told {
        self.recipient = recipient.to_owned();
        self
    }

    /// A failure, `permanent` or `temporary`.
    #[must_use]
    pub fn failed(about: &Taken, severity: &str, reason: &str) -> Told {
        let (code, message) =
            if severity == "permanent" { (550, "5.1.1 no such user") } else { (452, "4.2.2 mailbox full") };
        let status = json!({ "code": code, "message": message, "description": "", "attempt-no": 1 });
        let more = json!({ "severity": severity, "reason": reason, "delivery-status": status });
        Told { more, ..Told::of(about, "failed") }
    }

    #[must_use]
    pub fn forged(mut self) -> Told {
        self.forged = true;
        self
    }
}

/// The action of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandsOver {
    /// `forward` to a URL: taken apart.
    InPieces,
    /// `forward` to a URL that ends with `mime`.
    Whole,
    /// `store(notify=…)`: files stay here.
    ByNotice,
}

impl Shared {
    /// Where this listens, as its own URLs name it.
    pub(super) fn host(&self) -> SocketAddr {
        self.listening.get().copied().unwrap_or(self.options.address)
    }

    fn seconds(&self) -> i64 {
        self.options.clock.now().micros().div_euclid(1_000_000)
    }

    /// A time, a token and their signature.
    fn signed(&self, told: Option<&Told>) -> (String, String, String) {
        let reused = told.and_then(|told| told.reused.clone());
        let (token, at) = reused.unwrap_or_else(|| (format!("{:050x}", self.number()), self.seconds()));
        let key =
            if told.is_some_and(|told| told.forged) { "another-key" } else { &self.options.signing_key };
        let signature = net::signature::hmac_sha256(key.as_bytes(), format!("{at}{token}").as_bytes());
        (at.to_string(), token, net::signature::hex(&signature))
    }
}

pub(super) async fn tell(shared: &Shared, told: &Told) -> Vec<Option<u16>> {
    let Some(url) = shared.webhook.lock().clone() else { return Vec::new() };
    let (timestamp, token, signature) = shared.signed(Some(told));
    let body = json!({
        "signature": { "timestamp": timestamp, "token": token, "signature": signature },
        "event-data": event_data(shared, told),
    })
    .to_string();
    vendor::tell(
        &shared.http,
        TIMES,
        |status| status == 406,
        || Request::post_json(url.clone(), body.clone(), Duration::from_secs(10)),
    )
    .await
}

/// The event as webhooks and the list of events show it.
pub(super) fn event_data(shared: &Shared, told: &Told) -> Value {
    let about = &told.about;
    let variables: serde_json::Map<String, Value> = about
        .fields
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("v:")?.to_owned(), Value::from(value.as_str()))))
        .collect();
    let mut data = json!({
        "event": told.event,
        "id": net::signature::sha256_hex(format!("{}{}{}{}", about.id, told.event, told.recipient, told.more).as_bytes())[..22],
        "timestamp": shared.seconds() as f64 + 0.25,
        "log-level": if told.event == "failed" { "error" } else { "info" },
        "recipient": told.recipient,
        "tags": [],
        "user-variables": variables,
        "message": {
            "headers": {
                "to": about.field("to"), "from": about.field("from"), "subject": about.field("subject"),
                "message-id": about.id,
            },
            "size": 512,
            "attachments": [],
        },
        "flags": { "is-test-mode": about.field("o:testmode").is_some(), "is-routed": false },
        "domain": { "name": shared.options.domain },
    });
    if let (Some(data), Some(more)) = (data.as_object_mut(), told.more.as_object()) {
        data.extend(more.clone());
    }
    data
}

pub(super) async fn hand_over(shared: &Shared, how: HandsOver, to: &str, raw: &str) -> Vec<Option<u16>> {
    let Some(url) = shared.webhook.lock().clone() else { return Vec::new() };
    let mail = mail::parse(raw.as_bytes());
    let sender = mail.from.as_ref().map(|from| from.address.as_str().to_owned()).unwrap_or_default();
    let from = mail.from.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut parts = vec![
        Part::field("recipient", to),
        Part::field("sender", sender.clone()),
        Part::field("from", from),
        Part::field("subject", mail.subject.clone().unwrap_or_default()),
    ];
    match how {
        HandsOver::Whole => parts.push(Part::field("body-mime", raw)),
        HandsOver::InPieces => {
            parts.extend(pieces(&mail));
            parts.extend(files(&mail));
        }
        HandsOver::ByNotice => {
            parts.extend(pieces(&mail));
            let key = format!("KEY{}", shared.number());
            let place =
                format!("http://{}/v3/domains/{}/messages/{key}", shared.host(), shared.options.domain);
            let files: Vec<Value> = mail
                .parts
                .iter()
                .map(|part| json!({ "url": place, "name": part.filename, "size": part.bytes.len(), "content-type": part.content_type }))
                .collect();
            parts.push(Part::field("domain", shared.options.domain.clone()));
            parts.push(Part::field("message-url", place));
            parts.push(Part::field("attachments", Value::from(files).to_string()));
            let kept = json!({ "sender": sender, "recipients": to, "body-mime": raw });
            shared.kept.lock().push((key, kept));
        }
    }
    let (timestamp, token, signature) = shared.signed(None);
    for (name, value) in [("timestamp", timestamp), ("token", token), ("signature", signature)] {
        parts.push(Part::field(name, value));
    }
    let (content_type, body) = form::write(&parts);
    vendor::tell(
        &shared.http,
        TIMES,
        |status| status == 406,
        || {
            let mut request = Request::post_json(url.clone(), body.clone(), Duration::from_secs(10));
            request.headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
            request
        },
    )
    .await
}

/// Keeps a mail as `store()` does, with the event that says so.
pub(super) fn store(shared: &Shared, to: &str, raw: &str) {
    let mail = mail::parse(raw.as_bytes());
    let sender = mail.from.as_ref().map(|from| from.address.as_str().to_owned()).unwrap_or_default();
    let key = format!("KEY{}", shared.number());
    let place = format!("http://{}/v3/domains/{}/messages/{key}", shared.host(), shared.options.domain);
    let event = json!({
        "event": "stored",
        "id": format!("stored-{key}"),
        "timestamp": shared.seconds() as f64 + 0.25,
        "message": {
            "headers": { "message-id": mail.message_id, "from": sender, "to": to },
            "recipients": [to],
            "size": raw.len(),
            "attachments": [],
        },
        "storage": { "url": place, "key": key, "region": "us-west1" },
    });
    shared.kept.lock().push((key, json!({ "sender": sender, "recipients": to, "body-mime": raw })));
    shared.happened.lock().push((shared.options.clock.now(), event));
}

fn pieces(mail: &mail::Parsed) -> Vec<Part> {
    let mut parts = vec![
        Part::field("body-plain", mail.text.clone().unwrap_or_default()),
        Part::field("stripped-text", "not to be used"),
        Part::field("message-headers", json!(mail.headers).to_string()),
        Part::field("attachment-count", mail.parts.len().to_string()),
    ];
    if let Some(html) = &mail.html {
        parts.push(Part::field("body-html", html.clone()));
    }
    // Every header is a field of its own as well, also one that is called like a field of the signature.
    parts.extend(mail.headers.iter().map(|(name, value)| Part::field(name, value.clone())));
    parts
}

fn files(mail: &mail::Parsed) -> Vec<Part> {
    let mut ids = serde_json::Map::new();
    let mut files: Vec<Part> = Vec::new();
    for (number, part) in (1..).zip(&mail.parts) {
        let name = format!("attachment-{number}");
        if let Some(id) = &part.content_id {
            ids.insert(format!("<{id}>"), Value::from(name.clone()));
        }
        files.push(Part {
            name,
            filename: Some(part.filename.clone()),
            content_type: Some(part.content_type.clone()),
            bytes: part.bytes.to_vec(),
        });
    }
    files.push(Part::field("content-id-map", Value::Object(ids).to_string()));
    files
}
