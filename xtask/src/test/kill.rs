//! The kill test: the server is killed at random instants under load, and nothing may be lost or sent twice.

use anyhow::Result;

use crate::program::Program;
use crate::stages::Ending;
use crate::workspace::Workspace;

pub fn test(workspace: &Workspace, kills: u32) -> Result<Ending> {
    let server = workspace.debug_binary("chancery");
    Program::new(workspace.debug_binary("bench"), &workspace.root)
        .args(["kill", "--kills", &kills.to_string(), "--bin"])
        .args([server])
        .run()?;
    Ok(Ending::Ran(crate::tally::Tally::ONE))
}
