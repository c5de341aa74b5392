//! accept-batch: `POST /v1/messages/batch`, 1,000 messages a call, scheduled far ahead.

use anyhow::Result;

use super::NEVER_IN_THIS_RUN;
use super::fill::batches;
use crate::figures::Figures;
use crate::letters::Outgoing;
use crate::load::Load;
use crate::product::Installation;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

/// Messages in one call.
pub const BATCH: u64 = 1_000;

pub async fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let calls = settings.count(1_000_000).div_ceil(BATCH);
    let installation = Installation::prepare(settings, "accept-batch")?;
    installation.add_smtp(installation.address)?;
    let mut server = installation.start().await?;
    let outgoing = Outgoing {
        contacts: settings.contacts,
        send_at: Some(NEVER_IN_THIS_RUN.to_owned()),
        bulk: true,
        ..Outgoing::default()
    };
    let (write, look) = batches(server.api.clone(), outgoing, BATCH, 0);
    let load = Load { address: installation.address, clients: settings.clients(4), write, look };

    let before = Surroundings::measure(installation.folder())?;
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let report = load.closed(0, calls).await;
    let seconds = watch::seconds_since(begun);
    let cpu = server.cpu_seconds() - cpu;

    server.must_be_alive()?;
    report.complain();
    let recipients = report.answered() * BATCH;
    let memory = server.memory();
    // Latencies are those of whole calls.
    let mut figures = Figures::new("accept-batch", installation.database.label(), round, &before)
        .work(recipients, seconds)
        .latency(&report.latency)
        .cpu(cpu, recipients)
        .with("clients", load.clients)
        .with("contacts", settings.contacts)
        .with("calls", report.answered())
        .with("pushed_back", report.pushed_back());
    figures.bad = report.bad() * BATCH;
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}
