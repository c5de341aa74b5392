//! The bytes of one connection, in the clear or in TLS, with a time limit on every step.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::replies::Replies;
use crate::smtp::Reply;

/// A connection that can be spoken over.
#[derive(Debug)]
pub(super) struct Stream {
    bytes: Bytes,
    replies: Replies,
    pub(super) peer: SocketAddr,
}

#[derive(Debug)]
enum Bytes {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Between the two, and for good when the handshake fails.
    Gone,
}

/// Why no reply came.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lost {
    #[error("the server closed the connection")]
    Closed,
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("the server did not answer in time")]
    Late,
    #[error("the server sent something that is no SMTP reply")]
    Malformed,
}

/// A write that did not come to its end.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// Whether the network took every byte nevertheless: then the other side may have them.
    pub all_taken: bool,
    pub cause: Lost,
}

impl Stream {
    pub(super) fn clear(stream: TcpStream) -> io::Result<Stream> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        Ok(Stream { bytes: Bytes::Clear(stream), replies: Replies::default(), peer })
    }

    /// Goes over to TLS. Whatever the server said in the clear after its last reply is an attack and fails.
    pub(super) async fn secure(
        &mut self,
        connector: &tokio_rustls::TlsConnector,
        name: rustls_pki_types::ServerName<'static>,
    ) -> io::Result<()> {
        if !self.replies.is_empty() {
            return Err(io::Error::other("the server said more before TLS than it may"));
        }
        let Bytes::Clear(stream) = std::mem::replace(&mut self.bytes, Bytes::Gone) else {
            return Err(io::Error::other("the connection has TLS already"));
        };
        self.bytes = Bytes::Tls(Box::new(connector.connect(name, stream).await?));
        Ok(())
    }

    pub(super) fn is_secure(&self) -> bool {
        matches!(self.bytes, Bytes::Tls(_))
    }

    /// Whether everything that the server said was asked for. On any other connection replies would be taken for
    /// answers to something else.
    pub(super) fn is_quiet(&self) -> bool {
        self.replies.is_empty()
    }

    /// In words, for people: `TLSv1.3`.
    pub(super) fn protocol(&self) -> String {
        match &self.bytes {
            Bytes::Tls(stream) => stream
                .get_ref()
                .1
                .protocol_version()
                .map_or_else(String::new, |version| format!("{version:?}")),
            Bytes::Clear(_) | Bytes::Gone => String::new(),
        }
    }

    /// The next reply of the server.
    pub(super) async fn reply(&mut self, limit: Duration) -> Result<Reply, Lost> {
        if let Some(reply) = self.replies.next().map_err(|_| Lost::Malformed)? {
            return Ok(reply);
        }
        timeout(limit, self.read_reply()).await.unwrap_or(Err(Lost::Late))
    }

    async fn read_reply(&mut self) -> Result<Reply, Lost> {
        let mut buffer = [0_u8; 2048];
        loop {
            let count = match &mut self.bytes {
                Bytes::Clear(stream) => stream.read(&mut buffer).await,
                Bytes::Tls(stream) => stream.read(&mut buffer).await,
                Bytes::Gone => return Err(Lost::Closed),
            };
            match count {
                Ok(0) => return Err(Lost::Closed),
                Ok(count) => self.replies.receive(&buffer[..count]),
                Err(error) => return Err(broken(&error)),
            }
            if let Some(reply) = self.replies.next().map_err(|_| Lost::Malformed)? {
                return Ok(reply);
            }
        }
    }

    /// Writes everything, in as few packets as the network allows. The limit holds for each step forward.
    pub(super) async fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Unwritten> {
        let mut taken = 0;
        while taken < bytes.len() {
            let step = async {
                match &mut self.bytes {
                    Bytes::Clear(stream) => stream.write(&bytes[taken..]).await,
                    Bytes::Tls(stream) => stream.write(&bytes[taken..]).await,
                    Bytes::Gone => Ok(0),
                }
            };
            match timeout(limit, step).await {
                Ok(Ok(0)) => return Err(Unwritten { all_taken: false, cause: Lost::Closed }),
                Ok(Ok(count)) => taken += count,
                Ok(Err(error)) => return Err(Unwritten { all_taken: false, cause: broken(&error) }),
                Err(_) => return Err(Unwritten { all_taken: false, cause: Lost::Late }),
            }
        }
        let Bytes::Tls(stream) = &mut self.bytes else { return Ok(()) };
        match timeout(limit, stream.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Unwritten { all_taken: true, cause: broken(&error) }),
            Err(_) => Err(Unwritten { all_taken: true, cause: Lost::Late }),
        }
    }

    /// One command and its reply.
    pub(super) async fn command(&mut self, line: &str, limit: Duration) -> Result<Reply, Lost> {
        self.write(line.as_bytes(), limit).await.map_err(|unwritten| unwritten.cause)?;
        self.reply(limit).await
    }
}

fn broken(error: &io::Error) -> Lost {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            Lost::Closed
        }
        _ => Lost::Broken(error.to_string()),
    }
}
