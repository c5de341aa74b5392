//! The database answers, and the disk of the data folder has room: without it nothing is accepted any more.

use super::Patient;
use super::report::{Area, Check};

const GIBIBYTE: u64 = 1 << 30;

pub(super) async fn look(patient: &Patient<'_>) -> Check {
    let name = "disk";
    let folder = patient.core.options.data_dir.clone();
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder));
    let found = match asked.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Check::skipped(Area::Disk, name, format!("its room is not known: {error}")),
        Err(_) => return Check::skipped(Area::Disk, name, "its room is not known"),
    };
    let (free, whole) = (found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize);
    let share = free.saturating_mul(100) / whole.max(1);
    let detail = format!("{:.1} GiB are free ({share} %)", free as f64 / GIBIBYTE as f64);
    let advice = "Make room: accepted messages and received mail are written there before anything else happens. \
                  Old journal entries go by themselves when journal_retention_days is set.";
    if free < GIBIBYTE / 4 {
        Check::problem(Area::Disk, name, detail).advising(advice)
    } else if free < 2 * GIBIBYTE || share < 5 {
        Check::warning(Area::Disk, name, detail).advising(advice)
    } else {
        Check::ok(Area::Disk, name, detail)
    }
}
