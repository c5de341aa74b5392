//! Reads /proc: the CPU and the memory of a whole process tree, and the load of the machine.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The kernel reports CPU time in these (USER_HZ, 100 on every Linux we build for).
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds (user + system) that the trees below `roots` have used since they began: every
/// living process, and the children each of them has already reaped.
pub fn cpu_seconds(roots: &[u32]) -> f64 {
    let table = process_table();
    let ticks: u64 = tree(&table, roots).iter().map(|pid| table[pid].ticks).sum();
    ticks as f64 / TICKS_PER_SECOND
}

/// These processes and all below them.
pub fn tree_below(roots: &[u32]) -> Vec<u32> {
    tree(&process_table(), roots)
}

/// CPU seconds of this program itself: generator and sinks.
pub fn own_cpu_seconds() -> f64 {
    read_stat(std::process::id()).map_or(0.0, |line| line.own_ticks as f64 / TICKS_PER_SECOND)
}

/// Resident and proportional memory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    pub rss_mib: f64,
    pub pss_mib: f64,
}

pub fn memory(roots: &[u32]) -> Memory {
    let table = process_table();
    let mut memory = Memory::default();
    for pid in tree(&table, roots) {
        memory.rss_mib += kibibytes(&format!("/proc/{pid}/status"), "VmRSS:") / 1_024.0;
        memory.pss_mib += kibibytes(&format!("/proc/{pid}/smaps_rollup"), "Pss:") / 1_024.0;
    }
    memory.rss_mib = crate::figures::rounded(memory.rss_mib);
    memory.pss_mib = crate::figures::rounded(memory.pss_mib);
    memory
}

pub fn load_average() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

/// Every file below a folder, with its size in bytes.
pub fn files_below(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => files.push((entry.path(), metadata.len())),
                Err(_) => {}
            }
        }
    }
    files
}

/// The process that listens on a TCP port of this machine; of several the oldest (the postmaster,
/// not one of its backends).
pub fn listener_of(port: u16) -> Option<u32> {
    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let mut owners: Vec<u32> = process_table()
        .into_keys()
        .filter(|pid| {
            let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
            open.flatten().filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| {
                target.to_str().is_some_and(|target| sockets.iter().any(|socket| socket == target))
            })
        })
        .collect();
    owners.sort_unstable();
    owners.first().copied()
}

fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|columns| columns.len() > 9 && columns[1].ends_with(&suffix) && columns[3] == "0A")
        .map(|columns| columns[9].to_owned())
        .collect()
}

#[derive(Debug, Clone, Copy)]
struct StatLine {
    parent: u32,
    own_ticks: u64,
    /// Own and those of reaped children.
    ticks: u64,
}

fn process_table() -> HashMap<u32, StatLine> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(|pid| Some((pid, read_stat(pid)?)))
        .collect()
}

fn read_stat(pid: u32) -> Option<StatLine> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<StatLine> {
    // The name may hold spaces and brackets; the last bracket ends it.
    let (_, rest) = text.rsplit_once(')')?;
    let columns: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| columns.get(index)?.parse::<u64>().ok();
    let own_ticks = number(11)? + number(12)?;
    Some(StatLine {
        parent: u32::try_from(number(1)?).ok()?,
        own_ticks,
        ticks: own_ticks + number(13)? + number(14)?,
    })
}

fn tree(table: &HashMap<u32, StatLine>, roots: &[u32]) -> Vec<u32> {
    let mut members: Vec<u32> = roots.iter().copied().filter(|pid| table.contains_key(pid)).collect();
    let mut next = 0;
    while next < members.len() {
        let parent = members[next];
        let children = table.iter().filter(|(_, line)| line.parent == parent).map(|(pid, _)| *pid);
        let fresh: Vec<u32> = children.filter(|pid| !members.contains(pid)).collect();
        members.extend(fresh);
        next += 1;
    }
    members
}

fn kibibytes(path: &str, label: &str) -> f64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix(label))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, listening_inodes, memory, parse_stat};

    #[test]
    fn a_name_with_brackets_does_not_shift_the_columns() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 5";
        let parsed = parse_stat(line).expect("a stat line");
        assert_eq!((parsed.parent, parsed.own_ticks, parsed.ticks), (7, 30, 100));
    }

    #[test]
    fn this_process_has_memory_and_a_dead_one_has_no_cpu() {
        assert!(memory(&[std::process::id()]).rss_mib > 0.0);
        assert!(cpu_seconds(&[u32::MAX]).abs() < f64::EPSILON);
    }

    #[test]
    fn only_listening_sockets_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 111 1 0\n\
            1: 0100007F:1538 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 222 1 0\n";
        assert_eq!(listening_inodes(table, 0x1538), ["111"]);
    }
}
