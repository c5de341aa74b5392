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
    /// The number of the last event that was told.
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

    /// The next event; fails only when trying again would not help.
    pub async fn next(&mut self) -> anyhow::Result<StreamedEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.last = Some(event.seq);
                return Ok(event);
            }
            let Some(open) = &mut self.open else {
                self.connect().await?;
                continue;
            };
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
        }
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
            let has_id = block.lines().any(|line| line.starts_with("id:"));
            let data = block.lines().find_map(|line| line.strip_prefix("data:"));
            if let (true, Some(data)) = (has_id, data)
                && let Ok(event) = serde_json::from_str(data.trim_start())
            {
                self.ready.push_back(event);
            }
        }
    }
}
