//! The bytes of one connection, in the clear or in TLS: commands go out, responses come in, each with a time limit.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::assemble::{Assembler, NoImap};
use super::fault::ImapFault;
use super::response::{Response, Status, StatusWord, Value};

/// However slowly an answer drips, it ends.
const WHOLE_ANSWER: Duration = Duration::from_mins(30);
const READ_BYTES: usize = 32 << 10;

/// A connection that can be spoken over.
#[derive(Debug)]
pub(super) struct Wire {
    bytes: Bytes,
    assembler: Assembler,
    pub(super) peer: SocketAddr,
    answer: Duration,
    tags: u32,
    /// The last words of a server that hangs up.
    farewell: Option<String>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Bytes {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Between the two, and for good when the handshake fails.
    Gone,
}

impl Wire {
    pub(super) fn clear(stream: TcpStream, answer: Duration, max_literal_bytes: usize) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        Ok(Wire {
            bytes: Bytes::Clear(stream),
            assembler: Assembler::new(max_literal_bytes),
            peer,
            answer,
            tags: 0,
            farewell: None,
            buffer: vec![0; READ_BYTES],
        })
    }

    /// Goes over to TLS. Whatever the server said in the clear beyond its last answer is an attack and fails.
    pub(super) async fn secure(
        &mut self,
        connector: &TlsConnector,
        name: ServerName<'static>,
    ) -> io::Result<()> {
        if !self.assembler.is_empty() {
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

    /// Sends a command and gives its tag.
    pub(super) async fn send(&mut self, command: &str) -> Result<String, ImapFault> {
        self.tags += 1;
        let tag = format!("C{}", self.tags);
        self.write(&format!("{tag} {command}\r\n")).await?;
        Ok(tag)
    }

    /// Sends a line without a tag: what a server asked for in the middle of a command.
    pub(super) async fn write(&mut self, line: &str) -> Result<(), ImapFault> {
        let writing = async {
            match &mut self.bytes {
                Bytes::Clear(stream) => stream.write_all(line.as_bytes()).await,
                Bytes::Tls(stream) => {
                    stream.write_all(line.as_bytes()).await?;
                    stream.flush().await
                }
                Bytes::Gone => Err(io::ErrorKind::NotConnected.into()),
            }
        };
        match timeout(self.answer, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error)),
            Err(_) => Err(late()),
        }
    }

    /// The next response, for as long as it takes. Can be given up at any moment; nothing is lost by that.
    pub(super) async fn response(&mut self) -> Result<Response, ImapFault> {
        loop {
            if let Some(response) = self.assembled()? {
                return Ok(response);
            }
            self.read().await?;
        }
    }

    /// The next response, within the time that the server has for one. A large mail may take its time as long as it keeps
    /// coming.
    pub(super) async fn prompt_response(&mut self) -> Result<Response, ImapFault> {
        let begun = Instant::now();
        loop {
            if let Some(response) = self.assembled()? {
                return Ok(response);
            }
            if begun.elapsed() > WHOLE_ANSWER {
                return Err(late());
            }
            match timeout(self.answer, self.read()).await {
                Ok(read) => read?,
                Err(_) => return Err(late()),
            }
        }
    }

    fn assembled(&mut self) -> Result<Option<Response>, ImapFault> {
        let assembled = self.assembler.next();
        let garbled = |NoImap| ImapFault::Garbled("the server sent something that is no IMAP".to_owned());
        let Some(pieces) = assembled.map_err(garbled)? else { return Ok(None) };
        let response = Response::read(pieces);
        if let Response::Status(status) = &response
            && status.word == StatusWord::Bye
        {
            self.farewell = Some(status.text.clone());
        }
        Ok(Some(response))
    }

    async fn read(&mut self) -> Result<(), ImapFault> {
        let read = match &mut self.bytes {
            Bytes::Clear(stream) => stream.read(&mut self.buffer).await,
            Bytes::Tls(stream) => stream.read(&mut self.buffer).await,
            Bytes::Gone => Err(io::ErrorKind::NotConnected.into()),
        };
        match read {
            Ok(0) => Err(self.closed()),
            Ok(count) => {
                self.assembler.receive(&self.buffer[..count]);
                Ok(())
            }
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// Reads up to the end of a command; what comes before it goes to the listener.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        mut listen: impl FnMut(Heard) + Send,
    ) -> Result<Status, ImapFault> {
        loop {
            match self.prompt_response().await? {
                Response::Status(status) if status.tag.as_deref() == Some(tag) => {
                    return match status.word {
                        StatusWord::Ok | StatusWord::PreAuth => Ok(status),
                        StatusWord::No | StatusWord::Bad | StatusWord::Bye => {
                            Err(ImapFault::Refused(in_words(&status)))
                        }
                    };
                }
                Response::Status(status) => listen(Heard::Status(status)),
                Response::Line(values) => listen(Heard::Line(values)),
                Response::Continue(_) => {
                    return Err(ImapFault::Garbled("the server asked for more than there is".to_owned()));
                }
            }
        }
    }

    /// Gives a command and waits for its end.
    pub(super) async fn command(
        &mut self,
        command: &str,
        listen: impl FnMut(Heard) + Send,
    ) -> Result<Status, ImapFault> {
        let tag = self.send(command).await?;
        self.finish(&tag, listen).await
    }

    fn closed(&self) -> ImapFault {
        let words = match &self.farewell {
            Some(farewell) if !farewell.is_empty() => format!("the server closed the connection: {farewell}"),
            _ => "the server closed the connection".to_owned(),
        };
        ImapFault::Unreachable(words)
    }

    fn broken(&self, error: &io::Error) -> ImapFault {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                self.closed()
            }
            _ => ImapFault::Unreachable(format!("the connection broke: {error}")),
        }
    }
}

/// What a server says before it ends a command.
pub(super) enum Heard {
    Status(Status),
    Line(Vec<Value>),
}

/// What the server said, with its code.
pub(super) fn in_words(status: &Status) -> String {
    match &status.code {
        Some((code, _)) => format!("[{code}] {}", status.text),
        None => status.text.clone(),
    }
}

fn late() -> ImapFault {
    ImapFault::Unreachable("the server did not answer in time".to_owned())
}
