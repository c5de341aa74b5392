//! bare: an axum server in a process of its own that reads the JSON of a message and answers 202
//! with an id, and does nothing else.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::accounting;
use crate::figures::Figures;
use crate::http::api::Api;
use crate::http::connection::Connection;
use crate::letters::Outgoing;
use crate::load::{Load, any_success};
use crate::scenario::accept::post_message;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

pub async fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let count = settings.count(200_000);
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let server = Bare::start(address)?;
    wait_until_listening(address).await?;
    let outgoing = Outgoing { contacts: settings.contacts, ..Outgoing::default() };
    let load = Load {
        address,
        clients: settings.clients(64),
        write: post_message(Api::new(address, "ck_bench"), outgoing),
        look: any_success(),
    };
    let before = Surroundings::measure(&settings.data_root()?)?;
    let pid = [server.0.id()];
    let cpu = accounting::cpu_seconds(&pid);
    let own_cpu = accounting::own_cpu_seconds();
    let begun = watch::now();
    let report = load.closed(0, count).await;
    let seconds = watch::seconds_since(begun);
    let cpu = accounting::cpu_seconds(&pid) - cpu;
    let own_cpu = accounting::own_cpu_seconds() - own_cpu;
    report.complain();
    let mut figures = Figures::new("bare", "-", round, &before)
        .work(report.answered(), seconds)
        .latency(&report.latency)
        .cpu(cpu, report.answered())
        .with("bench_cpu_us", (own_cpu * 1e6 / report.answered().max(1) as f64).round());
    figures.bad = report.bad();
    Ok(figures)
}

/// The child process; dropping it kills it.
struct Bare(Child);

impl Bare {
    fn start(address: SocketAddr) -> Result<Self> {
        let own = std::env::current_exe()?;
        let child = Command::new(own)
            .args(["serve-bare", &address.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .context("could not start the bare server")?;
        Ok(Self(child))
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn wait_until_listening(address: SocketAddr) -> Result<()> {
    for _ in 0..2_000 {
        if Connection::open(address).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("the bare server does not listen on {address}")
}

/// The server itself, for the child process.
pub async fn serve(address: SocketAddr) -> Result<()> {
    let counter = Arc::new(AtomicU64::new(0));
    let app = Router::new().route(
        "/v1/messages",
        post(move |Json(message): Json<Value>| {
            let id = counter.fetch_add(1, Ordering::Relaxed);
            async move {
                // Looking at a field keeps the parse from being optimised into nothing.
                let state = if message["to"].is_string() { "queued" } else { "failed" };
                (StatusCode::ACCEPTED, Json(json!({"id": format!("msg_{id:026}"), "state": state})))
            }
        }),
    );
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
