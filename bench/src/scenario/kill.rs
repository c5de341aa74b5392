//! kill: kills the server at random instants while messages are accepted and sent, and then looks
//! for every accepted message: none may be lost, none may have arrived twice.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use super::verdict::{drain, judge};
use crate::chance::Chance;
use crate::figures::{Figures, rounded};
use crate::histogram::Histogram;
use crate::ledger::Ledger;
use crate::letters::Outgoing;
use crate::output::say;
use crate::product::Installation;
use crate::settings::Settings;
use crate::smtp::sink::{Behaviour, Sink};
use crate::stubborn::{Clients, Plan};
use crate::surroundings::Surroundings;
use crate::watch;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How often the server is killed.
    #[arg(long, default_value_t = 200)]
    pub kills: u64,
    /// Repeats the instants and faults of an earlier run [default: a fresh one, printed].
    #[arg(long)]
    pub seed: Option<u64>,
    /// The sink answers a final dot after 0 to this many milliseconds.
    #[arg(long, default_value_t = 20)]
    pub answer_ms: u64,
    /// Share of messages that the sink takes without answering.
    #[arg(long, default_value_t = 0.002)]
    pub hang_up: f64,
    /// Accounts of equal rank, each with a sink of its own: what one refuses goes through the next.
    #[arg(long, default_value_t = 2)]
    pub accounts: u64,
    /// Share of messages that a sink refuses for now.
    #[arg(long, default_value_t = 0.05)]
    pub refuse: f64,
    /// Share of kills that come while the server is still starting (and recovering).
    #[arg(long, default_value_t = 0.1)]
    pub while_starting: f64,
}

/// Messages one life of the server cannot exceed; sizes the ledger.
const MOST_PER_KILL: u64 = 10_000;
/// Messages that a kill can leave `unknown`: no account has more sender slots.
const MOST_UNDER_WAY: u64 = 32;

/// The figures and whether the run is clean.
pub async fn run(settings: &Settings, options: &Options) -> Result<(Figures, bool)> {
    let seed = options.seed.unwrap_or_else(Chance::fresh_seed);
    say(&format!("kill test: {} kills, seed {seed}", options.kills));
    let mut chance = Chance::from_seed(seed);
    let most = (options.kills + 1) * MOST_PER_KILL;
    let ledger = Ledger::new(most);
    let installation = Installation::prepare(settings, "kill")?;
    let mut sinks = Vec::new();
    for number in 0..options.accounts.max(1) {
        let behaviour = Behaviour {
            delay: 0..options.answer_ms,
            hang_up: options.hang_up,
            refuse: options.refuse,
            seed: seed.wrapping_add(number),
        };
        let sink = Sink::start(behaviour, ledger.clone()).await?;
        installation.add_smtp(sink.address)?;
        sinks.push(sink);
    }
    let before = Surroundings::measure(installation.folder())?;
    let clients = Clients::start(&Plan {
        api: installation.api(),
        clients: settings.clients(8) as u64,
        most,
        outgoing: Outgoing { contacts: settings.contacts, ..Outgoing::default() },
        pause: 0..10,
        backlog: 1_000,
        chance: chance.branch(1),
        ledger: ledger.clone(),
    });

    let begun = watch::now();
    let starts = Histogram::default();
    let mut killed_starting = 0;
    for kill in 1..=options.kills {
        let mut server = installation.launch()?;
        if chance.hits(options.while_starting) {
            killed_starting += 1;
            tokio::time::sleep(Duration::from_micros(chance.within(1_000..60_000))).await;
        } else {
            let ready =
                server.wait_until_ready().await.with_context(|| format!("after kill {}", kill - 1))?;
            starts.record((ready * 1e6) as u64);
            tokio::time::sleep(Duration::from_micros(chance.within(30_000..400_000))).await;
        }
        server.must_be_alive().with_context(|| format!("before kill {kill}"))?;
        server.kill()?;
        clients.forgive(MOST_UNDER_WAY * options.accounts.max(1));
        if kill % 20 == 0 {
            say(&format!(
                "  {kill} kills, {} accepted, {} arrived, {} twice",
                clients.accepted(),
                ledger.distinct(),
                ledger.duplicates()
            ));
        }
    }
    let mut server = installation.start().await.context("after the last kill")?;
    clients.stop();
    let harvest = clients.harvest().await?;
    let drained = drain(&server.api, &ledger).await?;
    let seconds = watch::seconds_since(begun);
    let verdict = judge(&server.api, &ledger, &harvest.accepted, &mut chance).await?;
    server.must_be_alive()?;
    server.stop().await?;
    drop(server);
    let audit = installation.verify_audit();
    if let Err(error) = &audit {
        say(&format!("  {error:#}"));
    }

    let clean = verdict.is_clean() && drained && audit.is_ok() && ledger.unreadable() == 0;
    let mut figures = Figures::new("kill", installation.database.label(), 1, &before)
        .work(verdict.accepted, seconds)
        .lost(verdict.lost)
        .with("kills", options.kills)
        .with("killed_starting", killed_starting)
        .with("seed", seed)
        .with("arrived", verdict.arrived)
        .with("duplicates", verdict.duplicates)
        .with("unknown", verdict.unknown)
        .with("unknown_arrived", verdict.unknown_arrived)
        .with("odd_states", verdict.odd)
        .with("unreadable", ledger.unreadable())
        .with("accounts", options.accounts.max(1))
        .with("hung_up", sinks.iter().map(Sink::hung_up).sum::<u64>())
        .with("refused", sinks.iter().map(Sink::refused).sum::<u64>())
        .with("requests_repeated", harvest.repeated)
        .with("answered_after_repeat", harvest.replayed)
        .with("restart_p50_ms", starts.percentile_ms(0.5))
        .with("restart_max_ms", starts.max_ms().map(rounded))
        .with("drained", drained)
        .with("audit_ok", audit.is_ok());
    figures.bad = verdict.lost + verdict.duplicates + verdict.odd + ledger.unreadable();
    if clean {
        installation.discard()?;
    } else {
        say(&format!("  the data folder is kept in {}", installation.folder().display()));
    }
    Ok((figures, clean))
}
