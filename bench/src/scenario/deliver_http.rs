//! deliver-http: accept, send to a simulated HTTP provider, record the result; (a) answering at
//! once, (b) after 50 ms with 200 in flight, (c) with refusals.

use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::deliver::Delivery;
use crate::chance::Chance;
use crate::figures::Figures;
use crate::http::provider::{Behaviour, Provider};
use crate::product::Installation;
use crate::settings::Settings;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// The provider answers at once.
    A,
    /// It answers after 50 ms; 200 requests may be in flight.
    B,
    /// It answers at once; 1 % of answers are 429 with Retry-After, 1 % are 500.
    C,
}

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Which of the three.
    #[arg(long, value_enum, default_value = "a")]
    pub variant: Variant,
    /// Seed of the refusals.
    #[arg(long)]
    pub seed: Option<u64>,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Figures> {
    let (name, count) = match options.variant {
        Variant::A => ("deliver-http-a", 50_000),
        Variant::B => ("deliver-http-b", 20_000),
        Variant::C => ("deliver-http-c", 2_000),
    };
    let refusals = if options.variant == Variant::C { 0.01 } else { 0.0 };
    let behaviour = Behaviour {
        delay: Duration::from_millis(if options.variant == Variant::B { 50 } else { 0 }),
        too_many: refusals,
        broken: refusals,
        seed: options.seed.unwrap_or_else(Chance::fresh_seed),
        ..Behaviour::default()
    };
    let mut delivery = Delivery::new(name, round, settings.count(count), settings.clients(64));
    if options.variant == Variant::C {
        // A refused message comes back after the server's back-off, which may be minutes.
        delivery.patience = Duration::from_secs(180);
    }
    let seed = behaviour.seed;
    let provider = Provider::start(behaviour, delivery.ledger.clone()).await?;
    let installation = Installation::prepare(settings, name)?;
    let account = installation.add_channel(
        "smtp2go",
        &[
            ("base_url", format!("http://{}/v3", provider.address)),
            ("api_key", "api-00000000000000000000000000000000".to_owned()),
            ("from", "support@example.com".to_owned()),
        ],
    )?;
    let mut server = installation.start().await?;
    let concurrency = if options.variant == Variant::B { 200 } else { 32 };
    let body = json!({ "concurrency": concurrency });
    server.api.send("PATCH", &format!("/v1/channel-accounts/{account}"), &body).await?;

    let figures = delivery
        .measure(settings, &installation, &mut server)
        .await?
        .with("seed", seed)
        .with("concurrency", concurrency)
        .with("most_in_flight", provider.most_in_flight())
        .with("answered_429", provider.answered_429())
        .with("answered_500", provider.answered_500())
        .with("came_back_early", provider.came_back_early());
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}
