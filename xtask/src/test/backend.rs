//! The Rust tests, on SQLite and on a throw-away PostgreSQL.

use anyhow::Result;

use crate::program::Program;
use crate::stages::Ending;
use crate::workspace::Workspace;

pub fn tests(workspace: &Workspace) -> Result<Ending> {
    // Kept until the tests are over; it stops the server when it goes.
    let database = super::database()?;
    let mut runner = runner(workspace);
    if let Some(postgres) = &database {
        runner = runner.env("CHANCERY_TEST_POSTGRES_URL", postgres.url());
    }
    Ok(Ending::Ran(runner.run_counted()?))
}

pub fn doctests(workspace: &Workspace) -> Result<Ending> {
    Ok(Ending::Ran(workspace.cargo().args(["test", "--workspace", "--doc"]).run_counted()?))
}

/// nextest runs the tests of all crates side by side; without it cargo runs them crate by crate.
fn runner(workspace: &Workspace) -> Program {
    // Property tests draw the same inputs each time: whether a change passes must not hang on luck. What nobody thought of
    // is searched for with `PROPTEST_CASES=50000 cargo nextest run`, which draws new ones.
    let cargo = || workspace.cargo().env("PROPTEST_RNG_SEED", "1");
    let nextest = workspace.cargo().args(["nextest", "--version"]).succeeds();
    if nextest {
        cargo().args(["nextest", "run", "--workspace"])
    } else {
        cargo().args(["test", "--workspace", "--bins", "--tests", "--no-fail-fast"])
    }
}
