//! The line above a quote that says who wrote it and when: `On Monday, Jane wrote:`, in the languages of the common
//! programs. Some put the verb in the middle, some have none.

use super::words;

/// Programs break it over so many lines.
const MAX_LINES: usize = 4;
const MAX_LENGTH: usize = 400;

/// How many lines it has, when the first of these begins one.
pub(super) fn lines(lines: &[&str]) -> Option<usize> {
    // Most lines are prose: look for an end before putting anything together.
    if !lines.iter().take(MAX_LINES).any(|line| ends(line)) {
        return None;
    }
    let mut joined = String::new();
    for (number, line) in lines.iter().take(MAX_LINES).enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('>') {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
        if joined.len() > MAX_LENGTH {
            return None;
        }
        let after = &lines[number + 1..];
        if ends(line)
            && (number == 0 || begins_attribution(&lines[..=number]))
            && is_attribution(&joined, after)
        {
            return Some(number + 1);
        }
    }
    None
}

/// Whether the first of several lines belongs to the others, and is not the end of what was written above them.
fn begins_attribution(lines: &[&str]) -> bool {
    let first = lines[0].trim().to_lowercase();
    let begins_later = lines[1..].iter().any(|line| {
        let line = line.trim().to_lowercase();
        words::STARTS.contains(&line.split_whitespace().next().unwrap_or_default()) && has_date(&line)
    });
    !begins_later && (has_date(&first) || has_address(&first) || begins_as_date(bare(&first)))
}

/// Whether the line can be the last one.
fn ends(line: &str) -> bool {
    let line = bare(line);
    line.ends_with([':', '：', '︰']) || line.ends_with("----")
}

/// Without the marks that turn the writing direction.
fn bare(text: &str) -> &str {
    text.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '*' | '_')
    })
}

fn is_attribution(joined: &str, after: &[&str]) -> bool {
    let text = bare(joined);
    let lower = text.to_lowercase();
    // Zoho: `---- On Mon, … Jane wrote ----`.
    if text.ends_with("----") {
        return text.starts_with("----") && has_verb(lower.trim_matches(['-', ' ']));
    }
    let body = lower.trim_end_matches([':', '：', '︰', ' ', '\u{a0}']);
    let has_address = has_address(body);
    let has_date = has_date(body);
    let is_followed_by_marks = after
        .iter()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| line.trim_start().starts_with('>'));
    if has_verb(body) {
        let is_last = || after.iter().all(|line| line.trim().is_empty());
        return has_address || is_followed_by_marks || (begins_as_date(body) && (has_date || is_last()));
    }
    // Gmail in Russian, Japanese or Hebrew has no verb: a date and an address in brackets.
    has_date && has_time(body) && has_address && body.ends_with(['>', ')', '\u{202c}', '\u{200f}'])
}

/// A verb as a word of its own; in languages without spaces anywhere.
fn has_verb(text: &str) -> bool {
    words::VERBS.iter().any(|verb| {
        text.match_indices(verb).any(|(start, _)| {
            let continues = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphabetic);
            !verb.is_ascii() && verb.chars().all(|character| u32::from(character) > 0x2E80)
                || !(continues(text[..start].chars().next_back())
                    || continues(text[start + verb.len()..].chars().next()))
        })
    })
}

fn has_address(text: &str) -> bool {
    text.split(|character: char| {
        character.is_whitespace()
            || "<>()[],;:\"'".contains(character)
            || ('\u{202A}'..='\u{202E}').contains(&character)
    })
    .any(|word| word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')))
}

fn begins_as_date(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default();
    words::STARTS.contains(&first) || first.starts_with(|character: char| character.is_ascii_digit())
}

/// A year, or two numbers with something between them.
fn has_date(text: &str) -> bool {
    let numbers: Vec<&str> = text
        .split(|character: char| !character.is_ascii_digit())
        .filter(|number| !number.is_empty())
        .collect();
    numbers.iter().any(|number| number.len() == 4 && (number.starts_with("19") || number.starts_with("20")))
        || numbers.iter().filter(|number| number.len() <= 2).count() >= 3
}

/// `10:00` or `10.00`.
fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit =
        |place: Option<usize>| place.and_then(|place| bytes.get(place)).is_some_and(u8::is_ascii_digit);
    (1..bytes.len()).any(|place| {
        matches!(bytes[place], b':' | b'.')
            && digit(place.checked_sub(1))
            && digit(Some(place + 1))
            && digit(Some(place + 2))
    })
}
