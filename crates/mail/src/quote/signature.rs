//! Where somebody's signature begins: the two dashes of RFC 3676, or the line that a phone adds.

use super::devices;

/// A line that a phone adds stands among the last ones.
const LAST_LINES: usize = 8;
/// Behind two dashes without their space so many lines are a signature; more are a text with a line drawn in it.
const MAX_LINES: usize = 25;

/// The line on which it begins.
pub(super) fn start_in(lines: &[&str]) -> Option<usize> {
    let dashes = lines.iter().position(|line| is_dashes(line)).filter(|place| {
        lines[*place] == "-- "
            || lines[*place..].iter().filter(|line| !line.trim().is_empty()).count() <= MAX_LINES
    });
    let end = dashes.unwrap_or(lines.len());
    let filled: Vec<usize> =
        (0..end).rev().filter(|place| !lines[*place].trim().is_empty()).take(LAST_LINES).collect();
    let of_phone = filled.into_iter().filter(|place| is_of_phone(lines[*place])).min();
    of_phone.or(dashes)
}

fn is_dashes(line: &str) -> bool {
    line == "-- " || matches!(line.trim_end(), "--" | "—" | "-- =") || line == "--\u{a0}"
}

/// `Sent from my iPhone`, in the languages of phones.
pub(super) fn is_of_phone(line: &str) -> bool {
    if line.len() > 1_000 {
        return false;
    }
    let line = line
        .trim()
        .trim_matches(['*', '_', '-', '[', ']', '<', '>', ' ', '.', '!'])
        .to_lowercase()
        .replace('’', "'");
    if line.is_empty() || line.chars().count() > 140 {
        return false;
    }
    let speaks_of_device = || devices::DEVICES.iter().any(|device| line.contains(device));
    (devices::SENT_FROM.iter().any(|start| line.starts_with(start))
        || devices::FROM_SENT.iter().any(|end| line.ends_with(end)))
        && speaks_of_device()
}
