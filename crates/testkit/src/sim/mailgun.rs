//! A simulated Mailgun: checks keys, domains and forms like the real one, answers like it, lists events of what it took,
//! signs webhooks and repeats them, hands mails over in each of its three ways, and fails on demand.

mod events;
mod messages;
mod webhook;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

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

pub use messages::{File, Taken};
pub use webhook::{HandsOver, Told};

/// How the simulation is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    pub api_key: String,
    pub domain: String,
    pub signing_key: String,
    /// Gives the times in answers, events and signatures.
    pub clock: Clock,
    /// How long after it was taken a message can be found among the events.
    pub index_delay: Duration,
}

impl Options {
    /// On any free port of loopback, with keys that are obviously no real ones.
    #[must_use]
    pub fn new(clock: Clock) -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: "key-simulated00000000000000000000000".to_owned(),
            domain: "mg.company.example.com".to_owned(),
            signing_key: "signing-simulated000000000000000".to_owned(),
            clock,
            index_delay: Duration::ZERO,
        }
    }
}

/// The running simulation; it ends when this is dropped.
pub struct Mailgun {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

pub(super) struct Shared {
    options: Options,
    specification: Specification,
    faults: Faults<String, Fault>,
    taken: Mutex<Vec<Taken>>,
    /// Mails that wait to be fetched, by the key of their place.
    kept: Mutex<Vec<(String, Value)>>,
    /// What happened to messages since they were taken, as the list of events shows it.
    happened: Mutex<Vec<(Timestamp, Value)>>,
    suppressed: Suppressed,
    count: AtomicUsize,
    webhook: Mutex<Option<String>>,
    http: Client,
    /// Where this listens, once it does.
    listening: OnceLock<SocketAddr>,
}

impl Mailgun {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: Options) -> io::Result<Mailgun> {
        let address = options.address;
        let shared = Arc::new(Shared {
            options,
            specification: Specification::of(include_str!("specification/mailgun.json")),
            faults: Faults::default(),
            taken: Mutex::default(),
            kept: Mutex::default(),
            happened: Mutex::default(),
            suppressed: Suppressed::default(),
            count: AtomicUsize::new(0),
            webhook: Mutex::default(),
            http: vendor::client(),
            listening: OnceLock::new(),
        });
        let (address, tasks) = vendor::start(address, Arc::clone(&shared)).await?;
        shared.listening.get_or_init(|| address);
        Ok(Mailgun { address, shared, _tasks: tasks })
    }

    /// The settings of an account here.
    #[must_use]
    pub fn settings(&self) -> Value {
        let Options { api_key, domain, signing_key, .. } = &self.shared.options;
        json!({
            "base_url": format!("http://{}", self.address),
            "api_key": api_key,
            "domain": domain,
            "webhook_signing_key": signing_key,
            "from": "Support <support@company.example.com>",
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
        let path = format!("/v3/{}/messages", self.shared.options.domain);
        self.shared.faults.plan(path, fault, times);
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

    /// Tells the webhook of one event, again until it is taken or refused with 406, at most four times. Gives the
    /// statuses of all answers.
    pub async fn tell(&self, event: Told) -> Vec<Option<u16>> {
        if !event.forged && event.reused.is_none() {
            self.happens(&event);
        }
        webhook::tell(&self.shared, &event).await
    }

    /// Lets something happen that the list of events shows and no webhook tells.
    pub fn happens(&self, event: &Told) {
        let data = webhook::event_data(&self.shared, event);
        self.shared.happened.lock().push((self.shared.options.clock.now(), data));
    }

    /// Stores a mail as a route does, and tells nobody.
    pub fn stores(&self, to: &str, raw: &str) {
        webhook::store(&self.shared, to, raw);
    }

    /// Puts an address on one of the lists `bounces`, `complaints` and `unsubscribes`.
    pub fn suppress(&self, list: &str, address: &str) {
        self.shared.suppressed.add(list, address);
    }

    /// The addresses to which nothing is delivered.
    #[must_use]
    pub fn suppressed(&self) -> Vec<String> {
        self.shared.suppressed.addresses()
    }

    /// Hands a mail over, as a route with its action does.
    pub async fn hand_over(&self, how: HandsOver, to: &str, raw: &str) -> Vec<Option<u16>> {
        webhook::hand_over(&self.shared, how, to, raw).await
    }
}

impl Vendor for Shared {
    fn faults(&self) -> &Faults<String, Fault> {
        &self.faults
    }

    fn trouble(&self, status: u16) -> Turn {
        if status == 429 {
            let domain = &self.options.domain;
            return error(
                429,
                &format!(
                    "Domain {domain} is not allowed to send: account-requests-per-sec limit exceeded, try again after 60 seconds"
                ),
            );
        }
        error(status, "Internal Server Error")
    }

    fn specification(&self) -> Option<&Specification> {
        Some(&self.specification)
    }

    fn answer(self: &Arc<Self>, request: &Request) -> Turn {
        let pair = format!("api:{}", self.options.api_key);
        let right = format!("Basic {}", net::signature::base64(pair.as_bytes()));
        if request.header("authorization") != Some(&right) {
            return Turn::Answer { status: 401, body: "Forbidden".to_owned() };
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let domain = self.options.domain.as_str();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["v3", at, "messages"]) if *at == domain => messages::send(self, request),
            ("GET", ["v3", at, "events", ..]) if *at == domain => events::list(self, &parts[3..], query),
            ("DELETE", ["v3", at, list @ ("bounces" | "complaints" | "unsubscribes"), address])
                if *at == domain =>
            {
                if self.suppressed.remove(list, address) {
                    ok(json!({ "message": "Address has been removed", "address": address }))
                } else {
                    error(404, &format!("Address not found in {list} table"))
                }
            }
            ("GET", ["v4", "domains", at]) if *at == domain => ok(described(domain)),
            ("GET", ["v3", "domains", at, "messages", key]) if *at == domain => self.kept(key),
            (_, ["v3", at, "messages" | "events", ..] | ["v4" | "v3", "domains", at, ..]) => {
                error(404, &format!("Domain not found: {at}"))
            }
            // Any other path is greeted.
            _ => Turn::Answer { status: 200, body: "Mailgun Magnificent API".to_owned() },
        }
    }
}

impl Shared {
    /// A number that no other message, token or event has.
    fn number(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn kept(&self, key: &str) -> Turn {
        match self.kept.lock().iter().find(|(known, _)| known == key) {
            Some((_, mail)) => ok(mail.clone()),
            None => error(404, "Message not found"),
        }
    }
}

fn described(domain: &str) -> Value {
    json!({ "domain": {
        "id": "0123456789abcdef01234567",
        "name": domain,
        "state": "active",
        "type": "custom",
        "created_at": "Fri, 20 Nov 2026 12:00:00 GMT",
        "is_disabled": false,
        "require_tls": false,
        "skip_verification": false,
        "smtp_login": format!("postmaster@{domain}"),
        "spam_action": "disabled",
        "use_automatic_sender_security": true,
        "web_prefix": "email",
        "web_scheme": "https",
        "wildcard": false,
        "encrypt_incoming_message": false,
        "message_ttl": 259_200,
    } })
}

fn ok(body: Value) -> Turn {
    Turn::Answer { status: 200, body: body.to_string() }
}

fn error(status: u16, message: &str) -> Turn {
    Turn::Answer { status, body: json!({ "message": message }).to_string() }
}
