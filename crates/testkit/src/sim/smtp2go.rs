//! A simulated SMTP2GO: checks keys and payloads like the real one, answers like it, remembers what it took, answers
//! activity searches from that, sends webhooks, and fails on demand.

mod activity;
mod email;
mod webhook;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::clock::{Clock, Timestamp};
use net::http::{Client, GuardPolicy};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Faults;
use super::http::{Request, Turn, serve};
use super::suppressed::Suppressed;

pub use email::Taken;
pub use webhook::Told;

/// How the simulation is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    pub api_key: String,
    /// Gives the times in answers and events.
    pub clock: Clock,
    /// How long after it was taken a message can be found by activity search.
    pub index_delay: Duration,
    /// Tells the webhook, once one is set, of every message: processed, and then delivered, or bounced for recipients
    /// whose address begins with `bounce`.
    pub tells: bool,
    /// Remembers whole requests; without it only ids and heads, for large numbers.
    pub keeps_requests: bool,
}

impl Options {
    /// On any free port of loopback, with a key that is obviously no real one.
    #[must_use]
    pub fn new(clock: Clock) -> Options {
        Options {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            api_key: "api-SIMULATED0000000000000000000000".to_owned(),
            clock,
            index_delay: Duration::ZERO,
            tells: false,
            keeps_requests: true,
        }
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429, with the words of the real one.
    RateLimited,
    /// 500 from the API itself: nothing is taken.
    ServerError,
    /// 502 from something in front of it: nothing is taken, but who can tell.
    BadGateway,
    /// Reads the request and never answers. Nothing is taken.
    Hang,
    /// Closes without an answer. Nothing is taken.
    Drop,
    /// Takes the message and never answers.
    TakeAndHang,
    /// Takes the message and closes without an answer.
    TakeAndDrop,
    /// Takes the message and breaks off in the middle of the answer.
    TakeAndHalfAnswer,
    /// 200 with `failed: 1` and this sentence.
    FailedWith200(String),
    /// Any other status and body. Nothing is taken.
    Answer(u16, String),
}

/// The running simulation; it ends when this is dropped.
pub struct Smtp2go {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    options: Options,
    /// By path, such as `/email/send`.
    faults: Faults<String, Fault>,
    taken: Mutex<Vec<Taken>>,
    /// What happened to messages since they were taken, as activity search shows it.
    happened: Mutex<Vec<(Timestamp, Told)>>,
    suppressed: Suppressed,
    count: AtomicUsize,
    requests: AtomicUsize,
    webhook: Mutex<Option<webhook::Target>>,
    telling: Mutex<JoinSet<()>>,
    http: Client,
}

impl Smtp2go {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: Options) -> io::Result<Smtp2go> {
        let address = options.address;
        let shared = Arc::new(Shared {
            options,
            faults: Faults::default(),
            taken: Mutex::default(),
            happened: Mutex::default(),
            suppressed: Suppressed::default(),
            count: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            webhook: Mutex::default(),
            telling: Mutex::default(),
            http: Client::new(GuardPolicy { allow_private: true, allow_loopback: true }),
        });
        let handling = Arc::clone(&shared);
        let handler = move |request: Request| {
            let shared = Arc::clone(&handling);
            let turn: std::pin::Pin<Box<dyn Future<Output = Turn> + Send>> =
                Box::pin(async move { handle(&shared, &request) });
            turn
        };
        let (address, tasks) = serve(address, Arc::new(handler)).await?;
        Ok(Smtp2go { address, shared, _tasks: tasks })
    }

    /// The provider's `base_url` setting.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v3", self.address)
    }

    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.shared.options.api_key
    }

    /// The faults that are planned, by path such as `/email/send`.
    #[must_use]
    pub fn faults(&self) -> &Faults<String, Fault> {
        &self.shared.faults
    }

    /// The next `times` messages get this fault.
    pub fn fail_sending(&self, fault: Fault, times: usize) {
        self.shared.faults.plan("/email/send".to_owned(), fault, times);
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().clone()
    }

    /// How many messages were taken so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// How many requests there were, with those that failed.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Where events are told, and with what `Authorization`.
    pub fn set_webhook(&self, url: impl Into<String>, authorization: Option<String>) {
        *self.shared.webhook.lock() = Some(webhook::Target { url: url.into(), authorization });
    }

    /// Lets something happen that activity search shows and no webhook tells.
    pub fn happens(&self, event: &Told) {
        self.shared.happened.lock().push((self.shared.options.clock.now(), event.clone()));
    }

    /// Puts an address on the list for a reason: `bounce`, `spam`, `complaint`, `unsubscribe` or `manual`.
    pub fn suppress(&self, reason: &str, address: &str) {
        self.shared.suppressed.add(reason, address);
    }

    /// The addresses to which nothing is delivered.
    #[must_use]
    pub fn suppressed(&self) -> Vec<String> {
        self.shared.suppressed.addresses()
    }

    /// Tells the webhook of one event and gives the status of its answer; `None` when there is no webhook or no answer.
    pub async fn tell(&self, event: Told) -> Option<u16> {
        self.happens(&event);
        webhook::tell(&self.shared, event).await
    }
}

fn handle(shared: &Arc<Shared>, request: &Request) -> Turn {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let path = request.path.strip_prefix("/v3").unwrap_or(&request.path).to_owned();
    let fault = shared.faults.take(&path);
    match fault {
        Some(Fault::RateLimited) => {
            return error(429, "E_ApiResponseCodes.REQ_LIMIT_EXCEEDED", "API key ratelimit exceeded");
        }
        Some(Fault::ServerError) => {
            return error(500, "E_ApiResponseCodes.API_EXCEPTION", "an error occurred");
        }
        Some(Fault::BadGateway) => {
            return Turn::Answer { status: 502, body: "<html>502 Bad Gateway</html>".to_owned() };
        }
        Some(Fault::Hang) => return Turn::Hang,
        Some(Fault::Drop) => return Turn::Drop,
        Some(Fault::Answer(status, body)) => return Turn::Answer { status, body },
        Some(Fault::FailedWith200(ref sentence)) => {
            return ok(json!({ "succeeded": 0, "failed": 1, "failures": [sentence] }));
        }
        _ => {}
    }
    let body: Value = match serde_json::from_slice(&request.body) {
        Ok(body) => body,
        Err(_) => {
            return error(400, "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD", "the payload is not JSON");
        }
    };
    let given = request.header("x-smtp2go-api-key").or_else(|| body.get("api_key").and_then(Value::as_str));
    if given != Some(shared.options.api_key.as_str()) {
        return error(401, "E_ApiResponseCodes.API_KEY_INVALID", "the API key is missing or not valid");
    }
    let turn = match path.as_str() {
        "/email/send" => email::send(shared, body, request.body.len()),
        "/activity/search" => activity::search(shared, &body),
        "/suppression/remove" => activity::unsuppress(shared, &body),
        "/api_keys/permissions" => ok(json!({ "permissions": ["/email/send", "/activity/search"] })),
        "/stats/email_summary" => ok(json!({ "email_count": shared.count.load(Ordering::SeqCst) })),
        _ => error(404, "E_ApiResponseCodes.NOT_FOUND", "there is no such endpoint"),
    };
    match (fault, turn) {
        (Some(Fault::TakeAndHang), _) => Turn::Hang,
        (Some(Fault::TakeAndDrop), _) => Turn::Drop,
        (Some(Fault::TakeAndHalfAnswer), Turn::Answer { status, body }) => Turn::Half { status, body },
        (_, turn) => turn,
    }
}

const REQUEST_ID: &str = "3f1e5a1c-6b2d-11eb-8bb3-f23c92bb31d2";

fn ok(data: Value) -> Turn {
    Turn::Answer { status: 200, body: json!({ "request_id": REQUEST_ID, "data": data }).to_string() }
}

fn error(status: u16, code: &str, words: &str) -> Turn {
    let body = json!({ "request_id": REQUEST_ID, "data": { "error": words, "error_code": code } });
    Turn::Answer { status, body: body.to_string() }
}

fn wrong_field(field: &str, words: &str) -> Turn {
    let data = json!({
        "error": "An error occurred with your request payload",
        "error_code": "E_ApiResponseCodes.NON_VALIDATING_IN_PAYLOAD",
        "field_validation_errors": { "fieldname": field, "message": words },
    });
    Turn::Answer { status: 400, body: json!({ "request_id": REQUEST_ID, "data": data }).to_string() }
}

/// Times as the vendor writes them: whole seconds, `Z`.
fn vendor_time(at: Timestamp) -> String {
    let text = at.to_string();
    text.get(..19).map_or(text.clone(), |seconds| format!("{seconds}Z"))
}
