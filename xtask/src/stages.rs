//! Runs stages one after the other, each with a heading and its time, and adds them up. A failed stage never stops the next.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::console;
use crate::tally::Tally;

/// One part of `cargo xtask test` or `cargo xtask ci`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// rustfmt
    Fmt,
    /// The lints of the workspace, as errors
    Clippy,
    /// Arrows, paths, headers, sizes, words
    Tidy,
    /// Licences and banned crates
    Deny,
    /// Build the binaries and the tests, with the dashboard inside
    Build,
    /// Generated files are what the code says
    Generated,
    /// Rust tests on both databases
    Backend,
    /// Examples in the Rust documentation
    Doctests,
    /// Signatures, both ways, against the vendors' own Python libraries
    Sdk,
    /// The dashboard's types, lints and unit tests
    Web,
    /// Kill the server at random instants and count what was lost or doubled
    Kill,
    /// The story of a first day, in a real browser
    Story,
    /// Every fuzz target, briefly
    Fuzz,
}

impl Stage {
    pub fn title(self) -> &'static str {
        match self {
            Stage::Fmt => "formatting",
            Stage::Clippy => "lints",
            Stage::Tidy => "structure",
            Stage::Deny => "licences and banned crates",
            Stage::Build => "build",
            Stage::Generated => "generated files",
            Stage::Backend => "backend tests",
            Stage::Doctests => "documentation examples",
            Stage::Sdk => "vendors' own libraries",
            Stage::Web => "dashboard checks",
            Stage::Kill => "kill test",
            Stage::Story => "browser story",
            Stage::Fuzz => "fuzz targets",
        }
    }
}

/// How a stage ended, when it did not fail.
pub enum Ending {
    Ran(Tally),
    /// It could not be run here; the sentence says why and what to do.
    Skipped(String),
}

struct Line {
    stage: Stage,
    took: Duration,
    verdict: String,
}

#[derive(Default)]
pub struct Stages {
    lines: Vec<Line>,
    total: Tally,
    skipped: u32,
    failed_stages: u32,
}

impl Stages {
    /// Runs one stage. Says whether it went well.
    pub fn run(&mut self, stage: Stage, work: impl FnOnce() -> Result<Ending>) -> bool {
        console::heading(stage.title());
        let started = Instant::now();
        let ending = work();
        let took = started.elapsed();
        let (verdict, well) = match ending {
            Ok(Ending::Ran(tally)) => (self.count(tally), tally.failed == 0),
            Ok(Ending::Skipped(why)) => {
                console::warn(format_args!("skipped: {why}"));
                self.skipped += 1;
                (format!("SKIPPED: {why}"), true)
            }
            Err(error) => {
                console::complain(format_args!("{error:#}"));
                self.count(Tally { passed: 0, failed: 1 });
                (format!("FAILED: {error:#}"), false)
            }
        };
        if !well {
            self.failed_stages += 1;
        }
        println!("{}: {verdict} in {:.1} s", stage.title(), took.as_secs_f64());
        self.lines.push(Line { stage, took, verdict });
        well
    }

    fn count(&mut self, tally: Tally) -> String {
        self.total += tally;
        match tally.failed {
            0 => format!("{} passed", tally.passed),
            failed => format!("FAILED: {} passed, {failed} failed", tally.passed),
        }
    }

    /// Prints the table and the closing line; an error when anything failed.
    pub fn finish(self) -> Result<()> {
        console::heading("summary");
        for line in &self.lines {
            println!("{:>8.1} s  {:<28} {}", line.took.as_secs_f64(), line.stage.title(), line.verdict);
        }
        let skipped = match self.skipped {
            0 => String::new(),
            1 => ", 1 stage skipped (see above)".into(),
            count => format!(", {count} stages skipped (see above)"),
        };
        println!("\n{} passed, {} failed{skipped}", self.total.passed, self.total.failed);
        if self.total.failed > 0 {
            bail!("{} of {} stages failed", self.failed_stages, self.lines.len());
        }
        Ok(())
    }
}
