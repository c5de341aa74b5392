//! The options that every scenario shares.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

/// Which database the server is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Sqlite,
    /// A throw-away server, unless `--database-url` names one.
    Postgres,
}

#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// The server to measure [default: target/release/chancery beside this program].
    #[arg(long = "bin", global = true, value_name = "PATH")]
    pub binary: Option<PathBuf>,
    /// Another argument for `serve`; may be given more than once.
    #[arg(long = "serve-arg", global = true, value_name = "ARG", allow_hyphen_values = true)]
    pub serve_args: Vec<String>,
    /// How often the scenario runs, each time on an empty database.
    #[arg(long, global = true, default_value_t = 1)]
    pub rounds: u32,
    /// How many messages [default: the scenario's own number].
    #[arg(long, global = true)]
    pub n: Option<u64>,
    /// How many connections the load generator holds [default: the scenario's own number].
    #[arg(long, global = true)]
    pub clients: Option<usize>,
    /// `postgres` starts a throw-away PostgreSQL with its own defaults.
    #[arg(long, global = true, value_enum, default_value = "sqlite")]
    pub database: Kind,
    /// Where that throw-away PostgreSQL lives; kept, and found again by the next run.
    #[arg(long, global = true, value_name = "DIR")]
    pub cluster: Option<PathBuf>,
    /// A PostgreSQL server; each run creates a database of its own there (needs psql).
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Process whose tree is that PostgreSQL [default: whoever listens on the URL's port].
    #[arg(long, global = true, value_name = "PID")]
    pub database_pid: Option<u32>,
    /// Where data folders are made; must be on a real disk [default: target/bench].
    #[arg(long, global = true, value_name = "DIR")]
    pub data_root: Option<PathBuf>,
    /// How many different recipients take turns.
    #[arg(long, global = true, default_value_t = 10_000)]
    pub contacts: u64,
    /// Keeps the data folders of successful runs.
    #[arg(long, global = true)]
    pub keep: bool,
}

impl Settings {
    pub fn count(&self, default: u64) -> u64 {
        self.n.unwrap_or(default)
    }

    pub fn clients(&self, default: usize) -> usize {
        self.clients.unwrap_or(default).max(1)
    }

    /// The server's program; an error says how to build it.
    pub fn program(&self) -> Result<PathBuf> {
        let path = match &self.binary {
            Some(path) => path.clone(),
            None => target_folder()?.join("release").join("chancery"),
        };
        if !path.is_file() {
            bail!(
                "there is no server at {}: build it with `cargo build --release -p chancery` or name it with --bin",
                path.display()
            );
        }
        std::path::absolute(&path).with_context(|| format!("{} has no absolute path", path.display()))
    }

    /// The folder for data folders, created when missing.
    pub fn data_root(&self) -> Result<PathBuf> {
        let path = match &self.data_root {
            Some(path) => path.clone(),
            None => target_folder()?.join("bench"),
        };
        std::fs::create_dir_all(&path).with_context(|| format!("could not create {}", path.display()))?;
        std::path::absolute(&path).with_context(|| format!("{} has no absolute path", path.display()))
    }

    /// An empty folder of that name.
    pub fn fresh_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.data_root()?.join(format!("{name}-{}", std::process::id()));
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("could not empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("could not create {}", folder.display()))?;
        Ok(folder)
    }
}

/// `target`, two steps above `target/release/bench`.
fn target_folder() -> Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know its own path")?;
    own.parent().and_then(Path::parent).map(Path::to_owned).context("this program lies in no target folder")
}
