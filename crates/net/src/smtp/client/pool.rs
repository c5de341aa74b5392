//! Kept connections to one server for one identity.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use domain::address::EmailAddress;
use domain::failure::{Outcome, Words};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::config::{Security, SmtpConfig};
use super::connection::Connection;
use super::tls;
use super::transaction::{self, Ended};
use crate::check::CheckStep;

/// Many servers close a connection after some hundred messages; going first saves the surprise.
const MESSAGES_PER_CONNECTION: u32 = 500;
/// Shorter than the idle limits of servers, so that a kept connection is a live one.
const KEPT_IDLE: Duration = Duration::from_secs(30);
/// Every server takes at least so many recipients at once (RFC 5321 section 4.5.3.1.8).
const RECIPIENTS_AT_ONCE: usize = 100;

/// Who sends to whom, as the server is told; the headers may say something else.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// `None` is the null sender `<>` of bounces and automatic replies.
    pub from: Option<&'a EmailAddress>,
    pub to: &'a [&'a EmailAddress],
    /// Comes back in reports on delivery (`ENVID` of RFC 3461): at most 100 letters and digits.
    pub id: Option<&'a str>,
}

/// Connections to one server; clones share them.
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
    /// Ends with the last clone.
    sweeper: Arc<Mutex<JoinSet<()>>>,
}

struct Shared {
    config: SmtpConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
    tls: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
}

impl Pool {
    /// No connection is made before the first message. At least one connection is allowed.
    #[must_use]
    pub fn new(config: SmtpConfig, max_connections: usize) -> Pool {
        let shared = Shared {
            config,
            permits: Semaphore::new(max_connections.max(1)),
            idle: Mutex::new(Vec::new()),
            tls: OnceLock::new(),
        };
        Pool { shared: Arc::new(shared), sweeper: Arc::default() }
    }

    /// Sends one message: whole lines, any line ends, without stuffed dots.
    ///
    /// Every failure before the final dot means that nothing was sent. After it only the server's answer counts, and
    /// where none came the outcome is `Unknown`.
    pub async fn send(&self, envelope: Envelope<'_>, bytes: &[u8]) -> Outcome {
        let Ok(_permit) = self.shared.permits.acquire().await else {
            return Outcome::Temporary(Words::plain("the account is being closed"));
        };
        self.sweep_later();
        let mut parts = envelope.to.chunks(RECIPIENTS_AT_ONCE);
        let first = parts.next().unwrap_or_default();
        let mut outcome = self.shared.send_part(Envelope { to: first, ..envelope }, bytes).await;
        for part in parts {
            let Outcome::Sent { refused, .. } = &mut outcome else { break };
            let next = self.shared.send_part(Envelope { to: part, ..envelope }, bytes).await;
            refused.extend(refused_of(part, next));
        }
        outcome
    }

    /// Connects, secures, greets, proves who we are and leaves, on a connection of its own. Sends nothing.
    pub async fn probe(&self) -> Vec<CheckStep> {
        let mut steps = Vec::new();
        if let Ok(connection) = self.shared.open(&mut steps).await {
            steps.push(match connection.quit().await {
                Ok(reply) => CheckStep::passed("quit", reply.to_string()),
                Err(lost) => CheckStep::passed("quit", lost.to_string()),
            });
        }
        steps
    }

    /// Says good-bye on every kept connection.
    pub async fn close(&self) {
        let connections = std::mem::take(&mut *self.shared.idle.lock());
        for connection in connections {
            // The server may have left already; there is nothing to do about it.
            let _ = connection.quit().await;
        }
    }

    /// Sees to it that idle connections are closed even when no further message comes.
    fn sweep_later(&self) {
        let mut sweeper = self.sweeper.lock();
        if sweeper.is_empty() {
            sweeper.spawn(sweep(Arc::downgrade(&self.shared)));
        }
    }
}

/// What became of the recipients of a later part, when the first part was sent already: the message as a whole counts
/// as sent, so that nobody gets it twice.
fn refused_of(part: &[&EmailAddress], outcome: Outcome) -> Vec<(String, Words)> {
    match outcome {
        Outcome::Sent { refused, .. } => refused,
        other => part.iter().map(|address| (address.as_str().to_owned(), other.words().clone())).collect(),
    }
}

async fn sweep(shared: Weak<Shared>) {
    loop {
        tokio::time::sleep(KEPT_IDLE / 2).await;
        let Some(shared) = shared.upgrade() else { return };
        let old: Vec<Connection> = {
            let mut idle = shared.idle.lock();
            let now = Instant::now();
            let (old, young) =
                idle.drain(..).partition(|kept| now.duration_since(kept.idle_since) > KEPT_IDLE);
            *idle = young;
            old
        };
        for connection in old {
            let _ = connection.quit().await;
        }
    }
}

impl Shared {
    async fn send_part(&self, envelope: Envelope<'_>, bytes: &[u8]) -> Outcome {
        if let Some(kept) = self.kept() {
            match self.transact(kept, envelope, bytes).await {
                Ended::With { outcome, .. } => return outcome,
                // It died while it was idle. Nothing was sent, so the message goes out over a fresh one at once.
                Ended::DeadOnArrival(_) => {}
            }
        }
        let connection = match self.open(&mut Vec::new()).await {
            Ok(connection) => connection,
            Err(outcome) => return outcome,
        };
        match self.transact(connection, envelope, bytes).await {
            Ended::With { outcome, .. } => outcome,
            Ended::DeadOnArrival(words) => Outcome::Temporary(words),
        }
    }

    async fn transact(&self, mut connection: Connection, envelope: Envelope<'_>, bytes: &[u8]) -> Ended {
        if let Some(outcome) = transaction::refused_beforehand(&connection, envelope, bytes) {
            self.keep(connection);
            return Ended::With { outcome, reusable: true };
        }
        let ended = transaction::run(&mut connection, &self.config.timeouts, envelope, bytes).await;
        if let Ended::With { reusable: true, .. } = ended {
            connection.messages += 1;
            self.keep(connection);
        }
        ended
    }

    async fn open(&self, steps: &mut Vec<CheckStep>) -> Result<Connection, Outcome> {
        let tls = match self.config.security {
            Security::None => None,
            Security::StartTls | Security::Tls => Some(self.tls().map_err(|detail| {
                steps.push(CheckStep::failed("tls", detail.clone()));
                Outcome::Misconfigured(Words::plain(detail))
            })?),
        };
        // Boxed because the handshake's future is large and would make every send as large.
        Box::pin(Connection::open(&self.config, tls, steps)).await
    }

    fn tls(&self) -> Result<Arc<rustls::ClientConfig>, String> {
        self.tls.get_or_init(|| tls::client_config(self.config.root_ca_pem.as_deref())).clone()
    }

    /// The connection that was used last: the others grow old and are closed.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle.lock();
        while let Some(connection) = idle.pop() {
            if connection.idle_since.elapsed() < KEPT_IDLE {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, mut connection: Connection) {
        if connection.messages < MESSAGES_PER_CONNECTION && connection.stream.is_quiet() {
            connection.idle_since = Instant::now();
            self.idle.lock().push(connection);
        }
    }
}
