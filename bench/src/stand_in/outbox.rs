//! The stand-in's senders: mark as under way, send, record. What is neither refused nor taken is
//! `unknown` and stays so.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::shelf::Shelf;
use crate::http::api::Api;
use crate::http::connection::Connection;
use crate::smtp::client::Client;

const SENDERS: usize = 8;

#[derive(Debug, Clone)]
enum Goal {
    Smtp(SocketAddr),
    Provider(SocketAddr),
}

enum Line {
    Smtp(Client),
    Provider(Connection, SocketAddr),
}

/// Starts the senders; returns the way to them and what keeps them alive.
pub fn open(shelf: &Arc<Shelf>) -> Result<(UnboundedSender<i64>, JoinSet<()>)> {
    let goal = match shelf.get("provider")?.as_str() {
        "smtp" => Goal::Smtp(format!("{}:{}", shelf.get("host")?, shelf.get("port")?).parse()?),
        "smtp2go" => {
            let base = shelf.get("base_url")?;
            let place = base.trim_start_matches("http://").split('/').next().unwrap_or_default();
            Goal::Provider(place.parse().context("base_url is no address")?)
        }
        other => bail!("no provider `{other}` here"),
    };
    let (sender, receiver) = unbounded_channel();
    let receiver = Arc::new(Mutex::new(receiver));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(work(Arc::clone(shelf), goal.clone(), Arc::clone(&receiver)));
    }
    Ok((sender, senders))
}

async fn work(shelf: Arc<Shelf>, goal: Goal, numbers: Arc<Mutex<UnboundedReceiver<i64>>>) {
    let mut line = None;
    loop {
        let Some(number) = numbers.lock().await.recv().await else { return };
        let mut open = match line.take() {
            Some(open) => open,
            None => connect(&goal).await,
        };
        let outcome = match shelf.mark(number, "sending").and_then(|()| shelf.content(number)) {
            Ok(text) => send(&mut open, number, &text).await,
            Err(error) => Err(error),
        };
        let state = if outcome.is_ok() { "sent" } else { "unknown" };
        if outcome.is_ok() {
            line = Some(open);
        }
        shelf.mark(number, state).expect("the stand-in's file can be written");
    }
}

async fn connect(goal: &Goal) -> Line {
    loop {
        let line = match goal {
            Goal::Smtp(address) => Client::open(*address).await.map(Line::Smtp),
            Goal::Provider(address) => {
                Connection::open(*address).await.map(|connection| Line::Provider(connection, *address))
            }
        };
        match line {
            Ok(line) => return line,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn send(line: &mut Line, number: i64, text: &str) -> Result<()> {
    match line {
        Line::Smtp(client) => {
            let content = format!("Subject: Your order {number}\r\n\r\n{}", text.replace('\n', "\r\n"));
            client.send("support@example.com", "customer@example.com", content.as_bytes()).await
        }
        Line::Provider(connection, address) => {
            let body = serde_json::json!({"text_body": text}).to_string();
            let mut request = Vec::new();
            Api::new(*address, "x").write_post("/v3/email/send", "k", body.as_bytes(), &mut request);
            loop {
                let reply = connection.call(&request).await?;
                if reply.is_success() {
                    return Ok(());
                }
                let pause = Duration::from_millis(reply.retry_after.unwrap_or(0) * 1_000 + 5);
                tokio::time::sleep(pause).await;
            }
        }
    }
}
