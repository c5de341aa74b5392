//! The dashboard's own checks: types, lints, unit tests.

use anyhow::Result;

use crate::counterparts::{self, Counterpart};
use crate::node;
use crate::stages::Ending;
use crate::tally::Tally;
use crate::workspace::Workspace;

pub fn checks(workspace: &Workspace) -> Result<Ending> {
    if !Counterpart::Node.is_here() {
        return Ok(Ending::Skipped(counterparts::absence(Counterpart::Node)));
    }
    node::install_dependencies(workspace)?;
    let mut tally = Tally::default();
    for check in ["check", "lint"] {
        let went_well = workspace.npm().args(["run", check]).run_counted()?.failed == 0;
        tally += if went_well { Tally::ONE } else { Tally { passed: 0, failed: 1 } };
    }
    tally += workspace.npm().args(["test"]).run_counted()?;
    Ok(Ending::Ran(tally))
}
