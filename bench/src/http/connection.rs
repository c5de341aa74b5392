//! One keep-alive connection of the load generator: one write, then reads until the reply is whole.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::wire::{Body, Head, read_chunks, read_head};

/// No answer for this long is a failure of the server.
pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the last reply, dropped when the next request goes out.
    consumed: usize,
    chunks: Vec<u8>,
    usable: bool,
}

/// A reply; its body borrows the connection's buffer.
#[derive(Debug)]
pub struct Reply<'a> {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub body: &'a [u8],
}

impl Reply<'_> {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// "Come back later": the server is full and says so.
    pub fn is_push_back(&self) -> bool {
        self.status == 429 || self.status == 503
    }

    /// Status and body, for an error message.
    pub fn words(&self) -> String {
        let body = String::from_utf8_lossy(self.body);
        format!("{} {}", self.status, body.chars().take(600).collect::<String>())
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("could not connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8_192), consumed: 0, chunks: Vec::new(), usable: true })
    }

    /// False once the server said `Connection: close` or a request failed half-way.
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Sends one whole request and waits for its whole reply.
    pub async fn call(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.usable = false;
        let (head, end) = tokio::time::timeout(PATIENCE, self.exchange(request))
            .await
            .with_context(|| format!("no answer within {} s", PATIENCE.as_secs()))??;
        self.usable = !head.close;
        let body = match head.body {
            Body::Length(_) => &self.buffer[head.length..end],
            Body::Chunked => &self.chunks,
        };
        Ok(Reply { status: head.status()?, retry_after: head.retry_after, body })
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<(Head, usize)> {
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        self.stream.write_all(request).await.context("the connection broke while sending")?;
        let head = loop {
            if let Some(head) = read_head(&self.buffer)? {
                break head;
            }
            self.read_more().await?;
        };
        let end = match head.body {
            Body::Length(length) => {
                while self.buffer.len() < head.length + length {
                    self.read_more().await?;
                }
                head.length + length
            }
            Body::Chunked => loop {
                if let Some((body, read)) = read_chunks(&self.buffer[head.length..])? {
                    self.chunks = body;
                    break head.length + read;
                }
                self.read_more().await?;
            },
        };
        self.consumed = end;
        Ok((head, end))
    }

    async fn read_more(&mut self) -> Result<()> {
        self.buffer.reserve(8_192);
        let read = self.stream.read_buf(&mut self.buffer).await.context("the connection broke")?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}
