//! latency: 200 transactional messages per second on a fixed schedule, alone and beside a campaign.
//! A latency counts from the scheduled instant to the sink.

use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::accept::post_message;
use super::accept_batch::BATCH;
use super::fill::batches;
use crate::figures::{Figures, rounded};
use crate::ledger::Ledger;
use crate::letters::Outgoing;
use crate::load::{Load, any_success};
use crate::product::Installation;
use crate::settings::Settings;
use crate::smtp::sink::{Behaviour, Sink};
use crate::surroundings::Surroundings;
use crate::watch;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Messages per second.
    #[arg(long, default_value_t = 200.0)]
    pub per_second: f64,
    /// How long.
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Recipients of the campaign in the second run; 0 leaves that run out.
    #[arg(long, default_value_t = 200_000)]
    pub campaign: u64,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Vec<Figures>> {
    let mut figures = vec![once(settings, options, round, 0).await?];
    if options.campaign > 0 {
        figures.push(once(settings, options, round, options.campaign).await?);
    }
    Ok(figures)
}

async fn once(settings: &Settings, options: &Options, round: u32, campaign: u64) -> Result<Figures> {
    let name = if campaign == 0 { "latency-alone" } else { "latency-campaign" };
    let count = (options.per_second * options.seconds as f64) as u64;
    let calls = campaign.div_ceil(BATCH);
    // Numbers of the campaign follow those of the timed messages.
    let ledger = Ledger::timing_below(count + calls * BATCH, count);
    let sink = Sink::start(Behaviour::default(), ledger.clone()).await?;
    let installation = Installation::prepare(settings, name)?;
    installation.add_smtp(sink.address)?;
    let mut server = installation.start().await?;
    let outgoing = Outgoing { contacts: settings.contacts, ..Outgoing::default() };
    let bulk = Outgoing { bulk: true, ..outgoing.clone() };
    let timed = Load {
        address: installation.address,
        clients: settings.clients(32),
        write: post_message(server.api.clone(), outgoing),
        look: any_success(),
    };
    let (write, look) = batches(server.api.clone(), bulk, BATCH, count);
    let campaign_load = Load { address: installation.address, clients: 1, write, look };

    let before = Surroundings::measure(installation.folder())?;
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let feeding = async {
        let report = campaign_load.closed(0, calls).await;
        (report.answered() * BATCH, watch::seconds_since(begun))
    };
    let timing = async {
        let report = timed.open(0, count, options.per_second).await;
        let meanwhile = ledger.distinct() - ledger.timed_distinct();
        (report, watch::seconds_since(begun), meanwhile)
    };
    let ((fed, fed_seconds), (report, seconds, meanwhile)) = tokio::join!(feeding, timing);
    report.complain();
    let arrived = ledger.wait_for(report.answered() + fed, Duration::from_secs(20)).await;
    let cpu = server.cpu_seconds() - cpu;
    server.must_be_alive()?;

    let lost = (report.answered() + fed).saturating_sub(arrived);
    let memory = server.memory();
    let mut figures = Figures::new(name, installation.database.label(), round, &before)
        .work(ledger.timed_distinct(), seconds)
        .latency(&ledger.latency)
        .cpu(cpu, arrived)
        .lost(lost)
        .with("duplicates", ledger.duplicates())
        .with("accept_p50_ms", report.latency.percentile_ms(0.5))
        .with("accept_p99_ms", report.latency.percentile_ms(0.99))
        .with("campaign", fed)
        .with("campaign_sent_meanwhile", meanwhile);
    if fed > 0 {
        let drained = ledger.last_arrival().saturating_sub(begun) as f64 / 1e9;
        figures = figures
            .with("campaign_accepted_seconds", rounded(fed_seconds))
            .with("all_sent_seconds", rounded(drained));
    }
    figures.bad = report.bad() + lost + ledger.duplicates();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}
