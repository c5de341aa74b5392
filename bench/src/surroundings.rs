//! What must stand beside every figure: the commit, the load of the machine, the flush of its disk.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{accounting, flush};

#[derive(Debug, Clone)]
pub struct Surroundings {
    pub commit: String,
    /// One-minute load average just before the run.
    pub load: f64,
    /// Median of 200 appends of 4 KiB with fdatasync, just before the run.
    pub flush_p50_us: f64,
}

impl Surroundings {
    /// Looks round; `folder` is on the disk the measured data will be on.
    pub fn measure(folder: &Path) -> Result<Self> {
        let flush = flush::measure(folder, 200)?;
        Ok(Self {
            commit: commit(),
            load: accounting::load_average(),
            flush_p50_us: flush.percentile(0.5).unwrap_or(0) as f64 / 1_000.0,
        })
    }
}

fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}
