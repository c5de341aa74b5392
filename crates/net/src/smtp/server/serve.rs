//! The network around the sessions: accepts, reads, answers, and ends in an orderly way.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::connections::Connections;
use super::listener::{Listener, Wire};
use super::room::{Part, Room};
use super::session::{Protocol, Rules, Session, Step};
use super::{Handler, Incoming, Limits, ServerConfig, SessionPeer};
use crate::smtp::Reply;

/// How long running messages may take after the shutdown began.
const GRACE: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 16 * 1024;

/// Serves until `shutdown` is ready, then lets running messages end.
pub async fn serve(
    listener: Listener,
    config: ServerConfig,
    handler: Arc<dyn Handler>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let config = Arc::new(config);
    let (closing, watch) = watch::channel(false);
    let connections = Arc::new(Connections::default());
    let room = Arc::new(Room::new(config.limits.max_bytes_in_flight));
    let mut sessions = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    while sessions.try_join_next().is_some() {}
                    let Some(place) = connections.enter(address, &config.limits) else {
                        // Who is turned away waits for nothing, so there are never many of them.
                        sessions.spawn(turn_away(stream));
                        continue;
                    };
                    let talking = run(stream, address, Arc::clone(&config), Arc::clone(&handler), Part::of(&room), watch.clone());
                    sessions.spawn(async move {
                        talking.await;
                        drop(place);
                    });
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

async fn turn_away(mut stream: Box<dyn Wire>) {
    let _ = timeout(
        Duration::from_secs(2),
        stream.write_all(b"421 4.7.0 too many connections, come back later\r\n"),
    )
    .await;
}

async fn run(
    stream: Box<dyn Wire>,
    address: Option<IpAddr>,
    config: Arc<ServerConfig>,
    handler: Arc<dyn Handler>,
    room: Part,
    closing: watch::Receiver<bool>,
) {
    let limits = config.limits;
    let rules = Rules {
        hostname: config.hostname.clone(),
        protocol: config.protocol,
        max_message_bytes: limits.max_message_bytes,
        max_line_bytes: limits.max_line_bytes,
        max_recipients: limits.max_recipients,
        max_errors: limits.max_errors,
        offers_tls: config.tls.is_some(),
    };
    let mut conversation = Conversation {
        session: Session::new(rules),
        protocol: config.protocol,
        address,
        tls: false,
        limits,
        deadline: Instant::now() + limits.transaction_timeout,
        handler,
        room,
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
    protocol: Protocol,
    address: Option<IpAddr>,
    tls: bool,
    limits: Limits,
    /// When the message that is under way must have come to its end.
    deadline: Instant,
    handler: Arc<dyn Handler>,
    /// What the message that is under way takes of the memory.
    room: Part,
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
        mut stream: Box<dyn Wire>,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> io::Result<()> {
        self.say(&self.session.greeting());
        match self.talk(&mut stream).await? {
            Ended::Closed => Ok(()),
            Ended::StartTls => {
                let Some(tls) = tls else { return Ok(()) };
                let accepting = TlsAcceptor::from(tls).accept(stream);
                let mut stream = timeout(self.limits.idle_timeout, accepting).await??;
                self.tls = true;
                self.session.secured();
                self.talk(&mut stream).await?;
                stream.shutdown().await
            }
        }
    }

    /// Speaks until one side has enough.
    async fn talk<S: Wire>(&mut self, stream: &mut S) -> io::Result<Ended> {
        let mut buffer = vec![0_u8; READ_BYTES];
        loop {
            while let Some(step) = self.session.next() {
                match step {
                    Step::Reply(reply) => self.say(&reply),
                    Step::Continue => {}
                    Step::AskRecipient(address) => {
                        let peer = self.peer();
                        let answer = self.handler.recipient(&peer, self.session.from(), &address).await;
                        self.session.recipient_answered(&answer);
                        self.say(&answer);
                    }
                    Step::Deliver { from, to, bytes, utf8 } => {
                        let incoming =
                            Incoming { peer: self.peer(), from, to, bytes: Bytes::from(bytes), utf8 };
                        self.deliver(incoming).await;
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
            if !self.room.hold(self.session.held()) {
                self.session.no_room();
                self.room.hold(0);
            }
            // All that could be answered is answered: one write for a whole pipeline.
            self.flush(stream).await?;
            let silence = Instant::now() + self.limits.idle_timeout;
            let read = tokio::select! {
                read = timeout_at(silence.min(self.deadline), stream.read(&mut buffer)) => read,
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
                    let late = self.deadline <= silence;
                    let what = if late { "no message came to its end" } else { "nothing was said" };
                    self.say(&Reply::new(421, format!("4.4.2 {what} for too long")));
                    self.flush(stream).await?;
                    return Ok(Ended::Closed);
                }
            }
        }
    }

    async fn deliver(&mut self, incoming: Incoming) {
        let owed = if self.protocol == Protocol::Lmtp { incoming.to.len() } else { 1 };
        let mut answers = match self.protocol {
            Protocol::Smtp => vec![self.handler.message(incoming).await],
            Protocol::Lmtp => self.handler.message_for_each(incoming).await,
        };
        // Nothing that was not answered for counts as stored.
        answers.resize(owed, Reply::new(451, "4.3.0 not stored"));
        self.session.message_answered();
        self.deadline = Instant::now() + self.limits.transaction_timeout;
        for answer in &answers {
            self.say(answer);
        }
    }

    fn peer(&self) -> SessionPeer {
        SessionPeer {
            protocol: self.protocol,
            address: self.address,
            hello: self.session.hello().to_owned(),
            extended: self.session.is_extended(),
            tls: self.tls,
        }
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
            timeout(self.limits.idle_timeout, stream.write_all(&self.out)).await??;
            timeout(self.limits.idle_timeout, stream.flush()).await??;
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
