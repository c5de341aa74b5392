//! A program of a customer that takes webhooks: it checks each signature with code of its own, remembers what came, and
//! answers as it was told.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinSet;

use super::http::{Request, Turn, serve};

/// What the receiver does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    Status(u16),
    /// A status with a body.
    Words(u16, String),
    /// To another address.
    Redirect(String),
    /// Never.
    Hang,
    /// It closes the connection without a word.
    Drop,
}

/// A webhook that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub path: String,
    pub body: Vec<u8>,
}

impl Received {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The type of the event.
    #[must_use]
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether one of the signatures fits a secret, as Standard Webhooks says: HMAC-SHA256 over id, time and body.
    #[must_use]
    pub fn fits(&self, secret: &str) -> bool {
        let Some(key) = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok()) else {
            return false;
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let mut signed = format!("{}.{}.", self.id, self.timestamp).into_bytes();
        signed.extend_from_slice(&self.body);
        self.signature.split(' ').any(|one| {
            let tag = one.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            tag.is_some_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
        })
    }

    /// How many signatures it carries.
    #[must_use]
    pub fn signatures(&self) -> usize {
        self.signature.split(' ').count()
    }
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    /// The answers to the next requests, in turn.
    next: Vec<Answer>,
    always: Option<Answer>,
    under_way: usize,
    most_at_once: usize,
}

/// The receiver; it ends when this is dropped.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

impl Receiver {
    /// Listens on any free port of loopback, and answers 204.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> io::Result<Receiver> {
        let state: Arc<Mutex<State>> = Arc::default();
        let keeping = Arc::clone(&state);
        let handler = move |request: Request| {
            let turn: Pin<Box<dyn Future<Output = Turn> + Send>> =
                Box::pin(take(Arc::clone(&keeping), request));
            turn
        };
        let (address, tasks) = serve(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::new(handler)).await?;
        Ok(Receiver { address, state, _tasks: tasks })
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What it answers from now on.
    pub fn answer(&self, answer: Answer) {
        self.state.lock().always = Some(answer);
    }

    /// What it answers to the next requests, in turn, before what it always answers.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().next.extend(answers);
    }

    /// Everything that came, oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().received.clone()
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.state.lock().received.len()
    }

    /// How many requests it had open at once.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.state.lock().most_at_once
    }
}

async fn take(state: Arc<Mutex<State>>, request: Request) -> Turn {
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let received = Received {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or(0),
        signature: header("webhook-signature"),
        path: request.path.clone(),
        body: request.body.to_vec(),
    };
    let answer = {
        let mut state = state.lock();
        state.received.push(received);
        state.under_way += 1;
        state.most_at_once = state.most_at_once.max(state.under_way);
        if state.next.is_empty() {
            state.always.clone().unwrap_or(Answer::Status(204))
        } else {
            state.next.remove(0)
        }
    };
    // Long enough for others to come in beside it.
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    if matches!(answer, Answer::Hang) {
        return Turn::Hang;
    }
    state.lock().under_way -= 1;
    match answer {
        Answer::Status(status) => Turn::Answer { status, body: String::new() },
        Answer::Words(status, body) => Turn::Answer { status, body },
        Answer::Redirect(location) => {
            Turn::Full { status: 302, headers: vec![("location", location)], body: bytes::Bytes::new() }
        }
        Answer::Hang | Answer::Drop => Turn::Drop,
    }
}
