//! `cargo xtask codegen`: the files that the code itself writes. They are committed, and CI fails when they are stale.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::console;
use crate::counterparts::Counterpart;
use crate::node;
use crate::program::Program;

use crate::workspace::Workspace;

/// The pages of docs/reference, named as `chancery reference NAME` knows them.
const REFERENCE_PAGES: [&str; 4] = ["providers", "config", "problems", "cli"];

#[derive(Args)]
pub struct Options {
    /// Change nothing; fail when a generated file is not what the code says
    #[arg(long)]
    check: bool,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    workspace.cargo().args(["build", "--package", "chancery"]).run()?;
    if options.check { check(workspace) } else { write(workspace) }
}

/// Fails when a generated file differs from what the built binary says. Leaves every file as it was.
pub fn check(workspace: &Workspace) -> Result<()> {
    let before = Snapshot::take(workspace);
    let written = write(workspace);
    let stale = before.changed_since();
    before.put_back()?;
    written?;
    if stale.is_empty() {
        return Ok(());
    }
    for path in &stale {
        console::complain(format_args!(
            "{} is stale",
            path.strip_prefix(&workspace.root).unwrap_or(path).display()
        ));
    }
    bail!("{} generated files are stale; run `cargo xtask codegen` and commit what it changes", stale.len())
}

fn write(workspace: &Workspace) -> Result<()> {
    let chancery = |arguments: &[&str]| {
        // Help texts are wrapped to the width of the console, which must not change the pages.
        Program::new(workspace.debug_binary("chancery"), &workspace.root)
            .args(arguments)
            .env("COLUMNS", "100")
            .answer()
    };
    keep(&openapi(workspace), &chancery(&["openapi"])?)?;
    for page in REFERENCE_PAGES {
        keep(&reference(workspace, page), &chancery(&["reference", page])?)?;
    }
    if !Counterpart::Node.is_here() {
        bail!("{} is needed to write {}", Counterpart::Node.name(), client(workspace).display());
    }
    node::install_dependencies(workspace)?;
    workspace.npm().args(["run", "--silent", "codegen"]).run()
}

fn keep(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().expect("generated files lie in a folder");
    fs::create_dir_all(folder)?;
    // One newline at the end, whatever the command printed, so that editors and git agree.
    fs::write(path, format!("{}\n", text.trim_end())).with_context(|| format!("writing {}", path.display()))
}

fn openapi(workspace: &Workspace) -> PathBuf {
    workspace.web().join("openapi.json")
}

fn client(workspace: &Workspace) -> PathBuf {
    workspace.web().join("src/api/schema.d.ts")
}

fn reference(workspace: &Workspace, page: &str) -> PathBuf {
    workspace.root.join("docs/reference").join(format!("{page}.md"))
}

/// The generated files as they were; `None` for one that was not there.
struct Snapshot(Vec<(PathBuf, Option<String>)>);

impl Snapshot {
    fn take(workspace: &Workspace) -> Snapshot {
        let mut paths = vec![openapi(workspace), client(workspace)];
        paths.extend(REFERENCE_PAGES.map(|page| reference(workspace, page)));
        Snapshot(paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).ok())).collect())
    }

    fn changed_since(&self) -> Vec<PathBuf> {
        let changed = self.0.iter().filter(|(path, before)| fs::read_to_string(path).ok() != *before);
        changed.map(|(path, _)| path.clone()).collect()
    }

    fn put_back(&self) -> Result<()> {
        for (path, before) in &self.0 {
            match before {
                Some(text) => fs::write(path, text)?,
                None if path.exists() => fs::remove_file(path)?,
                None => {}
            }
        }
        Ok(())
    }
}
