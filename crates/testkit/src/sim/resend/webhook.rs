//! Tells of events as the real one does: signed by Svix, each try with its own time and one id for all.

use std::time::Duration;

use http::HeaderValue;
use net::http::Request;
use net::signature;
use serde_json::{Value, json};

use super::super::vendor;
use super::{Shared, Taken};

/// The real one tries seven times within eighteen hours.
const TRIES: usize = 4;

/// How a webhook is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    Rightly,
    /// With another secret.
    Forged,
    /// Not at all.
    Not,
    /// The body is another than the one that was signed.
    Changed,
    /// So many seconds ago, or in the future when negative.
    Ago(i64),
}

/// One event.
#[derive(Debug, Clone)]
pub struct Told {
    id: String,
    name: String,
    data: Value,
    signed: Signed,
}

impl Told {
    /// The event of that name about a message, such as `email.delivered`.
    #[must_use]
    pub fn of(about: &Taken, name: &str) -> Told {
        let tags = about.request["tags"].as_array().into_iter().flatten();
        let tags: serde_json::Map<String, Value> =
            tags.filter_map(|tag| Some((tag["name"].as_str()?.to_owned(), tag["value"].clone()))).collect();
        let data = json!({
            "email_id": about.id,
            "created_at": about.at.to_string(),
            "from": about.request["from"],
            "to": about.recipients,
            "subject": about.request["subject"],
            "tags": tags,
        });
        let mut told = Told::with(name, data);
        told.id = format!("msg_{}_{name}", about.id);
        told
    }

    /// A bounce: `Permanent`, `Transient` or `Undetermined`.
    #[must_use]
    pub fn bounce(about: &Taken, kind: &str) -> Told {
        let mut told = Told::of(about, "email.bounced");
        told.data["bounce"] = json!({
            "type": kind,
            "subType": "General",
            "message": "The recipient's email provider sent a bounce message.",
            "diagnosticCode": ["smtp; 550 5.1.1 no such user"],
        });
        told
    }

    /// Any event.
    #[must_use]
    pub fn with(name: &str, data: Value) -> Told {
        let about = data["email_id"].as_str().unwrap_or("none");
        let id = format!("msg_{about}_{name}");
        Told { id, name: name.to_owned(), data, signed: Signed::Rightly }
    }

    #[must_use]
    pub fn signed(self, signed: Signed) -> Told {
        Told { signed, ..self }
    }
}

pub(super) async fn tell(shared: &Shared, told: &Told) -> Vec<Option<u16>> {
    let Some(url) = shared.webhook.lock().clone() else { return Vec::new() };
    // The event happened once, whatever the clock says when it is told again.
    let at = shared.options.clock.now().to_string();
    let body = json!({ "type": told.name, "created_at": at, "data": told.data }).to_string();
    vendor::tell(&shared.http, TRIES, |_| false, || request(shared, told, &url, &body)).await
}

fn request(shared: &Shared, told: &Told, url: &str, body: &str) -> Request {
    let ago = if let Signed::Ago(seconds) = told.signed { seconds } else { 0 };
    let time = (shared.options.clock.now().micros() / 1_000_000 - ago).to_string();
    let secret = match told.signed {
        Signed::Forged => b"another-secret".to_vec(),
        _ => secret(&shared.options.signing_secret),
    };
    let tag = signature::hmac_sha256(&secret, format!("{}.{time}.{body}", told.id).as_bytes());
    let body = if told.signed == Signed::Changed { format!("{body} ") } else { body.to_owned() };
    let mut request = Request::post_json(url, body, Duration::from_secs(10));
    if told.signed != Signed::Not {
        // An older secret and a newer kind of signature stand beside the one that counts.
        let tag = format!("v1,AAAA v1,{} v9,zzz", signature::base64(&tag));
        for (name, value) in [("svix-id", &told.id), ("svix-timestamp", &time), ("svix-signature", &tag)] {
            let value = HeaderValue::from_str(value).expect("ids, numbers and base 64 are ASCII");
            request.headers.insert(name, value);
        }
    }
    request
}

fn secret(written: &str) -> Vec<u8> {
    use base64::Engine as _;
    let packed = written.trim_start_matches("whsec_");
    base64::engine::general_purpose::STANDARD.decode(packed).expect("a secret is base 64")
}
