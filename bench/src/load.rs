//! The load generator: closed loop (each client sends its next request when the last is answered)
//! or open loop (a fixed schedule, latency counted from the scheduled instant).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::histogram::Histogram;
use crate::http::connection::{Connection, Reply};
use crate::watch;

/// A client that is told "later" for longer than this gives its request up.
const LONGEST_PUSH_BACK: Duration = Duration::from_secs(120);

/// Writes the request with the given number; the second argument is the instant it counts from.
pub type Write = Arc<dyn Fn(u64, u64, &mut Vec<u8>) + Send + Sync>;
/// Looks at a successful answer and says what is wrong with it, if anything.
pub type Look = Arc<dyn Fn(u64, &Reply<'_>) -> Option<String> + Send + Sync>;

/// What the generator saw.
#[derive(Debug, Default)]
pub struct Report {
    answered: AtomicU64,
    bad: AtomicU64,
    pushed_back: AtomicU64,
    first_fault: Mutex<Option<String>>,
    pub latency: Histogram,
}

impl Report {
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    pub fn bad(&self) -> u64 {
        self.bad.load(Ordering::Relaxed)
    }

    /// Answers 429 or 503 after which the same request was sent again.
    pub fn pushed_back(&self) -> u64 {
        self.pushed_back.load(Ordering::Relaxed)
    }

    pub fn first_fault(&self) -> Option<String> {
        self.first_fault.lock().clone()
    }

    /// Says the first fault aloud, so that a bad run explains itself.
    pub fn complain(&self) {
        if let Some(fault) = self.first_fault() {
            crate::output::say(&format!("  {} bad answers; the first: {fault}", self.bad()));
        }
    }

    fn fault(&self, words: String) {
        self.bad.fetch_add(1, Ordering::Relaxed);
        self.first_fault.lock().get_or_insert(words);
    }
}

/// The load itself: who is asked, what is written, how answers are judged.
#[derive(Clone)]
pub struct Load {
    pub address: SocketAddr,
    pub clients: usize,
    pub write: Write,
    pub look: Look,
}

/// Any 2xx is good.
pub fn any_success() -> Look {
    Arc::new(|_, _| None)
}

impl Load {
    /// Sends the requests `first..first + count`, each client one at a time.
    pub async fn closed(&self, first: u64, count: u64) -> Report {
        let report = Arc::new(Report::default());
        let next = Arc::new(AtomicU64::new(first));
        let mut clients = JoinSet::new();
        for _ in 0..self.clients.min(usize::try_from(count).unwrap_or(usize::MAX)) {
            let mut client = Client::new(self.clone(), Arc::clone(&report));
            let next = Arc::clone(&next);
            clients.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= first + count {
                        return;
                    }
                    client.request(number, watch::now()).await;
                }
            });
        }
        while clients.join_next().await.is_some() {}
        Arc::into_inner(report).expect("every client has ended")
    }

    /// Sends as `closed` does, from number 0 on, until `stop` says so.
    pub async fn closed_until(&self, stop: Arc<AtomicBool>) -> Report {
        let report = Arc::new(Report::default());
        let next = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let mut client = Client::new(self.clone(), Arc::clone(&report));
            let (next, stop) = (Arc::clone(&next), Arc::clone(&stop));
            clients.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    client.request(next.fetch_add(1, Ordering::Relaxed), watch::now()).await;
                }
            });
        }
        while clients.join_next().await.is_some() {}
        Arc::into_inner(report).expect("every client has ended")
    }

    /// Sends the requests `first..first + count` at `per_second`, whether or not the server keeps up.
    pub async fn open(&self, first: u64, count: u64, per_second: f64) -> Report {
        self.open_until(first, count, per_second, Arc::default()).await
    }

    /// The same, until `stop` says so or all are sent.
    pub async fn open_until(&self, first: u64, count: u64, per_second: f64, stop: Arc<AtomicBool>) -> Report {
        let report = Arc::new(Report::default());
        let due = Arc::new(tokio::sync::Mutex::new(schedule(first, count, per_second)));
        let mut clients = JoinSet::new();
        for _ in 0..self.clients {
            let mut client = Client::new(self.clone(), Arc::clone(&report));
            let (due, stop) = (Arc::clone(&due), Arc::clone(&stop));
            clients.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    // The lock is held while waiting: exactly one client waits for the next instant.
                    let Some((number, at)) = due.lock().await.recv().await else { return };
                    client.request(number, at).await;
                }
            });
        }
        while clients.join_next().await.is_some() {}
        Arc::into_inner(report).expect("every client has ended")
    }
}

/// A thread that hands out (number, scheduled instant) when it is due.
pub fn schedule(first: u64, count: u64, per_second: f64) -> UnboundedReceiver<(u64, u64)> {
    let (ticks, due) = tokio::sync::mpsc::unbounded_channel();
    let start = watch::now();
    std::thread::spawn(move || {
        for index in 0..count {
            let at = start + (index as f64 * 1e9 / per_second) as u64;
            watch::sleep_until(at);
            if ticks.send((first + index, at)).is_err() {
                return;
            }
        }
    });
    due
}

struct Client {
    load: Load,
    report: Arc<Report>,
    connection: Option<Connection>,
    request: Vec<u8>,
}

impl Client {
    fn new(load: Load, report: Arc<Report>) -> Self {
        Self { load, report, connection: None, request: Vec::with_capacity(4_096) }
    }

    async fn request(&mut self, number: u64, at: u64) {
        self.request.clear();
        (self.load.write)(number, at, &mut self.request);
        let given_up = watch::now() + u64::try_from(LONGEST_PUSH_BACK.as_nanos()).unwrap_or(u64::MAX);
        loop {
            match self.attempt(number, at).await {
                Ok(None) => return,
                Ok(Some(_)) if watch::now() > given_up => {
                    return self.report.fault(format!("told to come back later for {LONGEST_PUSH_BACK:?}"));
                }
                Ok(Some(pause)) => {
                    self.report.pushed_back.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(pause).await;
                }
                Err(error) => {
                    self.connection = None;
                    self.report.fault(format!("{error:#}"));
                    // A server that is gone must not turn the loop into a spin.
                    return tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }

    /// None when the request is done with, else the pause the server asked for.
    async fn attempt(&mut self, number: u64, at: u64) -> Result<Option<Duration>> {
        let connection = match &mut self.connection {
            Some(connection) if connection.is_usable() => connection,
            slot => slot.insert(Connection::open(self.load.address).await?),
        };
        let reply = connection.call(&self.request).await?;
        if reply.is_push_back() {
            let seconds = reply.retry_after.unwrap_or(0).min(2);
            return Ok(Some(Duration::from_secs(seconds).max(Duration::from_millis(20))));
        }
        if !reply.is_success() {
            self.report.fault(reply.words());
            return Ok(None);
        }
        match (self.load.look)(number, &reply) {
            Some(fault) => self.report.fault(fault),
            None => {
                self.report.latency.record(watch::now().saturating_sub(at));
                self.report.answered.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use tokio::task::JoinSet;

    use super::{Load, any_success};

    /// Answers 503 to every third request, 202 to the others.
    async fn moody_server() -> (std::net::SocketAddr, JoinSet<()>) {
        let asked = Arc::new(AtomicU64::new(0));
        let app = Router::new().route(
            "/",
            post(move || {
                let turn = asked.fetch_add(1, Ordering::Relaxed) % 3;
                async move { if turn == 2 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::ACCEPTED } }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, app).await.expect("serves") });
        (address, serving)
    }

    fn load(address: std::net::SocketAddr) -> Load {
        let write = Arc::new(move |number: u64, _: u64, out: &mut Vec<u8>| {
            out.extend_from_slice(
                format!("POST / HTTP/1.1\r\nHost: x\r\nX-Number: {number}\r\nContent-Length: 0\r\n\r\n")
                    .as_bytes(),
            );
        });
        Load { address, clients: 3, write, look: any_success() }
    }

    #[tokio::test]
    async fn a_closed_loop_answers_every_request_and_repeats_the_refused_ones() {
        let (address, _serving) = moody_server().await;
        let report = load(address).closed(0, 20).await;
        assert_eq!((report.answered(), report.bad(), report.latency.count()), (20, 0, 20));
        assert!(report.pushed_back() > 0);
    }

    #[tokio::test]
    async fn an_open_loop_sends_the_whole_schedule() {
        let (address, _serving) = moody_server().await;
        let report = load(address).open(100, 10, 1_000.0).await;
        assert_eq!((report.answered(), report.bad()), (10, 0));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let report = load(address).closed(0, 2).await;
        assert_eq!(report.bad(), 2);
        assert!(report.first_fault().expect("a fault").contains("could not connect"));
    }
}
