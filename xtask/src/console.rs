//! What the person at the console sees between the programs: headings, commands, warnings.

use std::fmt::Display;
use std::io::IsTerminal;

pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Opens a part of the work.
pub fn heading(title: impl Display) {
    println!("\n{}", painted("1;36", format!("━━ {title}")));
}

/// Says which program runs next.
pub fn command(command: impl Display) {
    println!("{}", painted("2", format!("$ {command}")));
}

/// Says something that must not be overlooked.
pub fn warn(sentence: impl Display) {
    eprintln!("{}", painted("1;33", format!("⚠ {sentence}")));
}

/// Says what is wrong.
pub fn complain(sentence: impl Display) {
    eprintln!("{}", painted("1;31", format!("✗ {sentence}")));
}

/// Says that something is well.
pub fn confirm(sentence: impl Display) {
    println!("{}", painted("32", format!("✓ {sentence}")));
}

fn painted(colour: &str, text: String) -> String {
    if is_terminal() { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text }
}
