//! `chancery mailbox`: mailboxes that are read by IMAP.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::ids::{AccountId, MailboxId};
use engine::mailboxes::{MailboxView, NewMailbox};
use serde_json::{Map, Value, json};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Mailbox {
    /// Add a mailbox; a running server reads it from then on
    Add(Add),
    /// List mailboxes
    List {
        #[arg(long)]
        json: bool,
    },
    /// Sign in and open the folders, without fetching anything
    Check {
        id: MailboxId,
        #[arg(long)]
        json: bool,
    },
    /// Stop reading a mailbox
    Remove { id: MailboxId },
}

#[derive(Debug, Args)]
pub struct Add {
    /// What people call the mailbox
    #[arg(long)]
    name: String,
    /// The account whose conversations these are
    #[arg(long)]
    account: Option<AccountId>,
    /// A setting, such as host=imap.example.com, username=…, password=-, folders=INBOX,Sales; repeat it. A value of - is
    /// read from standard input
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long)]
    json: bool,
}

impl Mailbox {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| match self {
            Mailbox::Add(add) => add.run(engine).await,
            Mailbox::List { json } => {
                for mailbox in engine.mailboxes(&operator()).await? {
                    output::result(json, &mailbox, &summary(&mailbox))?;
                }
                Ok(())
            }
            Mailbox::Check { id, json } => {
                let checked = engine.check_mailbox(&operator(), id).await?;
                let mut lines = String::new();
                for step in &checked.steps {
                    let mark = if step.ok { "ok    " } else { "FAILED" };
                    lines.push_str(&format!("{mark}  {}: {}\n", step.name, step.detail));
                }
                output::result(json, &checked, lines.trim_end())?;
                anyhow::ensure!(checked.ok, "the mailbox cannot be read yet");
                Ok(())
            }
            Mailbox::Remove { id } => {
                engine.remove_mailbox(&operator(), id).await?;
                output::line("removed")
            }
        })
        .await
    }
}

impl Add {
    async fn run(self, engine: &engine::Engine) -> anyhow::Result<()> {
        let mut settings = Map::new();
        for pair in &self.set {
            let (key, value) = pair.split_once('=').with_context(|| {
                format!("--set {pair}: expected KEY=VALUE, such as host=imap.example.com")
            })?;
            let value =
                if value == "-" { super::setup::password(true)?.reveal().clone() } else { value.to_owned() };
            settings.insert(key.to_owned(), Value::String(value));
        }
        let new = NewMailbox { name: self.name, account_id: self.account, enabled: None, settings };
        let mailbox = engine.add_mailbox(&operator(), new).await?;
        let value = json!({ "id": mailbox.id });
        output::result(self.json, &value, &format!("added {}", mailbox.id))
    }
}

fn summary(mailbox: &MailboxView) -> String {
    let state = if mailbox.enabled { mailbox.health.state.as_str() } else { "off" };
    let error = mailbox.health.last_error.as_ref().map(|error| format!("\n    {error}")).unwrap_or_default();
    let place = format!("{}@{}", mailbox.settings.username, mailbox.settings.host);
    format!("{}  {state}  {}  {place}{error}", mailbox.id, mailbox.name)
}
