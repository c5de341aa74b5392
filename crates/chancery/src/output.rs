//! The only place that prints: results on standard output, everything else on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

use serde::Serialize;

/// A result as one line of JSON, or as a sentence.
pub fn result(json: bool, value: &impl Serialize, sentence: &str) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(value)?);
    } else {
        println!("{sentence}");
    }
    Ok(())
}

/// A line of a result.
pub fn line(text: &str) {
    println!("{text}");
}

/// Something for the person at the terminal that is no result.
pub fn notice(text: &str) {
    eprintln!("{text}");
}

/// An error with its causes.
pub fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
