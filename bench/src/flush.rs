//! Times the disk's flush: write 4 KiB, fdatasync, one thread.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::histogram::Histogram;
use crate::watch;

/// Writes and flushes `times` blocks of a fresh file in `folder`, one behind the other.
pub fn measure(folder: &Path, times: u64) -> Result<Histogram> {
    std::fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
    let path = folder.join(format!("flush-{}", std::process::id()));
    let file = File::create(&path).with_context(|| format!("could not write {}", path.display()))?;
    let block = [7_u8; 4_096];
    let flushes = Histogram::default();
    for number in 0..times {
        let begun = watch::now();
        file.write_all_at(&block, number * 4_096)?;
        file.sync_data()?;
        flushes.record(watch::now() - begun);
    }
    drop(file);
    std::fs::remove_file(&path)?;
    Ok(flushes)
}
