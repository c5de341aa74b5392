//! Clients that do not give up: each repeats its request, same key and same body, over broken
//! connections and restarts until the server has answered. What they got answered must arrive.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::http::api::Api;
use crate::http::connection::Connection;
use crate::ledger::Ledger;
use crate::letters::{Mark, Outgoing};
use crate::watch;

/// A request that nobody answered for so long is a failure of the run, not of a connection.
const GIVE_UP_SECONDS: f64 = 120.0;

/// A message the server has answered 202 for.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub number: u64,
    pub id: String,
}

#[derive(Clone)]
pub struct Plan {
    pub api: Api,
    pub clients: u64,
    /// Numbers are 0..most.
    pub most: u64,
    pub outgoing: Outgoing,
    /// Milliseconds a client waits between two messages.
    pub pause: Range<u64>,
    /// Clients wait while more than this many accepted messages have not arrived (see `forgive`).
    pub backlog: u64,
    pub chance: Chance,
    pub ledger: Arc<Ledger>,
}

/// The clients at work.
pub struct Clients {
    tasks: JoinSet<Result<()>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
    accepted: Mutex<Vec<Accepted>>,
    repeated: AtomicU64,
    replayed: AtomicU64,
    forgiven: AtomicU64,
}

/// What the clients have to show at the end.
#[derive(Debug)]
pub struct Harvest {
    pub accepted: Vec<Accepted>,
    /// Requests sent again because no answer came.
    pub repeated: u64,
    /// Messages that were answered only after at least one repetition.
    pub replayed: u64,
}

impl Clients {
    pub fn start(plan: &Plan) -> Self {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        for number in 0..plan.clients {
            let client = Client {
                plan: plan.clone(),
                shared: Arc::clone(&shared),
                chance: plan.chance.branch(number),
                connection: None,
            };
            tasks.spawn(client.work());
        }
        Self { tasks, shared }
    }

    pub fn accepted(&self) -> u64 {
        self.shared.accepted.lock().len() as u64
    }

    /// Raises the backlog at which clients wait: a kill leaves messages `unknown` that never arrive,
    /// and many kills must not bring the clients to a halt.
    pub fn forgive(&self, messages: u64) {
        self.shared.forgiven.fetch_add(messages, Ordering::Relaxed);
    }

    /// Lets every client finish the message it is at.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    pub async fn harvest(mut self) -> Result<Harvest> {
        while let Some(ended) = self.tasks.join_next().await {
            ended.context("a client broke")??;
        }
        let accepted = std::mem::take(&mut *self.shared.accepted.lock());
        Ok(Harvest {
            accepted,
            repeated: self.shared.repeated.load(Ordering::Relaxed),
            replayed: self.shared.replayed.load(Ordering::Relaxed),
        })
    }
}

struct Client {
    plan: Plan,
    shared: Arc<Shared>,
    chance: Chance,
    connection: Option<Connection>,
}

impl Client {
    async fn work(mut self) -> Result<()> {
        loop {
            while self.is_too_far_ahead() && !self.shared.stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            if self.shared.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.plan.most {
                return Ok(());
            }
            let id = self.place(number).await?;
            self.shared.accepted.lock().push(Accepted { number, id });
            if !self.plan.pause.is_empty() {
                let pause = self.chance.within(self.plan.pause.clone());
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
    }

    fn is_too_far_ahead(&self) -> bool {
        let accepted = self.shared.accepted.lock().len() as u64;
        let limit = self.plan.backlog + self.shared.forgiven.load(Ordering::Relaxed);
        accepted.saturating_sub(self.plan.ledger.distinct()) > limit
    }

    /// Posts one message until it is answered and returns its id.
    async fn place(&mut self, number: u64) -> Result<String> {
        let mut body = String::with_capacity(2_048);
        // Written once: a repetition must be the same to the byte.
        self.plan.outgoing.write_json(Mark { number, at: watch::now() }, &mut body);
        let mut request = Vec::with_capacity(2_560);
        self.plan.api.write_post("/v1/messages", &format!("bench-{number}"), body.as_bytes(), &mut request);
        let begun = watch::now();
        let mut tries = 0_u64;
        loop {
            match self.attempt(&request).await {
                Ok(Some(id)) => {
                    if tries > 0 {
                        self.shared.replayed.fetch_add(1, Ordering::Relaxed);
                    }
                    return Ok(id);
                }
                Ok(None) => {}
                Err(error) if error.is::<Refused>() => return Err(error),
                Err(_) => self.connection = None,
            }
            tries += 1;
            self.shared.repeated.fetch_add(1, Ordering::Relaxed);
            if watch::seconds_since(begun) > GIVE_UP_SECONDS {
                bail!("message {number} was not answered within {GIVE_UP_SECONDS} s ({tries} tries)");
            }
            tokio::time::sleep(Duration::from_millis(self.chance.within(2..10))).await;
        }
    }

    /// The id; None when the server asks to come again.
    async fn attempt(&mut self, request: &[u8]) -> Result<Option<String>> {
        let connection = match &mut self.connection {
            Some(connection) if connection.is_usable() => connection,
            slot => slot.insert(Connection::open(self.plan.api.address).await?),
        };
        let reply = connection.call(request).await?;
        if reply.is_success() {
            let answer: Value = serde_json::from_slice(reply.body)?;
            let id = answer["id"].as_str().context("the answer has no id")?;
            return Ok(Some(id.to_owned()));
        }
        // 409: the first try with this key is still being worked on.
        if reply.status == 409 || reply.status == 429 || reply.status >= 500 {
            return Ok(None);
        }
        Err(Refused(reply.words()).into())
    }
}

/// An answer that repeating cannot change.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the server refused a message: {}", self.0)
    }
}

impl std::error::Error for Refused {}
