//! A simulated HTTP mail provider (SMTP2GO, Mailgun or SendGrid, as far as one message goes): counts what it
//! takes, answers after a delay, and refuses a share of the requests when told to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::wire::{Body, find, read_chunks, read_head};
use crate::chance::Chance;
use crate::ledger::Ledger;
use crate::{letters, watch};

/// How long a 429 asks the caller to stay away.
pub const RETRY_AFTER_SECONDS: u64 = 1;

/// Whose answers it gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    #[default]
    Smtp2go,
    Mailgun,
    Sendgrid,
}

#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    pub shape: Shape,
    /// Time until the answer.
    pub delay: Duration,
    /// Share of requests answered 429 with `Retry-After`.
    pub too_many: f64,
    /// Share of requests answered 500.
    pub broken: f64,
    pub seed: u64,
}

/// A running provider; dropping it ends it.
#[derive(Debug)]
pub struct Provider {
    pub address: SocketAddr,
    counts: Arc<Counts>,
    _listening: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Counts {
    too_many: AtomicU64,
    broken: AtomicU64,
    hammered: AtomicU64,
    busiest: AtomicU64,
    in_flight: AtomicU64,
    /// Message number → reading of the watch before which it must not come back.
    barred: Mutex<HashMap<u64, u64>>,
}

impl Provider {
    pub async fn start(behaviour: Behaviour, ledger: Arc<Ledger>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let counts = Arc::new(Counts::default());
        let shared = Arc::clone(&counts);
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut desks = JoinSet::new();
            let chance = Chance::from_seed(behaviour.seed);
            let mut connections = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connections += 1;
                let desk = Desk {
                    behaviour: behaviour.clone(),
                    chance: chance.branch(connections),
                    ledger: Arc::clone(&ledger),
                    counts: Arc::clone(&shared),
                };
                // A connection that breaks is the caller's affair.
                desks.spawn(async move { drop(desk.serve(stream).await) });
                while desks.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, counts, _listening: listening })
    }

    pub fn answered_429(&self) -> u64 {
        self.counts.too_many.load(Ordering::Relaxed)
    }

    pub fn answered_500(&self) -> u64 {
        self.counts.broken.load(Ordering::Relaxed)
    }

    /// Requests that came back before their own `Retry-After` was over.
    pub fn came_back_early(&self) -> u64 {
        self.counts.hammered.load(Ordering::Relaxed)
    }

    /// The most requests that were being answered at one time.
    pub fn most_in_flight(&self) -> u64 {
        self.counts.busiest.load(Ordering::Relaxed)
    }
}

struct Desk {
    behaviour: Behaviour,
    chance: Chance,
    ledger: Arc<Ledger>,
    counts: Arc<Counts>,
}

impl Desk {
    async fn serve(mut self, mut stream: TcpStream) -> Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = Vec::with_capacity(16_384);
        loop {
            let Some((body, consumed)) = next_request(&mut stream, &mut buffer).await? else { return Ok(()) };
            let in_flight = self.counts.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            self.counts.busiest.fetch_max(in_flight, Ordering::Relaxed);
            if !self.behaviour.delay.is_zero() {
                tokio::time::sleep(self.behaviour.delay).await;
            }
            let answer = self.answer(&body);
            self.counts.in_flight.fetch_sub(1, Ordering::Relaxed);
            buffer.drain(..consumed);
            stream.write_all(answer.as_bytes()).await?;
        }
    }

    fn answer(&mut self, body: &[u8]) -> String {
        let number = letters::find_mark(body).map(|mark| mark.number);
        if let Some(number) = number {
            self.note_early_return(number);
        }
        if self.behaviour.too_many > 0.0 && self.chance.hits(self.behaviour.too_many) {
            self.counts.too_many.fetch_add(1, Ordering::Relaxed);
            if let Some(number) = number {
                let until = watch::now() + RETRY_AFTER_SECONDS * 1_000_000_000;
                self.counts.barred.lock().insert(number, until);
            }
            let body = r#"{"request_id":"bench","data":{"error":"Too many requests","error_code":"E_ApiResponseCodes.REQ_LIMIT_EXCEEDED"}}"#;
            let retry = format!("Retry-After: {RETRY_AFTER_SECONDS}\r\n");
            return reply("429 Too Many Requests", &retry, body);
        }
        if self.behaviour.broken > 0.0 && self.chance.hits(self.behaviour.broken) {
            self.counts.broken.fetch_add(1, Ordering::Relaxed);
            let body = r#"{"request_id":"bench","data":{"error":"Internal error","error_code":"E_ApiResponseCodes.API_EXCEPTION"}}"#;
            return reply("500 Internal Server Error", "", body);
        }
        self.ledger.enter(body);
        let id = number.unwrap_or_default();
        match self.behaviour.shape {
            Shape::Smtp2go => {}
            Shape::Mailgun => {
                let body =
                    format!(r#"{{"id":"<bench-{id}@mg.example.com>","message":"Queued. Thank you."}}"#);
                return reply("200 OK", "", &body);
            }
            Shape::Sendgrid => return reply("202 Accepted", &format!("X-Message-Id: bench-{id}\r\n"), ""),
        }
        let body = format!(
            r#"{{"request_id":"bench-{id}","data":{{"email_id":"bench-{id}","succeeded":1,"failed":0,"failures":[]}}}}"#
        );
        reply("200 OK", "", &body)
    }

    fn note_early_return(&self, number: u64) {
        if self.behaviour.too_many <= 0.0 {
            return;
        }
        let until = self.counts.barred.lock().remove(&number);
        if until.is_some_and(|until| watch::now() < until) {
            self.counts.hammered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The body of the next request and how many bytes of the buffer it took; None at the end.
async fn next_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<(Vec<u8>, usize)>> {
    let mut may_continue = true;
    loop {
        if let Some(head) = read_head(buffer)? {
            if may_continue && find(&buffer[..head.length], b"100-continue").is_some() {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            }
            may_continue = false;
            match head.body {
                Body::Length(length) => {
                    if let Some(body) = buffer.get(head.length..head.length + length) {
                        return Ok(Some((body.to_vec(), head.length + length)));
                    }
                }
                Body::Chunked => {
                    if let Some((body, read)) = read_chunks(&buffer[head.length..])? {
                        return Ok(Some((body, head.length + read)));
                    }
                }
            }
        }
        buffer.reserve(8_192);
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Provider};
    use crate::http::api::Api;
    use crate::http::connection::Connection;
    use crate::ledger::Ledger;
    use crate::letters::{Mark, Outgoing};

    async fn post(provider: &Provider, number: u64) -> (u16, Option<u64>, String) {
        let mut json = String::new();
        Outgoing::default().write_json(Mark { number, at: 0 }, &mut json);
        let mut request = Vec::new();
        Api::new(provider.address, "x").write_post("/v3/email/send", "k", json.as_bytes(), &mut request);
        let mut connection = Connection::open(provider.address).await.expect("connects");
        let reply = connection.call(&request).await.expect("answers");
        (reply.status, reply.retry_after, String::from_utf8_lossy(reply.body).into_owned())
    }

    #[tokio::test]
    async fn takes_a_message_and_counts_it() {
        let ledger = Ledger::new(10);
        let behaviour = Behaviour { too_many: 0.0, seed: 1, ..Behaviour::default() };
        let provider = Provider::start(behaviour, ledger.clone()).await.expect("starts");
        let (status, _, body) = post(&provider, 4).await;
        assert_eq!((status, ledger.arrivals_of(4)), (200, 1));
        assert!(body.contains(r#""succeeded":1"#), "{body}");
    }

    #[tokio::test]
    async fn a_refused_message_is_not_counted_and_coming_back_at_once_is_noticed() {
        let ledger = Ledger::new(10);
        let behaviour = Behaviour { too_many: 1.0, seed: 1, ..Behaviour::default() };
        let provider = Provider::start(behaviour, ledger.clone()).await.expect("starts");
        assert_eq!(post(&provider, 4).await.1, Some(1));
        post(&provider, 4).await;
        assert_eq!((ledger.distinct(), provider.answered_429(), provider.came_back_early()), (0, 2, 1));
    }
}
