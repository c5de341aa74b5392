//! A simulated Postmark: checks tokens and messages like the real one, answers like it, finds what it took by metadata,
//! tells webhooks with basic authentication and again until they are taken, hands mails over, and fails on demand.

mod asked;
mod inbound;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::address::Mailbox;
use domain::clock::{Clock, Timestamp};
use http::HeaderValue;
use net::http::Client;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::Faults;
use super::http::{Request, Turn};
use super::vendor::{self, Fault, Vendor};

const MAX_BODY_BYTES: usize = 10_000_000;
const MAX_RECIPIENTS: usize = 50;
/// The real one tries ten times within ten and a half hours.
const TRIES: usize = 4;

/// How the simulation is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    pub server_token: String,
    /// Senders of other domains are refused as not confirmed.
    pub domain: String,
    /// Gives the times in answers and events.
    pub clock: Clock,
    /// How long after it was taken a message can be found by search.
    pub index_delay: Duration,
}

impl Options {
    /// On any free port of loopback, with a token that is obviously no real one.
    #[must_use]
    pub fn new(clock: Clock) -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            server_token: "00000000-simulated-0000-000000000000".to_owned(),
            domain: "company.example.com".to_owned(),
            clock,
            index_delay: Duration::ZERO,
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
    pub metadata: Map<String, Value>,
    pub headers: Vec<(String, String)>,
    pub request: Value,
}

impl Taken {
    /// The header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// One event about one message.
#[derive(Debug, Clone)]
pub struct Told(Value);

impl Told {
    /// The record of that type about a message: `Delivery`, `Open`, `Click`, `SpamComplaint`, `SubscriptionChange`.
    #[must_use]
    pub fn of(about: &Taken, record: &str) -> Told {
        let mut event = json!({
            "RecordType": record,
            "ServerID": 1,
            "MessageStream": "outbound",
            "MessageID": about.id,
            "Metadata": about.metadata,
            "Tag": "",
        });
        let place = if matches!(record, "Bounce" | "SpamComplaint") { "Email" } else { "Recipient" };
        event[place] = json!(about.recipients.first());
        Told(event)
    }

    /// A bounce, such as `HardBounce` or `SoftBounce`, with the id that the vendor gives it.
    #[must_use]
    pub fn bounce(about: &Taken, kind: &str, id: u64) -> Told {
        let details =
            if kind == "HardBounce" { "smtp;550 5.1.1 no such user" } else { "smtp;452 4.2.2 mailbox full" };
        Told::of(about, "Bounce")
            .with("Type", json!(kind))
            .with("ID", json!(id))
            .with("Details", json!(details))
    }

    /// The same with one field more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Told {
        self.0[name] = value;
        self
    }
}

/// The running simulation; it ends when this is dropped.
pub struct Postmark {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    options: Options,
    faults: Faults<String, Fault>,
    taken: Mutex<Vec<Taken>>,
    /// Addresses to which nothing is delivered any more.
    inactive: Mutex<Vec<String>>,
    /// What happened to messages since they were taken.
    happened: Mutex<Vec<Value>>,
    /// Mails that nobody took, by their ids.
    refused: Mutex<Vec<(String, Value)>>,
    retries: Mutex<JoinSet<()>>,
    webhook: Mutex<Option<(String, Option<String>)>>,
    http: Client,
}

impl Postmark {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: Options) -> io::Result<Postmark> {
        let address = options.address;
        let shared = Arc::new(Shared {
            options,
            faults: Faults::default(),
            taken: Mutex::default(),
            inactive: Mutex::default(),
            happened: Mutex::default(),
            refused: Mutex::default(),
            retries: Mutex::default(),
            webhook: Mutex::default(),
            http: vendor::client(),
        });
        let (address, tasks) = vendor::start(address, Arc::clone(&shared)).await?;
        Ok(Postmark { address, shared, _tasks: tasks })
    }

    /// The settings of an account here.
    #[must_use]
    pub fn settings(&self) -> Value {
        json!({
            "base_url": format!("http://{}", self.address),
            "server_token": self.shared.options.server_token,
            "from": format!("Support <support@{}>", self.shared.options.domain),
        })
    }

    /// The faults that are planned, by path.
    #[must_use]
    pub fn faults(&self) -> &Faults<String, Fault> {
        &self.shared.faults
    }

    /// The next `times` messages get this fault.
    pub fn fail_sending(&self, fault: Fault, times: usize) {
        self.shared.faults.plan("/email".to_owned(), fault, times);
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().clone()
    }

    /// From now on nothing is delivered to this address.
    pub fn deactivate(&self, address: &str) {
        self.shared.inactive.lock().push(address.to_owned());
    }

    /// Where events and mails go, and with what `Authorization`.
    pub fn set_webhook(&self, url: impl Into<String>, authorization: Option<String>) {
        *self.shared.webhook.lock() = Some((url.into(), authorization));
    }

    /// Tells the webhook of one event, again until it is taken or refused with 403. Gives the statuses of all answers.
    pub async fn tell(&self, event: Told) -> Vec<Option<u16>> {
        self.happens(&event);
        self.shared.post(&event.0).await
    }

    /// Lets something happen that can be asked for and no webhook tells.
    pub fn happens(&self, event: &Told) {
        let mut event = event.0.clone();
        event["at"] = json!(self.shared.options.clock.now().to_string());
        self.shared.happened.lock().push(event);
    }

    /// Takes a mail in that cannot be handed over, and gives that up.
    pub fn gives_up(&self, to: &str, raw: &str) {
        let body = inbound::body(true, to, raw);
        let id = body["MessageID"].as_str().unwrap_or_default().to_owned();
        self.shared.refused.lock().push((id, body));
    }

    /// The addresses to which nothing is delivered.
    #[must_use]
    pub fn inactive(&self) -> Vec<String> {
        self.shared.inactive.lock().clone()
    }

    /// Hands a mail over, whole or in fields, as the inbound stream does.
    pub async fn hand_over(&self, whole: bool, to: &str, raw: &str) -> Vec<Option<u16>> {
        self.shared.post(&inbound::body(whole, to, raw)).await
    }
}

impl Shared {
    async fn post(&self, body: &Value) -> Vec<Option<u16>> {
        let Some((url, authorization)) = self.webhook.lock().clone() else { return Vec::new() };
        vendor::tell(
            &self.http,
            TRIES,
            |status| status == 403,
            || {
                let mut request =
                    net::http::Request::post_json(url.clone(), body.to_string(), Duration::from_secs(10));
                if let Some(value) = authorization.as_ref().and_then(|text| HeaderValue::from_str(text).ok())
                {
                    request.headers.insert(http::header::AUTHORIZATION, value);
                }
                request
            },
        )
        .await
    }
}

impl Vendor for Shared {
    fn faults(&self) -> &Faults<String, Fault> {
        &self.faults
    }

    fn trouble(&self, status: u16) -> Turn {
        match status {
            429 => error(429, 0, "Too many requests"),
            _ => error(500, 0, "The API has trouble"),
        }
    }

    fn answer(self: &Arc<Self>, request: &Request) -> Turn {
        if request.header("accept") != Some("application/json") {
            return error(415, 409, "The 'Accept' header must be application/json.");
        }
        if request.header("x-postmark-server-token") != Some(&self.options.server_token) {
            return error(401, 10, "The Server Token you provided is not valid.");
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match (request.method.as_str(), path) {
            ("POST", "/email") => self.send(request),
            ("GET", "/server") => ok(&json!({ "ID": 1, "Name": "Simulated", "DeliveryType": "Live" })),
            ("GET", "/message-streams/outbound") => {
                ok(&json!({ "ID": "outbound", "MessageStreamType": "Transactional" }))
            }
            ("GET", "/message-streams/inbound") => {
                ok(&json!({ "ID": "inbound", "MessageStreamType": "Inbound" }))
            }
            ("GET", "/messages/outbound") => self.search(query),
            ("GET", "/bounces") => asked::bounces(self, query),
            ("GET", "/messages/inbound") => asked::inbound(self, query),
            ("POST", "/message-streams/outbound/suppressions/delete") => asked::reactivate(self, request),
            ("GET", path) if path.starts_with("/messages/outbound/") => asked::details(self, path),
            ("PUT", path) if path.starts_with("/messages/inbound/") => asked::retry(self, path),
            _ => error(404, 0, "There is no such endpoint."),
        }
    }
}

impl Shared {
    fn send(&self, request: &Request) -> Turn {
        if request.body.len() > MAX_BODY_BYTES {
            return error(413, 0, "The request is too large.");
        }
        let Ok(message) = serde_json::from_slice::<Value>(&request.body) else {
            return error(422, 402, "The JSON is not valid.");
        };
        let recipients = match read_recipients(&message) {
            Ok(recipients) => recipients,
            Err(words) => return error(422, 300, &words),
        };
        let from: Option<Mailbox> = text(&message, "From").and_then(|from| from.parse().ok());
        let Some(from) = from else { return error(422, 300, "Invalid 'From' address.") };
        if !from.address.as_str().ends_with(&format!("@{}", self.options.domain)) {
            return error(422, 400, "The 'From' address is not a Sender Signature on your account.");
        }
        if text(&message, "TextBody").is_none() && text(&message, "HtmlBody").is_none() {
            return error(422, 300, "Provide either email TextBody or HtmlBody or both.");
        }
        if text(&message, "MessageStream").is_some_and(|stream| stream != "outbound") {
            return error(422, 1235, "The message stream does not exist.");
        }
        let inactive = self.inactive.lock().clone();
        let shut_out: Vec<&String> = recipients.iter().filter(|address| inactive.contains(address)).collect();
        if shut_out.len() == recipients.len() {
            return error(422, 406, "You tried to send to recipients that have all been marked as inactive.");
        }
        let words = if shut_out.is_empty() {
            "OK".to_owned()
        } else {
            let listed: Vec<&str> = shut_out.into_iter().map(String::as_str).collect();
            format!("Message OK, but will not deliver to these inactive addresses: {}", listed.join(", "))
        };
        self.take(message, recipients, &words)
    }

    fn take(&self, message: Value, recipients: Vec<String>, words: &str) -> Turn {
        let headers = message.get("Headers").and_then(Value::as_array).into_iter().flatten();
        let headers = headers
            .filter_map(|header| Some((text(header, "Name")?.to_owned(), text(header, "Value")?.to_owned())));
        let mut taken = self.taken.lock();
        let id = format!("51300000-0000-4000-8000-{:012}", taken.len() + 1);
        let at = self.options.clock.now();
        taken.push(Taken {
            id: id.clone(),
            at,
            recipients,
            metadata: message.get("Metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
            headers: headers.collect(),
            request: message,
        });
        ok(&json!({ "MessageID": id, "SubmittedAt": at.to_string(), "ErrorCode": 0, "Message": words }))
    }

    fn search(&self, query: &str) -> Turn {
        let asked: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter_map(|(name, value)| Some((name.strip_prefix("metadata_")?.to_owned(), value.to_owned())))
            .collect();
        if !query.contains("count=") || !query.contains("offset=") {
            return error(422, 600, "The 'count' and 'offset' parameters are required.");
        }
        let until = self.options.clock.now().minus(self.options.index_delay);
        let fits = |taken: &&Taken| {
            asked.iter().all(|(name, value)| taken.metadata.get(name).and_then(Value::as_str) == Some(value))
        };
        let taken = self.taken.lock();
        let found: Vec<Value> = taken
            .iter()
            .filter(|taken| taken.at <= until)
            .filter(fits)
            .map(|taken| json!({ "MessageID": taken.id, "Status": "Sent", "Metadata": taken.metadata }))
            .collect();
        ok(&json!({ "TotalCount": found.len(), "Messages": found }))
    }
}

fn read_recipients(message: &Value) -> Result<Vec<String>, String> {
    let mut recipients = Vec::new();
    for field in ["To", "Cc", "Bcc"] {
        // Good enough for names without commas, which is all that tests write.
        for one in text(message, field).unwrap_or_default().split(", ").filter(|one| !one.is_empty()) {
            let mailbox: Mailbox = one.parse().map_err(|_| format!("Invalid '{field}' address: '{one}'."))?;
            recipients.push(mailbox.address.as_str().to_owned());
        }
    }
    if text(message, "To").is_none() {
        return Err("Zero recipients specified".to_owned());
    }
    if recipients.len() > MAX_RECIPIENTS {
        return Err("Too many recipients: 50 at most.".to_owned());
    }
    Ok(recipients)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn ok(body: &Value) -> Turn {
    Turn::Answer { status: 200, body: body.to_string() }
}

fn error(status: u16, code: u32, words: &str) -> Turn {
    Turn::Answer { status, body: json!({ "ErrorCode": code, "Message": words }).to_string() }
}
