//! Lines that part a message from the one it answers: `-----Original Message-----`, the long line of Outlook.

use super::{header_block, words};

/// Whether the first of these lines is one.
pub(super) fn is_divider(lines: &[&str]) -> bool {
    let line = lines[0].trim();
    let inner = line.trim_matches(['-', '—', '–', '=', '_', '*', ' ', ':', '\u{a0}', '>', '<']);
    let is_framed = ["--", "—", "––", "==", "__", "**"].iter().any(|frame| line.starts_with(frame));
    let is_known = |inner: &str| words::DIVIDERS.contains(&inner);
    if inner.len() > 200 {
        return false;
    }
    let inner = inner.to_lowercase();
    if is_known(&inner) {
        // Apple Mail writes `Begin forwarded message:`, and Outlook in some languages leaves the dashes out.
        let follows =
            lines[1..].iter().position(|line| !line.trim().is_empty()).map(|place| &lines[place + 1..]);
        return is_framed
            || (line.ends_with([':', '：']) && follows.is_some_and(header_block::begins_loosely))
            || follows.is_some_and(header_block::begins);
    }
    // `---------- Forwarded by Jane Doe on …`
    if is_framed
        && ["forwarded by ", "weitergeleitet von ", "forwarded message from "]
            .iter()
            .any(|start| inner.starts_with(start))
    {
        return true;
    }
    let is_long_line = line.len() >= 25 && line.bytes().all(|byte| byte == b'_');
    is_long_line
        && lines[1..].iter().position(|line| !line.trim().is_empty()).is_some_and(|place| {
            // Some draw such lines in their own letters.
            header_block::begins_loosely(&lines[place + 1..])
        })
}
