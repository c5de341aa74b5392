//! The event stream of a server, which goes on where it broke off.

use std::collections::VecDeque;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::event::FeedType;
use http::{HeaderValue, StatusCode};
use net::http::{Client, GuardPolicy, OpenResponse, Request};
use serde::Deserialize;
use serde_json::Value;

use crate::output;

/// The server says at least every 15 seconds that it is there.
const SILENCE: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_secs(2);
/// A stream has no end; this is as good as none.
const NO_END: Duration = Duration::from_hours(24 * 365);
/// No event is larger.
const LARGEST: usize = 1024 * 1024;

/// An event as the stream tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamedEvent {
    pub seq: i64,
    #[serde(rename = "type")]
    pub kind: FeedType,
    pub at: Timestamp,
    pub data: Value,
}

/// A client for whatever the person at the terminal names: it is their own machine.
pub fn client() -> Client {
    Client::new(GuardPolicy { allow_private: true, allow_loopback: true })
}

/// The header of an API key.
pub fn authorised(mut request: Request, key: &str) -> anyhow::Result<Request> {
    let value: HeaderValue = format!("Bearer {key}").parse()?;
    request.headers.insert(http::header::AUTHORIZATION, value);
    Ok(request)
}

pub struct Stream {
    client: Client,
    server: String,
    key: String,
    /// The number of the last event that was told, or behind which it began.
    last: Option<i64>,
    open: Option<OpenResponse>,
    unread: Vec<u8>,
    ready: VecDeque<StreamedEvent>,
}

impl Stream {
    pub fn new(server: &str, key: &str, last: Option<i64>) -> Stream {
        Stream {
            client: client(),
            server: server.to_owned(),
            key: key.to_owned(),
            last,
            open: None,
            unread: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// Connects, and learns where the feed is: whatever happens from now on is told, also when the connection breaks before
    /// the first event. Fails only when trying again would not help.
    pub async fn begin(&mut self) -> anyhow::Result<()> {
        while self.open.is_none() || (self.last.is_none() && self.ready.is_empty()) {
            self.go_on().await?;
        }
        Ok(())
    }

    /// The next event; fails only when trying again would not help.
    pub async fn next(&mut self) -> anyhow::Result<StreamedEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.last = Some(event.seq);
                return Ok(event);
            }
            self.go_on().await?;
        }
    }

    /// Connects, or waits for more of what is connected.
    async fn go_on(&mut self) -> anyhow::Result<()> {
        let Some(open) = &mut self.open else { return self.connect().await };
        match tokio::time::timeout(SILENCE, open.chunk()).await {
            Ok(Ok(Some(chunk))) if self.unread.len() < LARGEST => {
                self.unread.extend_from_slice(&chunk);
                self.read();
            }
            _ => {
                output::notice("The connection ended; trying again.");
                self.open = None;
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn connect(&mut self) -> anyhow::Result<()> {
        self.unread.clear();
        let request = Request::get(format!("{}/v1/events/stream", self.server), NO_END);
        let mut request = authorised(request, &self.key)?;
        if let Some(last) = self.last {
            request.headers.insert("last-event-id", HeaderValue::from(last));
        }
        match self.client.open(request).await {
            Ok(open) if open.status == StatusCode::OK => {
                self.open = Some(open);
            }
            Ok(open) if open.status.is_client_error() => {
                anyhow::bail!("the server refuses the key: {} (it needs events:read)", open.status);
            }
            Ok(open) => {
                output::notice(&format!("The server answers {}; trying again.", open.status));
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                output::notice(&format!("{error}; trying again."));
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Takes whole events out of what came.
    fn read(&mut self) {
        while let Some(end) = self.unread.windows(2).position(|window| window == b"\n\n") {
            let block: Vec<u8> = self.unread.drain(..end + 2).collect();
            let block = String::from_utf8_lossy(&block);
            // Presence comes without an id, and is no event of the feed.
            let Some(id) = block.lines().find_map(|line| line.strip_prefix("id:")) else { continue };
            match block.lines().find_map(|line| line.strip_prefix("data:")) {
                Some(data) => {
                    self.ready.extend(serde_json::from_str::<StreamedEvent>(data.trim_start()).ok());
                }
                // Where the stream begins.
                None => self.last = self.last.or(id.trim().parse().ok()),
            }
        }
    }
}
