//! A file has one idea. Past 400 lines it is asked what its second idea is; past 800 it is refused.

use super::{Finding, Sources};

const LONG: usize = 400;
const TOO_LONG: usize = 800;

/// Written by `cargo xtask codegen`, and read by nobody line by line.
const GENERATED: [&str; 1] = ["web/src/api/schema.d.ts"];

pub fn check(sources: &Sources) -> Vec<Finding> {
    let written = sources.ending(&[".rs", ".ts", ".mjs", ".svelte", ".css", ".sql"]);
    written
        .filter(|file| !GENERATED.contains(&file.path.as_str()))
        .filter_map(|file| {
            let lines = file.text.lines().count();
            if lines > TOO_LONG {
                let sentence = format!("has {lines} lines; split it by idea (the limit is {TOO_LONG})");
                return Some(Finding::breach(&file.path, sentence));
            }
            (lines > LONG)
                .then(|| Finding::warning(&file.path, format!("has {lines} lines: what is its second idea?")))
        })
        .collect()
}
