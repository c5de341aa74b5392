//! The only two places that print: figures go to stdout, words for people to stderr.

use crate::figures::Figures;

#[expect(clippy::print_stdout, reason = "the JSON line is what this program is for")]
pub fn figures(figures: &Figures) {
    println!("{}", serde_json::to_string(figures).expect("figures are plain numbers and strings"));
    say(&figures.sentence());
}

#[expect(clippy::print_stderr, reason = "the summary for people goes beside the JSON lines")]
pub fn say(words: &str) {
    eprintln!("{words}");
}

/// A line of JSON that is no run of its own.
#[expect(clippy::print_stdout, reason = "a summary is part of the output that scripts read")]
pub fn line(value: &serde_json::Value) {
    println!("{value}");
}
