//! `chancery contact`: contacts in, out and found.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::page::PageRequest;
use engine::Engine;
use engine::contacts::{ContactFilter, ContactView, Existing, ExportFormat, ImportFormat, ImportView};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Subcommand)]
pub enum Contact {
    /// Import contacts from a CSV or vCard file
    Import(Import),
    /// Write contacts as CSV or vCard
    Export(Export),
    /// List contacts, newest first
    List {
        /// Only those with words that begin so, in the name or an address
        query: Option<String>,
        /// How many to give
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Import {
    file: PathBuf,
    /// csv or vcard; by the file's name when absent
    #[arg(long)]
    format: Option<ImportFormat>,
    /// What a column is, such as "Company=attribute:company"; repeat it. Without any, it is guessed from the headers
    #[arg(long = "map", value_name = "COLUMN=TARGET")]
    map: Vec<String>,
    /// What to do with contacts that are known: update or skip
    #[arg(long, default_value = "update")]
    existing: Existing,
    /// Only tell what would happen
    #[arg(long)]
    dry_run: bool,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct Export {
    #[arg(long, default_value = "csv")]
    format: ExportFormat,
    /// Only those with words that begin so, in the name or an address
    #[arg(long)]
    query: Option<String>,
    /// Where to write; standard output when absent
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Contact {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| match self {
            Contact::Import(import) => import.run(engine).await,
            Contact::Export(export) => export.run(engine).await,
            Contact::List { query, limit, json } => {
                let filter = ContactFilter { q: query, ..ContactFilter::default() };
                let page = PageRequest { limit: limit.clamp(1, 10_000), after: None };
                for contact in engine.contacts(&operator(), filter, page).await?.rows {
                    output::result(json, &contact, &summary(&contact))?;
                }
                Ok(())
            }
        })
        .await
    }
}

impl Import {
    async fn run(self, engine: &Engine) -> anyhow::Result<()> {
        let shown = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| format!("{shown} cannot be read"))?;
        let ending = self.file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let format = self.format.unwrap_or(match ending.as_deref() {
            Some("vcf" | "vcard") => ImportFormat::Vcard,
            _ => ImportFormat::Csv,
        });
        let mut mapping = BTreeMap::new();
        for pair in &self.map {
            let (column, target) = pair
                .rsplit_once('=')
                .with_context(|| format!("--map {pair}: expected COLUMN=TARGET, such as Mail=email"))?;
            mapping.insert(column.to_owned(), target.to_owned());
        }
        let mapping = (!mapping.is_empty()).then_some(mapping);
        let terms = (format, self.dry_run, self.existing);
        let done = engine.import_contacts_now(&operator(), bytes, terms, mapping).await?;
        output::result(self.json, &done, &report(&done))?;
        anyhow::ensure!(done.error.is_none(), "the import failed");
        Ok(())
    }
}

fn report(import: &ImportView) -> String {
    let ImportView { created, updated, unchanged, refused, .. } = import;
    let would = if import.dry_run { "nothing was changed; an import would give: " } else { "" };
    let mut text = format!(
        "{would}{created} created, {updated} updated, {unchanged} unchanged, {refused} refused of {} rows",
        import.total
    );
    for fault in &import.faults {
        let place = if fault.field.is_empty() { String::new() } else { format!(", {}", fault.field) };
        text.push_str(&format!("\nrow {}{place}: {}", fault.row, fault.detail));
    }
    text
}

impl Export {
    async fn run(self, engine: &Engine) -> anyhow::Result<()> {
        let filter = ContactFilter { q: self.query, ..ContactFilter::default() };
        let mut export = engine.export_contacts(&operator(), filter, self.format).await?;
        let mut target: Box<dyn std::io::Write> = match &self.output {
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
        Ok(())
    }
}

fn summary(contact: &ContactView) -> String {
    let addresses: Vec<&str> = contact.identities.iter().map(|identity| identity.address.as_str()).collect();
    format!("{}  {}  {}", contact.id, contact.name, addresses.join(", "))
}
