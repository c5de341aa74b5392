//! What most stories need: letters to send, mail that comes in, and waiting for what becomes of them.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::smtp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);

/// A small message to somebody.
pub fn letter(to: &str) -> Value {
    json!({ "to": to, "subject": "Your order", "text": "It is on its way." })
}

/// A small message through one account.
pub fn letter_through(account: &str, to: &str) -> Value {
    json!({ "account": account, "to": to, "subject": "Your order", "text": "It is on its way." })
}

/// Sends a message that is accepted, and gives its id.
pub async fn send(app: &TestApp, message: Value) -> String {
    let reply = app.key().post("/v1/messages", message).await;
    assert_eq!(reply.summary(), "202 queued", "{}", reply.body);
    reply.text("id").to_owned()
}

/// The message as the API shows it.
pub async fn message(app: &TestApp, id: &str) -> Value {
    let reply = app.key().get(&format!("/v1/messages/{id}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

pub async fn state_of(app: &TestApp, id: &str) -> String {
    message(app, id).await["state"].as_str().unwrap().to_owned()
}

/// Waits until a message is in a state, and gives it.
pub async fn becomes(app: &TestApp, id: &str, state: &str) -> Value {
    app.wait_until(&format!("the message is {state}"), async || state_of(app, id).await == state).await;
    message(app, id).await
}

/// The outcomes of a message's attempts, in order.
pub fn outcomes(message: &Value) -> Vec<&str> {
    texts(&message["attempts"], "outcome")
}

/// One field of every element of a list.
pub fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap()).collect()
}

/// How many messages are in a state.
pub async fn count_in(app: &TestApp, state: &str) -> usize {
    let path = format!("/v1/messages?direction=outbound&limit=200&state={state}");
    app.key().get(&path).await.rows().len()
}

/// Adds an account on a server that fails, hangs or asks for a password.
pub async fn account_on(app: &TestApp, server: &smtp::Server, more: Value) -> String {
    let mut account = json!({
        "name": "Another mail server",
        "provider": "smtp",
        "settings": {
            "host": "127.0.0.1",
            "port": server.address().port(),
            "security": "none",
            "from": "Support <support@company.example.com>",
        },
    });
    merge(&mut account, more);
    let reply = app.key().post("/v1/channel-accounts", account).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.text("id").to_owned()
}

/// The first with everything of the second.
pub fn merged(mut first: Value, second: Value) -> Value {
    merge(&mut first, second);
    first
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

/// A mail as it comes from outside. `headers` are whole lines.
pub fn mail(from: &str, subject: &str, message_id: &str, headers: &[&str], text: &str) -> String {
    let mut raw = format!(
        "From: {from}\r\nTo: support@company.example.com\r\nSubject: {subject}\r\nMessage-ID: <{message_id}>\r\n\
         Date: Fri, 20 Nov 2026 11:59:00 +0000\r\n"
    );
    for header in headers {
        raw.push_str(header);
        raw.push_str("\r\n");
    }
    raw.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    raw.push_str(text);
    raw.push_str("\r\n");
    raw
}

/// Hands a mail in and waits until it was worked on; gives its journal entry.
pub async fn hand_in(app: &TestApp, raw: impl Into<Vec<u8>>) -> Value {
    let reply = app.key().hand_in(raw).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    worked_on(app, reply.text("journal_id")).await
}

/// Waits until a journal entry was worked on.
pub async fn worked_on(app: &TestApp, entry: &str) -> Value {
    let path = format!("/v1/journal/{entry}");
    app.wait_until("the entry was worked on", async || {
        app.key().get(&path).await.text("state") != "received"
    })
    .await;
    app.key().get(&path).await.body
}

/// Hands a mail in and gives the message that it became.
pub async fn receive(app: &TestApp, raw: impl Into<Vec<u8>>) -> Value {
    let entry = hand_in(app, raw).await;
    assert_eq!(entry["state"], "processed", "{entry}");
    message(app, entry["message_id"].as_str().unwrap()).await
}

pub async fn conversation(app: &TestApp, id: &Value) -> Value {
    app.key().get(&format!("/v1/conversations/{}", id.as_str().unwrap())).await.body
}

/// The app on a real port, until this is dropped.
pub struct Listening {
    pub address: SocketAddr,
    _task: JoinSet<()>,
}

pub async fn listen(app: &TestApp) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = api::router(app.engine().clone()).into_make_service_with_connect_info::<SocketAddr>();
    let mut task = JoinSet::new();
    task.spawn(async move { axum::serve(listener, router).await.unwrap() });
    Listening { address, _task: task }
}
