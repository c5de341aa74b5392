//! A simulated Resend: checks keys and messages like the real one, remembers idempotency keys, signs webhooks and repeats
//! them, announces received mails and gives them out, and fails on demand.

mod receiving;
mod webhook;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use domain::address::Mailbox;
use domain::clock::{Clock, Timestamp};
use net::http::Client;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Faults;
use super::http::{Request, Turn};
use super::specification::Specification;
use super::suppressed::Suppressed;
use super::vendor::{self, Fault, Vendor};

pub use webhook::{Signed, Told};

const DOMAIN: &str = "d91cd9bd-0000-4000-8000-000000000001";
const SUPPRESSION: &str = "e169aa45-0000-4000-8000-000000000001";
const MAX_BODY_BYTES: usize = 41_000_000;
const MAX_RECIPIENTS: usize = 50;
/// How long an idempotency key is remembered.
const KEY_LIFE: Duration = Duration::from_hours(24);

/// How the simulation is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    pub api_key: String,
    pub signing_secret: String,
    /// Senders of other domains are refused as not verified.
    pub domain: String,
    /// Gives the times in answers, events and signatures.
    pub clock: Clock,
}

impl Options {
    /// On any free port of loopback, with a key that is obviously no real one.
    #[must_use]
    pub fn new(clock: Clock) -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: "re_simulated_0000000000".to_owned(),
            // printf 'simulated-signing-secret' | base64
            signing_secret: "whsec_c2ltdWxhdGVkLXNpZ25pbmctc2VjcmV0".to_owned(),
            domain: "company.example.com".to_owned(),
            clock,
        }
    }
}

/// One message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub id: String,
    pub at: Timestamp,
    /// To, Cc and Bcc: addresses only.
    pub recipients: Vec<String>,
    pub idempotency_key: Option<String>,
    pub request: Value,
}

impl Taken {
    /// The header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request["headers"][name].as_str()
    }
}

/// The running simulation; it ends when this is dropped.
pub struct Resend {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    options: Options,
    specification: Specification,
    faults: Faults<String, Fault>,
    taken: Mutex<Vec<Taken>>,
    keys: Mutex<HashMap<String, Remembered>>,
    received: Mutex<Vec<receiving::Received>>,
    /// The last event of messages, by their ids.
    last: Mutex<HashMap<String, String>>,
    suppressed: Suppressed,
    webhook: Mutex<Option<String>>,
    http: Client,
    /// Where this listens, once it does.
    listening: OnceLock<SocketAddr>,
}

/// A request by its idempotency key.
struct Remembered {
    body: Bytes,
    id: String,
    at: Timestamp,
}

impl Resend {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: Options) -> io::Result<Resend> {
        let address = options.address;
        let shared = Arc::new(Shared {
            options,
            specification: Specification::of(include_str!("specification/resend.json")),
            faults: Faults::default(),
            taken: Mutex::default(),
            keys: Mutex::default(),
            received: Mutex::default(),
            last: Mutex::default(),
            suppressed: Suppressed::default(),
            webhook: Mutex::default(),
            http: vendor::client(),
            listening: OnceLock::new(),
        });
        let (address, tasks) = vendor::start(address, Arc::clone(&shared)).await?;
        shared.listening.get_or_init(|| address);
        Ok(Resend { address, shared, _tasks: tasks })
    }

    /// The settings of an account here.
    #[must_use]
    pub fn settings(&self) -> Value {
        json!({
            "base_url": format!("http://{}", self.address),
            "api_key": self.shared.options.api_key,
            "webhook_secret": self.shared.options.signing_secret,
            "from": format!("Support <support@{}>", self.shared.options.domain),
        })
    }

    /// What was not as the vendor describes it, and what it describes and nobody has asked for so far.
    #[must_use]
    pub fn unmet(&self) -> Vec<String> {
        self.shared.specification.unmet()
    }

    /// The faults that are planned, by path.
    #[must_use]
    pub fn faults(&self) -> &Faults<String, Fault> {
        &self.shared.faults
    }

    /// The next `times` messages get this fault.
    pub fn fail_sending(&self, fault: Fault, times: usize) {
        self.shared.faults.plan("/emails".to_owned(), fault, times);
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().clone()
    }

    /// Where events go.
    pub fn set_webhook(&self, url: impl Into<String>) {
        *self.shared.webhook.lock() = Some(url.into());
    }

    /// Tells the webhook of one event, again until it is taken. Gives the statuses of all answers.
    pub async fn tell(&self, event: Told) -> Vec<Option<u16>> {
        webhook::tell(&self.shared, &event).await
    }

    /// Receives a mail and announces it. `whole` says whether it can be fetched as it came, or in fields only. Gives
    /// its id and the statuses of all answers.
    pub async fn receive(&self, whole: bool, to: &str, raw: &str) -> (String, Vec<Option<u16>>) {
        let (id, event) = receiving::receive(&self.shared, whole, to, raw);
        let statuses = webhook::tell(&self.shared, &event).await;
        (id, statuses)
    }

    /// Receives a mail and announces it to nobody.
    pub fn receives_silently(&self, to: &str, raw: &str) {
        receiving::receive(&self.shared, true, to, raw);
    }

    /// Lets something happen to a message that can be asked for and no webhook tells, such as `delivered`.
    pub fn happens(&self, about: &Taken, last_event: &str) {
        self.shared.last.lock().insert(about.id.clone(), last_event.to_owned());
    }

    /// Puts an address on the list, as a bounce for good does.
    pub fn suppress(&self, address: &str) {
        self.shared.suppressed.add("all", address);
    }

    /// The addresses to which nothing is delivered.
    #[must_use]
    pub fn suppressed(&self) -> Vec<String> {
        self.shared.suppressed.addresses()
    }
}

impl Vendor for Shared {
    fn faults(&self) -> &Faults<String, Fault> {
        &self.faults
    }

    fn trouble(&self, status: u16) -> Turn {
        match status {
            429 => Turn::Full {
                status: 429,
                headers: vec![("retry-after", "5".to_owned()), ("ratelimit-reset", "5".to_owned())],
                body: error_body(429, "rate_limit_exceeded", "Too many requests.").into(),
            },
            _ => error(500, "application_error", "An unexpected error occurred."),
        }
    }

    fn specification(&self) -> Option<&Specification> {
        Some(&self.specification)
    }

    fn answer(self: &Arc<Self>, request: &Request) -> Turn {
        let path = request.path.as_str();
        if let Some(id) = path.strip_prefix("/download/") {
            // Such addresses are known to those who were given them, and need no key.
            return receiving::download(self, id);
        }
        let Some(given) = request.header("authorization") else {
            return error(401, "missing_api_key", "Missing API key in the authorization header.");
        };
        if given != format!("Bearer {}", self.options.api_key) {
            return error(403, "invalid_api_key", "API key is invalid.");
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["emails"]) => self.send(request),
            ("GET", ["emails", "receiving"]) => receiving::list(self, query),
            ("GET", ["emails", id]) => self.show(id),
            ("GET", ["emails", "receiving", id]) => receiving::show(self, id),
            ("GET", ["emails", "receiving", id, "attachments", file]) => {
                receiving::attachment(self, id, file)
            }
            ("GET", ["suppressions", address]) if self.suppressed.holds("all", address) => {
                let email = address.replace("%40", "@");
                ok(&json!({ "object": "suppression", "id": SUPPRESSION, "email": email, "origin": "bounce" }))
            }
            ("DELETE", ["suppressions", address]) if self.suppressed.remove("all", address) => {
                ok(&json!({ "object": "suppression", "id": SUPPRESSION, "deleted": true }))
            }
            ("GET" | "DELETE", ["suppressions", _]) => error(404, "not_found", "Suppression not found."),
            ("GET", ["domains"]) => ok(&json!({
                "object": "list",
                "has_more": false,
                "data": [{ "id": DOMAIN, "name": self.options.domain, "status": "verified", "region": "eu-west-1" }],
            })),
            _ => error(404, "not_found", "The requested endpoint does not exist."),
        }
    }
}

impl Shared {
    fn send(&self, request: &Request) -> Turn {
        if request.body.len() > MAX_BODY_BYTES {
            return error(413, "validation_error", "The email is too large.");
        }
        let key = request.header("idempotency-key").map(str::to_owned);
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 256) {
            return error(400, "invalid_idempotency_key", "The key must be between 1 and 256 characters.");
        }
        let now = self.options.clock.now();
        let mut keys = self.keys.lock();
        let known = key.as_ref().and_then(|key| keys.get(key)).filter(|known| now.since(known.at) < KEY_LIFE);
        match known {
            Some(known) if known.body == request.body => return ok(&json!({ "id": known.id })),
            Some(_) => {
                return error(
                    409,
                    "invalid_idempotent_request",
                    "Same idempotency key used with a different payload.",
                );
            }
            None => {}
        }
        let message: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let recipients = match self.check(&message) {
            Ok(recipients) => recipients,
            Err(turn) => return turn,
        };
        let mut taken = self.taken.lock();
        let id = format!("4ef9a417-0000-4000-8000-{:012}", taken.len() + 1);
        if let Some(key) = key.clone() {
            keys.insert(key, Remembered { body: request.body.clone(), id: id.clone(), at: now });
        }
        taken.push(Taken { id: id.clone(), at: now, recipients, idempotency_key: key, request: message });
        ok(&json!({ "id": id }))
    }

    fn check(&self, message: &Value) -> Result<Vec<String>, Turn> {
        let missing =
            |field: &str| error(422, "missing_required_field", &format!("Missing `{field}` field."));
        let from: Mailbox =
            message["from"].as_str().and_then(|from| from.parse().ok()).ok_or_else(|| missing("from"))?;
        if !from.address.as_str().ends_with(&format!("@{}", self.options.domain)) {
            return Err(error(403, "validation_error", "The domain is not verified."));
        }
        if message["subject"].as_str().is_none() {
            return Err(missing("subject"));
        }
        if message["text"].as_str().is_none() && message["html"].as_str().is_none() {
            return Err(missing("html` or `text"));
        }
        let mut recipients = Vec::new();
        for field in ["to", "cc", "bcc"] {
            let listed = message[field].as_array().map(Vec::as_slice).unwrap_or_default();
            if field == "to" && listed.is_empty() {
                return Err(missing("to"));
            }
            if listed.len() > MAX_RECIPIENTS {
                return Err(error(422, "validation_error", &format!("Invalid `{field}` field: 50 at most.")));
            }
            for one in listed {
                let mailbox: Option<Mailbox> = one.as_str().and_then(|one| one.parse().ok());
                let mailbox = mailbox
                    .ok_or_else(|| error(422, "validation_error", &format!("Invalid `{field}` field.")))?;
                recipients.push(mailbox.address.as_str().to_owned());
            }
        }
        let is_word = |text: &Value| {
            text.as_str().is_some_and(|text| {
                text.len() <= 256
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            })
        };
        let tags = message["tags"].as_array().into_iter().flatten();
        if tags.into_iter().any(|tag| !is_word(&tag["name"]) || !is_word(&tag["value"])) {
            return Err(error(
                422,
                "validation_error",
                "Tags should only contain ASCII letters and numbers.",
            ));
        }
        Ok(recipients)
    }

    fn show(&self, id: &str) -> Turn {
        match self.taken.lock().iter().find(|taken| taken.id == id) {
            Some(taken) => {
                let last = self.last.lock().get(id).cloned().unwrap_or_else(|| "sent".to_owned());
                let listed = |name: &str| match &taken.request[name] {
                    Value::Array(all) => Value::Array(all.clone()),
                    _ => json!([]),
                };
                ok(&json!({
                    "object": "email",
                    "id": taken.id,
                    "from": taken.request["from"],
                    "to": listed("to"),
                    "cc": listed("cc"),
                    "bcc": listed("bcc"),
                    "subject": taken.request["subject"],
                    "created_at": taken.at.to_string(),
                    "last_event": last,
                }))
            }
            None => error(404, "not_found", "Email not found."),
        }
    }

    fn base_url(&self) -> String {
        self.listening.get().map(|address| format!("http://{address}")).unwrap_or_default()
    }
}

fn ok(body: &Value) -> Turn {
    Turn::Answer { status: 200, body: body.to_string() }
}

fn error(status: u16, name: &str, words: &str) -> Turn {
    Turn::Answer { status, body: error_body(status, name, words) }
}

fn error_body(status: u16, name: &str, words: &str) -> String {
    json!({ "statusCode": status, "name": name, "message": words }).to_string()
}
