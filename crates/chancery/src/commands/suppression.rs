//! `chancery suppression`: addresses that are not written to.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::channel::Channel;
use domain::ids::SuppressionId;
use domain::page::PageRequest;
use domain::suppression::SuppressionReason;
use engine::Engine;
use engine::suppression::{
    NewSuppression, SuppressionFilter, SuppressionImport, SuppressionView, SuppressionsImported,
};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Suppression {
    /// List entries, newest first
    List {
        #[command(flatten)]
        which: Which,
        /// How many to give
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// Put an address on the list
    Add {
        address: String,
        /// Why, in your words
        #[arg(long)]
        detail: String,
        /// hard_bounce, complaint, manual or unsubscribed
        #[arg(long, default_value = "manual")]
        reason: SuppressionReason,
        #[arg(long, default_value = "email")]
        channel: Channel,
        #[arg(long)]
        json: bool,
    },
    /// Take an entry off the list
    Remove {
        /// As `list` shows it
        id: SuppressionId,
        /// Why the address may be written to again, in your words
        #[arg(long)]
        reason: String,
    },
    /// Import entries from a CSV file with the columns address, channel, reason, detail and created_at
    Import {
        file: PathBuf,
        /// Only tell what would happen
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        json: bool,
    },
    /// Write the list as CSV
    Export {
        #[command(flatten)]
        which: Which,
        /// Where to write; standard output when absent
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub struct Which {
    /// The beginning of an address, or a domain such as @example.com
    query: Option<String>,
    /// hard_bounce, complaint, manual or unsubscribed
    #[arg(long)]
    reason: Option<SuppressionReason>,
    #[arg(long)]
    channel: Option<Channel>,
}

impl Which {
    fn filter(self) -> SuppressionFilter {
        SuppressionFilter { q: self.query, reason: self.reason, channel: self.channel }
    }
}

impl Suppression {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| self.work(engine).await).await
    }

    async fn work(self, engine: &Engine) -> anyhow::Result<()> {
        let by = operator();
        match self {
            Suppression::List { which, limit, json } => {
                let page = PageRequest { limit: limit.clamp(1, 10_000), after: None };
                for entry in engine.suppressions(&by, which.filter(), page).await?.rows {
                    output::result(json, &entry, &line(&entry))?;
                }
            }
            Suppression::Add { address, detail, reason, channel, json } => {
                let new = NewSuppression { channel: Some(channel), address, reason: Some(reason), detail };
                let entry = engine.add_suppression(&by, new).await?;
                output::result(json, &entry, &line(&entry))?;
            }
            Suppression::Remove { id, reason } => engine.remove_suppression(&by, id, &reason).await?,
            Suppression::Import { file, dry_run, json } => {
                let csv =
                    std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
                let csv = String::from_utf8_lossy(&csv).into_owned();
                let done = engine.import_suppressions(&by, SuppressionImport { csv, dry_run }).await?;
                output::result(json, &done, &report(&done, dry_run))?;
            }
            Suppression::Export { which, output } => {
                let mut export = engine.export_suppressions(&by, which.filter()).await?;
                let mut target: Box<dyn std::io::Write> = match &output {
                    Some(path) => Box::new(
                        std::fs::File::create(path)
                            .with_context(|| format!("{} cannot be written", path.display()))?,
                    ),
                    None => Box::new(std::io::stdout().lock()),
                };
                while let Some(part) = export.next_part().await? {
                    output::written(target.write_all(part.as_bytes()))?;
                }
                output::written(target.flush())?;
            }
        }
        Ok(())
    }
}

fn line(entry: &SuppressionView) -> String {
    let SuppressionView { id, address, reason, source, created_at, detail, .. } = entry;
    format!("{id}  {address}  {reason}  {source}  {created_at}  {detail}")
}

fn report(done: &SuppressionsImported, dry_run: bool) -> String {
    let SuppressionsImported { total, added, known, refused, faults } = done;
    let would = if dry_run { "nothing was changed; an import would give: " } else { "" };
    let mut text = format!("{would}{added} added, {known} known, {refused} refused of {total} rows");
    for fault in faults {
        text.push_str(&format!("\nrow {}, {}: {}", fault.row, fault.field, fault.detail));
    }
    text
}
