//! postfix: a private instance of the installed Postfix (own configuration, queue and port), SMTP
//! in, SMTP out to the sink. Stock settings but for the relay, DNS and the addresses. Needs root.

use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::figures::Figures;
use crate::ledger::Ledger;
use crate::output::say;
use crate::settings::Settings;
use crate::smtp::client::Client;
use crate::smtp::flood::flood;
use crate::smtp::sink::{Behaviour, Sink};
use crate::surroundings::Surroundings;
use crate::{accounting, watch};

const PROGRAM: &str = "/usr/sbin/postfix";

#[derive(Debug, Clone, Default, Args)]
pub struct Options {
    /// Sends on a schedule of so many messages per second, as the scenario `latency` does.
    #[arg(long)]
    pub per_second: Option<f64>,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Figures> {
    let count = settings.count(5_000);
    let ledger = Ledger::new(count);
    let sink = Sink::start(Behaviour::default(), ledger.clone()).await?;
    let folder = settings.fresh_folder("postfix")?;
    let postfix = Postfix::start(&folder, sink.address)?;
    postfix.wait_until_ready().await?;

    let before = Surroundings::measure(&folder)?;
    let cpu = accounting::cpu_seconds(&[postfix.master]);
    let begun = watch::now();
    let sent = flood(postfix.address, settings.clients(32), count, options.per_second).await;
    let accept_seconds = watch::seconds_since(begun);
    let taken = sent.taken.load(Ordering::Relaxed);
    let arrived = ledger.wait_for(taken, Duration::from_secs(60)).await;
    let seconds = ledger.last_arrival().saturating_sub(begun) as f64 / 1e9;
    // The queue manager still removes the last files.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let cpu = accounting::cpu_seconds(&[postfix.master]) - cpu;
    let memory = accounting::memory(&[postfix.master]);
    if let Some(fault) = sent.first_fault.lock().as_ref() {
        say(&format!("  a sender failed: {fault}"));
    }

    let lost = taken.saturating_sub(arrived);
    let mut figures = Figures::new(
        if options.per_second.is_some() { "postfix-latency" } else { "postfix" },
        "-",
        round,
        &before,
    )
    .work(arrived, seconds)
    .latency(&ledger.latency)
    .cpu(cpu, arrived)
    .lost(lost)
    .with("duplicates", ledger.duplicates())
    .with("accept_rate", (taken as f64 / accept_seconds).round())
    .with("accept_p50_ms", sent.latency.percentile_ms(0.5))
    .with("accept_p99_ms", sent.latency.percentile_ms(0.99))
    .with("version", version().unwrap_or_default())
    .with("sink_connections", sink.connections());
    figures.bad = sent.bad.load(Ordering::Relaxed) + lost + ledger.duplicates();
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    postfix.stop()?;
    if !settings.keep {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(figures)
}

/// A running instance; dropping it stops it.
struct Postfix {
    configuration: PathBuf,
    master: u32,
    address: SocketAddr,
}

impl Postfix {
    fn start(folder: &Path, sink: SocketAddr) -> Result<Self> {
        if !Path::new(PROGRAM).is_file() {
            bail!(
                "Postfix is not installed ({PROGRAM}): `apt-get install postfix`, configuration \"No configuration\""
            );
        }
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let configuration = folder.join("etc");
        let (queue, state) = (folder.join("queue"), folder.join("lib"));
        for path in [&configuration, &queue, &state] {
            std::fs::create_dir_all(path)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
        }
        // Postfix's own processes run as this user and must reach their folders.
        chown(&state, Some(user_id("postfix")?), None).context("Postfix can only be started by root")?;
        std::fs::write(configuration.join("main.cf"), main_cf(&configuration, &queue, &state, sink))?;
        std::fs::write(configuration.join("master.cf"), master_cf(address))?;
        command(&configuration, "start")?;
        let pid_file = queue.join("pid/master.pid");
        let text = std::fs::read_to_string(&pid_file)
            .with_context(|| format!("Postfix wrote no {}", pid_file.display()))?;
        let master = text.trim().parse().context("Postfix's pid file holds no number")?;
        Ok(Self { configuration, master, address })
    }

    async fn wait_until_ready(&self) -> Result<()> {
        let mut last = None;
        for _ in 0..200 {
            match Client::open(self.address).await {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("Postfix does not answer on {}: {last:?}", self.address)
    }

    fn stop(&self) -> Result<()> {
        command(&self.configuration, "stop")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if Path::new(&format!("/proc/{}", self.master)).exists() {
            drop(self.stop());
        }
    }
}

fn command(configuration: &Path, verb: &str) -> Result<()> {
    let output = Command::new(PROGRAM).arg("-c").arg(configuration).arg(verb).output()?;
    if !output.status.success() {
        bail!(
            "`postfix -c {} {verb}` failed ({}): {}{}",
            configuration.display(),
            output.status,
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
    }
    Ok(())
}

fn version() -> Option<String> {
    let output = Command::new("/usr/sbin/postconf").args(["-d", "-h", "mail_version"]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn user_id(name: &str) -> Result<u32> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    users
        .lines()
        .find_map(|line| {
            let mut columns = line.split(':');
            (columns.next() == Some(name)).then(|| columns.nth(1)?.parse().ok()).flatten()
        })
        .with_context(|| format!("there is no user `{name}`"))
}

fn main_cf(configuration: &Path, queue: &Path, state: &Path, sink: SocketAddr) -> String {
    format!(
        "compatibility_level = 3.6\n\
         config_directory = {configuration}\n\
         queue_directory = {queue}\n\
         data_directory = {state}\n\
         myhostname = peer.example.net\n\
         mydestination =\n\
         mynetworks = 127.0.0.0/8\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         relayhost = [{host}]:{port}\n\
         smtp_dns_support_level = disabled\n\
         smtp_host_lookup = native\n\
         smtp_tls_security_level = none\n\
         smtpd_tls_security_level = none\n\
         alias_maps =\n\
         alias_database =\n\
         biff = no\n",
        configuration = configuration.display(),
        queue = queue.display(),
        state = state.display(),
        host = sink.ip(),
        port = sink.port(),
    )
}

/// Debian's services, without chroot and without those that are never used here.
fn master_cf(address: SocketAddr) -> String {
    format!(
        "{address} inet n - n - - smtpd\n\
         pickup unix n - n 60 1 pickup\n\
         cleanup unix n - n - 0 cleanup\n\
         qmgr unix n - n 300 1 qmgr\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\n\
         rewrite unix - - n - - trivial-rewrite\n\
         bounce unix - - n - 0 bounce\n\
         defer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\n\
         verify unix - - n - 1 verify\n\
         flush unix n - n 1000? 0 flush\n\
         proxymap unix - - n - - proxymap\n\
         proxywrite unix - - n - 1 proxymap\n\
         smtp unix - - n - - smtp\n\
         relay unix - - n - - smtp\n\
         showq unix n - n - - showq\n\
         error unix - - n - - error\n\
         retry unix - - n - - error\n\
         discard unix - - n - - discard\n\
         anvil unix - - n - 1 anvil\n\
         scache unix - - n - 1 scache\n"
    )
}
