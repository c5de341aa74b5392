//! The chores of the project, as `cargo xtask …`. Light on purpose: it is compiled before anything else.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks on the console")]

mod bench;
mod ci;
mod codegen;
mod console;
mod counterparts;
mod fuzz;
mod new_provider;
mod node;
mod postgres;
mod program;
mod stages;
mod tally;
mod test;
mod tidy;
mod tied_child;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of the project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what the tests need and run them all
    Test(test::Options),
    /// Everything that must be green before a change is merged: style, structure, generated files, all tests
    Ci(test::Options),
    /// Check the structure: arrows between crates, paths in Markdown, file headers, file sizes, words
    Tidy,
    /// Write the generated files: OpenAPI document, TypeScript client, reference pages
    Codegen(codegen::Options),
    /// Start a new provider: a folder that compiles, known to lib.rs and held to the conformance suite
    NewProvider(new_provider::Options),
    /// Build for release and run benchmark scenarios, keeping their figures in bench/results
    Bench(bench::Options),
    /// Run the fuzz targets for a while
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(format_args!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<()> {
    let workspace = workspace::Workspace::find()?;
    match chore {
        Chore::Test(options) => test::run(&workspace, &options),
        Chore::Ci(options) => ci::run(&workspace, &options),
        Chore::Tidy => tidy::run(&workspace),
        Chore::Codegen(options) => codegen::run(&workspace, &options),
        Chore::NewProvider(options) => new_provider::run(&workspace, &options),
        Chore::Bench(options) => bench::run(&workspace, &options),
        Chore::Fuzz(options) => fuzz::run(&workspace, &options),
    }
}
