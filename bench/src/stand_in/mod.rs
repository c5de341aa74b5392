//! A small server that keeps the contract of the product well enough to test the harness: with
//! `STAND_IN_FAULT=forgets` or `=doubles` it breaks it on purpose, and the kill test must notice.

mod mail;
mod outbox;
mod serve;
mod shelf;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde_json::json;

use shelf::Shelf;

/// What it does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// Behaves.
    Nothing,
    /// Keeps messages in memory only.
    Forgets,
    /// Sends again, after a crash, what may have been sent; files again what came before it.
    Doubles,
}

#[derive(Debug, Parser)]
#[command(name = "stand-in")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Serve {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long, env = "STAND_IN_FAULT", value_enum, default_value = "nothing")]
        fault: Fault,
    },
    Setup {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        email: String,
        #[arg(long)]
        password_stdin: bool,
        #[arg(long)]
        json: bool,
    },
    Key {
        action: String,
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        name: String,
        #[arg(long)]
        scopes: String,
        #[arg(long)]
        json: bool,
    },
    Channel {
        action: String,
        provider: String,
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        name: String,
        #[arg(long = "set")]
        settings: Vec<String>,
        #[arg(long)]
        json: bool,
    },
    Audit {
        action: String,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
struct Place {
    #[arg(long)]
    data: PathBuf,
}

const KEY: &str = "ck_stand_in";

/// The whole program.
pub async fn main() -> Result<()> {
    match Cli::parse().verb {
        Verb::Serve { place, listen, fault } => serve::serve(&place.data, listen, fault).await,
        Verb::Setup { place, .. } => {
            let mut password = String::new();
            std::io::stdin().read_to_string(&mut password)?;
            if password.trim().is_empty() {
                bail!("the password is empty");
            }
            std::fs::create_dir_all(&place.data)?;
            Shelf::open(&place.data, Fault::Nothing).map(drop)
        }
        Verb::Key { .. } => {
            crate::output::line(&json!({"key": KEY}));
            Ok(())
        }
        Verb::Channel { provider, place, settings, .. } => {
            let shelf = Shelf::open(&place.data, Fault::Nothing)?;
            shelf.set("provider", &provider)?;
            for setting in settings {
                let (name, value) = setting.split_once('=').context("--set takes name=value")?;
                shelf.set(name, value)?;
            }
            crate::output::line(&json!({"id": "acc_1", "webhook_url": null}));
            Ok(())
        }
        Verb::Audit { place, .. } => Shelf::open(&place.data, Fault::Nothing).map(drop),
    }
}
