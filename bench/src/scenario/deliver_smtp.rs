//! deliver-smtp: accept, send over SMTP to the sink, record the result.

use anyhow::Result;
use clap::Args;

use super::deliver::Delivery;
use crate::figures::Figures;
use crate::product::Installation;
use crate::settings::Settings;
use crate::smtp::sink::{Behaviour, Sink};

#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Adds an HTML part of 1 KiB to every message.
    #[arg(long)]
    pub html: bool,
    /// Parallel sends of the account [default: the product's own].
    #[arg(long)]
    pub concurrency: Option<u32>,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Figures> {
    let mut delivery = Delivery::new("deliver-smtp", round, settings.count(50_000), settings.clients(64));
    delivery.html = options.html;
    let sink = Sink::start(Behaviour::default(), delivery.ledger.clone()).await?;
    let installation = Installation::prepare(settings, "deliver-smtp")?;
    let account = installation.add_smtp(sink.address)?;
    let mut server = installation.start().await?;
    if let Some(concurrency) = options.concurrency {
        let body = serde_json::json!({ "concurrency": concurrency });
        server.api.send("PATCH", &format!("/v1/channel-accounts/{account}"), &body).await?;
    }
    let figures = delivery
        .measure(settings, &installation, &mut server)
        .await?
        .with("html", options.html)
        .with("sink_connections", sink.connections());
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}
