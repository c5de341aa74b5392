//! smtp-raw: the bare SMTP client straight into the sink, 8 kept connections; generator and sink in
//! one process. No server can deliver faster than that here.

use std::sync::atomic::Ordering;

use anyhow::Result;

use crate::accounting;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::output::say;
use crate::settings::Settings;
use crate::smtp::flood::flood;
use crate::smtp::sink::{Behaviour, Sink};
use crate::surroundings::Surroundings;
use crate::watch;

pub async fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let count = settings.count(100_000);
    let ledger = Ledger::new(count);
    let sink = Sink::start(Behaviour::default(), ledger.clone()).await?;
    let before = Surroundings::measure(&settings.data_root()?)?;
    let cpu = accounting::own_cpu_seconds();
    let begun = watch::now();
    let sent = flood(sink.address, settings.clients(8), count, None).await;
    let seconds = watch::seconds_since(begun);
    let cpu = accounting::own_cpu_seconds() - cpu;
    if let Some(fault) = sent.first_fault.lock().as_ref() {
        say(&format!("  a sender failed: {fault}"));
    }
    let mut figures = Figures::new("smtp-raw", "-", round, &before)
        .work(ledger.distinct(), seconds)
        .latency(&sent.latency)
        .cpu(cpu, ledger.distinct());
    figures.bad = sent.bad.load(Ordering::Relaxed) + (count - ledger.distinct());
    Ok(figures)
}
