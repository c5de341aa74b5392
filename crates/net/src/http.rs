//! The HTTP client that every provider uses: no redirects, a cap on answers, a guard against private addresses, and
//! failures that say whether anything can have been sent.

mod clocks;
mod guard;
mod open;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::clock::Clock;
use http::{HeaderMap, Method, StatusCode};

pub use clocks::{ClockReading, host_of};
pub use guard::{GuardPolicy, is_public};
pub use open::OpenResponse;

/// No answer of a provider is larger; what is, is an error.
const ANSWER_CAP_BYTES: usize = 16 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests; cheap to clone, one pool of connections for all clones.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    policy: GuardPolicy,
    clocks: clocks::Clocks,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// For the whole exchange. Past it nobody knows whether the request was carried out.
    pub timeout: Duration,
}

/// One answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// How far a failed request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not a byte of the request reached the other side.
    NotSent,
    /// The request may have been read and carried out.
    MaybeSent,
}

/// A request that got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct TransportError {
    pub stage: Stage,
    /// Why, for people. Names the host, never the path or the query: they can hold secrets.
    pub detail: String,
}

impl Request {
    /// A GET.
    #[must_use]
    pub fn get(url: impl Into<String>, timeout: Duration) -> Request {
        Request {
            method: Method::GET,
            url: url.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout,
        }
    }

    /// A POST of JSON.
    #[must_use]
    pub fn post_json(url: impl Into<String>, body: impl Into<Bytes>, timeout: Duration) -> Request {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        headers.insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
        Request { method: Method::POST, url: url.into(), headers, body: body.into(), timeout }
    }
}

impl Client {
    /// A client with its own pool.
    ///
    /// # Panics
    /// When the TLS library cannot be set up, which no input causes.
    #[must_use]
    pub fn new(policy: GuardPolicy) -> Client {
        // A machine without certificate authorities can still speak to servers without TLS; with TLS it trusts nobody.
        let inner = builder(policy)
            .build()
            .or_else(|error| {
                tracing::warn!(%error, "The system's certificate authorities could not be read: no HTTPS server is trusted.");
                builder(policy).tls_certs_only(std::iter::empty()).build()
            })
            .expect("the TLS library starts");
        Client { inner, policy, clocks: clocks::Clocks::default() }
    }

    /// The same client, which from now on notes what time it is for those who answer.
    #[must_use]
    pub fn watching_clocks(mut self, clock: Clock) -> Client {
        self.clocks = clocks::Clocks::watching(clock);
        self
    }

    /// How our clock stood against those of the hosts that answered, the last reading of each.
    #[must_use]
    pub fn clock_readings(&self) -> Vec<ClockReading> {
        self.clocks.readings()
    }

    /// Sends one request, once: nothing is tried again here.
    ///
    /// # Errors
    /// When no whole answer came; the stage says whether the request can have been carried out.
    pub async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.send_up_to(request, ANSWER_CAP_BYTES).await
    }

    /// As [`Client::send`], for answers that may be larger, such as mails with their attachments.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn send_up_to(&self, request: Request, most: usize) -> Result<Response, TransportError> {
        read_capped(self.begin(request).await?, most).await
    }

    async fn begin(&self, request: Request) -> Result<reqwest::Response, TransportError> {
        let url = reqwest::Url::parse(&request.url)
            .map_err(|_| TransportError::not_sent("the URL is not valid"))?;
        self.policy.check_url(&url).map_err(TransportError::not_sent)?;
        let answer = self
            .inner
            .request(request.method, url)
            .headers(request.headers)
            .body(request.body)
            .timeout(request.timeout)
            .send()
            .await
            .map_err(TransportError::of)?;
        self.clocks.note(host_of(&request.url), answer.headers());
        Ok(answer)
    }
}

fn builder(policy: GuardPolicy) -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this is the client that all others are told to use")]
    let builder = reqwest::Client::builder();
    builder
        .dns_resolver(guard::GuardedResolver::new(policy))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(POOL_IDLE_TIMEOUT)
        .pool_max_idle_per_host(64)
        .user_agent(concat!("Chancery/", env!("CARGO_PKG_VERSION")))
}

async fn read_capped(mut answer: reqwest::Response, most: usize) -> Result<Response, TransportError> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let first = answer.chunk().await.map_err(TransportError::of)?;
    let Some(first) = first else {
        return Ok(Response { status, headers, body: Bytes::new() });
    };
    let mut body = BytesMut::from(first);
    while let Some(chunk) = answer.chunk().await.map_err(TransportError::of)? {
        if body.len() + chunk.len() > most {
            return Err(TransportError::maybe_sent(format!("the answer is larger than {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body: body.freeze() })
}

impl TransportError {
    fn not_sent(detail: impl Into<String>) -> TransportError {
        TransportError { stage: Stage::NotSent, detail: detail.into() }
    }

    fn maybe_sent(detail: impl Into<String>) -> TransportError {
        TransportError { stage: Stage::MaybeSent, detail: detail.into() }
    }

    fn of(error: reqwest::Error) -> TransportError {
        // Only a connection that never came about proves that nothing was sent. A broken one proves nothing.
        let stage = if error.is_connect() || error.is_builder() { Stage::NotSent } else { Stage::MaybeSent };
        let timed_out = error.is_timeout();
        let host = error.url().and_then(|url| url.host_str()).unwrap_or("the server").to_owned();
        let cause = innermost(&error.without_url());
        let detail = match (stage, timed_out) {
            (Stage::NotSent, true) => format!("no connection to {host} in time"),
            (Stage::NotSent, false) => format!("no connection to {host}: {cause}"),
            (Stage::MaybeSent, true) => format!("no answer from {host} in time"),
            (Stage::MaybeSent, false) => format!("the exchange with {host} broke off: {cause}"),
        };
        TransportError { stage, detail }
    }
}

/// The cause at the bottom of the chain says most.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
