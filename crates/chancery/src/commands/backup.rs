//! `chancery backup`: a copy of a running server's data that another server can start on.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::with_engine;
use crate::settings::Settings;
use crate::{house, output};

#[derive(Debug, Args)]
pub struct Backup {
    /// The folder to copy to; it must not exist or be empty
    target: PathBuf,
    /// Leave the master key out; keep it elsewhere then, the credentials cannot be opened without it
    #[arg(long)]
    without_key: bool,
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let target = self.target;
        let is_empty = std::fs::read_dir(&target).map_or(true, |mut entries| entries.next().is_none());
        anyhow::ensure!(is_empty, "{} is not empty; a backup needs a folder of its own", target.display());
        house::prepare_folder(&target)?;
        let database = target.join("chancery.db");
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template("{bar:40} {percent}% {msg}")?);
        bar.set_message("database");
        let copy = database.clone();
        with_engine(&settings, async |engine| {
            let (store, bar) = (engine.store().clone(), bar.clone());
            let copied = tokio::task::spawn_blocking(move || {
                store.backup(&copy, |done, total| {
                    bar.set_length(total);
                    bar.set_position(done);
                })
            });
            copied.await??;
            Ok(engine.note_backup().await?)
        })
        .await?;
        // Contents are never changed, only added: those copied after the database are at worst too many.
        let files = copy_folder(&settings.data.join("blobs"), &target.join("blobs"))?;
        // Of these, some may be forgotten while they are copied; their rows then go at the next clean-up.
        copy_folder(&settings.data.join("uploads"), &target.join("uploads"))?;
        if !self.without_key {
            copy_folder(&settings.data.join("keys"), &target.join("keys"))?;
        }
        bar.finish_and_clear();
        let value = json!({ "target": target, "attachments": files });
        let sentence = format!("copied to {}; start on it with: chancery serve --data {0}", target.display());
        output::result(self.json, &value, &sentence)
    }
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<u64> {
    let entries = match std::fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", from.display())),
    };
    house::prepare_folder(to)?;
    let mut count = 0;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            count += copy_folder(&entry.path(), &target)?;
        } else {
            match std::fs::copy(entry.path(), &target) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                copied => {
                    copied.with_context(|| format!("{} cannot be copied", entry.path().display()))?;
                }
            }
            count += 1;
        }
    }
    Ok(count)
}
