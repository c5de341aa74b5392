//! accept: `POST /v1/messages` answered after its commit; every message is scheduled far ahead, so
//! that nothing is sent.

use std::sync::Arc;

use anyhow::Result;

use super::NEVER_IN_THIS_RUN;
use crate::figures::Figures;
use crate::http::api::Api;
use crate::ledger::Ledger;
use crate::letters::{Mark, Outgoing};
use crate::load::{Load, Write, any_success};
use crate::product::Installation;
use crate::settings::Settings;
use crate::smtp::sink::{Behaviour, Sink};
use crate::surroundings::Surroundings;
use crate::watch;

pub async fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let count = settings.count(200_000);
    let installation = Installation::prepare(settings, "accept")?;
    let ledger = Ledger::new(count);
    let sink = Sink::start(Behaviour::default(), ledger).await?;
    installation.add_smtp(sink.address)?;
    let mut server = installation.start().await?;
    let outgoing = Outgoing {
        contacts: settings.contacts,
        send_at: Some(NEVER_IN_THIS_RUN.to_owned()),
        ..Outgoing::default()
    };
    let load = Load {
        address: installation.address,
        clients: settings.clients(64),
        write: post_message(server.api.clone(), outgoing),
        look: any_success(),
    };

    let before = Surroundings::measure(installation.folder())?;
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let report = load.closed(0, count).await;
    let seconds = watch::seconds_since(begun);
    let cpu = server.cpu_seconds() - cpu;

    server.must_be_alive()?;
    report.complain();
    let memory = server.memory();
    let mut figures = Figures::new("accept", installation.database.label(), round, &before)
        .work(report.answered(), seconds)
        .latency(&report.latency)
        .cpu(cpu, report.answered())
        .with("clients", load.clients)
        .with("contacts", settings.contacts)
        .with("pushed_back", report.pushed_back())
        .with("sink_connections", sink.connections());
    figures.bad = report.bad();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}

/// Writes `POST /v1/messages` with an idempotency key of its own.
pub fn post_message(api: Api, outgoing: Outgoing) -> Write {
    Arc::new(move |number, at, out| {
        let mut body = String::with_capacity(1_536);
        outgoing.write_json(Mark { number, at }, &mut body);
        api.write_post("/v1/messages", &format!("bench-{number}"), body.as_bytes(), out);
    })
}
