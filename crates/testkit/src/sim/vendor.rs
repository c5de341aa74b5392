//! What simulated HTTP vendors have in common: faults on demand before the answer, and webhooks repeated until taken.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use net::http::{Client, GuardPolicy};
use tokio::task::JoinSet;

use super::Faults;
use super::http::{Request, Turn, serve};
use super::specification::Specification;

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429, in the vendor's words. Nothing is taken.
    RateLimited,
    /// 500, in the vendor's words. Nothing is taken.
    ServerError,
    /// 502 from something in front of the API: nothing is taken, but who can tell.
    BadGateway,
    /// Reads the request and never answers. Nothing is taken.
    Hang,
    /// Closes without an answer. Nothing is taken.
    Drop,
    /// Carries the request out and never answers.
    TakeAndHang,
    /// Carries the request out and closes without an answer.
    TakeAndDrop,
    /// Carries the request out and breaks off in the middle of the answer.
    TakeAndHalfAnswer,
    /// Any other status and body. Nothing is taken.
    Answer(u16, String),
}

impl Fault {
    /// Whether the request never ends unless whoever made it gives up.
    #[must_use]
    pub fn hangs(&self) -> bool {
        matches!(self, Fault::Hang | Fault::TakeAndHang)
    }
}

/// A simulated vendor behind an HTTP API.
pub(super) trait Vendor: Send + Sync + 'static {
    /// The faults that are planned, by path without its query.
    fn faults(&self) -> &Faults<String, Fault>;

    /// 429 or 500 in the vendor's words.
    fn trouble(&self, status: u16) -> Turn;

    fn answer(self: &Arc<Self>, request: &Request) -> Turn;

    /// The vendor's description of its API, where there is one: what is taken and answered is held against it.
    fn specification(&self) -> Option<&Specification> {
        None
    }
}

/// Listens until the returned tasks are dropped.
pub(super) async fn start<V: Vendor>(
    address: SocketAddr,
    vendor: Arc<V>,
) -> io::Result<(SocketAddr, JoinSet<()>)> {
    let handler = move |request: Request| {
        let vendor = Arc::clone(&vendor);
        let turn: Pin<Box<dyn Future<Output = Turn> + Send>> =
            Box::pin(async move { with_faults(&vendor, &request) });
        turn
    };
    serve(address, Arc::new(handler)).await
}

fn with_faults<V: Vendor>(vendor: &Arc<V>, request: &Request) -> Turn {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    let fault = vendor.faults().take(&path);
    match fault {
        None => {
            let turn = vendor.answer(request);
            match vendor.specification() {
                Some(specification) => specification.hold(request, turn),
                None => turn,
            }
        }
        Some(Fault::RateLimited) => vendor.trouble(429),
        Some(Fault::ServerError) => vendor.trouble(500),
        Some(Fault::BadGateway) => {
            Turn::Answer { status: 502, body: "<html>502 Bad Gateway</html>".to_owned() }
        }
        Some(Fault::Hang) => Turn::Hang,
        Some(Fault::Drop) => Turn::Drop,
        Some(Fault::Answer(status, body)) => Turn::Answer { status, body },
        Some(Fault::TakeAndHang) => {
            vendor.answer(request);
            Turn::Hang
        }
        Some(Fault::TakeAndDrop) => {
            vendor.answer(request);
            Turn::Drop
        }
        Some(Fault::TakeAndHalfAnswer) => match vendor.answer(request) {
            Turn::Answer { status, body } => Turn::Half { status, body },
            Turn::Full { status, body, .. } => {
                Turn::Half { status, body: String::from_utf8_lossy(&body).into_owned() }
            }
            other => other,
        },
    }
}

/// The client with which simulated vendors tell of events: it reaches the app on loopback.
pub(super) fn client() -> Client {
    Client::new(GuardPolicy { allow_private: true, allow_loopback: true })
}

/// Posts a webhook until it is taken, or one of the statuses says that nobody wants it, at most so many times. Gives
/// the statuses of all answers; `None` for a try without one.
///
/// The request is made anew for every try, because some vendors sign the time of each.
pub(super) async fn tell(
    http: &Client,
    times: usize,
    gives_up: impl Fn(u16) -> bool,
    request: impl Fn() -> net::http::Request,
) -> Vec<Option<u16>> {
    let mut statuses = Vec::new();
    for attempt in 0..times {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let status = http.send(request()).await.ok().map(|answer| answer.status.as_u16());
        statuses.push(status);
        if status.is_some_and(|status| (200..300).contains(&status) || gives_up(status)) {
            break;
        }
    }
    statuses
}
