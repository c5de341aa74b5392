//! The measured server as a black box: set up by its command line, started, stopped, killed.

use std::fs::File;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::database::Database;
use crate::http::api::Api;
use crate::http::connection::Connection;
use crate::settings::Settings;
use crate::{accounting, watch};

/// A server that is not ready by then will not become so.
const START_LIMIT_SECONDS: f64 = 60.0;
const STOP_LIMIT_SECONDS: f64 = 30.0;

/// A set-up data folder with an API key.
#[derive(Debug)]
pub struct Installation {
    program: PathBuf,
    serve_args: Vec<String>,
    folder: PathBuf,
    keep: bool,
    doors: Doors,
    pub database: Database,
    pub address: SocketAddr,
    pub key: String,
}

/// Where the server takes mail in, beside its API.
#[derive(Debug, Clone, Copy, Default)]
pub struct Doors {
    pub smtp: Option<SocketAddr>,
    pub lmtp: Option<SocketAddr>,
}

impl Installation {
    /// An empty folder and an empty database, with an owner and an API key.
    pub fn prepare(settings: &Settings, label: &str) -> Result<Self> {
        let folder = settings.fresh_folder(label)?;
        let database = Database::fresh(settings, label)?;
        let mut installation = Self::over(settings, folder, database)?;
        installation.run(
            "setup",
            &["--email", "bench@example.com", "--password-stdin", "--json"],
            "bench-password-8417\n",
        )?;
        let answer =
            installation.run("key", &["create", "--name", "bench", "--scopes", "*", "--json"], "")?;
        installation.key = read_field(&answer, "key")?;
        Ok(installation)
    }

    /// A folder that was kept by an earlier run, with the key (and the database's name) written down then.
    pub fn reopen(settings: &Settings, folder: &Path, key: &str, database: Option<&str>) -> Result<Self> {
        let database = Database::kept(settings, database)?;
        let mut installation = Self::over(settings, std::path::absolute(folder)?, database)?;
        key.clone_into(&mut installation.key);
        installation.keep = true;
        Ok(installation)
    }

    fn over(settings: &Settings, folder: PathBuf, database: Database) -> Result<Self> {
        Ok(Self {
            program: settings.program()?,
            serve_args: settings.serve_args.clone(),
            folder,
            keep: settings.keep,
            doors: Doors::default(),
            database,
            address: free_address()?,
            key: String::new(),
        })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn api(&self) -> Api {
        Api::new(self.address, &self.key)
    }

    /// From the next start on the server listens for SMTP or LMTP or both.
    pub fn open_doors(&mut self, smtp: bool, lmtp: bool) -> Result<Doors> {
        self.doors.smtp = if smtp { Some(free_address()?) } else { None };
        self.doors.lmtp = if lmtp { Some(free_address()?) } else { None };
        Ok(self.doors)
    }

    /// Adds a channel account and returns its id.
    pub fn add_channel(&self, provider: &str, settings: &[(&str, String)]) -> Result<String> {
        let mut args = vec!["add".to_owned(), provider.to_owned(), "--name".to_owned(), "bench".to_owned()];
        for (name, value) in settings {
            args.extend(["--set".to_owned(), format!("{name}={value}")]);
        }
        args.push("--json".to_owned());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        read_field(&self.run("channel", &args, "")?, "id")
    }

    /// An SMTP account without TLS that sends to `sink`.
    pub fn add_smtp(&self, sink: SocketAddr) -> Result<String> {
        self.add_channel(
            "smtp",
            &[
                ("host", sink.ip().to_string()),
                ("port", sink.port().to_string()),
                ("security", "none".to_owned()),
                ("from", "support@example.com".to_owned()),
            ],
        )
    }

    /// Checks the audit chain; the server must not be running.
    pub fn verify_audit(&self) -> Result<String> {
        self.run("audit", &["verify"], "")
    }

    /// Starts the server and returns once it is ready.
    pub async fn start(&self) -> Result<Server> {
        let mut server = self.launch()?;
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// Starts the process only.
    pub fn launch(&self) -> Result<Server> {
        let log_path = self.folder.join("server.log");
        let log = File::options()
            .create(true)
            .append(true)
            .open(&log_path)
            .with_context(|| format!("could not write {}", log_path.display()))?;
        let mut command = self.command("serve", &["--listen", &self.address.to_string()]);
        for (option, address) in [("--smtp-listen", self.doors.smtp), ("--lmtp-listen", self.doors.lmtp)] {
            if let Some(address) = address {
                command.args([option, &address.to_string()]);
            }
        }
        command.args(&self.serve_args);
        let begun = watch::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("could not start {}", self.program.display()))?;
        Ok(Server { child, begun, log: log_path, api: self.api(), database: self.database.clone() })
    }

    /// Removes folder and database; not called when a run failed, so that they can be looked at.
    pub fn discard(self) -> Result<()> {
        if self.keep {
            crate::output::say(&format!("  kept {}", self.folder.display()));
            return Ok(());
        }
        self.database.discard()?;
        std::fs::remove_dir_all(&self.folder)
            .with_context(|| format!("could not remove {}", self.folder.display()))
    }

    /// `chancery VERB ARGS --data DIR`, with the database in its environment.
    fn command(&self, verb: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(verb).args(args).arg("--data").arg(self.data());
        if let Some(url) = self.database.url() {
            command.env("CHANCERY_DATABASE_URL", url);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Runs a command to its end and returns what it printed.
    fn run(&self, verb: &str, args: &[&str], input: &str) -> Result<String> {
        let mut command = self.command(verb, args);
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {}", self.program.display()))?;
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // A program that does not read its input closes the pipe; its exit says whether that matters.
        drop(stdin.write_all(input.as_bytes()));
        drop(stdin);
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("{shown} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A running server. Dropping it kills it, so that a failed run leaves nothing behind.
#[derive(Debug)]
pub struct Server {
    child: Child,
    begun: u64,
    log: PathBuf,
    database: Database,
    pub api: Api,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

impl Server {
    /// Reading of the watch just before the process was started.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Waits until `/readyz` says 200 and returns the milliseconds since the process was started.
    pub async fn wait_until_ready(&mut self) -> Result<f64> {
        let mut request = Vec::new();
        self.api.write("GET", "/readyz", "", b"", &mut request);
        self.wait_for(&request, 200).await
    }

    /// Sends `request` over and over until it is answered `status`; milliseconds since the start.
    pub async fn wait_for(&mut self, request: &[u8], status: u16) -> Result<f64> {
        loop {
            let last = match self.ask(request).await {
                Ok((answered, _)) if answered == status => {
                    return Ok(watch::seconds_since(self.begun) * 1_000.0);
                }
                Ok((_, words)) => words,
                Err(error) => format!("{error:#}"),
            };
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended while starting ({status}); its log ends:\n{}", self.log_end());
            }
            if watch::seconds_since(self.begun) > START_LIMIT_SECONDS {
                bail!(
                    "the server is not ready after {START_LIMIT_SECONDS} s (last: {last}); its log ends:\n{}",
                    self.log_end()
                );
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn ask(&self, request: &[u8]) -> Result<(u16, String)> {
        let mut connection = Connection::open(self.api.address).await?;
        let reply = connection.call(request).await?;
        Ok((reply.status, reply.words()))
    }

    /// CPU seconds of the server and its database so far.
    pub fn cpu_seconds(&self) -> f64 {
        accounting::cpu_seconds(&self.processes())
    }

    /// Memory of the server alone: PostgreSQL's shared buffers would only blur it.
    pub fn memory(&self) -> accounting::Memory {
        accounting::memory(&[self.child.id()])
    }

    /// The server, its database, and all that they have started.
    pub fn all_processes(&self) -> Vec<u32> {
        accounting::tree_below(&self.processes())
    }

    fn processes(&self) -> Vec<u32> {
        let mut roots = self.database.processes();
        roots.push(self.child.id());
        roots
    }

    /// An error, with the end of the log, when the process is gone.
    pub fn must_be_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the server ended by itself ({status}); its log ends:\n{}", self.log_end()),
        }
    }

    /// kill -9, and waits until the process is gone.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// Asks the server to stop (SIGTERM) and waits; the milliseconds it took.
    pub async fn stop(&mut self) -> Result<f64> {
        let begun = watch::now();
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if !status.success() {
            bail!("the server was gone before it was asked to stop; its log ends:\n{}", self.log_end());
        }
        while self.child.try_wait()?.is_none() {
            if watch::seconds_since(begun) > STOP_LIMIT_SECONDS {
                self.kill()?;
                bail!(
                    "the server did not stop within {STOP_LIMIT_SECONDS} s; its log ends:\n{}",
                    self.log_end()
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(watch::seconds_since(begun) * 1_000.0)
    }

    fn log_end(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

fn free_address() -> Result<SocketAddr> {
    // Between this and the server's bind another program could take the port; a loud failure then.
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A field of the last JSON line that a command printed.
fn read_field(printed: &str, field: &str) -> Result<String> {
    let start = printed.find('{').with_context(|| format!("expected JSON, got `{}`", printed.trim()))?;
    let value: Value = serde_json::from_str(printed[start..].trim())
        .with_context(|| format!("expected JSON, got `{}`", printed.trim()))?;
    value[field].as_str().map(str::to_owned).with_context(|| format!("`{}` has no `{field}`", printed.trim()))
}
