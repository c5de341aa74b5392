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
        anyhow::ensure!(
            !real(&target)?.starts_with(real(&settings.data)?),
            "{} is inside the data folder; a copy beside what it is a copy of is lost with it",
            target.display()
        );
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

/// A path as the file system knows it, as far as it exists.
fn real(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let known = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    Ok(match known {
        Some((part, real)) => real.join(path.strip_prefix(part).unwrap_or(Path::new(""))),
        None => path,
    })
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
