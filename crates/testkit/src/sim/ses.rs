//! A simulated Amazon SES with its SNS: checks signatures, fields and limits like the real one, answers like it, signs
//! what it publishes with a key made at the start and serves the certificate, asks for confirmation of subscriptions,
//! repeats what is not taken, and fails on demand.

mod account;
mod email;
mod insights;
mod signed;
mod sns;
mod told;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

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

pub use email::Taken;
pub use sns::Published;
pub use told::Told;

/// How the simulation is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// The domain that may send.
    pub domain: String,
    pub configuration_set: String,
    /// Gives the times in answers, events and signatures, and judges those of requests.
    pub clock: Clock,
}

impl Options {
    /// On any free port of loopback, with keys that are obviously no real ones.
    #[must_use]
    pub fn new(clock: Clock) -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            region: "eu-central-1".to_owned(),
            access_key_id: "AKIDSIMULATED".to_owned(),
            secret_access_key: "simulated-secret-access-key".to_owned(),
            domain: "company.example.com".to_owned(),
            configuration_set: "chancery".to_owned(),
            clock,
        }
    }
}

/// The running simulation; it ends when this is dropped.
pub struct Ses {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    options: Options,
    specification: Specification,
    /// By path, such as `/v2/email/outbound-emails`.
    faults: Faults<String, Fault>,
    taken: Mutex<Vec<Taken>>,
    /// What became of messages, as their insights show it: the id, the recipient, the type and the time.
    insights: Mutex<Vec<insights::Insight>>,
    suppressed: Suppressed,
    count: AtomicUsize,
    signer: sns::Signer,
    subscription: Mutex<Option<sns::Subscription>>,
    http: Client,
    listening: OnceLock<SocketAddr>,
}

impl Ses {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken, or no key can be made.
    pub async fn start(options: Options) -> io::Result<Ses> {
        let address = options.address;
        let shared = Arc::new(Shared {
            options,
            specification: Specification::of(include_str!("specification/ses.json")),
            faults: Faults::default(),
            taken: Mutex::default(),
            insights: Mutex::default(),
            suppressed: Suppressed::default(),
            count: AtomicUsize::new(0),
            signer: sns::Signer::new().map_err(io::Error::other)?,
            subscription: Mutex::default(),
            http: vendor::client(),
            listening: OnceLock::new(),
        });
        let (address, tasks) = vendor::start(address, Arc::clone(&shared)).await?;
        shared.listening.get_or_init(|| address);
        Ok(Ses { address, shared, _tasks: tasks })
    }

    /// The settings of an account here.
    #[must_use]
    pub fn settings(&self) -> Value {
        let Options { region, access_key_id, secret_access_key, domain, configuration_set, .. } =
            &self.shared.options;
        json!({
            "region": region,
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "from": format!("Support <support@{domain}>"),
            "configuration_set": configuration_set,
            "topic_arns": self.topic(),
            "base_url": self.url(),
            "sns_url": self.url(),
        })
    }

    /// Where both the API and SNS are.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The topic to which events and mails are published.
    #[must_use]
    pub fn topic(&self) -> String {
        self.shared.topic()
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
        self.shared.faults.plan(email::PATH.to_owned(), fault, times);
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().clone()
    }

    /// Lets something happen to the first recipient of a message that its insights show and no topic is told, such as
    /// `DELIVERY` or `BOUNCE`, which is for good.
    pub fn happens(&self, about: &Taken, event: &str) {
        let at = self.shared.options.clock.now();
        self.shared.insights.lock().push(insights::Insight::of(about, event, at));
    }

    /// Puts an address on the account-level list.
    pub fn suppress(&self, address: &str) {
        self.shared.suppressed.add("account", address);
    }

    /// The addresses to which nothing is delivered.
    #[must_use]
    pub fn suppressed(&self) -> Vec<String> {
        self.shared.suppressed.addresses()
    }

    /// Subscribes a URL to the topic: SNS asks it to confirm. Gives the statuses of its answers.
    pub async fn subscribe(&self, url: impl Into<String>) -> Vec<Option<u16>> {
        sns::subscribe(&self.shared, url.into()).await
    }

    /// Switches raw message delivery on for the subscription.
    pub fn deliver_raw(&self) {
        if let Some(subscription) = self.shared.subscription.lock().as_mut() {
            subscription.raw = true;
        }
    }

    /// Whether the subscription was confirmed.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.shared.subscription.lock().as_ref().is_some_and(|subscription| subscription.confirmed)
    }

    /// Publishes one event, and tries until it is taken, at most four times. Gives the statuses of all answers.
    pub async fn tell(&self, event: &Told) -> Vec<Option<u16>> {
        sns::publish(&self.shared, &event.text(self.shared.options.clock.now())).await
    }

    /// Publishes any text.
    pub async fn publish(&self, text: &str) -> Vec<Option<u16>> {
        sns::publish(&self.shared, text).await
    }

    /// Receives a mail, and publishes it whole by a receipt rule with an SNS action.
    pub async fn receive(&self, from: &str, to: &str, raw: &[u8]) -> Vec<Option<u16>> {
        let number = self.shared.number();
        let text = told::received(number, from, to, raw, self.shared.options.clock.now());
        sns::publish(&self.shared, &text).await
    }

    /// A signed notification that was not posted, for changing and posting it by hand.
    #[must_use]
    pub fn notification(&self, topic: &str, text: &str) -> Published {
        sns::notification(&self.shared, topic, text)
    }

    /// A signed request for confirmation that was not posted, as any topic of anybody can send one.
    #[must_use]
    pub fn confirmation(&self, topic: &str) -> Published {
        sns::confirmation(&self.shared, topic, "token-of-somebody")
    }
}

impl Vendor for Shared {
    fn faults(&self) -> &Faults<String, Fault> {
        &self.faults
    }

    fn trouble(&self, status: u16) -> Turn {
        match status {
            429 => error(429, "TooManyRequestsException", "Too many requests"),
            _ => error(status, "InternalServiceErrorException", "We encountered an internal error"),
        }
    }

    fn specification(&self) -> Option<&Specification> {
        Some(&self.specification)
    }

    fn answer(self: &Arc<Self>, request: &Request) -> Turn {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if path == "/" || path.ends_with(".pem") {
            return sns::answer(self, path, query);
        }
        if let Err(refused) = signed::check(&self.options, request) {
            return refused;
        }
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["v2", "email", "outbound-emails"]) => email::send(self, request),
            ("DELETE", ["v2", "email", "suppression", "addresses", address]) => {
                if self.suppressed.remove("account", address) {
                    ok(&json!({}))
                } else {
                    error(404, "NotFoundException", "Email address does not exist on your suppression list.")
                }
            }
            ("GET", ["v2", "email", "insights", id]) => insights::show(self, id),
            ("GET", ["v2", "email", "account"]) => account::account(self),
            ("GET", ["v2", "email", "identities", name]) => account::identity(self, name),
            ("GET", ["v2", "email", "configuration-sets", name, "event-destinations"]) => {
                account::destinations(self, name)
            }
            _ => error(404, "UnknownOperationException", ""),
        }
    }
}

impl Shared {
    /// A number that no other message or event has.
    fn number(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn topic(&self) -> String {
        format!("arn:aws:sns:{}:123456789012:chancery", self.options.region)
    }

    fn url(&self) -> String {
        self.listening.get().map(|address| format!("http://{address}")).unwrap_or_default()
    }
}

fn ok(body: &Value) -> Turn {
    Turn::Answer { status: 200, body: body.to_string() }
}

fn error(status: u16, exception: &str, words: &str) -> Turn {
    Turn::Full {
        status,
        headers: vec![("x-amzn-errortype", format!("{exception}:http://internal.example.com/coral/"))],
        body: json!({ "message": words }).to_string().into(),
    }
}
