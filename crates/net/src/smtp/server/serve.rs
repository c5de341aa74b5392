//! The network around the sessions: accepts, reads, answers, and ends in an orderly way.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::session::{Limits, Session, Step};
use super::{Handler, Incoming, ServerConfig, SessionPeer};
use crate::smtp::Reply;

/// How long running messages may take after the shutdown began.
const GRACE: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 16 * 1024;

/// Serves until `shutdown` is ready, then lets running messages end.
pub async fn serve(
    listener: TcpListener,
    config: ServerConfig,
    handler: Arc<dyn Handler>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let config = Arc::new(config);
    let (closing, watch) = watch::channel(false);
    let mut sessions = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    while sessions.try_join_next().is_some() {}
                    if sessions.len() >= config.max_connections {
                        sessions.spawn(turn_away(stream));
                    } else {
                        sessions.spawn(run(stream, address, Arc::clone(&config), Arc::clone(&handler), watch.clone()));
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "The mail listener could not accept a connection.");
                    // Usually too many open files: give the others time to close some.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
    // Nobody listens any more when there is no session.
    let _ = closing.send(true);
    let ended = timeout(GRACE, async { while sessions.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!("Mail sessions were cut off at shutdown; their messages were not acknowledged.");
    }
}

async fn turn_away(mut stream: TcpStream) {
    let _ = timeout(
        Duration::from_secs(2),
        stream.write_all(b"421 4.7.0 too many connections, come back later\r\n"),
    )
    .await;
}

async fn run(
    stream: TcpStream,
    address: SocketAddr,
    config: Arc<ServerConfig>,
    handler: Arc<dyn Handler>,
    closing: watch::Receiver<bool>,
) {
    let limits = Limits {
        hostname: config.hostname.clone(),
        max_message_bytes: config.max_message_bytes,
        max_recipients: config.max_recipients,
        offers_tls: config.tls.is_some(),
    };
    let mut conversation = Conversation {
        session: Session::new(limits),
        address: address.ip(),
        tls: false,
        idle_timeout: config.idle_timeout,
        handler,
        closing,
        out: Vec::with_capacity(512),
    };
    if let Err(error) = conversation.hold(stream, config.tls.clone()).await {
        tracing::debug!(%error, "A mail session broke off.");
    }
}

/// One session and what it needs to go on.
struct Conversation {
    session: Session,
    address: IpAddr,
    tls: bool,
    idle_timeout: Duration,
    handler: Arc<dyn Handler>,
    closing: watch::Receiver<bool>,
    out: Vec<u8>,
}

/// Why a stream is not spoken over any more.
enum Ended {
    Closed,
    StartTls,
}

impl Conversation {
    async fn hold(
        &mut self,
        mut stream: TcpStream,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> io::Result<()> {
        stream.set_nodelay(true)?;
        self.say(&self.session.greeting());
        match self.talk(&mut stream).await? {
            Ended::Closed => Ok(()),
            Ended::StartTls => {
                let Some(tls) = tls else { return Ok(()) };
                let accepting = TlsAcceptor::from(tls).accept(stream);
                let mut stream = timeout(self.idle_timeout, accepting).await??;
                self.tls = true;
                self.session.secured();
                self.talk(&mut stream).await?;
                stream.shutdown().await
            }
        }
    }

    /// Speaks until one side has enough.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin + Send>(&mut self, stream: &mut S) -> io::Result<Ended> {
        let mut buffer = vec![0_u8; READ_BYTES];
        loop {
            while let Some(step) = self.session.next() {
                match step {
                    Step::Reply(reply) => self.say(&reply),
                    Step::AskRecipient(address) => {
                        let peer = self.peer();
                        let answer = self.handler.recipient(&peer, self.session.from(), &address).await;
                        self.session.recipient_answered(&answer);
                        self.say(&answer);
                    }
                    Step::Deliver { from, to, bytes, utf8 } => {
                        let incoming =
                            Incoming { peer: self.peer(), from, to, bytes: Bytes::from(bytes), utf8 };
                        let answer = self.handler.message(incoming).await;
                        self.session.message_answered();
                        self.say(&answer);
                    }
                    Step::StartTls => {
                        self.say(&Reply::new(220, "2.0.0 go ahead"));
                        self.flush(stream).await?;
                        return Ok(Ended::StartTls);
                    }
                    Step::Close => {
                        self.flush(stream).await?;
                        return Ok(Ended::Closed);
                    }
                }
            }
            // All that could be answered is answered: one write for a whole pipeline.
            self.flush(stream).await?;
            let read = tokio::select! {
                read = timeout(self.idle_timeout, stream.read(&mut buffer)) => read,
                () = closed(&mut self.closing), if self.session.is_idle() => {
                    self.say(&Reply::new(421, "4.3.2 shutting down"));
                    self.flush(stream).await?;
                    return Ok(Ended::Closed);
                }
            };
            match read {
                Ok(Ok(0)) => return Ok(Ended::Closed),
                Ok(Ok(count)) => self.session.receive(&buffer[..count]),
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    self.say(&Reply::new(421, "4.4.2 nothing was said for too long"));
                    self.flush(stream).await?;
                    return Ok(Ended::Closed);
                }
            }
        }
    }

    fn peer(&self) -> SessionPeer {
        SessionPeer { address: self.address, hello: self.session.hello().to_owned(), tls: self.tls }
    }

    fn say(&mut self, reply: &Reply) {
        let mut lines = reply.text.lines().peekable();
        if lines.peek().is_none() {
            self.out.extend_from_slice(format!("{}\r\n", reply.code).as_bytes());
        }
        while let Some(line) = lines.next() {
            let mark = if lines.peek().is_some() { '-' } else { ' ' };
            self.out.extend_from_slice(format!("{}{mark}{line}\r\n", reply.code).as_bytes());
        }
    }

    async fn flush<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        if !self.out.is_empty() {
            timeout(self.idle_timeout, stream.write_all(&self.out)).await??;
            timeout(self.idle_timeout, stream.flush()).await??;
            self.out.clear();
        }
        Ok(())
    }
}

/// Ready when the shutdown has begun.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // The sender lives as long as `serve`, and when it is gone so are we.
    let _ = closing.wait_for(|closing| *closing).await;
}
