//! The same for HTML: programs mark what they quote with elements of their own, and where they do not, the lines tell.

mod marks;
mod tree;

use marks::Mark;
use tree::Document;

use super::{attribution, divider, header_block, signature};

/// A letter in its parts; each is HTML that stands alone. Not cleaned: clean each part before it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HtmlSplit {
    /// What was written now; never empty where anything was written.
    pub new: String,
    /// The signature, and mail that is answered or forwarded: what a reader opens only when he wants to.
    pub quoted: Option<String>,
}

/// The new letter, and the rest when something was cut. Nothing is lost but what no reader sees: comments, scripts, styles.
#[must_use]
pub fn split_html(html: &str) -> HtmlSplit {
    let rewritten = crate::html::rewritten(html);
    let document = Document::read(&rewritten);
    let (new, quoted) = match quote_in(&document) {
        Some((start, end)) => {
            let (new, quoted) = document.extract(start, end);
            (new, Some(quoted))
        }
        None => (rewritten.clone(), None),
    };
    let document = Document::read(&new);
    let found = signature_in(&document).map(|(start, end)| document.extract(start, end));
    match found {
        Some((written, signature)) => {
            HtmlSplit { new: written, quoted: Some(signature + &quoted.unwrap_or_default()) }
        }
        // Nothing to cut: the letter as it came.
        None if quoted.is_none() => HtmlSplit { new: html.to_owned(), quoted: None },
        None => HtmlSplit { new, quoted },
    }
}

/// Quoted elements right behind each other; beyond this number they are taken for answers between quotes.
const MAX_PIECES: usize = 50;

/// Where a quote lies among the tokens.
struct Found {
    start: usize,
    end: usize,
    /// Whether a program made the element to hold nothing but the quote.
    is_container: bool,
}

/// The range to cut, when something else is left.
fn quote_in(document: &Document<'_>) -> Option<(usize, usize)> {
    let whole = document.tokens.len();
    let mut found = first_quote(document, 0)?;
    // What follows at once belongs to it: some programs quote the line above in an element of its own.
    let mut pieces = 1;
    while found.end < whole
        && pieces < MAX_PIECES
        && let Some(next) = first_quote(document, found.end)
        && !document.has_content(found.end, next.start)
    {
        found.end = next.end;
        found.is_container |= next.is_container;
        pieces += 1;
    }
    let start = document.behind_ends(document.behind_content(found.start), found.start);
    let is_before = document.has_content(0, start);
    let is_after = document.has_content(found.end, whole) && !begins_with_signature(document, found.end);
    let answers_again = is_after && first_quote(document, found.end).is_some();
    let answers_inside = found.is_container && answers_between(document, start, found.end);
    // Answers between quoted lines stay with them.
    if answers_again
        || answers_inside
        || (is_before && is_after && !found.is_container)
        || !(is_before || is_after)
    {
        return None;
    }
    Some((start, found.end))
}

/// The first quote that begins at this token or later.
fn first_quote(document: &Document<'_>, from: usize) -> Option<Found> {
    let by_element = first_marked(document, from);
    let texts: Vec<&str> = document.lines.iter().map(|line| line.text.as_str()).collect();
    let limit = by_element.as_ref().map_or(usize::MAX, |found| found.start);
    let lines = document.lines.iter().enumerate();
    let by_line = lines
        .skip_while(|(_, line)| line.start < from)
        .take_while(|(_, line)| line.start < limit)
        .find_map(|(place, _)| begins_at(document, &texts, place));
    by_line.or(by_element)
}

fn first_marked(document: &Document<'_>, from: usize) -> Option<Found> {
    for element in document.elements.iter().filter(|element| element.start >= from) {
        let Some(mark) = marks::of(document, element) else { continue };
        let (end, is_container) = match mark {
            Mark::Container => (element.end, true),
            Mark::Cited => (element.end, false),
            Mark::Introduction => (document.next_blockquote(element.end).unwrap_or(element.end), false),
            Mark::Rest => (document.tokens.len(), true),
        };
        return Some(Found { start: element.start, end, is_container });
    }
    None
}

/// Whether the lines from this one on look like a quote.
fn begins_at(document: &Document<'_>, texts: &[&str], place: usize) -> Option<Found> {
    let start = document.lines[place].start;
    let lines = &texts[place..];
    let whole = document.tokens.len();
    if let Some(count) = attribution::lines(lines) {
        let next = (place + count..texts.len()).find(|next| !texts[*next].trim().is_empty());
        let Some(next) = next.filter(|next| texts[*next].starts_with('>')) else {
            return Some(Found { start, end: whole, is_container: true });
        };
        let end = document.blockquote_around(document.lines[next].start);
        // Marks in the text, and not elements: what follows them cannot be told apart.
        let end = end.or_else(|| {
            texts[next..].iter().all(|text| text.trim().is_empty() || text.starts_with('>')).then_some(whole)
        });
        return end.map(|end| Found { start, end, is_container: false });
    }
    (divider::is_divider(lines) || header_block::begins(lines)).then_some(Found {
        start,
        end: whole,
        is_container: true,
    })
}

/// Whether something was written between the quoted pieces of one container. A forwarded message is one piece.
fn answers_between(document: &Document<'_>, start: usize, end: usize) -> bool {
    let texts: Vec<&str> = document.lines.iter().map(|line| line.text.as_str()).collect();
    let mut was_quoted = false;
    let mut above = Vec::new();
    for (place, line) in
        document.lines.iter().enumerate().filter(|(_, line)| (start..end).contains(&line.start))
    {
        if line.text.starts_with('>') {
            // Above the pieces stands at most the line that says who wrote them; else they are part of what is quoted.
            if !was_quoted
                && (above.len() > 4
                    || above.last().is_some_and(|line: &&str| !line.ends_with([':', '：', '-'])))
            {
                return false;
            }
            was_quoted = true;
        } else if divider::is_divider(&texts[place..]) || header_block::begins(&texts[place..]) {
            return false;
        } else if was_quoted && !line.text.trim().is_empty() {
            let is_signature = signature::start_in(&texts[place..]) == Some(0)
                || marks::is_in_signature(document, line.start);
            return !is_signature && document.next_blockquote(line.start).is_some_and(|next| next <= end);
        } else if !line.text.trim().is_empty() {
            above.push(texts[place]);
        }
    }
    false
}

fn begins_with_signature(document: &Document<'_>, from: usize) -> bool {
    let lines: Vec<&str> =
        document.lines.iter().filter(|line| line.start >= from).map(|line| line.text.as_str()).collect();
    let first = lines.iter().position(|line| !line.trim().is_empty());
    let marked = document.lines.iter().find(|line| line.start >= from && !line.text.trim().is_empty());
    first.is_some() && signature::start_in(&lines) == first
        || marked.is_some_and(|line| marks::is_in_signature(document, line.start))
}

fn signature_in(document: &Document<'_>) -> Option<(usize, usize)> {
    let whole = document.tokens.len();
    let marked = document.elements.iter().find(|element| {
        marks::is_signature(document, element) && document.has_content(element.start, element.end)
    });
    let range = match marked {
        Some(element) => (element.start, element.end),
        None => {
            let texts: Vec<&str> = document.lines.iter().map(|line| line.text.as_str()).collect();
            (document.lines.get(signature::start_in(&texts)?)?.start, whole)
        }
    };
    // The dashes above a marked signature go with it.
    let start = document.behind_dashes(range.0);
    let leaves_something = document.has_content(0, start) || document.has_content(range.1, whole);
    leaves_something.then_some((start, range.1))
}

#[cfg(test)]
mod tests;
