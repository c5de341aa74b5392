//! A simulated mail server: takes everything, remembers it, and fails at any verb on demand.

mod conversation;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Faults;
use conversation::Conversation;

/// How the server is set up.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes any that is free.
    pub address: SocketAddr,
    /// Asks for this name and password.
    pub credentials: Option<(String, String)>,
    /// Remembers whole messages; without it only their ids, for large numbers.
    pub keeps_messages: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { address: SocketAddr::from(([127, 0, 0, 1], 0)), credentials: None, keeps_messages: true }
    }
}

/// Where in a conversation a fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Connect,
    Hello,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The final dot.
    Dot,
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Says this instead, such as `451 4.3.0 later`. Nothing is taken.
    Say(String),
    Hang,
    Drop,
    /// Takes the message and says nothing any more; only at the dot.
    TakeAndHang,
    /// Takes the message and closes; only at the dot.
    TakeAndDrop,
}

/// One message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// `None` is `<>`.
    pub from: Option<String>,
    pub to: Vec<String>,
    /// Dots unstuffed.
    pub bytes: Bytes,
}

/// The running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    options: Options,
    faults: Faults<At, Fault>,
    taken: Mutex<Vec<Taken>>,
    /// How often each Message-ID was taken.
    ids: Mutex<HashMap<String, usize>>,
    count: AtomicUsize,
    connections: AtomicUsize,
    watchers: Mutex<Vec<Watcher>>,
}

type Watcher = Box<dyn Fn(&Taken) + Send + Sync>;

impl Server {
    /// Starts on loopback.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(options: Options) -> io::Result<Server> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            options,
            faults: Faults::default(),
            taken: Mutex::default(),
            ids: Mutex::default(),
            count: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            watchers: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Server { address, shared, tasks })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The faults that are planned.
    #[must_use]
    pub fn faults(&self) -> &Faults<At, Fault> {
        &self.shared.faults
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

    /// How many connections there were.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How often each Message-ID was taken, without angle brackets.
    #[must_use]
    pub fn ids(&self) -> HashMap<String, usize> {
        self.shared.ids.lock().clone()
    }

    /// Calls back for every message that is taken, before it is acknowledged.
    pub fn watch(&self, watcher: impl Fn(&Taken) + Send + Sync + 'static) {
        self.shared.watchers.lock().push(Box::new(watcher));
    }

    /// Cuts all connections and frees the port.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        if let Ok((stream, _)) = listener.accept().await {
            shared.connections.fetch_add(1, Ordering::SeqCst);
            let shared = Arc::clone(&shared);
            connections.spawn(async move {
                // A client that leaves is none of the server's business.
                let _ = Conversation::new(stream, shared).hold().await;
            });
        }
    }
}

impl Shared {
    fn take(&self, taken: Taken) {
        if let Some(id) = message_id(&taken.bytes) {
            *self.ids.lock().entry(id).or_default() += 1;
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        for watcher in self.watchers.lock().iter() {
            watcher(&taken);
        }
        if self.options.keeps_messages {
            self.taken.lock().push(taken);
        }
    }
}

/// The id in the headers, without reading the rest of the message.
fn message_id(bytes: &[u8]) -> Option<String> {
    let lines = bytes.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let header =
        lines.into_iter().find(|line| line.len() > 11 && line[..11].eq_ignore_ascii_case(b"message-id:"))?;
    let value = String::from_utf8_lossy(&header[11..]).into_owned();
    Some(value.trim().trim_matches(['<', '>']).to_owned())
}
