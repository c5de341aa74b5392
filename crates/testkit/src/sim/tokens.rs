//! A simulated OAuth 2 token server: gives access tokens for a refresh token, which it replaces by a new one each time, and
//! tells mail servers whether an access token is good.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use tokio::task::JoinSet;

use super::http::{Request, Turn, serve};

/// The server, until it is dropped.
pub struct Tokens {
    address: SocketAddr,
    given: Arc<Mutex<Given>>,
    _tasks: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Given {
    user: String,
    count: u32,
    access: Option<String>,
    refused: u32,
}

impl Tokens {
    pub const CLIENT_ID: &'static str = "client-of-the-test";
    pub const CLIENT_SECRET: &'static str = "secret-of-the-test";
    /// The first one; each is good once.
    pub const REFRESH_TOKEN: &'static str = "refresh-0";

    /// Starts one whose tokens are this user's.
    ///
    /// # Errors
    /// When no port of loopback is free.
    pub async fn start(user: &str) -> io::Result<Tokens> {
        let given = Arc::new(Mutex::new(Given { user: user.to_owned(), ..Given::default() }));
        let state = Arc::clone(&given);
        let handler = move |request: Request| {
            let turn = answer(&mut state.lock(), &request);
            Box::pin(async move { turn }) as std::pin::Pin<Box<dyn Future<Output = Turn> + Send>>
        };
        let (address, tasks) = serve(SocketAddr::from(([127, 0, 0, 1], 0)), Arc::new(handler)).await?;
        Ok(Tokens { address, given, _tasks: tasks })
    }

    /// Where access tokens come from.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// Where a mail server asks about an access token, which it writes behind it.
    #[must_use]
    pub fn token_info_url(&self) -> String {
        format!("http://{}/info?access_token=", self.address)
    }

    /// How many access tokens were given.
    #[must_use]
    pub fn given(&self) -> u32 {
        self.given.lock().count
    }

    /// How many requests were refused, such as those with a refresh token that was used before.
    #[must_use]
    pub fn refused(&self) -> u32 {
        self.given.lock().refused
    }

    /// The access token that was given last is not good any more.
    pub fn take_back(&self) {
        self.given.lock().access = None;
    }
}

fn answer(given: &mut Given, request: &Request) -> Turn {
    if let Some((_, token)) = request.path.split_once("access_token=") {
        let good = given.access.as_deref() == Some(token);
        return Turn::Answer {
            status: if good { 200 } else { 401 },
            body: if good { json!({ "email": given.user }) } else { json!({ "error": "invalid_token" }) }
                .to_string(),
        };
    }
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let has = |pair: String| form.split('&').any(|found| found == pair);
    let is_right = has("grant_type=refresh_token".to_owned())
        && has(format!("refresh_token=refresh-{}", given.count))
        && has(format!("client_id={}", Tokens::CLIENT_ID))
        && has(format!("client_secret={}", Tokens::CLIENT_SECRET));
    if !is_right {
        given.refused += 1;
        let body = json!({ "error": "invalid_grant", "error_description": "Token has been revoked." });
        return Turn::Answer { status: 400, body: body.to_string() };
    }
    given.count += 1;
    let access = format!("access-{}", given.count);
    given.access = Some(access.clone());
    let body = json!({
        "access_token": access,
        "expires_in": 3600,
        "refresh_token": format!("refresh-{}", given.count),
        "token_type": "Bearer",
    });
    Turn::Answer { status: 200, body: body.to_string() }
}
