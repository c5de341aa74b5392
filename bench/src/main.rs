//! `bench SCENARIO`: measures the server, prints one line of JSON per run on stdout and the same in
//! words on stderr. `README.md` beside this crate says what the figures mean.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Result;
use chancery_bench::cluster::Cluster;
use chancery_bench::figures::Figures;
use chancery_bench::output;
use chancery_bench::peer::{compare, postfix};
use chancery_bench::scenario::{
    accept, accept_batch, deliver_http, deliver_smtp, durability, inbound, inbox, kill, kill_inbound,
    latency, memory, recovery, search, start, storm,
};
use chancery_bench::settings::{Kind, Settings};
use chancery_bench::yardstick::{bare, fsync, group_commit, smtp_raw};
use clap::{Parser, Subcommand};

/// Measures the server as a black box.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// POST /v1/messages, answered after the commit; nothing is sent.
    Accept,
    /// POST /v1/messages/batch, 1,000 messages a call; nothing is sent.
    AcceptBatch,
    /// Accept, send over SMTP, record.
    DeliverSmtp(deliver_smtp::Options),
    /// Accept, send to a simulated HTTP provider, record.
    DeliverHttp(deliver_http::Options),
    /// Incoming mail with duplicates and threads.
    Inbound,
    /// Pages of conversations, and conversations opened, out of a million messages while mail comes in.
    Inbox(inbox::Options),
    /// Searches in a million messages.
    Search(search::Options),
    /// 100,000 delivery events, shuffled and doubled, while messages are sent.
    Storm(storm::Options),
    /// 200 messages per second on a schedule, alone and beside a campaign.
    Latency(latency::Options),
    /// Twenty crashes in the middle of deliver-smtp.
    Recovery(recovery::Options),
    /// Time to the first 202; memory and CPU when idle.
    Start(start::Options),
    /// Memory with a million messages that cannot be sent.
    Memory(memory::Options),
    /// Kills at random instants; fails when a message is lost or arrives twice.
    Kill(kill::Options),
    /// Kills at random instants while mail comes in; fails unless each mail is filed exactly once.
    KillInbound(kill_inbound::Options),
    /// Watched with strace: is every promise preceded by a flush?
    Durability,
    /// Yardstick: JSON in, 202 out, nothing else.
    Bare,
    /// Yardstick: SQLite, 100 messages per flushed transaction.
    GroupCommit,
    /// Yardstick: one flush per 4 KiB.
    Fsync,
    /// Yardstick: bare SMTP client into the sink.
    SmtpRaw,
    /// Peer: an installed Postfix, SMTP in and SMTP out.
    Postfix(postfix::Options),
    /// deliver-smtp, Postfix and the yardsticks in turn, and the ratios.
    ComparePostfix(deliver_smtp::Options),
    /// The server of the yardstick `bare`.
    #[command(hide = true)]
    ServeBare { address: SocketAddr },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { mut settings, scenario } = Cli::parse();
    let mut cluster = match start_cluster(&mut settings) {
        Ok(cluster) => cluster,
        Err(error) => {
            output::say(&format!("bench: {error:#}"));
            return ExitCode::FAILURE;
        }
    };
    let outcome = tokio::select! {
        outcome = run(&settings, &scenario) => outcome,
        // Dropping the run stops the servers it has started.
        _ = tokio::signal::ctrl_c() => Err(anyhow::anyhow!("interrupted")),
    };
    if let (Some(cluster), Err(_) | Ok(false)) = (&mut cluster, &outcome) {
        cluster.keep();
    }
    drop(cluster);
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(2),
        Err(error) => {
            output::say(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The throw-away PostgreSQL, when it is asked for; the scenarios find it by its URL.
fn start_cluster(settings: &mut Settings) -> Result<Option<Cluster>> {
    if settings.database == Kind::Sqlite || settings.database_url.is_some() {
        return Ok(None);
    }
    let cluster = Cluster::start(settings)?;
    settings.database_url = Some(cluster.url.clone());
    settings.database_pid = Some(cluster.postmaster());
    Ok(Some(cluster))
}

/// False when the run says that the server broke a promise.
async fn run(settings: &Settings, scenario: &Scenario) -> Result<bool> {
    if let Scenario::ServeBare { address } = scenario {
        bare::serve(*address).await?;
        return Ok(true);
    }
    if let Scenario::ComparePostfix(options) = scenario {
        compare::run(settings, options).await?;
        return Ok(true);
    }
    let mut kept = true;
    for round in 1..=settings.rounds {
        let (figures, clean) = one_round(settings, scenario, round).await?;
        figures.iter().for_each(output::figures);
        kept &= clean && figures.iter().all(|figures| figures.bad == 0);
    }
    Ok(kept)
}

async fn one_round(settings: &Settings, scenario: &Scenario, round: u32) -> Result<(Vec<Figures>, bool)> {
    let figures = match scenario {
        Scenario::Accept => accept::run(settings, round).await?,
        Scenario::AcceptBatch => accept_batch::run(settings, round).await?,
        Scenario::DeliverSmtp(options) => deliver_smtp::run(settings, options, round).await?,
        Scenario::DeliverHttp(options) => deliver_http::run(settings, options, round).await?,
        Scenario::Storm(options) => storm::run(settings, options, round).await?,
        Scenario::Durability => durability::run(settings, round).await?,
        Scenario::Inbound => inbound::run(settings, round).await?,
        Scenario::Memory(options) => memory::run(settings, options, round).await?,
        Scenario::Bare => bare::run(settings, round).await?,
        Scenario::GroupCommit => tokio::task::block_in_place(|| group_commit::run(settings, round))?,
        Scenario::Fsync => fsync::run(settings, round)?,
        Scenario::SmtpRaw => smtp_raw::run(settings, round).await?,
        Scenario::Postfix(options) => postfix::run(settings, options, round).await?,
        Scenario::Latency(options) => return Ok((latency::run(settings, options, round).await?, true)),
        Scenario::Inbox(options) => return Ok((inbox::run(settings, options, round).await?, true)),
        Scenario::Search(options) => return Ok((search::run(settings, options, round).await?, true)),
        Scenario::Start(options) => return Ok((start::run(settings, options, round).await?, true)),
        Scenario::Recovery(options) => {
            let (figures, clean) = recovery::run(settings, options, round).await?;
            return Ok((vec![figures], clean));
        }
        Scenario::Kill(options) => {
            let (figures, clean) = kill::run(settings, options).await?;
            return Ok((vec![figures], clean));
        }
        Scenario::KillInbound(options) => {
            let (figures, clean) = kill_inbound::run(settings, options).await?;
            return Ok((vec![figures], clean));
        }
        Scenario::ComparePostfix(_) | Scenario::ServeBare { .. } => return Ok((Vec::new(), true)),
    };
    Ok((vec![figures], true))
}
