//! `cargo xtask test`: installs what the tests need, starts their database, runs them all and adds them up.

mod backend;
mod kill;
mod sdk;
mod story;
mod web;

use anyhow::Result;
use clap::Args;

use crate::console;
use crate::counterparts::{self, Counterpart};
use crate::fuzz;
use crate::node;
use crate::postgres::Postgres;
use crate::stages::{Ending, Stage, Stages};
use crate::tally::Tally;
use crate::workspace::Workspace;

#[derive(Args)]
pub struct Options {
    /// Run only this stage (may be given several times)
    #[arg(long, value_name = "STAGE")]
    only: Vec<Stage>,
    /// Leave this stage out (may be given several times)
    #[arg(long, value_name = "STAGE")]
    skip: Vec<Stage>,
    #[command(flatten)]
    kill: kill::Kills,
}

impl Options {
    pub fn wants(&self, stage: Stage) -> bool {
        (self.only.is_empty() || self.only.contains(&stage)) && !self.skip.contains(&stage)
    }

    /// Whether anything chosen runs what the build stage builds.
    pub fn needs_build(&self) -> bool {
        [Stage::Build, Stage::Generated, Stage::Backend, Stage::Sdk, Stage::Kill, Stage::Story]
            .into_iter()
            .any(|stage| self.wants(stage))
    }
}

pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    counterparts::provide(&counterparts_for(options));
    let mut stages = Stages::default();
    let built = !options.needs_build() || stages.run(Stage::Build, || build(workspace));
    run_all(workspace, options, &mut stages, built);
    stages.finish()
}

/// What the chosen stages run against. The build wants Node too, for the dashboard that it embeds.
pub fn counterparts_for(options: &Options) -> Vec<Counterpart> {
    let mut wanted = Vec::new();
    if options.needs_build() || options.wants(Stage::Web) {
        wanted.push(Counterpart::Node);
    }
    if options.wants(Stage::Backend) {
        wanted.extend([Counterpart::Postgres, Counterpart::Postfix, Counterpart::Dovecot]);
    }
    if options.wants(Stage::Kill) && options.kill.thorough && !wanted.contains(&Counterpart::Postgres) {
        wanted.push(Counterpart::Postgres);
    }
    if options.wants(Stage::Story) {
        wanted.push(Counterpart::Chromium);
    }
    if options.wants(Stage::Fuzz) {
        wanted.push(Counterpart::CppCompiler);
    }
    wanted
}

/// Builds everything once: the binaries of the kill test and the story, and the test programs beside them.
pub fn build(workspace: &Workspace) -> Result<Ending> {
    if Counterpart::Node.is_here() {
        node::install_dependencies(workspace)?;
    }
    workspace.cargo().args(["build", "--workspace", "--bins", "--tests"]).run()?;
    Ok(Ending::Ran(Tally::ONE))
}

/// The stages of `cargo xtask test` that follow the build.
pub fn run_all(workspace: &Workspace, options: &Options, stages: &mut Stages, built: bool) {
    if options.wants(Stage::Backend) {
        stages.run(Stage::Backend, || needs(built, || backend::tests(workspace)));
    }
    if options.wants(Stage::Doctests) {
        stages.run(Stage::Doctests, || needs(built, || backend::doctests(workspace)));
    }
    if options.wants(Stage::Sdk) {
        stages.run(Stage::Sdk, || needs(built, || sdk::test(workspace)));
    }
    if options.wants(Stage::Web) {
        stages.run(Stage::Web, || web::checks(workspace));
    }
    if options.wants(Stage::Kill) {
        stages.run(Stage::Kill, || needs(built, || kill::test(workspace, &options.kill)));
    }
    if options.wants(Stage::Story) {
        stages.run(Stage::Story, || needs(built, || story::test(workspace)));
    }
    if options.wants(Stage::Fuzz) {
        stages.run(Stage::Fuzz, || fuzz::every_target_briefly(workspace));
    }
}

/// Runs the work when the build went well. A build that failed has been counted already, with its own words.
pub fn needs(built: bool, work: impl FnOnce() -> Result<Ending>) -> Result<Ending> {
    if built { work() } else { Ok(Ending::Skipped("the build failed".into())) }
}

/// The database of the tests, or a loud word that there is none.
fn database() -> Result<Option<Postgres>> {
    if !Counterpart::Postgres.is_here() {
        console::warn(format_args!(
            "{}; the tests run on SQLite ONLY",
            counterparts::absence(Counterpart::Postgres)
        ));
        return Ok(None);
    }
    let postgres = Postgres::start()?;
    console::confirm("a throw-away PostgreSQL is running");
    Ok(Some(postgres))
}
