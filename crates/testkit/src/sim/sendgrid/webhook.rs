//! Posts batches of events and mails as the real one does: events signed over a time and the body, mails not signed, both
//! again until they are taken.

use std::io;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use http::{HeaderName, HeaderValue};
use net::http::Request;
use serde_json::{Value, json};

use super::super::form::{self, Part};
use super::super::vendor;
use super::Shared;
use super::send::Taken;

/// How often one webhook is tried.
const TIMES: usize = 4;

/// One event about one message.
#[derive(Debug, Clone)]
pub struct Told {
    pub about: Taken,
    /// The vendor's word, such as `delivered`.
    pub event: String,
    pub recipient: String,
    /// What this kind of event says beyond the others.
    pub more: Value,
}

impl Told {
    /// The event of that name about a message and its first recipient.
    #[must_use]
    pub fn of(about: &Taken, event: &str) -> Told {
        let recipient = about.recipients.first().cloned().unwrap_or_default();
        Told { about: about.clone(), event: event.to_owned(), recipient, more: json!({}) }
    }

    /// A bounce of type `bounce`, `blocked` or `expired`.
    #[must_use]
    pub fn bounce(about: &Taken, kind: &str) -> Told {
        let more = json!({ "type": kind, "status": "5.1.1", "reason": "550 5.1.1 no such user" });
        Told { more, ..Told::of(about, "bounce") }
    }
}

/// Events that go together.
#[derive(Debug, Clone)]
pub struct Batch {
    pub events: Vec<Told>,
    pub signed: Signed,
}

/// How a batch is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Right,
    /// With the key of somebody else.
    Forged,
    /// Not at all.
    Not,
    /// Rightly, and the body was changed on its way.
    Changed,
    /// Rightly, so many seconds ago.
    Ago(i64),
}

impl Batch {
    #[must_use]
    pub fn of(events: Vec<Told>) -> Batch {
        Batch { events, signed: Signed::Right }
    }

    #[must_use]
    pub fn signed(mut self, signed: Signed) -> Batch {
        self.signed = signed;
        self
    }
}

/// The vendor's key, and one that is not the vendor's.
pub(super) struct Signer {
    right: EcdsaKeyPair,
    wrong: EcdsaKeyPair,
}

impl Signer {
    pub(super) fn new() -> io::Result<Signer> {
        let make = || {
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
                .map_err(|_| io::Error::other("no key was made"))
        };
        Ok(Signer { right: make()?, wrong: make()? })
    }

    /// As the vendor shows it.
    pub(super) fn verification_key(&self) -> String {
        let der = self.right.public_key().as_der().expect("a public key can be written");
        net::signature::base64(der.as_ref())
    }

    fn sign(&self, signed: Signed, timestamp: &str, body: &[u8]) -> Option<String> {
        let key = match signed {
            Signed::Not => return None,
            Signed::Forged => &self.wrong,
            _ => &self.right,
        };
        let message = [timestamp.as_bytes(), body].concat();
        let signature = key.sign(&SystemRandom::new(), &message).ok()?;
        Some(net::signature::base64(signature.as_ref()))
    }
}

pub(super) async fn tell(shared: &Shared, batch: &Batch) -> Vec<Option<u16>> {
    let Some(url) = shared.webhook.lock().clone() else { return Vec::new() };
    let events: Vec<Value> = batch.events.iter().map(|told| event(shared, told)).collect();
    // Bodies end with a line end, and it is signed.
    let body = format!("{}\r\n", Value::from(events));
    let ago = if let Signed::Ago(seconds) = batch.signed { seconds } else { 0 };
    let timestamp = (shared.seconds() - ago).to_string();
    let signature = shared.signs.sign(batch.signed, &timestamp, body.as_bytes());
    let posted = if batch.signed == Signed::Changed { body.replace("jane", "jade") } else { body };
    vendor::tell(
        &shared.http,
        TIMES,
        |_| false,
        || {
            let mut request = Request::post_json(url.clone(), posted.clone(), Duration::from_secs(10));
            for (name, value) in [
                ("x-twilio-email-event-webhook-signature", signature.clone()),
                ("x-twilio-email-event-webhook-timestamp", signature.as_ref().map(|_| timestamp.clone())),
            ] {
                if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                    request.headers.insert(HeaderName::from_static(name), value);
                }
            }
            request
        },
    )
    .await
}

fn event(shared: &Shared, told: &Told) -> Value {
    let about = &told.about;
    let key = format!("{}{}{}{}", about.id, told.event, told.recipient, told.more);
    let mut event = json!({
        "email": told.recipient,
        "event": told.event,
        "timestamp": shared.seconds(),
        "sg_event_id": net::signature::sha256_hex(key.as_bytes())[..48],
        "sg_message_id": format!("{}.filterdrecv-sim-0-0.0", about.id),
        "smtp-id": format!("<{}@ismtpd-sim.sendgrid.net>", about.id),
        "category": "simulated",
    });
    if let Some(fields) = event.as_object_mut() {
        // Custom arguments stand among the vendor's own fields.
        fields.extend(about.custom_args.as_object().cloned().unwrap_or_default());
        fields.extend(told.more.as_object().cloned().unwrap_or_default());
    }
    event
}

pub(super) async fn hand_over(
    shared: &Shared,
    whole: bool,
    to: &str,
    raw: &str,
    authorization: Option<&str>,
) -> Vec<Option<u16>> {
    let Some(url) = shared.webhook.lock().clone() else { return Vec::new() };
    let mail = mail::parse(raw.as_bytes());
    let sender = mail.from.as_ref().map(|from| from.address.as_str().to_owned()).unwrap_or_default();
    let mut parts = vec![
        Part::field("to", to),
        Part::field("from", mail.from.as_ref().map(ToString::to_string).unwrap_or_default()),
        Part::field("subject", mail.subject.clone().unwrap_or_default()),
        Part::field("envelope", json!({ "to": [to], "from": sender }).to_string()),
        Part::field("sender_ip", "192.0.2.20"),
        Part::field("SPF", "pass"),
    ];
    if whole {
        parts.push(Part::field("email", raw));
    } else {
        parts.extend(pieces(&mail, raw));
    }
    let (content_type, body) = form::write(&parts);
    vendor::tell(
        &shared.http,
        TIMES,
        |_| false,
        || {
            let mut request = Request::post_json(url.clone(), body.clone(), Duration::from_secs(10));
            request.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            if let Some(value) = authorization.and_then(|text| HeaderValue::from_str(text).ok()) {
                request.headers.insert(http::header::AUTHORIZATION, value);
            }
            request
        },
    )
    .await
}

fn pieces(mail: &mail::Parsed, raw: &str) -> Vec<Part> {
    let block = raw.split_once("\r\n\r\n").map_or(raw, |(head, _)| head).replace("\r\n", "\n");
    let text = mail.text.clone().unwrap_or_default();
    // Some texts come in the charset of the mail.
    let latin: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    let charset = if latin.is_some() { "iso-8859-1" } else { "UTF-8" };
    let mut parts = vec![
        Part::field("headers", format!("{block}\n")),
        Part::field("text", latin.unwrap_or_else(|| text.into_bytes())),
        Part::field(
            "charsets",
            json!({ "to": "UTF-8", "from": "UTF-8", "subject": "UTF-8", "text": charset }).to_string(),
        ),
        Part::field("attachments", mail.parts.len().to_string()),
    ];
    let mut about = serde_json::Map::new();
    for (number, part) in (1..).zip(&mail.parts) {
        let name = format!("attachment{number}");
        let mut said = json!({ "filename": part.filename, "name": part.filename, "type": part.content_type });
        if let Some(id) = &part.content_id {
            said["content-id"] = json!(id);
        }
        about.insert(name.clone(), said);
        parts.push(Part {
            name,
            filename: Some(part.filename.clone()),
            content_type: Some(part.content_type.clone()),
            bytes: part.bytes.to_vec(),
        });
    }
    parts.push(Part::field("attachment-info", Value::Object(about).to_string()));
    parts
}
