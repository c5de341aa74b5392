//! The only place that prints: results on standard output, everything else on standard error.
//!
//! Whoever reads the results may go away at any time, as `head` does: then the program ends quietly.

use std::io::{self, Write as _};

use serde::Serialize;

/// Nobody reads the results any more. Not a fault: `main` ends with success.
#[derive(Debug)]
pub struct Unread;

impl std::fmt::Display for Unread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("nobody reads the results any more")
    }
}

impl std::error::Error for Unread {}

/// A result as one line of JSON, or as a sentence.
pub fn result(json: bool, value: &impl Serialize, sentence: &str) -> anyhow::Result<()> {
    if json { line(&serde_json::to_string(value)?) } else { line(sentence) }
}

/// A line of a result.
pub fn line(text: &str) -> anyhow::Result<()> {
    written(writeln!(io::stdout().lock(), "{text}"))
}

/// What came of writing a result. Only of those: a connection that broke elsewhere is a fault.
pub fn written(outcome: io::Result<()>) -> anyhow::Result<()> {
    outcome.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Unread.into(),
        _ => error.into(),
    })
}

/// Something for the person at the terminal that is no result; there may be none.
pub fn notice(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// An error with its causes.
pub fn error(error: &anyhow::Error) {
    notice(&format!("error: {error:#}"));
}
