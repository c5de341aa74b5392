//! Samples for the vendors' own libraries: what we sign is written down where the check of `cargo xtask test --only sdk`
//! reads it, and what those libraries sign is read from there. Without that check nothing is written.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::sim::http::{Request, Turn, serve};

/// Names the folder of the samples.
const FOLDER: &str = "CHANCERY_SDK_SAMPLES";

#[expect(
    clippy::disallowed_methods,
    reason = "the check tells tests where the samples lie, and nothing else can"
)]
fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Writes one sample of a kind down, when somebody is going to check it.
///
/// The kinds and what they hold are in `crates/testkit/sdk/verify.py`.
///
/// # Panics
/// When the sample cannot be written: the check would pass without it.
pub fn give(kind: &str, name: &str, sample: &Value) {
    let Some(folder) = folder() else { return };
    fs::create_dir_all(&folder).expect("the folder of the samples can be made");
    let file = folder.join(format!("{kind}.{name}.json"));
    fs::write(file, sample.to_string()).expect("a sample can be written");
}

/// What the libraries have signed: just now when the check runs, else the copy that is kept with the tests.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn signed_by_libraries() -> Value {
    let kept = || include_str!("../sdk/signed.json").to_owned();
    let text = folder().map_or_else(kept, |folder| {
        fs::read_to_string(folder.join("signed.json")).expect("the check signs before the tests are run")
    });
    serde_json::from_str(&text).expect("what the libraries signed is JSON")
}

/// A webhook as it came over the wire.
#[derive(Debug, Clone)]
pub struct Caught {
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Caught {
    /// The header of that name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// An address that keeps every webhook and answers 200; it ends when this is dropped.
pub struct Catcher {
    pub address: SocketAddr,
    caught: Arc<Mutex<Vec<Caught>>>,
    _tasks: JoinSet<()>,
}

impl Catcher {
    /// Listens on any free port of loopback.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> io::Result<Catcher> {
        let caught: Arc<Mutex<Vec<Caught>>> = Arc::default();
        let keeping = Arc::clone(&caught);
        let handler = move |request: Request| {
            keeping.lock().push(Caught { headers: request.headers, body: request.body });
            let turn: Pin<Box<dyn Future<Output = Turn> + Send>> =
                Box::pin(async { Turn::Answer { status: 200, body: String::new() } });
            turn
        };
        let (address, tasks) = serve(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::new(handler)).await?;
        Ok(Catcher { address, caught, _tasks: tasks })
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Everything so far, oldest first.
    #[must_use]
    pub fn caught(&self) -> Vec<Caught> {
        self.caught.lock().clone()
    }
}
