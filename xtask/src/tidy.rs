//! `cargo xtask tidy`: the rules of the house that neither the compiler nor clippy knows. Tells all breaches at once.

mod arrows;
mod bans;
mod headers;
mod paths;
mod sizes;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::console;
use crate::program::Program;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace) -> Result<()> {
    let sources = Sources::read(&workspace.root)?;
    let mut findings = arrows::check(&workspace.packages);
    findings.extend(bans::check(workspace, &sources)?);
    findings.extend(paths::check(&sources));
    findings.extend(headers::check(&sources));
    findings.extend(sizes::check(&sources));
    findings.extend(words::check(&sources));
    for finding in &findings {
        match finding.weight {
            Weight::Warning => console::warn(finding),
            Weight::Breach => console::complain(finding),
        }
    }
    let breaches = findings.iter().filter(|finding| finding.weight == Weight::Breach).count();
    if breaches > 0 {
        bail!("tidy found {breaches} breaches");
    }
    console::confirm(format_args!(
        "tidy: {} files and {} packages in order",
        sources.files.len(),
        workspace.packages.len()
    ));
    Ok(())
}

/// The text files of the repository: what git tracks, and what it would track.
pub struct Sources {
    pub root: PathBuf,
    pub files: Vec<Source>,
}

pub struct Source {
    /// Relative to the root, with forward slashes.
    pub path: String,
    pub text: String,
}

impl Sources {
    fn read(root: &Path) -> Result<Sources> {
        let list = Program::new("git", root)
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .answer()
            .context("tidy asks git which files are ours")?;
        let mut files = Vec::new();
        for path in list.lines() {
            // A file that is deleted and not yet committed is still listed; pictures are no text.
            if let Ok(text) = std::fs::read_to_string(root.join(path)) {
                files.push(Source { path: path.to_owned(), text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Sources { root: root.to_owned(), files })
    }

    pub fn ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = &'a Source> {
        self.files.iter().filter(move |file| endings.iter().any(|ending| file.path.ends_with(ending)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Warning,
    Breach,
}

#[derive(Debug)]
pub struct Finding {
    weight: Weight,
    place: String,
    sentence: String,
}

impl Finding {
    fn breach(place: impl Into<String>, sentence: impl Into<String>) -> Finding {
        Finding { weight: Weight::Breach, place: place.into(), sentence: sentence.into() }
    }

    fn warning(place: impl Into<String>, sentence: impl Into<String>) -> Finding {
        Finding { weight: Weight::Warning, ..Finding::breach(place, sentence) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.sentence)
    }
}
