//! The commands, one file each.

mod account;
mod audit;
mod backup;
mod config;
mod contact;
mod demo;
mod dkim;
mod doctor;
mod key;
mod listen;
mod mailbox;
mod reference;
mod search;
mod send;
mod serve;
mod setup;
mod suppression;
mod user;
mod webhook;

use std::io::IsTerminal as _;

use clap::{Parser, Subcommand};
use domain::access::Principal;
use domain::ids::TenantId;
use engine::Engine;

use crate::house;
use crate::settings::{Given, LogFormat, Settings};

/// One self-hosted server for every conversation of a business.
#[derive(Debug, Parser)]
#[command(name = "chancery", version, about, max_term_width = 110, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Run a complete living example: simulated providers and customers, no credentials, no network
    Demo(demo::Demo),
    /// Create the owner account without a browser
    Setup(setup::Setup),
    /// API keys
    #[command(subcommand)]
    Key(key::Key),
    /// People
    #[command(subcommand)]
    User(user::User),
    /// Channel accounts: what messages go through
    #[command(subcommand)]
    Channel(account::Channel),
    /// Keys with which SMTP accounts sign mail
    #[command(subcommand)]
    Dkim(dkim::Dkim),
    /// Look at everything around this server that can be wrong, and say what to do; ends with 1 when there is a problem
    Doctor(doctor::Doctor),
    /// Mailboxes that are read by IMAP
    #[command(subcommand)]
    Mailbox(mailbox::Mailbox),
    /// Send a message
    Send(send::Send),
    /// Find conversations by words and operators
    Search(search::Search),
    /// Contacts: import, export, list
    #[command(subcommand)]
    Contact(contact::Contact),
    /// Addresses that are not written to: list, add, remove, import, export
    #[command(subcommand)]
    Suppression(suppression::Suppression),
    /// Webhooks: programs that are told of events
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    /// Show what happens on a server, or forward it to a program on this machine
    Listen(listen::Listen),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copy the running database and everything beside it to another folder
    Backup(backup::Backup),
    /// Print the effective settings, secrets hidden
    Config,
    /// Print the description of the API (OpenAPI 3.1)
    Openapi,
    /// Print generated reference pages: providers, config, problems or cli
    #[command(hide = true)]
    Reference(reference::Reference),
}

/// Runs one command to its end.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    if let Command::Openapi = arguments.command {
        return reference::openapi();
    }
    if let Command::Reference(reference) = arguments.command {
        return reference.print();
    }
    let settings = arguments.given.settle()?;
    log_to_stderr(&settings, matches!(arguments.command, Command::Serve(_)))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        match arguments.command {
            Command::Serve(serve) => serve.run(settings).await,
            Command::Demo(demo) => demo.run(settings).await,
            Command::Setup(setup) => setup.run(settings).await,
            Command::Key(key) => key.run(settings).await,
            Command::User(user) => user.run(settings).await,
            Command::Channel(channel) => channel.run(settings).await,
            Command::Dkim(dkim) => dkim.run(settings).await,
            Command::Doctor(doctor) => doctor.run(settings).await,
            Command::Mailbox(mailbox) => mailbox.run(settings).await,
            Command::Send(send) => send.run(settings).await,
            Command::Search(search) => search.run(settings).await,
            Command::Contact(contact) => contact.run(settings).await,
            Command::Suppression(suppression) => suppression.run(settings).await,
            Command::Webhook(webhook) => webhook.run(settings).await,
            Command::Listen(listen) => listen.run(settings).await,
            Command::Audit(audit) => audit.run(settings).await,
            Command::Backup(backup) => backup.run(settings).await,
            Command::Config => config::run(&settings),
            Command::Openapi | Command::Reference(_) => Ok(()),
        }
    })
}

/// Commands speak by their results; only the server tells what it does.
fn log_to_stderr(settings: &Settings, is_server: bool) -> anyhow::Result<()> {
    use tracing_subscriber::EnvFilter;
    let filter = if is_server { settings.log.as_str() } else { "error" };
    // PostgreSQL's notices about tables that exist are no news.
    let filter = EnvFilter::try_new(format!("tokio_postgres=warn,{filter}")).map_err(|error| {
        anyhow::anyhow!("log: expected a filter such as info or info,engine=debug: {error}")
    })?;
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        // It would say so on the same standard error.
        .log_internal_errors(false);
    match settings.log_format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// The one tenant of this version; commands act for it with the rights of whoever can read the data folder.
fn operator() -> Principal {
    Principal::system(TenantId(1))
}

/// Runs a command's work on the database, beside a running server or without one.
async fn with_engine<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Engine) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    // A mistyped folder must not become an empty server with a key of its own, nor a backup of nothing.
    house::require_database(settings)?;
    with_new_engine(settings, work).await
}

/// The same, and the folder is made when it is not there.
async fn with_new_engine<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&Engine) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let public_url = settings.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.listen));
    let engine = house::open(settings, public_url, false).await?;
    engine.connect_without_sending().await?;
    let done = work(&engine).await;
    engine.stop().await;
    done
}
