//! Separates what somebody wrote from what he answers to, in plain text and in HTML. Unsure means: he wrote it. Nothing
//! is ever lost, and what is shown first is never empty where something was written.

mod attribution;
mod devices;
mod divider;
mod header_block;
mod html;
mod signature;
mod words;

pub use html::{HtmlSplit, split_html};

/// A text in its three parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextSplit {
    /// What was written now; empty only when the whole text is.
    pub new: String,
    /// From the `-- ` or the "Sent from my phone" on.
    pub signature: Option<String>,
    /// Mail that is answered or forwarded, with the line that introduces it.
    pub quoted: Option<String>,
}

/// Every line of the text is in one of the parts. Answers between quoted lines keep those lines with them.
#[must_use]
pub fn split_text(text: &str) -> TextSplit {
    let lines: Vec<&str> = text.lines().collect();
    let Some((start, kind)) =
        (0..lines.len()).find_map(|place| Some((place, begins_quote(&lines[place..])?)))
    else {
        return parted(text, &lines, &[], &[]);
    };
    let (before, quoted) = lines.split_at(start);
    if kind == Quote::ToTheEnd {
        return parted(text, before, quoted, &[]);
    }
    let end = end_of_marked(quoted);
    let (marked, after) = quoted.split_at(end);
    if is_blank(after) {
        return parted(text, before, marked, &[]);
    }
    if signature::start_in(after) == first_line(after) {
        return parted(text, before, marked, after);
    }
    let goes_on = (0..after.len()).find_map(|place| begins_quote(&after[place..]));
    if goes_on.is_some() && first_line(after).is_some_and(|place| begins_quote(&after[place..]).is_some()) {
        // A quote that quotes another, without marks.
        return parted(text, before, quoted, &[]);
    }
    if is_blank(before) && goes_on.is_none() {
        // He answers below.
        return parted(text, after, marked, &[]);
    }
    whole(text)
}

/// How a quote ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// Its lines are marked with `>`.
    Marked,
    /// It has no marks, so everything below belongs to it.
    ToTheEnd,
}

/// Whether a quote begins at the first of these lines.
fn begins_quote(lines: &[&str]) -> Option<Quote> {
    let line = lines[0].trim();
    if line.is_empty() {
        return None;
    }
    if is_marked(line) {
        return Some(Quote::Marked);
    }
    if let Some(count) = attribution::lines(lines) {
        let follows = lines[count..].iter().find(|line| !line.trim().is_empty());
        return Some(if follows.is_none_or(|line| is_marked(line)) {
            Quote::Marked
        } else {
            Quote::ToTheEnd
        });
    }
    (divider::is_divider(lines) || header_block::begins(lines)).then_some(Quote::ToTheEnd)
}

fn is_marked(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// The end of the lines with marks, and of the line above them that says who wrote them.
fn end_of_marked(lines: &[&str]) -> usize {
    let introduction = attribution::lines(lines).unwrap_or(0);
    let is_rest = |line: &&&str| is_marked(line) || line.trim().is_empty();
    introduction + lines[introduction..].iter().take_while(is_rest).count()
}

/// Puts the parts together, unless that would leave nothing to see.
fn parted(text: &str, new: &[&str], quoted: &[&str], below: &[&str]) -> TextSplit {
    if is_blank(new) {
        return whole(text);
    }
    let cut = signature::start_in(new).filter(|cut| !is_blank(&new[..*cut])).unwrap_or(new.len());
    let (written, own) = new.split_at(cut);
    let signatures: Vec<String> = [own, below].into_iter().filter_map(part_of).collect();
    TextSplit {
        new: text_of(written),
        signature: (!signatures.is_empty()).then(|| signatures.join("\n\n")),
        quoted: part_of(quoted),
    }
}

fn whole(text: &str) -> TextSplit {
    TextSplit { new: text_of(&text.lines().collect::<Vec<_>>()), ..TextSplit::default() }
}

fn is_blank(lines: &[&str]) -> bool {
    lines.iter().all(|line| line.trim().is_empty())
}

fn first_line(lines: &[&str]) -> Option<usize> {
    lines.iter().position(|line| !line.trim().is_empty())
}

fn part_of(lines: &[&str]) -> Option<String> {
    Some(text_of(lines)).filter(|text| !text.is_empty())
}

/// Without the empty lines around it.
fn text_of(lines: &[&str]) -> String {
    let start = first_line(lines).unwrap_or(lines.len());
    lines[start..].join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests;
