//! `cargo xtask bench`: release builds, then the scenarios, whose figures are kept as one JSON line each.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::console;
use crate::program::Program;
use crate::workspace::Workspace;

/// What runs when no scenario is named: the figures that a release is compared by.
const USUAL: [&str; 7] = ["accept", "deliver-smtp", "deliver-http", "inbound", "inbox", "search", "recovery"];

#[derive(Args)]
pub struct Options {
    /// The scenarios to run, as `bench --help` names them; none runs the usual ones
    scenarios: Vec<String>,
    /// What is passed on to every scenario, such as `-- --rounds 3`
    #[arg(last = true)]
    passed_on: Vec<String>,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    workspace
        .cargo()
        .args(["build", "--release", "--package", "chancery", "--package", "chancery-bench"])
        .run()?;
    let usual = USUAL.map(ToOwned::to_owned);
    let scenarios = if options.scenarios.is_empty() { &usual } else { options.scenarios.as_slice() };
    let mut failed = Vec::new();
    for scenario in scenarios {
        console::heading(format_args!("scenario {scenario}"));
        // One scenario that fails must not cost the figures of the others.
        if let Err(error) = measure(workspace, scenario, &options.passed_on) {
            console::complain(format_args!("{error:#}"));
            failed.push(scenario.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("no figures from: {}", failed.join(", "));
    }
    Ok(())
}

fn measure(workspace: &Workspace, scenario: &str, passed_on: &[String]) -> Result<()> {
    let program = Program::new(workspace.release_binary("bench"), &workspace.root)
        .args([scenario, "--bin"])
        .args([workspace.release_binary("chancery")])
        .args(passed_on);
    console::command(&program);
    let lines = program.answer()?;
    print!("{lines}");
    let folder = workspace.root.join("bench/results");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{scenario}.jsonl"));
    let mut results = fs::OpenOptions::new().create(true).append(true).open(&path)?;
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        writeln!(results, "{line}").with_context(|| format!("keeping a figure in {}", path.display()))?;
    }
    Ok(())
}
