//! memory: resident memory with a queue that cannot be sent, because nobody listens at the provider.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::accept_batch::BATCH;
use super::fill::batches;
use crate::figures::{Figures, rounded};
use crate::letters::Outgoing;
use crate::load::Load;
use crate::product::Installation;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::{accounting, watch};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long the server may calm down before its memory is read.
    #[arg(long, default_value_t = 5)]
    pub calm_seconds: u64,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Figures> {
    let calls = settings.count(1_000_000).div_ceil(BATCH);
    let installation = Installation::prepare(settings, "memory")?;
    // A port that was free a moment ago and that nobody takes: every connection is refused.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    installation.add_smtp(nobody)?;
    let mut server = installation.start().await?;
    let calm = Duration::from_secs(options.calm_seconds);
    tokio::time::sleep(calm).await;
    let idle = server.memory();

    let before = Surroundings::measure(installation.folder())?;
    let outgoing = Outgoing { contacts: settings.contacts, ..Outgoing::default() };
    let (write, look) = batches(server.api.clone(), outgoing, BATCH, 0);
    let load = Load { address: installation.address, clients: settings.clients(4), write, look };
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let report = load.closed(0, calls).await;
    let seconds = watch::seconds_since(begun);
    let cpu = server.cpu_seconds() - cpu;
    report.complain();
    tokio::time::sleep(calm).await;
    server.must_be_alive()?;

    let full = server.memory();
    let queued = report.answered() * BATCH;
    let bytes: u64 = accounting::files_below(installation.folder()).iter().map(|(_, bytes)| bytes).sum();
    let mut figures = Figures::new("memory-queued", installation.database.label(), round, &before)
        .work(queued, seconds)
        .latency(&report.latency)
        .cpu(cpu, queued)
        .with("idle_rss_mib", idle.rss_mib)
        .with("above_idle_mib", rounded(full.rss_mib - idle.rss_mib))
        .with("disk_bytes_per_message", bytes / queued.max(1));
    figures.bad = report.bad() * BATCH;
    figures.rss_mib = Some(full.rss_mib);
    figures.pss_mib = Some(full.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}
