//! A simulated SendGrid: checks keys and requests like the real one, answers like it, signs batches of events and repeats
//! them, hands mails over in pieces or whole, and fails on demand.

mod feed;
mod send;
mod webhook;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use domain::clock::Clock;
use net::http::Client;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Faults;
use super::http::{Request, Turn};
use super::specification::Specification;
use super::suppressed::Suppressed;
use super::vendor::{self, Fault, Vendor};

pub use send::Taken;
pub use webhook::{Batch, Signed, Told};

/// How the simulation is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    pub api_key: String,
    /// What the key may do.
    pub scopes: Vec<String>,
    /// Senders of other domains are refused as not verified.
    pub domain: String,
    /// Gives the times in events and signatures.
    pub clock: Clock,
}

impl Options {
    /// On any free port of loopback, with a key that is obviously no real one.
    #[must_use]
    pub fn new(clock: Clock) -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: "SG.simulated.0000000000000000000000000000".to_owned(),
            scopes: vec!["mail.send".to_owned()],
            domain: "company.example.com".to_owned(),
            clock,
        }
    }
}

/// The running simulation; it ends when this is dropped.
pub struct Sendgrid {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

pub(super) struct Shared {
    options: Options,
    specification: Specification,
    faults: Faults<String, Fault>,
    taken: Mutex<Vec<Taken>>,
    /// What the activity feed says of messages, by their ids.
    activity: Mutex<Vec<feed::Activity>>,
    suppressed: Suppressed,
    count: AtomicUsize,
    webhook: Mutex<Option<String>>,
    signs: webhook::Signer,
    http: Client,
}

impl Sendgrid {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken, or no key can be made.
    pub async fn start(options: Options) -> io::Result<Sendgrid> {
        let address = options.address;
        let shared = Arc::new(Shared {
            options,
            specification: Specification::of(include_str!("specification/sendgrid.json")),
            faults: Faults::default(),
            taken: Mutex::default(),
            activity: Mutex::default(),
            suppressed: Suppressed::default(),
            count: AtomicUsize::new(0),
            webhook: Mutex::default(),
            signs: webhook::Signer::new()?,
            http: vendor::client(),
        });
        let (address, tasks) = vendor::start(address, Arc::clone(&shared)).await?;
        Ok(Sendgrid { address, shared, _tasks: tasks })
    }

    /// The settings of an account here.
    #[must_use]
    pub fn settings(&self) -> Value {
        json!({
            "base_url": format!("http://{}", self.address),
            "api_key": self.shared.options.api_key,
            "event_verification": self.shared.signs.verification_key(),
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
        self.shared.faults.plan("/v3/mail/send".to_owned(), fault, times);
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().clone()
    }

    /// Where events and mails go.
    pub fn set_webhook(&self, url: impl Into<String>) {
        *self.shared.webhook.lock() = Some(url.into());
    }

    /// Lets something happen to a message that the activity feed shows and no webhook tells: `delivered`, `bounced` or
    /// `dropped`.
    pub fn happens(&self, about: &Taken, event: &str) {
        let at = self.shared.options.clock.now();
        self.shared.activity.lock().push(feed::Activity::of(about, event, at));
    }

    /// Puts an address on one of the lists, such as `suppression/bounces`.
    pub fn suppress(&self, list: &str, address: &str) {
        self.shared.suppressed.add(list, address);
    }

    /// The addresses to which nothing is delivered.
    #[must_use]
    pub fn suppressed(&self) -> Vec<String> {
        self.shared.suppressed.addresses()
    }

    /// Posts a batch of events, again until it is taken, at most four times. Gives the statuses of all answers.
    pub async fn tell(&self, batch: Batch) -> Vec<Option<u16>> {
        webhook::tell(&self.shared, &batch).await
    }

    /// Hands a mail over in pieces, or whole as with `send_raw`. The authorization is that of the URL.
    pub async fn hand_over(
        &self,
        whole: bool,
        to: &str,
        raw: &str,
        authorization: Option<&str>,
    ) -> Vec<Option<u16>> {
        webhook::hand_over(&self.shared, whole, to, raw, authorization).await
    }
}

impl Vendor for Shared {
    fn faults(&self) -> &Faults<String, Fault> {
        &self.faults
    }

    fn trouble(&self, status: u16) -> Turn {
        if status != 429 {
            return error(status, None, "an internal error occurred");
        }
        let reset = self.seconds() + 30;
        let headers = vec![
            ("x-ratelimit-limit", "500".to_owned()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", reset.to_string()),
        ];
        let body = json!({ "errors": [{ "field": null, "message": "too many requests" }] });
        Turn::Full { status, headers, body: Bytes::from(body.to_string()) }
    }

    fn specification(&self) -> Option<&Specification> {
        Some(&self.specification)
    }

    fn answer(self: &Arc<Self>, request: &Request) -> Turn {
        let right = format!("Bearer {}", self.options.api_key);
        if request.header("authorization") != Some(&right) {
            return error(401, None, "The provided authorization grant is invalid, expired, or revoked");
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match (request.method.as_str(), path) {
            ("GET", "/v3/messages") => feed::list(self, query),
            ("GET", path) if path.starts_with("/v3/messages/") => feed::show(self, path),
            ("DELETE", path) => match path.trim_start_matches("/v3/").rsplit_once('/') {
                Some((list, address)) if self.suppressed.remove(list, address) => {
                    Turn::Answer { status: 204, body: String::new() }
                }
                _ => error(404, None, "resource not found"),
            },
            ("POST", "/v3/mail/send") => send::send(self, request),
            ("GET", "/v3/scopes") => {
                Turn::Answer { status: 200, body: json!({ "scopes": self.options.scopes }).to_string() }
            }
            (_, "/v3/mail/send" | "/v3/scopes") => error(405, None, "method not allowed"),
            _ => error(404, None, "not found"),
        }
    }
}

impl Shared {
    /// A number that no other message or event has.
    fn number(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn seconds(&self) -> i64 {
        self.options.clock.now().micros().div_euclid(1_000_000)
    }
}

fn error(status: u16, field: Option<&str>, message: &str) -> Turn {
    let body = json!({ "errors": [{ "message": message, "field": field, "help": null }] });
    Turn::Answer { status, body: body.to_string() }
}
