//! inbox: pages of 50 conversations and opened conversations out of a million messages, 50 clients, while mail
//! comes in.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::archive::{self, Archive};
use super::inbound::post_mail;
use super::search::ask_for;
use crate::chance::Chance;
use crate::figures::Figures;
use crate::http::api::{Api, escaped};
use crate::load::{Load, Write, any_success};
use crate::product::Server;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long each kind of page is asked for.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Mails per second that come in meanwhile; 0 for none.
    #[arg(long, default_value_t = 300)]
    pub inbound: u64,
    /// Asks for this many pages per second (open loop) instead of as many as possible.
    #[arg(long)]
    pub page_rate: Option<f64>,
    /// The kinds of pages [default: all].
    #[arg(long, value_enum, value_delimiter = ',')]
    pub pages: Vec<Page>,
    /// A folder that an earlier run of inbox or search with --keep has filled; filling is most of the time.
    #[arg(long, value_name = "DIR")]
    pub reuse: Option<PathBuf>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// The open conversations with the newest activity.
    Newest,
    /// The page after that, and after that, ten deep.
    Next,
    /// Nobody's.
    Unassigned,
    /// Those of one agent.
    Assignee,
    /// Those with one tag.
    Tag,
    /// The numbers beside the views.
    Counts,
    /// A conversation with its timeline, as it is opened.
    Open,
    /// One of the twenty longest, opened; in a million messages these have more than a hundred.
    OpenLong,
}

/// Conversations that are opened in turn.
const OPENED: usize = 5_000;

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Vec<Figures>> {
    let archive = match &options.reuse {
        Some(folder) => archive::reopen(settings, folder)?,
        None => archive::fill(settings, "inbox", settings.count(1_000_000)).await?,
    };
    let mut server = archive.installation.start().await?;
    let pages = if options.pages.is_empty() { Page::value_variants() } else { options.pages.as_slice() };
    let mut all = Vec::new();
    for page in pages {
        all.push(measure(settings, options, &archive, &mut server, *page, round).await?);
    }
    server.stop().await?;
    drop(server);
    discard(archive, options.reuse.is_some())?;
    Ok(all)
}

/// An archive that was only borrowed stays as it is.
pub fn discard(archive: Archive, borrowed: bool) -> Result<()> {
    if borrowed { Ok(()) } else { archive.installation.discard() }
}

async fn measure(
    settings: &Settings,
    options: &Options,
    archive: &Archive,
    server: &mut Server,
    page: Page,
    round: u32,
) -> Result<Figures> {
    let api = server.api.clone();
    let targets = targets(&api, archive, page).await?;
    let before = Surroundings::measure(archive.installation.folder())?;
    let series = format!("inbox-{}", watch::now());
    let mail = Load {
        address: archive.installation.address,
        clients: 16,
        write: post_mail(api.clone(), &archive.account, &series, false),
        look: any_success(),
    };
    let pages = Load {
        address: archive.installation.address,
        clients: settings.clients(50),
        write: ask(api, targets),
        look: any_success(),
    };
    let mails = options.inbound * options.seconds;
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let asking = async {
        let report = ask_for(&pages, options.seconds, options.page_rate).await;
        (report, watch::seconds_since(begun))
    };
    let (mail_report, (report, seconds)) =
        tokio::join!(mail.open(0, mails, (options.inbound as f64).max(1.0)), asking);
    let cpu = server.cpu_seconds() - cpu;

    server.must_be_alive()?;
    report.complain();
    mail_report.complain();
    let memory = server.memory();
    let mut figures = Figures::new("inbox", archive.installation.database.label(), round, &before)
        .work(report.answered(), seconds)
        .latency(&report.latency)
        .cpu(cpu, report.answered())
        .with("page", page.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned()))
        .with("messages", archive.messages)
        .with("clients", pages.clients)
        .with("loop", if options.page_rate.is_some() { "open" } else { "closed" })
        .with("inbound_answered", mail_report.answered())
        .with("inbound_p50_ms", mail_report.latency.percentile_ms(0.5))
        .with("inbound_p99_ms", mail_report.latency.percentile_ms(0.99));
    figures.bad = report.bad() + mail_report.bad();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    Ok(figures)
}

/// What is asked for in turn.
async fn targets(api: &Api, archive: &Archive, page: Page) -> Result<Vec<String>> {
    let of = |query: &str| format!("/v1/conversations?{query}&limit=50");
    Ok(match page {
        Page::Newest => vec![of("state=open")],
        Page::Next => further_pages(api, &of("state=open")).await?,
        Page::Unassigned => vec![of("state=open&assignee=none")],
        Page::Assignee => {
            archive.desk.agents.iter().map(|(_, id)| of(&format!("state=open&assignee={id}"))).collect()
        }
        Page::Tag => archive.desk.tags.iter().map(|(_, id)| of(&format!("state=open&tag={id}"))).collect(),
        Page::Counts => vec!["/v1/conversations/counts".to_owned()],
        Page::Open => opened(api, None).await?,
        Page::OpenLong => opened(api, Some(20)).await?,
    })
}

async fn further_pages(api: &Api, target: &str) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    let mut page = api.get(target).await?;
    for _ in 0..10 {
        let cursor = page["next_cursor"].as_str().context("there is no further page")?;
        targets.push(format!("{target}&cursor={}", escaped(cursor)));
        page = api.get(&targets[targets.len() - 1]).await?;
    }
    Ok(targets)
}

/// Timelines of conversations from all over the archive, or of the longest only.
async fn opened(api: &Api, longest: Option<usize>) -> Result<Vec<String>> {
    let mut found: Vec<(i64, String)> = Vec::new();
    api.walk("/v1/conversations", |conversation| {
        let count = conversation["message_count"].as_i64().unwrap_or(0);
        found.extend(conversation["id"].as_str().map(|id| (count, id.to_owned())));
    })
    .await?;
    if let Some(most) = longest {
        found.sort_by(|one, other| other.cmp(one));
        found.truncate(most);
    }
    let mut chance = Chance::from_seed(3);
    let some = (0..OPENED.min(found.len())).map(|_| &found[chance.within(0..found.len() as u64) as usize].1);
    let targets: Vec<String> = some.map(|id| format!("/v1/conversations/{id}/timeline?limit=50")).collect();
    (!targets.is_empty()).then_some(targets).context("there is no conversation to be opened")
}

fn ask(api: Api, targets: Vec<String>) -> Write {
    Arc::new(move |number, _, out| api.write("GET", &targets[number as usize % targets.len()], "", b"", out))
}
