//! Words that must not enter the repository: promises instead of work, switched-off tests, paths of somebody's machine.

use super::{Finding, Source, Sources};

struct Word {
    /// Matched as it stands; letters at its ends must not continue.
    text: &'static str,
    endings: &'static [&'static str],
    reason: &'static str,
}

const CODE: &[&str] = &[".rs", ".ts", ".mjs", ".js", ".svelte", ".css", ".sql", ".toml", ".sh", ".html"];
const TESTS: &[&str] = &[".test.ts", ".spec.ts", ".mjs"];
const ALL: &[&str] = &[""];

const WORDS: [Word; 11] = [
    Word { text: "TODO", endings: CODE, reason: "do it, or open an issue" },
    Word { text: "FIXME", endings: CODE, reason: "fix it, or open an issue" },
    Word { text: "XXX", endings: CODE, reason: "say what is wrong, or make it right" },
    Word { text: "#[ignore", endings: CODE, reason: "a test that does not run proves nothing" },
    Word { text: "it.skip", endings: TESTS, reason: "a test that does not run proves nothing" },
    Word { text: "test.skip", endings: TESTS, reason: "a test that does not run proves nothing" },
    Word { text: "it.only", endings: TESTS, reason: "it silently switches the other tests off" },
    Word { text: "test.only", endings: TESTS, reason: "it silently switches the other tests off" },
    Word { text: "/home/", endings: ALL, reason: "a path of somebody's machine" },
    Word { text: "/Users/", endings: ALL, reason: "a path of somebody's machine" },
    Word { text: "/root/", endings: ALL, reason: "a path of somebody's machine" },
];

/// The one file that has to name them.
const THIS_FILE: &str = "xtask/src/tidy/words.rs";

pub fn check(sources: &Sources) -> Vec<Finding> {
    sources.files.iter().filter(|file| file.path != THIS_FILE).flat_map(breaches).collect()
}

fn breaches(file: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for word in WORDS.iter().filter(|word| word.endings.iter().any(|ending| file.path.ends_with(ending))) {
        for (number, line) in file.text.lines().enumerate() {
            if names(line, word.text) {
                let sentence = format!("`{}` must not stand here: {}", word.text, word.reason);
                findings.push(Finding::breach(format!("{}:{}", file.path, number + 1), sentence));
            }
        }
    }
    findings
}

/// Whether the line has the word, and not merely as a part of a longer one.
fn names(line: &str, word: &str) -> bool {
    let continues = |neighbour: Option<char>, end: Option<char>| {
        neighbour.is_some_and(char::is_alphanumeric) && end.is_some_and(char::is_alphanumeric)
    };
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !continues(before, word.chars().next()) && !continues(after, word.chars().next_back())
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn only_whole_words_count() {
        assert!(names("// TODO: later", "TODO"));
        assert!(!names("let id = \"mTODOk\";", "TODO"));
        assert!(names("    #[ignore = \"slow\"]", "#[ignore"));
        assert!(!names("commit.skip(1)", "it.skip"));
        assert!(names("see /home/jane/notes", "/home/"));
    }
}
