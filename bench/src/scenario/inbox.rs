//! inbox: pages of 50 conversations out of a million messages, 50 clients, while mail comes in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use super::fill::batches;
use super::inbound::post_mail;
use super::{NEVER_IN_THIS_RUN, accept_batch};
use crate::figures::{Figures, rounded};
use crate::http::api::Api;
use crate::letters::Outgoing;
use crate::load::{Load, Report, Write, any_success};
use crate::output::say;
use crate::product::Installation;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

/// Where a filled folder notes its key and size.
const NOTE: &str = "bench-fill.json";

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long pages are asked for.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// Mails per second that come in meanwhile; 0 for none.
    #[arg(long, default_value_t = 300)]
    pub inbound: u64,
    /// Asks for this many pages per second (open loop) instead of as many as possible.
    #[arg(long)]
    pub page_rate: Option<f64>,
    /// A folder that an earlier run with --keep has filled; filling is most of the time.
    #[arg(long, value_name = "DIR")]
    pub reuse: Option<PathBuf>,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Figures> {
    let (installation, messages, account) = match &options.reuse {
        Some(folder) => reopen(settings, folder)?,
        None => fill(settings).await?,
    };
    let mut server = installation.start().await?;
    let api = server.api.clone();
    let cursor = second_page(&api).await?;

    let before = Surroundings::measure(installation.folder())?;
    let series = format!("inbox-{}", watch::now());
    let mail = Load {
        address: installation.address,
        clients: 16,
        write: post_mail(api.clone(), &account, &series, false),
        look: any_success(),
    };
    let mails = options.inbound * options.seconds;
    let rate = options.inbound as f64;
    let pages = Load {
        address: installation.address,
        clients: settings.clients(50),
        write: ask(api, &cursor),
        look: any_success(),
    };
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let asking = async {
        let report = ask_for(&pages, options).await;
        (report, watch::seconds_since(begun))
    };
    let (mail_report, (report, seconds)) = tokio::join!(mail.open(0, mails, rate.max(1.0)), asking);
    let cpu = server.cpu_seconds() - cpu;

    server.must_be_alive()?;
    report.complain();
    mail_report.complain();
    let memory = server.memory();
    let mut figures = Figures::new("inbox", installation.database.label(), round, &before)
        .work(report.answered(), seconds)
        .latency(&report.latency)
        .cpu(cpu, report.answered())
        .with("messages", messages)
        .with("clients", pages.clients)
        .with("loop", if options.page_rate.is_some() { "open" } else { "closed" })
        .with("inbound_answered", mail_report.answered())
        .with("inbound_p50_ms", mail_report.latency.percentile_ms(0.5))
        .with("inbound_p99_ms", mail_report.latency.percentile_ms(0.99));
    figures.bad = report.bad() + mail_report.bad();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}

/// Asks for pages as long as the options say.
async fn ask_for(pages: &Load, options: &Options) -> Report {
    if let Some(rate) = options.page_rate {
        return pages.open(0, (rate * options.seconds as f64) as u64, rate).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let ringing = async {
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let (report, ()) = tokio::join!(pages.closed_until(Arc::clone(&stop)), ringing);
    report
}

/// A fresh installation with `n` scheduled messages to `n / 4` contacts.
async fn fill(settings: &Settings) -> Result<(Installation, u64, String)> {
    let calls = settings.count(1_000_000).div_ceil(accept_batch::BATCH);
    let messages = calls * accept_batch::BATCH;
    let installation = Installation::prepare(settings, "inbox")?;
    let account = installation.add_smtp(installation.address)?;
    let mut server = installation.start().await?;
    let outgoing = Outgoing {
        contacts: messages.div_ceil(4),
        send_at: Some(NEVER_IN_THIS_RUN.to_owned()),
        ..Outgoing::default()
    };
    let (write, look) = batches(server.api.clone(), outgoing, accept_batch::BATCH, 0);
    let begun = watch::now();
    let report = Load { address: installation.address, clients: 4, write, look }.closed(0, calls).await;
    report.complain();
    if report.bad() > 0 {
        bail!("the inbox could not be filled: {}", report.first_fault().unwrap_or_default());
    }
    let seconds = watch::seconds_since(begun);
    say(&format!("  filled {messages} messages in {seconds:.1} s ({:.0}/s)", messages as f64 / seconds));
    server.stop().await?;
    let note = json!({"key": installation.key, "messages": messages, "account": account, "seconds": rounded(seconds)});
    std::fs::write(installation.folder().join(NOTE), note.to_string())?;
    Ok((installation, messages, account))
}

fn reopen(settings: &Settings, folder: &std::path::Path) -> Result<(Installation, u64, String)> {
    if settings.database_url.is_some() {
        bail!("--reuse works with SQLite only: a PostgreSQL run drops its database");
    }
    let path = folder.join(NOTE);
    let note = std::fs::read_to_string(&path)
        .with_context(|| format!("{} was not filled by this scenario", path.display()))?;
    let note: serde_json::Value = serde_json::from_str(&note)?;
    let key = note["key"].as_str().context("the note has no key")?;
    let account = note["account"].as_str().context("the note has no account")?.to_owned();
    let messages = note["messages"].as_u64().context("the note has no size")?;
    Ok((Installation::reopen(settings, folder, key)?, messages, account))
}

async fn second_page(api: &Api) -> Result<String> {
    let page = api.get("/v1/conversations?limit=50").await?;
    let conversations = page["data"].as_array().map_or(0, Vec::len);
    if conversations < 50 {
        bail!("the first page has {conversations} conversations instead of 50");
    }
    page["next_cursor"].as_str().map(str::to_owned).context("the first page has no next_cursor")
}

/// Half the pages are the newest, a quarter the one after, a quarter the newest unassigned.
fn ask(api: Api, cursor: &str) -> Write {
    let targets = [
        "/v1/conversations?state=open&limit=50".to_owned(),
        "/v1/conversations?limit=50".to_owned(),
        format!("/v1/conversations?limit=50&cursor={}", crate::http::api::escaped(cursor)),
        "/v1/conversations?assignee=none&limit=50".to_owned(),
    ];
    Arc::new(move |number, _, out| api.write("GET", &targets[(number % 4) as usize], "", b"", out))
}
