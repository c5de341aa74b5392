//! Every Rust file opens with one `//!` sentence, so that a reader knows what it is for before reading it.

use super::{Finding, Sources};

pub fn check(sources: &Sources) -> Vec<Finding> {
    let silent = sources.ending(&[".rs"]).filter(|file| !file.text.starts_with("//! "));
    silent
        .map(|file| Finding::breach(&file.path, "opens without a `//!` sentence that says what it is for"))
        .collect()
}
