//! Our own receiver as the other side: records what it takes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::address::EmailAddress;
use futures_util::future::BoxFuture;
use net::smtp::Reply;
use net::smtp::client::{Envelope, Pool, Security, SmtpConfig, Timeouts};
use net::smtp::server::{Handler, Incoming, Limits, Protocol, ServerConfig, SessionPeer, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Takes everything but `refused@…`.
#[derive(Default)]
pub struct Recorder(pub Mutex<Vec<Incoming>>);

impl Handler for Recorder {
    fn recipient<'a>(
        &'a self,
        _: &'a SessionPeer,
        _: Option<&'a EmailAddress>,
        to: &'a EmailAddress,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            match to.local() {
                "refused" => Reply::new(550, "5.1.1 no such mailbox"),
                _ => Reply::new(250, "2.1.5 ok"),
            }
        })
    }

    fn message(&self, incoming: Incoming) -> BoxFuture<'_, Reply> {
        Box::pin(async move {
            self.0.lock().unwrap().push(incoming);
            Reply::new(250, "2.0.0 Ok: queued as 1")
        })
    }
}

pub struct Sink {
    pub port: u16,
    pub recorder: Arc<Recorder>,
    tasks: JoinSet<()>,
}

impl Sink {
    pub async fn start(tls: Option<Arc<rustls::ServerConfig>>) -> Sink {
        Sink::on(0, tls).await
    }

    pub async fn on(port: u16, tls: Option<Arc<rustls::ServerConfig>>) -> Sink {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let recorder = Arc::new(Recorder::default());
        let config = ServerConfig {
            hostname: "localhost".to_owned(),
            protocol: Protocol::Smtp,
            limits: Limits {
                max_message_bytes: 20_000_000,
                max_recipients: 1000,
                max_connections: 100,
                max_connections_per_address: 100,
                idle_timeout: Duration::from_secs(5),
                ..Limits::default()
            },
            tls,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(
            listener.into(),
            config,
            Arc::clone(&recorder) as Arc<dyn Handler>,
            std::future::pending(),
        ));
        Sink { port, recorder, tasks }
    }

    pub fn taken(&self) -> Vec<Incoming> {
        self.recorder.0.lock().unwrap().clone()
    }

    /// Cuts every connection and frees the port.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

pub fn config(port: u16) -> SmtpConfig {
    SmtpConfig {
        host: "localhost".to_owned(),
        port,
        security: Security::None,
        credentials: None,
        hello_name: "client.example.com".to_owned(),
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            command: Duration::from_millis(300),
            write: Duration::from_secs(2),
            last_reply: Duration::from_millis(300),
        },
        root_ca_pem: None,
    }
}

pub fn address(text: &str) -> EmailAddress {
    text.parse().unwrap()
}

pub const MESSAGE: &[u8] = b"From: support@example.com\r\nSubject: x\r\n\r\nHello\r\n.a dot\r\n";

/// Sends [`MESSAGE`] to the given people.
pub async fn send(pool: &Pool, to: &[&str]) -> domain::failure::Outcome {
    let from = address("support@example.com");
    let to: Vec<EmailAddress> = to.iter().map(|to| address(to)).collect();
    let to: Vec<&EmailAddress> = to.iter().collect();
    pool.send(Envelope { from: Some(&from), to: &to, id: None }, MESSAGE).await
}
