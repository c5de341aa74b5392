//! fsync: appends of 4 KiB, each flushed, one thread: what a commit per message costs at least.

use anyhow::Result;

use crate::accounting;
use crate::figures::Figures;
use crate::flush;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

pub fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let folder = settings.data_root()?;
    let count = settings.count(5_000);
    let before = Surroundings::measure(&folder)?;
    let cpu = accounting::own_cpu_seconds();
    let begun = watch::now();
    let flushes = flush::measure(&folder, count)?;
    let seconds = watch::seconds_since(begun);
    let cpu = accounting::own_cpu_seconds() - cpu;
    Ok(Figures::new("fsync", "-", round, &before).work(count, seconds).latency(&flushes).cpu(cpu, count))
}
