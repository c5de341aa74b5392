//! A simulated DNS server: answers from records that a test gives it, over UDP and TCP, or is silent.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use net::dns::{Answer, Kind, encode_answer, read_question};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

/// What fits over UDP here; longer answers are asked for again over TCP.
const UDP_MOST: usize = 512;

/// The running server; it ends when this is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    records: Mutex<HashMap<(String, Kind), Vec<Answer>>>,
    is_silent: AtomicBool,
    over_tcp: AtomicUsize,
}

impl Server {
    /// Starts on loopback, on one port for both.
    ///
    /// # Panics
    /// When no port is free for both.
    pub async fn start() -> Server {
        for _ in 0..20 {
            let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await else { continue };
            let address = listener.local_addr().expect("a bound port has an address");
            let Ok(socket) = UdpSocket::bind(address).await else { continue };
            let shared = Arc::new(Shared::default());
            let mut tasks = JoinSet::new();
            tasks.spawn(serve_udp(socket, Arc::clone(&shared)));
            tasks.spawn(serve_tcp(listener, Arc::clone(&shared)));
            return Server { address, shared, _tasks: tasks };
        }
        panic!("no port of loopback is free for UDP and TCP");
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Publishes a text, beside those that are there.
    pub fn text(&self, name: &str, value: &str) {
        self.add(name, Kind::Txt, Answer::Text(value.as_bytes().to_vec()));
    }

    /// Publishes a mail server.
    pub fn mail_server(&self, name: &str, preference: u16, server: &str) {
        self.add(name, Kind::Mx, Answer::MailServer(preference, server.to_owned()));
    }

    /// Says that a name is another one.
    pub fn alias(&self, name: &str, target: &str) {
        for kind in [Kind::A, Kind::Aaaa, Kind::Mx, Kind::Txt, Kind::Cname] {
            self.add(name, kind, Answer::Alias(target.to_owned()));
        }
    }

    fn add(&self, name: &str, kind: Kind, answer: Answer) {
        self.shared.records.lock().entry((name.to_ascii_lowercase(), kind)).or_default().push(answer);
    }

    /// Takes everything at a name away.
    pub fn forget(&self, name: &str) {
        self.shared.records.lock().retain(|(known, _), _| known != name);
    }

    /// Says nothing any more, as when the cable is out.
    pub fn fall_silent(&self) {
        self.shared.is_silent.store(true, Ordering::SeqCst);
    }

    /// How many questions came over TCP.
    #[must_use]
    pub fn over_tcp(&self) -> usize {
        self.shared.over_tcp.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn answer(&self, bytes: &[u8], most: usize) -> Option<Vec<u8>> {
        if self.is_silent.load(Ordering::SeqCst) {
            return None;
        }
        let question = read_question(bytes).ok()?;
        let records = self.records.lock();
        let exists = records.keys().any(|(name, _)| *name == question.name);
        let found = question.kind.and_then(|kind| records.get(&(question.name, kind)));
        let answers = found.map(Vec::as_slice).unwrap_or_default();
        let answer = encode_answer(bytes, if exists { 0 } else { 3 }, false, answers);
        Some(if answer.len() > most { encode_answer(bytes, 0, true, &[]) } else { answer })
    }
}

async fn serve_udp(socket: UdpSocket, shared: Arc<Shared>) {
    let mut buffer = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        if let Some(answer) = shared.answer(&buffer[..length], UDP_MOST) {
            // Who asked may be gone.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // A client that leaves is none of the server's business.
            let _ = hold(stream, &shared).await;
        });
    }
}

async fn hold(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        shared.over_tcp.fetch_add(1, Ordering::SeqCst);
        let Some(answer) = shared.answer(&question, usize::from(u16::MAX)) else { return Ok(()) };
        stream.write_u16(answer.len() as u16).await?;
        stream.write_all(&answer).await?;
    }
}
