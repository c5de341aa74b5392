//! Answers that are read piece by piece: streams without an end, and answers of which only the beginning matters.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::{Client, Request, Response, TransportError};

/// An answer whose body is still on its way.
pub struct OpenResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    inner: reqwest::Response,
}

impl OpenResponse {
    /// The next piece of the body; nothing at its end.
    ///
    /// # Errors
    /// When the connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.inner.chunk().await.map_err(TransportError::of)
    }
}

impl Client {
    /// Sends one request and gives the answer as soon as its head is there. The time-out of the request holds for the body
    /// as well.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn open(&self, request: Request) -> Result<OpenResponse, TransportError> {
        let inner = self.begin(request).await?;
        Ok(OpenResponse { status: inner.status(), headers: inner.headers().clone(), inner })
    }

    /// As [`Client::send`], but reads at most so many bytes of the answer and leaves the rest: it is none of ours.
    ///
    /// # Errors
    /// As [`Client::send`]; a body that breaks off is no error, because the answer is there.
    pub async fn send_for_beginning(
        &self,
        request: Request,
        most: usize,
    ) -> Result<Response, TransportError> {
        let mut open = self.open(request).await?;
        let mut body = Vec::new();
        while body.len() < most {
            match open.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]),
                Ok(None) | Err(_) => break,
            }
        }
        // Reading to the end lets the connection be used again; a body that goes on costs its connection.
        Ok(Response { status: open.status, headers: open.headers, body: body.into() })
    }

    /// Whether a URL is one that this client would try: refuses what can be refused before a name is resolved.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_url(&self, url: &str) -> Result<(), &'static str> {
        let url = reqwest::Url::parse(url).map_err(|_| "expected a URL such as https://example.com/hook")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL with a name or a password in it is not taken");
        }
        self.policy.check_url(&url)
    }
}
