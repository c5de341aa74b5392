//! A letter as tokens, with the elements and the lines of text that they make. Enough to cut a piece out so that both
//! halves stay whole; what is safe to show is decided elsewhere.

use std::collections::HashMap;

/// A tag or the text between two.
pub(super) struct Token<'a> {
    text: &'a str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// An element without an inside; a picture counts as content.
    Void {
        is_picture: bool,
    },
    Start(usize),
    /// Its text is empty where the letter leaves the end tag out.
    End(usize),
}

/// An element, by the tokens at which it starts and behind which it ends.
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    tag: &'a str,
}

/// What a reader sees as one line; inside of quoted blocks it begins with `>`.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) start: usize,
}

pub(super) struct Document<'a> {
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) lines: Vec<Line>,
}

const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr", "keygen",
];
/// Elements that make a line of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "br",
];

impl<'a> Document<'a> {
    /// Reads a letter that was written anew: every `<` begins a tag, and every value is in double quotes.
    pub(super) fn read(html: &'a str) -> Document<'a> {
        let mut builder = Builder::default();
        let mut rest = html;
        while !rest.is_empty() {
            let end = match rest.strip_prefix('<') {
                Some(tag) => 1 + end_of_tag(tag),
                None => rest.find('<').unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(end);
            builder.take(token);
            rest = after;
        }
        builder.finish()
    }

    /// Cuts the tokens of a range out. Elements that reach out of it are in both halves.
    pub(super) fn extract(&self, start: usize, end: usize) -> (String, String) {
        let (mut outside, mut inside) = (String::new(), String::new());
        for element in self.elements.iter().filter(|element| element.start < start && element.end > start) {
            inside.push_str(element.tag);
        }
        for (place, token) in self.tokens.iter().enumerate() {
            if !(start..end).contains(&place) {
                // What stood between two words kept them apart.
                if place >= end && matches!(token.kind, Kind::Text) && !is_apart(&outside) {
                    outside.push('\n');
                }
                outside.push_str(token.text);
                continue;
            }
            inside.push_str(token.text);
            let reaches_out = match token.kind {
                Kind::Start(element) => self.elements[element].end > end,
                Kind::End(element) => self.elements[element].start < start,
                Kind::Text | Kind::Void { .. } => false,
            };
            if reaches_out {
                outside.push_str(token.text);
            }
        }
        let open = |element: &&Element<'_>| element.start < end && element.end > end;
        for element in self.elements.iter().rev().filter(open) {
            inside.push_str("</");
            inside.push_str(element.name);
            inside.push('>');
        }
        (outside, inside)
    }

    /// Whether a reader sees anything in the range.
    pub(super) fn has_content(&self, start: usize, end: usize) -> bool {
        self.tokens.get(start..end.min(self.tokens.len())).unwrap_or_default().iter().any(Token::is_content)
    }

    /// The token behind the last one before this that a reader sees.
    pub(super) fn behind_content(&self, place: usize) -> usize {
        self.tokens[..place].iter().rposition(Token::is_content).map_or(0, |last| last + 1)
    }

    /// The same place, behind the tags that end what is above.
    pub(super) fn behind_ends(&self, place: usize, limit: usize) -> usize {
        let ends = self.tokens[place..limit].iter().take_while(|token| matches!(token.kind, Kind::End(_)));
        place + ends.count()
    }

    /// The place of the `--` right above, or the same place.
    pub(super) fn behind_dashes(&self, place: usize) -> usize {
        let behind = self.behind_content(place);
        match behind.checked_sub(1).map(|last| &self.tokens[last]) {
            Some(token) if matches!(decoded(token.text).trim(), "--" | "—") => behind - 1,
            _ => place,
        }
    }

    /// Where the first quoted block behind this token ends.
    pub(super) fn next_blockquote(&self, from: usize) -> Option<usize> {
        self.elements
            .iter()
            .find(|element| element.name == "blockquote" && element.start >= from)
            .map(|element| element.end)
    }

    /// Where the outermost quoted block around this token ends.
    pub(super) fn blockquote_around(&self, token: usize) -> Option<usize> {
        let holds = |element: &&Element<'_>| {
            element.name == "blockquote" && (element.start..element.end).contains(&token)
        };
        self.elements.iter().find(holds).map(|element| element.end)
    }

    pub(super) fn lines_in(&self, element: &Element<'_>) -> impl Iterator<Item = &Line> {
        let (start, end) = (element.start, element.end);
        let first = self.lines.partition_point(|line| line.start < start);
        self.lines[first..].iter().take_while(move |line| line.start < end)
    }
}

impl Token<'_> {
    fn is_content(&self) -> bool {
        match self.kind {
            Kind::Text => !decoded(self.text).trim_matches(is_blank).is_empty(),
            Kind::Void { is_picture } => is_picture,
            Kind::Start(_) | Kind::End(_) => false,
        }
    }
}

/// Space, and what is as invisible.
fn is_blank(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{34F}')
}

impl Element<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut rest = &self.tag[1 + self.name.len()..];
        loop {
            let (found, after) = rest.split_once("=\"")?;
            let (value, after) = after.split_once('"')?;
            if found.trim().eq_ignore_ascii_case(name) {
                return Some(value);
            }
            rest = after;
        }
    }
}

#[derive(Default)]
struct Builder<'a> {
    tokens: Vec<Token<'a>>,
    elements: Vec<Element<'a>>,
    lines: Vec<Line>,
    /// Elements that are open, outermost first, and how many there are of each name.
    open: Vec<usize>,
    counts: HashMap<&'a str, usize>,
    line: String,
    line_start: usize,
}

impl<'a> Builder<'a> {
    fn take(&mut self, token: &'a str) {
        let Some(tag) = token.strip_prefix('<') else {
            self.text(token);
            return;
        };
        if let Some(end) = tag.strip_prefix('/') {
            let name = end.trim_end_matches('>').trim();
            self.end(name, token);
            return;
        }
        let name = &tag[..tag.find([' ', '>', '/']).unwrap_or(tag.len())];
        if BLOCKS.contains(&name) {
            self.break_line();
            self.close_before(name);
        }
        if VOID.contains(&name) {
            self.push(token, Kind::Void { is_picture: name == "img" });
            return;
        }
        let element = self.elements.len();
        self.elements.push(Element { name, start: self.tokens.len(), end: usize::MAX, tag: token });
        self.open.push(element);
        *self.counts.entry(name).or_default() += 1;
        self.push(token, Kind::Start(element));
    }

    fn text(&mut self, text: &'a str) {
        let place = self.tokens.len();
        if self.line.is_empty() {
            self.line_start = place;
        }
        self.line.push_str(text);
        self.push(text, Kind::Text);
    }

    fn push(&mut self, text: &'a str, kind: Kind) {
        self.tokens.push(Token { text, kind });
    }

    fn end(&mut self, name: &'a str, token: &'a str) {
        if BLOCKS.contains(&name) {
            self.break_line();
        }
        // An end without a beginning belongs to nothing and stays where it is.
        if self.counts.get(name).is_none_or(|count| *count == 0) {
            self.push(token, Kind::Void { is_picture: false });
            return;
        }
        while let Some(element) = self.open.pop() {
            let found = self.elements[element].name;
            let is_last = found == name;
            self.close(element, if is_last { token } else { "" });
            if is_last {
                break;
            }
        }
    }

    /// A paragraph ends where a block begins, an item where the next one does.
    fn close_before(&mut self, name: &str) {
        let Some(element) = self.open.last().copied() else { return };
        let open = self.elements[element].name;
        let ends = match open {
            "p" => name != "br",
            "li" => name == "li",
            "td" | "th" => matches!(name, "td" | "th" | "tr"),
            "tr" => name == "tr",
            "dt" | "dd" => matches!(name, "dt" | "dd"),
            _ => false,
        };
        if ends {
            self.open.pop();
            self.close(element, "");
        }
    }

    fn close(&mut self, element: usize, text: &'a str) {
        if let Some(count) = self.counts.get_mut(self.elements[element].name) {
            *count -= 1;
        }
        self.push(text, Kind::End(element));
        self.elements[element].end = self.tokens.len();
    }

    fn break_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        let text = decoded(&line);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return;
        }
        let quoted = self.counts.get("blockquote").is_some_and(|count| *count > 0);
        self.lines
            .push(Line { text: if quoted { format!("> {text}") } else { text }, start: self.line_start });
    }

    fn finish(mut self) -> Document<'a> {
        self.break_line();
        while let Some(element) = self.open.pop() {
            self.close(element, "");
        }
        Document { tokens: self.tokens, elements: self.elements, lines: self.lines }
    }
}

/// How long a tag is, its `>` included; a `>` in quotes does not end it.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    });
    end.map_or(tag.len(), |end| end + 1)
}

fn decoded(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('&') { crate::parse::text_of_html(text).into() } else { text.into() }
}

/// Whether what is written next begins a word of its own.
fn is_apart(html: &str) -> bool {
    html.ends_with(|last: char| last == '>' || last.is_whitespace()) || html.is_empty()
}
