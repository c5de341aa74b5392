//! recovery: kill -9 at a random moment of deliver-smtp, restart at once; how long until everything
//! that was accepted has been sent, and was anything lost or doubled.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use tokio::task::JoinSet;

use super::verdict::{Verdict, drain, judge};
use crate::chance::Chance;
use crate::figures::Figures;
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
    /// How often.
    #[arg(long, default_value_t = 20)]
    pub times: u64,
    /// Repeats the moments of an earlier run [default: a fresh one, printed].
    #[arg(long)]
    pub seed: Option<u64>,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<(Figures, bool)> {
    let count = settings.count(40_000);
    let seed = options.seed.unwrap_or_else(Chance::fresh_seed);
    let chance = Chance::from_seed(seed);
    let before = Surroundings::measure(&settings.data_root()?)?;
    let mut sum = Verdict::default();
    let (first, last) = (Histogram::default(), Histogram::default());
    let (mut most_doubled, mut most_unknown) = (0, 0);
    let begun = watch::now();
    let mut database = "-";
    for time in 0..options.times {
        let crash = once(settings, count, &mut chance.branch(time))
            .await
            .with_context(|| format!("crash {}", time + 1))?;
        say(&format!(
            "  crash {}: {} accepted, {} lost, {} twice, {} unknown ({} arrived), first {:.0} ms, last {:.0} ms",
            time + 1,
            crash.verdict.accepted,
            crash.verdict.lost,
            crash.verdict.duplicates,
            crash.verdict.unknown,
            crash.verdict.unknown_arrived,
            crash.first as f64 / 1e6,
            crash.last as f64 / 1e6,
        ));
        database = crash.database;
        first.record(crash.first);
        last.record(crash.last);
        most_doubled = most_doubled.max(crash.verdict.duplicates);
        most_unknown = most_unknown.max(crash.verdict.unknown);
        sum.accepted += crash.verdict.accepted;
        sum.arrived += crash.verdict.arrived;
        sum.lost += crash.verdict.lost;
        sum.duplicates += crash.verdict.duplicates;
        sum.unknown += crash.verdict.unknown;
        sum.unknown_arrived += crash.verdict.unknown_arrived;
        sum.odd += crash.verdict.odd;
    }
    let clean = sum.is_clean();
    let mut figures = Figures::new("recovery", database, round, &before)
        .work(sum.accepted, watch::seconds_since(begun))
        .latency(&last)
        .lost(sum.lost)
        .with("crashes", options.times)
        .with("seed", seed)
        .with("arrived", sum.arrived)
        .with("duplicates", sum.duplicates)
        .with("most_duplicates", most_doubled)
        .with("unknown", sum.unknown)
        .with("most_unknown", most_unknown)
        .with("unknown_arrived", sum.unknown_arrived)
        .with("odd_states", sum.odd)
        .with("first_p50_ms", first.percentile_ms(0.5))
        .with("first_max_ms", first.max_ms());
    figures.bad = sum.lost + sum.duplicates + sum.odd;
    // The time of a crash loop is no speed.
    figures.rate = None;
    Ok((figures, clean))
}

struct Crash {
    verdict: Verdict,
    /// Nanoseconds from the restart to the first and to the last message at the sink.
    first: u64,
    last: u64,
    database: &'static str,
}

async fn once(settings: &Settings, count: u64, chance: &mut Chance) -> Result<Crash> {
    let ledger = Ledger::new(count);
    let sink = Sink::start(Behaviour::default(), ledger.clone()).await?;
    let installation = Installation::prepare(settings, "recovery")?;
    installation.add_smtp(sink.address)?;
    let mut server = installation.start().await?;
    let clients = Clients::start(&Plan {
        api: installation.api(),
        clients: settings.clients(64) as u64,
        most: count,
        outgoing: Outgoing { contacts: settings.contacts, ..Outgoing::default() },
        pause: 0..0,
        backlog: count,
        chance: chance.branch(0),
        ledger: ledger.clone(),
    });
    let moment = chance.within(count / 10..count * 9 / 10);
    while ledger.distinct() < moment {
        server.must_be_alive()?;
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    server.kill()?;
    // No new messages from here on; those without an answer are still repeated.
    clients.stop();
    let mut server = installation.launch()?;
    let restarted = server.begun();
    // Read only now: what the dead server left in the sockets has been taken by the sink meanwhile.
    let at_kill = ledger.distinct();
    let mut watcher = JoinSet::new();
    watcher.spawn(first_after(ledger.clone(), at_kill, restarted));
    server.wait_until_ready().await?;
    let harvest = clients.harvest().await?;
    drain(&server.api, &ledger).await?;
    let last = ledger.last_arrival().saturating_sub(restarted);
    let verdict = judge(&server.api, &ledger, &harvest.accepted, chance).await?;
    let first = watcher.join_next().await.context("the watcher is gone")??;
    server.stop().await?;
    drop(server);
    let database = installation.database.label();
    if verdict.is_clean() {
        installation.discard()?;
    }
    Ok(Crash { verdict, first, last, database })
}

/// Nanoseconds until more than `known` messages have arrived; 0 when nothing was left to send.
async fn first_after(ledger: Arc<Ledger>, known: u64, restarted: u64) -> u64 {
    while ledger.distinct() <= known {
        if watch::seconds_since(restarted) > 10.0 {
            return 0;
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    watch::now().saturating_sub(restarted)
}
