//! The dashboard's Node packages.

use std::fs;
use std::time::SystemTime;

use anyhow::Result;

use crate::workspace::Workspace;

/// `npm ci`, when the lock file is newer than what is installed. No package's install script runs.
pub fn install_dependencies(workspace: &Workspace) -> Result<()> {
    let changed =
        |path: &str| -> Option<SystemTime> { fs::metadata(workspace.web().join(path)).ok()?.modified().ok() };
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    workspace.npm().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).run()
}
