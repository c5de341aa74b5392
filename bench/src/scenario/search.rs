//! search: `GET /v1/search` over a million messages, one kind of question after the other, eight clients each.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::archive::{self, Archive, opener};
use super::inbox::discard;
use crate::chance::Chance;
use crate::figures::{Figures, rounded};
use crate::http::api::{Api, escaped};
use crate::load::{Load, Look, Report, Write};
use crate::output::say;
use crate::product::Server;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;
use crate::words::{Language, unique, word};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many messages there are to search in.
    #[arg(long, default_value_t = 1_000_000)]
    pub messages: u64,
    /// How long each kind of question is asked.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Asks for this many results per second (open loop) instead of as many as possible.
    #[arg(long)]
    pub query_rate: Option<f64>,
    /// The kinds of questions [default: all].
    #[arg(long, value_enum, value_delimiter = ',')]
    pub kinds: Vec<Kind>,
    /// A folder that an earlier run of search or inbox with --keep has filled.
    #[arg(long, value_name = "DIR")]
    pub reuse: Option<PathBuf>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A word that one message has.
    Rare,
    /// A word that some hundred messages in a million have.
    Seldom,
    /// Two common words, the newest 20.
    Common,
    /// Two of the commonest words of all.
    Everywhere,
    /// The beginning of a word.
    Prefix,
    /// Two words beside each other.
    Phrase,
    /// Everything of a person.
    From,
    /// Everything in a state; no words.
    State,
    /// Everything with a tag; no words.
    Tag,
    /// Everything of an agent; no words.
    Assignee,
    /// Words, a state, a tag and an agent.
    Mixed,
    /// A common word in what one customer wrote.
    Within,
}

/// An index that finds nothing more of the sample for so long will not.
const PATIENCE_SECONDS: f64 = 60.0;
/// So many words that one message has are looked up before anything is measured.
const SAMPLE: u64 = 200;

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Vec<Figures>> {
    let archive = match &options.reuse {
        Some(folder) => archive::reopen(settings, folder)?,
        None => archive::fill(settings, "search", options.messages).await?,
    };
    let mut server = archive.installation.start().await?;
    let (indexed, missed) = wait_until_indexed(&server.api, &archive).await?;
    say(&format!("  the index caught up after {indexed:.1} s; {missed} of {SAMPLE} words were not found"));
    let kinds = if options.kinds.is_empty() { Kind::value_variants() } else { options.kinds.as_slice() };
    let mut all = Vec::new();
    for kind in kinds {
        let mut figures = measure(settings, options, &archive, &mut server, *kind, round).await?;
        figures.bad += missed;
        all.push(figures.with("not_found", missed).with("index_seconds", rounded(indexed)));
    }
    server.stop().await?;
    drop(server);
    discard(archive, options.reuse.is_some())?;
    Ok(all)
}

async fn measure(
    settings: &Settings,
    options: &Options,
    archive: &Archive,
    server: &mut Server,
    kind: Kind,
    round: u32,
) -> Result<Figures> {
    let before = Surroundings::measure(archive.installation.folder())?;
    let questions = questions(kind, archive);
    let example = questions.first().cloned().unwrap_or_default();
    let hits = Arc::new(Hits::default());
    let load = Load {
        address: archive.installation.address,
        clients: settings.clients(8),
        write: ask(server.api.clone(), questions),
        look: count_hits(kind, Arc::clone(&hits)),
    };
    // The first questions pay for what the database has not read yet: that is told apart.
    let first = load.closed(0, 16).await;
    hits.found.store(0, Ordering::Relaxed);
    hits.put_off.store(0, Ordering::Relaxed);
    let (cpu, begun) = (server.cpu_seconds(), watch::now());
    let report = ask_for(&load, options.seconds, options.query_rate).await;
    let (cpu, seconds) = (server.cpu_seconds() - cpu, watch::seconds_since(begun));
    server.must_be_alive()?;
    report.complain();
    let memory = server.memory();
    let mut figures = Figures::new("search", archive.installation.database.label(), round, &before)
        .work(report.answered(), seconds)
        .latency(&report.latency)
        .cpu(cpu, report.answered())
        .with("kind", format!("{kind:?}").to_lowercase())
        .with("messages", archive.messages)
        .with("clients", load.clients)
        .with("loop", if options.query_rate.is_some() { "open" } else { "closed" })
        .with("first_p50_ms", first.latency.percentile_ms(0.5))
        .with(
            "hits_mean",
            rounded(hits.found.load(Ordering::Relaxed) as f64 / report.answered().max(1) as f64),
        )
        .with("empty_with_more", hits.put_off.load(Ordering::Relaxed))
        .with("example", example);
    figures.bad = report.bad();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    Ok(figures)
}

/// Asks for so long: at a rate, or as fast as the answers come.
pub async fn ask_for(load: &Load, seconds: u64, rate: Option<f64>) -> Report {
    if let Some(rate) = rate {
        return load.open(0, (rate * seconds as f64) as u64, rate).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let ringing = async {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let (report, ()) = tokio::join!(load.closed_until(Arc::clone(&stop)), ringing);
    report
}

/// 500 different questions of a kind, the same ones in every run.
fn questions(kind: Kind, archive: &Archive) -> Vec<String> {
    let language = Language::learn();
    let mut chance = Chance::from_seed(77);
    let any = |list: &[(String, String)], chance: &mut Chance| {
        list[chance.within(0..list.len() as u64) as usize].0.clone()
    };
    (0..500)
        .map(|_| {
            let chance = &mut chance;
            match kind {
                Kind::Rare => unique(chance.within(0..archive.messages)),
                Kind::Seldom => language.between(20_000..60_000, chance).to_owned(),
                Kind::Common => {
                    format!("{} {}", language.between(30..75, chance), language.between(75..120, chance))
                }
                Kind::Everywhere => format!("{} {}", word(chance.within(0..5)), word(chance.within(5..20))),
                Kind::Prefix => format!("{}*", beginning(language.between(20..5_000, chance))),
                Kind::Phrase => {
                    format!("\"{} {}\"", word(chance.within(0..10)), language.between(15..120, chance))
                }
                Kind::From => {
                    let person = opener(chance.within(0..archive.threads), archive.threads);
                    if chance.hits(0.5) {
                        format!("from:{}", person.address())
                    } else {
                        format!("from:{}", person.first_name().to_lowercase())
                    }
                }
                Kind::State => {
                    ["is:open", "is:resolved", "is:pending", "is:unassigned", "is:open is:unassigned"]
                        [chance.within(0..5) as usize]
                        .to_owned()
                }
                Kind::Tag => format!("tag:{}", any(&archive.desk.tags, chance)),
                Kind::Assignee => format!("assignee:{}", any(&archive.desk.agents, chance)),
                Kind::Mixed => format!(
                    "{} {} is:open tag:{} assignee:{}",
                    language.between(20..60, chance),
                    language.between(60..120, chance),
                    any(&archive.desk.tags, chance),
                    any(&archive.desk.agents, chance)
                ),
                Kind::Within => {
                    let person = opener(chance.within(0..archive.threads), archive.threads);
                    format!("{} from:{}", language.between(10..40, chance), person.address())
                }
            }
        })
        .collect()
}

/// The first letters of a word, as somebody types them.
fn beginning(word: &str) -> &str {
    &word[..word.len().min(4)]
}

fn target(question: &str) -> String {
    format!("/v1/search?limit=20&q={}", escaped(question))
}

fn ask(api: Api, questions: Vec<String>) -> Write {
    let targets: Vec<String> = questions.iter().map(|question| target(question)).collect();
    Arc::new(move |number, _, out| api.write("GET", &targets[number as usize % targets.len()], "", b"", out))
}

/// What the answers held.
#[derive(Debug, Default)]
struct Hits {
    found: AtomicU64,
    /// Pages without a result that lead on to another page.
    put_off: AtomicU64,
}

/// A rare word must be found; of the others only the mean is told.
fn count_hits(kind: Kind, hits: Arc<Hits>) -> Look {
    Arc::new(move |number, reply| {
        let found = reply.body.windows(14).filter(|window| window == b"\"conversation\"").count() as u64;
        hits.found.fetch_add(found, Ordering::Relaxed);
        if found == 0 && crate::http::wire::find(reply.body, b"\"next_cursor\":\"").is_some() {
            hits.put_off.fetch_add(1, Ordering::Relaxed);
        }
        (kind == Kind::Rare && found == 0)
            .then(|| format!("question {number} found nothing: {}", reply.words()))
    })
}

/// Seconds until every word of a sample is found, each in one message, the newest message among them; and how many
/// never were.
async fn wait_until_indexed(api: &Api, archive: &Archive) -> Result<(f64, u64)> {
    let begun = watch::now();
    let mut chance = Chance::from_seed(5);
    let mut missing: Vec<u64> = (1..SAMPLE).map(|_| chance.within(0..archive.messages)).collect();
    missing.push(archive.messages - 1);
    let mut moved = begun;
    while !missing.is_empty() && watch::seconds_since(moved) < PATIENCE_SECONDS {
        let before = missing.len();
        let mut still = Vec::new();
        for number in missing {
            let page = api.get(&target(&unique(number))).await?;
            if page["data"].as_array().map_or(0, Vec::len) != 1 {
                still.push(number);
            }
        }
        missing = still;
        // Asking must not keep the index from catching up.
        tokio::time::sleep(Duration::from_millis(20 * missing.len() as u64)).await;
        if missing.len() < before {
            moved = watch::now();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for number in missing.iter().take(3) {
        say(&format!("  `{}` is not found exactly once", unique(*number)));
    }
    Ok((watch::seconds_since(begun), missing.len() as u64))
}
