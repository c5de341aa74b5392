//! start: milliseconds from exec to the first 202, then memory and CPU of an idle server; once more
//! after a kill -9 that leaves a log to be replayed.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::NEVER_IN_THIS_RUN;
use super::fill::batches;
use crate::accounting;
use crate::figures::{Figures, rounded};
use crate::histogram::Histogram;
use crate::letters::{Mark, Outgoing};
use crate::load::Load;
use crate::product::{Installation, Server};
use crate::settings::Settings;
use crate::surroundings::Surroundings;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long the server is left alone before its memory and CPU are read.
    #[arg(long, default_value_t = 60)]
    pub idle_seconds: u64,
    /// How often it is started; the median counts.
    #[arg(long, default_value_t = 5)]
    pub starts: u64,
    /// Messages written before the kill.
    #[arg(long, default_value_t = 50_000)]
    pub before_kill: u64,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Vec<Figures>> {
    let installation = Installation::prepare(settings, "start")?;
    installation.add_smtp(installation.address)?;
    let empty = stopped_cleanly(&installation, options, round).await?;
    let killed = after_kill(&installation, options, round).await?;
    installation.discard()?;
    Ok(vec![empty, killed])
}

async fn stopped_cleanly(installation: &Installation, options: &Options, round: u32) -> Result<Figures> {
    let before = Surroundings::measure(installation.folder())?;
    let times = Histogram::default();
    for start in 1..options.starts {
        let mut server = installation.launch()?;
        record(&times, first_202(&mut server, start).await?);
        server.stop().await?;
    }
    let mut server = installation.launch()?;
    record(&times, first_202(&mut server, 0).await?);
    let cpu = server.cpu_seconds();
    tokio::time::sleep(Duration::from_secs(options.idle_seconds)).await;
    let cpu = server.cpu_seconds() - cpu;
    let memory = server.memory();
    server.stop().await?;
    let mut figures =
        Figures::new("start-empty", installation.database.label(), round, &before).latency(&times);
    figures.n = times.count();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    Ok(figures
        .with("idle_seconds", options.idle_seconds)
        .with("idle_cpu_ms_per_minute", rounded(cpu * 60_000.0 / options.idle_seconds.max(1) as f64)))
}

async fn after_kill(installation: &Installation, options: &Options, round: u32) -> Result<Figures> {
    let mut server = installation.start().await?;
    let outgoing = outgoing();
    let (write, look) = batches(server.api.clone(), outgoing, 500, 1_000_000);
    let calls = options.before_kill.div_ceil(500);
    let report = Load { address: installation.address, clients: 2, write, look }.closed(0, calls).await;
    report.complain();
    server.kill()?;
    let left = log_bytes(installation);
    let before = Surroundings::measure(installation.folder())?;
    let times = Histogram::default();
    let mut server = installation.launch()?;
    record(&times, first_202(&mut server, 9_999_999).await?);
    let memory = server.memory();
    server.stop().await?;
    let mut figures =
        Figures::new("start-after-kill", installation.database.label(), round, &before).latency(&times);
    figures.n = times.count();
    figures.bad = report.bad();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    Ok(figures.with("written", report.answered() * 500).with("log_mib", rounded(left as f64 / 1_048_576.0)))
}

fn outgoing() -> Outgoing {
    Outgoing { contacts: 1_000, send_at: Some(NEVER_IN_THIS_RUN.to_owned()), ..Outgoing::default() }
}

/// Milliseconds from exec to the answer 202 to a message.
async fn first_202(server: &mut Server, number: u64) -> Result<f64> {
    let mut body = String::new();
    outgoing().write_json(Mark { number, at: 0 }, &mut body);
    let mut request = Vec::new();
    server.api.write_post("/v1/messages", &format!("start-{number}"), body.as_bytes(), &mut request);
    server.wait_for(&request, 202).await
}

fn record(times: &Histogram, milliseconds: f64) {
    times.record((milliseconds * 1e6) as u64);
}

/// Bytes of write-ahead log that the kill has left (SQLite).
fn log_bytes(installation: &Installation) -> u64 {
    accounting::files_below(installation.folder())
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().ends_with("-wal"))
        .map(|(_, bytes)| bytes)
        .sum()
}
