//! Sends many messages to an SMTP server over kept connections, as fast as it takes them or on a schedule.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use tokio::sync::Mutex;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::client::Client;
use crate::histogram::Histogram;
use crate::letters::{Incoming, Mark, write_mail};
use crate::load::schedule;
use crate::watch;

/// What the senders saw.
#[derive(Debug, Default)]
pub struct Flood {
    pub taken: AtomicU64,
    pub bad: AtomicU64,
    pub first_fault: parking_lot::Mutex<Option<String>>,
    pub latency: Histogram,
}

/// Which message is next, and the instant it counts from.
enum Turn {
    /// As soon as a connection is free.
    Closed { next: AtomicU64, count: u64 },
    /// When it is due.
    Open { due: Mutex<UnboundedReceiver<(u64, u64)>> },
}

impl Turn {
    async fn take(&self) -> Option<(u64, u64)> {
        match self {
            Self::Closed { next, count } => {
                let number = next.fetch_add(1, Ordering::Relaxed);
                (number < *count).then(|| (number, watch::now()))
            }
            Self::Open { due } => due.lock().await.recv().await,
        }
    }
}

/// Sends the numbers 0..count over `connections`, at `per_second` or as fast as possible.
pub async fn flood(address: SocketAddr, connections: usize, count: u64, per_second: Option<f64>) -> Flood {
    let flood = Arc::new(Flood::default());
    let turn = Arc::new(match per_second {
        None => Turn::Closed { next: AtomicU64::new(0), count },
        Some(rate) => Turn::Open { due: Mutex::new(schedule(0, count, rate)) },
    });
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        let (flood, turn) = (Arc::clone(&flood), Arc::clone(&turn));
        senders.spawn(async move {
            if let Err(error) = send_many(address, &turn, &flood).await {
                flood.bad.fetch_add(1, Ordering::Relaxed);
                flood.first_fault.lock().get_or_insert(format!("{error:#}"));
            }
        });
    }
    while senders.join_next().await.is_some() {}
    Arc::into_inner(flood).expect("every sender has ended")
}

async fn send_many(address: SocketAddr, turn: &Turn, flood: &Flood) -> Result<()> {
    let mut client = Client::open(address).await?;
    let mut content = String::with_capacity(2_048);
    while let Some((number, at)) = turn.take().await {
        content.clear();
        let mail = Incoming {
            from: "support@example.com",
            to: "customer@example.com",
            subject: "Your order",
            message_id: &format!("{number}@bench.example.com"),
            in_reply_to: None,
        };
        write_mail(Mark { number, at }, &mail, &mut content);
        client.send("support@example.com", "customer@example.com", content.as_bytes()).await?;
        flood.latency.record(watch::now() - at);
        flood.taken.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
