//! A small HTTP/1.1 server whose connections can also hang, break off in the middle of an answer, or close without one.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// One request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Turn {
    Answer {
        status: u16,
        body: String,
    },
    /// An answer with headers of its own; the type is JSON when they name none.
    Full {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Bytes,
    },
    /// The head, and half of what it promises.
    Half {
        status: u16,
        body: String,
    },
    Hang,
    Drop,
}

pub(crate) type Handler = dyn Fn(Request) -> Pin<Box<dyn Future<Output = Turn> + Send>> + Send + Sync;

/// Listens until the returned tasks are dropped.
pub(crate) async fn serve(
    address: SocketAddr,
    handler: Arc<Handler>,
) -> io::Result<(SocketAddr, JoinSet<()>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            if let Ok((stream, _)) = listener.accept().await {
                let handler = Arc::clone(&handler);
                connections.spawn(async move {
                    // A client that leaves is none of the server's business.
                    let _ = converse(stream, &*handler).await;
                });
            }
        }
    });
    Ok((address, tasks))
}

async fn converse(mut stream: TcpStream, handler: &Handler) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    while let Some(request) = read(&mut stream, &mut buffer).await? {
        match handler(request).await {
            Turn::Answer { status, body } => stream.write_all(&written(status, &body, body.len())).await?,
            Turn::Full { status, headers, body } => {
                let mut answer = head(status, &headers, body.len());
                answer.extend_from_slice(&body);
                stream.write_all(&answer).await?;
            }
            Turn::Half { status, body } => {
                let half = body.get(..body.len() / 2).unwrap_or_default();
                stream.write_all(&written(status, half, body.len())).await?;
                return stream.shutdown().await;
            }
            Turn::Hang => std::future::pending::<()>().await,
            Turn::Drop => return Ok(()),
        }
    }
    Ok(())
}

fn written(status: u16, body: &str, length: usize) -> Vec<u8> {
    let mut answer = head(status, &[], length);
    answer.extend_from_slice(body.as_bytes());
    answer
}

fn head(status: u16, headers: &[(&'static str, String)], length: usize) -> Vec<u8> {
    let reason = ::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Odd");
    let mut head = format!("HTTP/1.1 {status} {reason}\r\ncontent-length: {length}\r\n");
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        head.push_str("content-type: application/json\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// The next request, or nothing when the client has left.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if buffer.len() > 64 * 1024 || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&buffer[..head]).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let path = first.next().unwrap_or("/").to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method, path, headers, body: Bytes::new() };
    let length: usize = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if length > MAX_BODY_BYTES {
        return Ok(None);
    }
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    request.body = Bytes::copy_from_slice(&buffer[head..head + length]);
    buffer.drain(..head + length);
    Ok(Some(request))
}
