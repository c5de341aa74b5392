//! `cargo xtask ci`: all that must be green before a change is merged. Fast checks first.

use anyhow::Result;

use crate::codegen;
use crate::counterparts;
use crate::program::Program;
use crate::stages::{Ending, Stage, Stages};
use crate::tally::Tally;
use crate::test::{self, Options, needs};
use crate::tidy;
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    counterparts::provide(&test::counterparts_for(options));
    let mut stages = Stages::default();
    check_sources(workspace, options, &mut stages);
    let built = !options.needs_build() || stages.run(Stage::Build, || test::build(workspace));
    if options.wants(Stage::Generated) {
        stages.run(Stage::Generated, || needs(built, || generated(workspace)));
    }
    test::run_all(workspace, options, &mut stages, built);
    stages.finish()
}

fn check_sources(workspace: &Workspace, options: &Options, stages: &mut Stages) {
    if options.wants(Stage::Fmt) {
        stages.run(Stage::Fmt, || passes(&workspace.cargo().args(["fmt", "--all", "--check"])));
    }
    if options.wants(Stage::Tidy) {
        stages.run(Stage::Tidy, || tidy::run(workspace).map(|()| Ending::Ran(Tally::ONE)));
    }
    if options.wants(Stage::Deny) {
        stages.run(Stage::Deny, || deny(workspace));
    }
    if options.wants(Stage::Clippy) {
        let clippy =
            workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
        stages.run(Stage::Clippy, || passes(&clippy));
    }
}

fn passes(program: &Program) -> Result<Ending> {
    program.run()?;
    Ok(Ending::Ran(Tally::ONE))
}

/// Advisories are left to a job with a network: their database is fetched from one.
fn deny(workspace: &Workspace) -> Result<Ending> {
    if !workspace.cargo().args(["deny", "--version"]).succeeds() {
        return Ok(Ending::Skipped("cargo-deny is not installed (cargo install cargo-deny)".into()));
    }
    passes(&workspace.cargo().args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
}

fn generated(workspace: &Workspace) -> Result<Ending> {
    codegen::check(workspace)?;
    Ok(Ending::Ran(Tally::ONE))
}
