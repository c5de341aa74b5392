//! The headers that Outlook and others put above what they quote: `From:`, and close by `Sent:`, `To:`, `Subject:`.

use super::words;

/// Whether such a block begins at the first of these lines.
pub(super) fn begins(lines: &[&str]) -> bool {
    is_one(lines, 2)
}

/// The same behind a divider, where less is proof enough.
pub(super) fn begins_loosely(lines: &[&str]) -> bool {
    is_one(lines, 1)
}

fn is_one(lines: &[&str], enough: usize) -> bool {
    let Some(first) = lines.first() else { return false };
    let starts_with_from = named(first).is_some_and(|name| words::FROM.contains(&name.as_str()));
    if !starts_with_from && !starts_with_another(lines) {
        return false;
    }
    let mut others = 0;
    let mut strange = 0;
    for line in lines[1..].iter().filter(|line| !line.trim().is_empty()).take(9) {
        match named(line) {
            Some(name) if words::OTHERS.contains(&name.as_str()) => others += 1,
            _ => strange += 1,
        }
        // A long list of recipients is broken over lines.
        if strange > 3 {
            break;
        }
    }
    others >= enough
}

/// Some put the date or the subject first; then `From:` must follow at once.
fn starts_with_another(lines: &[&str]) -> bool {
    let is = |line: Option<&&str>, list: &[&str]| {
        line.and_then(|line| named(line)).is_some_and(|name| list.contains(&name.as_str()))
    };
    is(lines.first(), words::OTHERS)
        && lines[1..].iter().take(3).any(|line| is(Some(line), words::FROM))
        && lines[1..].iter().take(5).filter(|line| is(Some(line), words::OTHERS)).count() >= 2
}

/// The name before the colon, in lower case, without what marks it as bold.
fn named(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches(['>', ' ', '*', '|']);
    let (name, value) = line.split_once([':', '：'])?;
    // `https://…` and `10:00` are no headers.
    if value.starts_with("//") || name.len() > 60 {
        return None;
    }
    let name = name.trim_matches(|character: char| {
        character.is_whitespace() || character == '*' || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    });
    (!name.is_empty()).then(|| name.to_lowercase())
}
