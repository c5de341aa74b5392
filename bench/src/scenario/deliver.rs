//! What both deliver scenarios share: load the API, wait for the last message at the sink, account.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::accept::post_message;
use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::letters::Outgoing;
use crate::load::{Load, any_success};
use crate::product::{Installation, Server};
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::{accounting, watch};

/// When nothing new arrives for so long, what is missing is lost.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Delivery<'a> {
    pub scenario: &'a str,
    pub round: u32,
    pub count: u64,
    pub clients: usize,
    pub html: bool,
    pub ledger: Arc<Ledger>,
    pub patience: Duration,
}

impl<'a> Delivery<'a> {
    pub fn new(scenario: &'a str, round: u32, count: u64, clients: usize) -> Self {
        Self { scenario, round, count, clients, html: false, ledger: Ledger::new(count), patience: PATIENCE }
    }

    /// From the first request to the last message at the sink.
    pub async fn measure(
        &self,
        settings: &Settings,
        installation: &Installation,
        server: &mut Server,
    ) -> Result<Figures> {
        let outgoing = Outgoing { contacts: settings.contacts, html: self.html, ..Outgoing::default() };
        let load = Load {
            address: installation.address,
            clients: self.clients,
            write: post_message(server.api.clone(), outgoing),
            look: any_success(),
        };
        let before = Surroundings::measure(installation.folder())?;
        let cpu = server.cpu_seconds();
        let own_cpu = accounting::own_cpu_seconds();
        let begun = watch::now();
        let report = load.closed(0, self.count).await;
        let accept_seconds = watch::seconds_since(begun);
        report.complain();
        let arrived = self.ledger.wait_for(report.answered(), self.patience).await;
        let seconds = self.ledger.last_arrival().saturating_sub(begun) as f64 / 1e9;
        server.must_be_alive()?;
        // The CPU of writing the results down belongs to the message too.
        let recorded = settle(server).await?;
        let cpu = server.cpu_seconds() - cpu;
        let own_cpu = accounting::own_cpu_seconds() - own_cpu;

        let lost = report.answered().saturating_sub(arrived);
        let memory = server.memory();
        let mut figures = Figures::new(self.scenario, installation.database.label(), self.round, &before)
            .work(arrived, seconds)
            .latency(&self.ledger.latency)
            .cpu(cpu, arrived)
            .lost(lost)
            .with("duplicates", self.ledger.duplicates())
            .with("unreadable", self.ledger.unreadable())
            .with("clients", self.clients)
            .with("contacts", settings.contacts)
            .with("accept_rate", (report.answered() as f64 / accept_seconds).round())
            .with("accept_p50_ms", report.latency.percentile_ms(0.5))
            .with("accept_p99_ms", report.latency.percentile_ms(0.99))
            .with("pushed_back", report.pushed_back())
            .with("all_recorded", recorded)
            .with("bench_cpu_us", (own_cpu * 1e6 / arrived.max(1) as f64).round());
        figures.bad = report.bad() + lost + self.ledger.duplicates() + self.ledger.unreadable();
        figures.rss_mib = Some(memory.rss_mib);
        figures.pss_mib = Some(memory.pss_mib);
        Ok(figures)
    }
}

/// Waits until the server has no message under way; false when it still has some after 10 s.
pub async fn settle(server: &Server) -> Result<bool> {
    let begun = watch::now();
    loop {
        if server.api.is_drained().await? {
            return Ok(true);
        }
        if watch::seconds_since(begun) > 10.0 {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
