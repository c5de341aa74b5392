//! The text of a message for the index and for snippets: its own, or what its HTML says. Never shown as HTML.

use std::borrow::Cow;

/// Of longer HTML only the beginning is read.
const LONGEST: usize = 512 * 1024;

/// What a message says.
pub(super) fn text_of<'m>(text: Option<&'m str>, html: Option<&str>) -> Cow<'m, str> {
    match (text, html) {
        (Some(text), _) if !text.trim().is_empty() => Cow::Borrowed(text),
        (_, Some(html)) => Cow::Owned(of_html(&html[..html.floor_char_boundary(LONGEST)])),
        _ => Cow::Borrowed(""),
    }
}

/// Elements whose content nobody reads.
const UNREAD: &[&str] = &["head", "style", "script", "title", "template"];

fn of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        push_decoded(&mut text, before);
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((inside, after)) = tag.split_once('>') else { return text };
        let name = inside.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        rest = after;
        if UNREAD.contains(&name.as_str()) && !inside.ends_with('/') {
            rest = after_end(after, &name);
        }
        if !is_within_words(name.as_str(), inside) {
            text.push(' ');
        }
    }
    push_decoded(&mut text, rest);
    text
}

/// Marks within a line do not part words.
fn is_within_words(name: &str, inside: &str) -> bool {
    let name = if name.is_empty() { inside.trim_start_matches('/').trim() } else { name };
    matches!(
        name.to_ascii_lowercase().as_str(),
        "a" | "b"
            | "i"
            | "u"
            | "s"
            | "em"
            | "strong"
            | "span"
            | "font"
            | "small"
            | "mark"
            | "wbr"
            | "sub"
            | "sup"
    )
}

fn after_end<'h>(html: &'h str, name: &str) -> &'h str {
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once("</") {
        if tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return tag.split_once('>').map_or("", |(_, after)| after);
        }
        rest = tag;
    }
    ""
}

fn push_decoded(text: &mut String, part: &str) {
    let mut rest = part;
    while let Some((before, entity)) = rest.split_once('&') {
        text.push_str(before);
        match entity.split_once(';').and_then(|(name, after)| Some((character(name)?, after))) {
            Some((character, after)) => {
                text.push(character);
                rest = after;
            }
            None => {
                text.push('&');
                rest = entity;
            }
        }
    }
    text.push_str(rest);
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_as_people_read_it() {
        let html = "<head><style>p { color: red }</style></head><p>Hello <b>J</b>ane&nbsp;&amp; Joe<br>Bye</p>\
                    <!-- a <b>secret</b> --><script>var x = '<p>';</script>caf&#233; &unknown; 1 < 2";
        let words: Vec<String> = domain::search::fold(&of_html(html));
        assert_eq!(words.join(" "), "hello jane joe bye cafe unknown 1");
    }

    #[test]
    fn text_comes_before_html() {
        assert_eq!(text_of(Some("text"), Some("<p>html</p>")), "text");
        assert_eq!(text_of(Some("  "), Some("<p>html")).trim(), "html");
        assert_eq!(text_of(None, None), "");
        assert_eq!(of_html("<style>never closed").trim(), "");
    }
}
