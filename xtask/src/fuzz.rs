//! `cargo xtask fuzz`: coverage-guided fuzzing with the stable compiler. Seeds live in fuzz/corpus; what a run finds beyond
//! them stays in the build folder, and an input that fails is kept in fuzz/artifacts.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::console;
use crate::counterparts::{self, Counterpart};
use crate::program::Program;
use crate::stages::Ending;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// What `cargo fuzz` would pass on a nightly compiler, without the sanitizers that need one.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1";

/// With an explicit target the flags reach our code only, and not the build scripts.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// How long a target runs.
#[derive(Clone, Copy)]
enum Length {
    /// A search that goes on from what earlier ones found.
    Seconds(u32),
    /// The same inputs each time: whether a change is refused must not hang on luck.
    Same,
}

const SAME_RUNS: u32 = 100_000;
/// A machine that is too slow for all of them stops here.
const SAME_SECONDS: u32 = 30;

#[derive(Args)]
pub struct Options {
    /// The targets to run (files of fuzz/fuzz_targets, without their ending); none runs all
    targets: Vec<String>,
    /// How long each one runs
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let known = targets(workspace)?;
    if let Some(unknown) = options.targets.iter().find(|target| !known.contains(target)) {
        bail!("there is no fuzz target {unknown}; there are {}", known.join(", "));
    }
    let chosen = if options.targets.is_empty() { &known } else { &options.targets };
    build(workspace)?;
    let tally = run_each(workspace, chosen, Length::Seconds(options.seconds));
    ensure!(tally.failed == 0, "{} of {} fuzz targets failed", tally.failed, chosen.len());
    Ok(())
}

/// For CI: enough to find what a change broke; the search for what nobody thought of is `cargo xtask fuzz`.
pub fn every_target_briefly(workspace: &Workspace) -> Result<Ending> {
    if !Counterpart::CppCompiler.is_here() {
        return Ok(Ending::Skipped(counterparts::absence(Counterpart::CppCompiler)));
    }
    build(workspace)?;
    Ok(Ending::Ran(run_each(workspace, &targets(workspace)?, Length::Same)))
}

fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            names.extend(path.file_stem().map(|name| name.display().to_string()));
        }
    }
    names.sort();
    Ok(names)
}

fn build(workspace: &Workspace) -> Result<()> {
    workspace
        .cargo()
        .args([
            "build",
            "--release",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .args([build_folder(workspace)])
        .env("RUSTFLAGS", FLAGS)
        .run()
}

fn run_each(workspace: &Workspace, targets: &[String], length: Length) -> Tally {
    let mut tally = Tally::default();
    for target in targets {
        match length {
            Length::Seconds(seconds) => console::heading(format_args!("fuzzing {target} for {seconds} s")),
            Length::Same => console::heading(format_args!("fuzzing {target}, {SAME_RUNS} inputs")),
        }
        match run_one(workspace, target, length) {
            Ok(()) => tally += Tally::ONE,
            Err(error) => {
                console::complain(format_args!(
                    "{error:#}; the input that failed is in fuzz/artifacts/{target}"
                ));
                tally += Tally { passed: 0, failed: 1 };
            }
        }
    }
    tally
}

fn run_one(workspace: &Workspace, target: &str, length: Length) -> Result<()> {
    let found = match length {
        Length::Seconds(_) => build_folder(workspace).join("corpus").join(target),
        Length::Same => emptied(build_folder(workspace).join("same").join(target))?,
    };
    let limits = match length {
        Length::Seconds(seconds) => vec![format!("-max_total_time={seconds}")],
        Length::Same => {
            vec!["-seed=1".into(), format!("-runs={SAME_RUNS}"), format!("-max_total_time={SAME_SECONDS}")]
        }
    };
    let seeds = workspace.root.join("fuzz/corpus").join(target);
    let failures = workspace.root.join("fuzz/artifacts").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&failures)?;
    let log = build_folder(workspace).join(format!("{target}.log"));
    let fuzzer =
        Program::new(build_folder(workspace).join(TARGET).join("release").join(target), &workspace.root)
            // The first folder is the one that the fuzzer writes to.
            .args([&found, &seeds])
            .args(limits)
            .args([
                format!("-artifact_prefix={}/", failures.display()),
                // One input that takes this long is a finding too.
                "-timeout=5".into(),
                "-rss_limit_mb=1024".into(),
                "-verbosity=0".into(),
                "-print_final_stats=1".into(),
            ])
            .env("RUST_BACKTRACE", "0");
    let went_well = fuzzer.run_into(&log)?;
    let said = fs::read(&log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    ensure!(
        went_well,
        "{}",
        said.get(said.find("panicked at").unwrap_or(0)..).unwrap_or_default().trim_end()
    );
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    console::confirm(format_args!("{target}: {} inputs, nothing found", runs.unwrap_or("?").trim()));
    Ok(())
}

fn emptied(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    Ok(folder)
}

fn build_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}
