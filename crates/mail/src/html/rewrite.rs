//! Writes HTML anew before it is parsed, so that no letter can be a trap: the parser's time grows by the square of the
//! depth of elements and of the attributes of one element. What is safe is not decided here but after it, by the cleaner.

/// Elements beyond this number keep their words and lose their form.
const MAX_ELEMENTS: usize = 5_000;
const MAX_ATTRIBUTES: usize = 60;

/// Elements that cannot be inside each other, or have no inside: they do not add to the depth.
const FLAT: &[&str] = &[
    "br", "col", "colgroup", "dd", "dt", "hr", "img", "li", "p", "tbody", "td", "tfoot", "th", "thead", "tr",
    "wbr",
];

/// Elements whose inside is no HTML; it goes with them.
const RAW: &[&str] = &["iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"];

/// Elements of another language, with rules of their own: drawings and formulas go with what is inside them.
const FOREIGN: &[&str] = &["math", "svg"];

/// The elements that letters are written with. Of every other one the tags go and what is inside stays: an element that
/// changes the rules for its inside (`select`, `template`), one that nobody knows, and one whose name belongs to drawings
/// and formulas (`<lt>`, `<set>`), whose words the cleaner would take for part of one.
const KEPT: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "article",
    "aside",
    "audio",
    "b",
    "base",
    "basefont",
    "bdi",
    "bdo",
    "big",
    "blink",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "datalist",
    "dd",
    "del",
    "details",
    "dfn",
    "dialog",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "map",
    "mark",
    "marquee",
    "menu",
    "meta",
    "meter",
    "nav",
    "nobr",
    "object",
    "ol",
    "output",
    "p",
    "param",
    "picture",
    "pre",
    "progress",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "search",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "track",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

/// The same letter: every tag whole, every value in quotes, no comments, nothing that is no HTML.
pub(crate) fn rewritten(html: &str) -> String {
    rewrite(html, true)
}

/// The same without any attribute: for those who only want the words.
pub(crate) fn bare(html: &str) -> String {
    rewrite(html, false)
}

fn rewrite(html: &str, with_attributes: bool) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut elements = 0;
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        if rest.starts_with(['!', '?']) {
            rest = after_comment(rest);
            continue;
        }
        let is_end = rest.starts_with('/');
        let name = name(&rest[usize::from(is_end)..]);
        if name.is_empty() {
            out.push_str("&lt;");
            continue;
        }
        let inside = &rest[usize::from(is_end) + name.len()..];
        let tag = Tag::read(inside);
        let closes_itself = inside[..inside.len() - tag.after.len()].ends_with("/>");
        rest = tag.after;
        let name = name.to_ascii_lowercase();
        if FOREIGN.contains(&name.as_str()) {
            if !is_end && !closes_itself {
                // One that never ends takes nothing with it.
                rest = after_end(rest, &name).unwrap_or(rest);
            }
            continue;
        }
        if RAW.contains(&name.as_str()) {
            rest = if is_end { rest } else { after_raw(rest, &name).unwrap_or_default() };
            continue;
        }
        if KEPT.binary_search(&name.as_str()).is_err() {
            continue;
        }
        if is_end {
            out.push_str("</");
            out.push_str(&name);
            out.push('>');
            continue;
        }
        elements += usize::from(!FLAT.contains(&name.as_str()));
        if elements <= MAX_ELEMENTS {
            out.push('<');
            out.push_str(&name);
            if with_attributes {
                tag.write(&mut out);
            }
            out.push('>');
        }
    }
    out.push_str(rest);
    out
}

fn name(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != ':').unwrap_or(text.len());
    &text[..end]
}

fn after_comment(rest: &str) -> &str {
    let end = match rest.strip_prefix("!--") {
        // `<!-->` and `<!--->` are whole comments.
        Some(comment) if comment.starts_with('>') || comment.starts_with("->") => {
            comment.find('>').map(|end| end + 4)
        }
        Some(comment) => comment.find("-->").map(|end| end + 6),
        None => rest.find('>').map(|end| end + 1),
    };
    end.map_or("", |end| &rest[end..])
}

/// What follows the end tag of an element whose inside is no HTML.
fn after_raw<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let mut from = rest;
    while let Some(start) = from.find("</") {
        from = &from[start + 2..];
        if begins_with(from, name) {
            return Some(Tag::read(&from[name.len()..]).after);
        }
    }
    None
}

/// What follows the end tag of an element that may hold others of its name.
fn after_end<'a>(rest: &'a str, name: &str) -> Option<&'a str> {
    let mut depth = 1_usize;
    let mut from = rest;
    while let Some(start) = from.find('<') {
        from = &from[start + 1..];
        let is_end = from.starts_with('/');
        let named = &from[usize::from(is_end)..];
        if !begins_with(named, name) {
            continue;
        }
        let inside = &named[name.len()..];
        let after = Tag::read(inside).after;
        let closes_itself = inside[..inside.len() - after.len()].ends_with("/>");
        if is_end {
            depth -= 1;
        } else if !closes_itself {
            depth += 1;
        }
        from = after;
        if depth == 0 {
            return Some(after);
        }
    }
    None
}

fn begins_with(text: &str, name: &str) -> bool {
    text.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// The attributes of a tag, and what follows it.
struct Tag<'a> {
    attributes: Vec<(&'a str, &'a str)>,
    after: &'a str,
}

impl<'a> Tag<'a> {
    fn read(text: &'a str) -> Tag<'a> {
        let mut attributes = Vec::new();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                return Tag { attributes, after: rest.get(1..).unwrap_or_default() };
            }
            // An equals sign in front is part of the name.
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let end = rest[first..].find(|c: char| c.is_ascii_whitespace() || "/>=".contains(c));
            let end = end.map_or(rest.len(), |end| first + end);
            let (name, after_name) = rest.split_at(end);
            let (value, after_value) = value(after_name);
            rest = after_value;
            if attributes.len() < MAX_ATTRIBUTES {
                attributes.push((name, value));
            }
        }
    }

    /// Names that are none are left out.
    fn write(&self, out: &mut String) {
        for (name, value) in &self.attributes {
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte)) {
                continue;
            }
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            out.push_str(&value.replace('"', "&quot;"));
            out.push('"');
        }
    }
}

/// The value behind a name, without its quotes, and what follows.
fn value(text: &str) -> (&str, &str) {
    let space = |c: char| c.is_ascii_whitespace();
    let Some(given) = text.trim_start_matches(space).strip_prefix('=') else { return ("", text) };
    let given = given.trim_start_matches(space);
    for quote in ['"', '\''] {
        if let Some(quoted) = given.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    given.split_at(given.find(|c: char| space(c) || c == '>').unwrap_or(given.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_letter_stays_the_same() {
        for (html, expected) in [
            ("<P Class=a>x</P>", "<p Class=\"a\">x</p>"),
            ("<a href='x\"y' b = \"c>d\" e>z</a>", "<a href=\"x&quot;y\" b=\"c>d\" e=\"\">z</a>"),
            ("a < b <3 </ >", "a &lt; b &lt;3 &lt;/ >"),
            ("<br/><img src=a/b>", "<br><img src=\"a/b\">"),
            ("<!-- <p> --><!doctype html><?xml ?><!-->x", "x"),
            ("<style>p > a {}</style><script>'</p>'</script>y", "y"),
            ("<title>a</TITLE >b<style>c", "b"),
            ("<p>a</p><svg><rect/><svg></svg><g/></svg><p>b</p>", "<p>a</p><p>b</p>"),
            ("a<svg/>b<math><mi>x</math >c<svg>d", "abcd"),
            ("<svg><style>a</style></svg><plaintext>b", "b"),
            ("<div><lt><p>a</lt> <set>b</set><o:p>c</o:p></div>", "<div><p>a bc</div>"),
            ("<p =\">a", "<p>a"),
            ("<p a==\">b", "<p a=\"=&quot;\">b"),
            ("<p a=\"", "<p a=\"\">"),
            ("<p ü=1 b=ü>c", "<p b=\"ü\">c"),
        ] {
            assert_eq!(rewritten(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_kept_is_in_order() {
        assert!(KEPT.is_sorted());
        assert!([FOREIGN, RAW].concat().iter().all(|name| !KEPT.contains(name)));
    }

    #[test]
    fn depth_and_attributes_have_an_end() {
        let deep = rewritten(&"<div>".repeat(20_000));
        assert_eq!(deep.matches('<').count(), MAX_ELEMENTS);
        assert_eq!(rewritten(&"<p>".repeat(20_000)).matches('<').count(), 20_000);
        let wide: String = (0..20_000).map(|number| format!("a{number} ")).collect();
        assert_eq!(rewritten(&format!("<p x=\">\" {wide}>")).matches('=').count(), MAX_ATTRIBUTES);
    }

    proptest! {
        #[test]
        fn writing_twice_changes_nothing_more(pieces in prop::collection::vec(prop::sample::select(vec![
            "<", ">", "</", "/", "=", "\"", "'", " ", "a", "p", "div", "style", "script", "<!--", "-->", "<p ", "<a href=", "é", "&lt;",
        ]), 0..40)) {
            let once = rewritten(&pieces.concat());
            prop_assert_eq!(rewritten(&once), once);
        }
    }
}
