//! How many tests passed and failed, read from the closing lines of cargo, nextest and vitest.

use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

/// How the closing line begins: nextest, cargo test, vitest.
const CLOSING_LINES: [&str; 3] = ["Summary [", "test result:", "Tests "];

impl Tally {
    /// One check that went well.
    pub const ONE: Tally = Tally { passed: 1, failed: 0 };

    /// What a line of output says about tests; nothing when it is not a closing line.
    pub fn read(line: &str) -> Tally {
        let plain = without_colours(line);
        if !CLOSING_LINES.iter().any(|opening| plain.trim_start().starts_with(opening)) {
            return Tally::default();
        }
        let words: Vec<&str> =
            plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let mut tally = Tally::default();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => tally.passed += count,
                // nextest counts "timed out" and "exec failed" apart from "failed".
                "failed" | "timed" | "exec" => tally.failed += count,
                _ => {}
            }
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A colour is ESC [ digits m.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn reads_the_closing_lines_of_every_runner() {
        let cases = [
            (
                "     Summary [   1.2s] 14 tests run: 11 passed (1 slow), 2 failed, 1 timed out, 0 skipped",
                11,
                3,
            ),
            ("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out", 3, 1),
            ("      Tests  1 failed | 11 passed (12)", 11, 1),
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m passed",
                2,
                0,
            ),
            (" Test Files  3 passed (3)", 0, 0),
            ("the server said that 3 passed and 1 failed", 0, 0),
        ];
        for (line, passed, failed) in cases {
            assert_eq!(Tally::read(line), Tally { passed, failed }, "{line}");
        }
    }
}
