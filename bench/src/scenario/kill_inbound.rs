//! kill-inbound: kills the server at random instants while mail comes in by SMTP, LMTP and the API, and then
//! looks for every mail: filed exactly once, to the byte, in the conversation it belongs to.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::json;

use super::filed::{as_json, judge};
use super::inbound::wait_until_processed;
use crate::chance::Chance;
use crate::figures::{Figures, rounded};
use crate::histogram::Histogram;
use crate::http::api::Api;
use crate::ledger::Ledger;
use crate::output::say;
use crate::post::carrier::{Carriers, Round};
use crate::post::correspondence::{self, INBOXES};
use crate::post::letter::Ours;
use crate::post::round::{Door, plan};
use crate::product::Installation;
use crate::settings::Settings;
use crate::smtp::sink::{Behaviour, Sink};
use crate::surroundings::Surroundings;
use crate::watch;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How often the server is killed.
    #[arg(long, default_value_t = 60)]
    pub kills: usize,
    /// Repeats the mails and instants of an earlier run [default: a fresh one, printed].
    #[arg(long)]
    pub seed: Option<u64>,
    /// The ways in that are used.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "smtp,lmtp,api")]
    pub doors: Vec<Door>,
    /// Share of kills that come while the server is still starting (and recovering).
    #[arg(long, default_value_t = 0.1)]
    pub while_starting: f64,
}

/// Messages that go out before the first kill, to be bounced and answered.
const OURS: u64 = 60;
/// A share of the postings that is not answered within so long has been held up; the kill comes then.
const LONGEST_LIFE_SECONDS: f64 = 20.0;

/// The figures and whether the run is clean.
pub async fn run(settings: &Settings, options: &Options) -> Result<(Figures, bool)> {
    ensure!(!options.doors.is_empty(), "--doors names no door");
    let seed = options.seed.unwrap_or_else(Chance::fresh_seed);
    let count = usize::try_from(settings.count(10_000))?;
    say(&format!("kill-inbound: {count} mails, {} kills, seed {seed}", options.kills));
    let mut chance = Chance::from_seed(seed);
    let ledger = Ledger::new(OURS);
    let sink = Sink::start(Behaviour::default(), ledger.clone()).await?;
    let mut installation = Installation::prepare(settings, "kill-inbound")?;
    let account = installation.add_smtp(sink.address)?;
    let uses = |door: Door| options.doors.contains(&door);
    let doors = installation.open_doors(uses(Door::Smtp), uses(Door::Lmtp))?;
    let by_mail = uses(Door::Smtp) || uses(Door::Lmtp);
    let before = Surroundings::measure(installation.folder())?;

    let mut server = installation.start().await?;
    if by_mail {
        for address in INBOXES {
            let route = json!({"address": address, "account_id": account});
            server.api.send("POST", "/v1/inbound-routes", &route).await?;
        }
    }
    let ours = if by_mail { send_ours(&server.api).await? } else { Vec::new() };
    server.stop().await?;
    drop(server);

    let letters = Arc::new(correspondence::write(count, &ours, &mut chance));
    let postings = Arc::new(plan(&letters, &options.doors, &mut chance));
    let round = Round {
        letters: Arc::clone(&letters),
        postings: Arc::clone(&postings),
        api: installation.api(),
        account,
        doors,
    };
    let mut carriers = Carriers::start(&round, settings.clients(16) as u64, &chance.branch(2));

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
            live(&carriers, postings.len() * kill / (options.kills + 1), &mut chance).await?;
        }
        server.must_be_alive().with_context(|| format!("before kill {kill}"))?;
        server.kill()?;
        if kill % 20 == 0 {
            say(&format!("  {kill} kills, {} of {} answered for", carriers.answered(), postings.len()));
        }
    }
    let mut server = installation.start().await.context("after the last kill")?;
    carriers.finish().await?;
    wait_until_processed(&server.api, begun).await?;
    let seconds = watch::seconds_since(begun);
    let verdict = judge(&server.api, &letters, &ours).await?;
    server.must_be_alive()?;
    server.stop().await?;
    drop(server);
    let audit = installation.verify_audit();
    if let Err(error) = &audit {
        say(&format!("  {error:#}"));
    }
    let refused = carriers.refused();
    for words in refused.iter().take(5) {
        say(&format!("  refused: {words}"));
    }

    let faults = verdict.faults() + refused.len() as u64;
    let clean = faults == 0 && audit.is_ok();
    let mut figures = Figures::new("kill-inbound", installation.database.label(), 1, &before)
        .work(count as u64, seconds)
        .lost(verdict.lost)
        .with("kills", options.kills)
        .with("killed_starting", killed_starting)
        .with("seed", seed)
        .with("postings", postings.len())
        .with("repeated", carriers.repeated())
        .with("refused", refused.len())
        .with("restart_p50_ms", starts.percentile_ms(0.5))
        .with("restart_max_ms", starts.max_ms().map(rounded))
        .with("audit_ok", audit.is_ok());
    for (name, value) in as_json(&verdict) {
        figures = figures.with(name, value);
    }
    figures.bad = faults;
    // The time of a crash loop is no speed.
    figures.rate = None;
    if clean {
        installation.discard()?;
    } else {
        say(&format!("  the data folder is kept in {}", installation.folder().display()));
    }
    Ok((figures, clean))
}

/// Lets the next share of the postings begin and waits until a random part of them is answered, or a moment
/// longer than all: the instant of the kill.
async fn live(carriers: &Carriers, share_ends: usize, chance: &mut Chance) -> Result<()> {
    let from = carriers.answered();
    carriers.release(share_ends);
    let share = share_ends.saturating_sub(from);
    let until = from + (share as u64 * chance.within(5..110) / 100) as usize;
    let begun = watch::now();
    while carriers.answered() < until.min(share_ends) && watch::seconds_since(begun) < LONGEST_LIFE_SECONDS {
        if carriers.gave_up() {
            bail!("a mail was repeated without end");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_micros(chance.within(0..30_000))).await;
    Ok(())
}

/// Messages of ours that have left, with the Message-IDs they left under.
async fn send_ours(api: &Api) -> Result<Vec<Ours>> {
    let mut ours = Vec::new();
    for number in 0..OURS {
        let (to, subject) =
            (format!("reached-{number}@customers.example.com"), format!("Your delivery {number}"));
        let body = json!({"channel": "email", "to": to, "subject": subject, "text": format!("bench-id: {number}\nbench-at: 0\nHello.")});
        let accepted = api.send("POST", "/v1/messages", &body).await?;
        let id = accepted["id"].as_str().context("the answer has no id")?.to_owned();
        let conversation =
            accepted["conversation_id"].as_str().context("the answer has no conversation")?.to_owned();
        ours.push(Ours { id, conversation, message_id: String::new(), to, subject });
    }
    let begun = watch::now();
    for message in &mut ours {
        loop {
            let story = api.get(&format!("/v1/messages/{}", message.id)).await?;
            if story["state"] == "sent" {
                message.message_id =
                    story["rfc_message_id"].as_str().context("a sent mail has no Message-ID")?.to_owned();
                break;
            }
            ensure!(watch::seconds_since(begun) < 30.0, "a message was not sent within 30 s: {story}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    Ok(ours)
}
