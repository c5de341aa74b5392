//! The kill tests: the server is killed at random instants under load. What goes out may not be lost or sent twice; what
//! comes in is filed exactly once.

use anyhow::Result;

use crate::program::Program;
use crate::stages::Ending;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// How hard the server is tried.
#[derive(clap::Args)]
pub struct Kills {
    /// How often the kill test of what goes out kills the server
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u32,
    /// How many mails the kill test of what comes in sends
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    inbound_mails: u32,
    /// How often it kills the server
    #[arg(long, value_name = "N", default_value_t = 15)]
    inbound_kills: u32,
    /// What comes in at full length, 10,000 mails and 60 kills, and on PostgreSQL as well
    #[arg(long)]
    pub thorough: bool,
}

pub fn test(workspace: &Workspace, options: &Kills) -> Result<Ending> {
    let mut tally = Tally::default();
    tally += run(workspace, "kill", &["--kills", &options.kills.to_string()]);
    let (mails, kills) =
        if options.thorough { (10_000, 60) } else { (options.inbound_mails, options.inbound_kills) };
    let inbound = ["--n", &mails.to_string(), "--kills", &kills.to_string()];
    tally += run(workspace, "kill-inbound", &inbound);
    if options.thorough {
        tally += run(workspace, "kill-inbound", &[&inbound[..], &["--database", "postgres"]].concat());
    }
    Ok(Ending::Ran(tally))
}

/// One scenario; one that fails must not keep the next from running.
fn run(workspace: &Workspace, scenario: &str, arguments: &[&str]) -> Tally {
    let program = Program::new(workspace.debug_binary("bench"), &workspace.root)
        .args([scenario])
        .args(arguments)
        .args(["--bin"])
        .args([workspace.debug_binary("chancery")]);
    match program.run() {
        Ok(()) => Tally::ONE,
        Err(error) => {
            crate::console::complain(format_args!("{error:#}"));
            Tally { passed: 0, failed: 1 }
        }
    }
}
