//! Makes the HTML of strangers safe to show.

mod rewrite;

pub(crate) use rewrite::{bare, rewritten};

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use ammonia::{Builder, UrlRelative};

/// What happens with images that would be fetched from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteImages {
    /// Their address moves to `data-src`, so that the reader can decide.
    Block,
    Allow,
}

/// HTML that is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sanitised {
    pub html: String,
    /// Whether the original asked for images from elsewhere.
    pub has_remote_images: bool,
}

/// Stands in front of the address of a remote image between cleaning and deciding. Text that happens to contain the
/// whole mark with its attribute loses it, which harms nobody.
const REMOTE: &str = " src=\"remote-image-of-a-letter:";
const REMOTE_VALUE: &str = "remote-image-of-a-letter:";

/// Properties that format a letter. None positions, covers, animates or fetches.
const STYLES: &[&str] = &[
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "direction",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "letter-spacing",
    "line-height",
    "list-style-type",
    "margin",
    "margin-bottom",
    "margin-left",
    "margin-right",
    "margin-top",
    "max-width",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "text-indent",
    "text-transform",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

/// Elements whose `align`, `bgcolor` and the like letters still use.
const FORMATTED: &[&str] =
    &["table", "tbody", "thead", "tfoot", "tr", "td", "th", "col", "colgroup", "p", "div"];

/// Keeps what formats a letter and drops what acts: scripts, forms, frames, styles that cover the page. Pictures that
/// came along keep their `cid:` address.
#[must_use]
pub fn sanitise_html(html: &str, images: RemoteImages) -> Sanitised {
    static CLEANER: OnceLock<Builder<'static>> = OnceLock::new();
    let marked = CLEANER.get_or_init(cleaner).clean(&rewritten(html)).to_string();
    let has_remote_images = marked.contains(REMOTE);
    let replacement = match images {
        RemoteImages::Block => " data-src=\"",
        RemoteImages::Allow => " src=\"",
    };
    let html = if has_remote_images { marked.replace(REMOTE, replacement) } else { marked };
    Sanitised { html, has_remote_images }
}

fn cleaner() -> Builder<'static> {
    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    for element in FORMATTED {
        attributes.insert(element, ["align", "valign", "bgcolor", "width", "height"].into());
    }
    attributes.entry("table").or_default().extend(["border", "cellpadding", "cellspacing", "summary"]);
    for cell in ["td", "th"] {
        attributes.entry(cell).or_default().extend(["colspan", "rowspan", "headers", "scope"]);
    }
    // No names: there is nowhere to jump to, and a name can stand in the place of a property of the page.
    attributes.insert("a", ["href"].into());
    attributes.insert("img", ["src", "alt", "width", "height", "border", "align"].into());
    attributes.insert("font", ["color", "face", "size"].into());
    attributes.insert("ol", ["start", "type"].into());
    attributes.insert("blockquote", ["type"].into());

    let mut builder = Builder::default();
    builder
        .add_tags(["font", "center", "u", "big", "tt"])
        .rm_tags(["map", "area"])
        .tag_attributes(attributes)
        .generic_attributes(["style", "title", "dir", "lang"].into())
        .filter_style_properties(STYLES.iter().copied().collect())
        .url_schemes(["http", "https", "mailto", "tel", "cid", "data"].into())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(filter);
    builder
}

fn filter<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let lower = || value.trim_start().get(..11).unwrap_or(value).to_ascii_lowercase();
    match (element, attribute) {
        ("img", "src") => picture(value).map(Cow::Owned),
        (_, "href") if lower().starts_with("data:") || lower().starts_with("cid:") => None,
        // No property of the list needs these; together with comments and escapes they are how filters are fooled.
        (_, "style") if ["(", "\\", "/*", "@", "<"].iter().any(|sign| value.contains(sign)) => {
            let kept: Vec<&str> = value
                .split(';')
                .filter(|rule| {
                    !["\\", "/*", "@", "<"].iter().any(|sign| rule.contains(sign)) && is_colour(rule)
                })
                .collect();
            Some(kept.join(";").into())
        }
        _ => Some(value.into()),
    }
}

/// Where a picture may come from: out of the letter, as `cid:` or as pixels in a `data:` address, or from elsewhere, which
/// is marked. Drawings are no pixels: they may fetch and act.
fn picture(value: &str) -> Option<String> {
    const PIXELS: &[&str] = &["png", "jpeg", "jpg", "pjpeg", "gif", "webp", "bmp", "avif"];
    // Browsers take these out before they look.
    let value: String =
        value.trim_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let (scheme, rest) = value.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "cid" => Some(value),
        "http" | "https" => Some(format!("{REMOTE_VALUE}{value}")),
        "data" => {
            let kind = rest.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
            let pixels = kind.strip_prefix("image/")?;
            PIXELS.contains(&pixels).then_some(value)
        }
        _ => None,
    }
}

/// Parentheses only in `rgb(…)`, `rgba(…)`, `hsl(…)`.
fn is_colour(rule: &str) -> bool {
    let Some((before, _)) = rule.split_once('(') else { return true };
    let before = before.to_ascii_lowercase();
    ["rgb", "rgba", "hsl", "hsla"].iter().any(|function| before.ends_with(function))
        && !before.contains("url")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        sanitise_html(html, RemoteImages::Block).html
    }

    #[test]
    fn what_acts_is_gone() {
        for (html, expected) in [
            ("<p>Hello</p><script>alert(1)</script>", "<p>Hello</p>"),
            ("<style>p{color:red}</style><p>x</p>", "<p>x</p>"),
            ("<form action=x><input name=y>z</form>", "z"),
            ("<iframe src=https://example.com></iframe>a", "a"),
            ("<meta http-equiv=refresh content=0><base href=//example.com><link rel=x href=y>b", "b"),
            ("<p onclick=alert(1)>c</p>", "<p>c</p>"),
            ("<svg><script>1</script></svg>f", "f"),
            ("<img src=\"data:image/svg+xml;base64,AAAA\">", "<img>"),
            ("<img src=\"file:///etc/passwd\">", "<img>"),
        ] {
            assert_eq!(clean(html), expected, "{html}");
        }
        for link in ["javascript:alert(1)", "data:text/html,x", "//example.com", "cid:x", "vbscript:x"] {
            assert!(!clean(&format!("<a href=\"{link}\">d</a>")).contains("href"), "{link}");
        }
    }

    #[test]
    fn what_formats_stays() {
        let link = clean("<a href=\"https://example.com/?a=1&b=2\">x</a>");
        for attribute in
            ["href=\"https://example.com/?a=1&amp;b=2\"", "target=\"_blank\"", "rel=\"noopener noreferrer\""]
        {
            assert!(link.contains(attribute), "{link}");
        }
        assert!(
            clean("<img src=\"cid:logo@example.com\" alt=\"Logo\">").contains("src=\"cid:logo@example.com\"")
        );
        assert_eq!(
            clean("<img src=\"data:image/png;base64,AAAA\">"),
            "<img src=\"data:image/png;base64,AAAA\">"
        );
        assert!(clean("<p style=\"color: red; position: fixed\">x</p>").contains("color:red"));
        assert!(!clean("<p style=\"color: red; position: fixed\">x</p>").contains("position"));
        assert_eq!(clean("<p style=\"color: rgb(1,2,3)\">y</p>"), "<p style=\"color:rgb(1, 2, 3)\">y</p>");
        for style in [
            "background-color: url(https://example.com/x)",
            "color: expression(alert(1))",
            "co\\lor: red",
            "width: calc(url(x))",
        ] {
            let html = clean(&format!("<p style=\"{style}\">x</p>"));
            assert!(!html.contains("url") && !html.contains("expression") && !html.contains('\\'), "{html}");
        }
    }

    #[test]
    fn traps_for_the_parser_show_their_words() {
        let trap = format!("{}hello<script>x</script> & <b>you</b>", "<div>".repeat(20_000));
        let html = clean(&trap);
        assert!(html.contains("hello &amp; you"), "{html}");
        let trap =
            format!("<p {}>hello", (0..100_000).map(|number| format!("a{number}=1 ")).collect::<String>());
        assert_eq!(clean(&trap), "<p>hello</p>");
    }

    #[test]
    fn remote_images_wait_for_the_reader() {
        let html = "<p>x</p><img src=\"https://example.com/pixel.gif?u=1\" width=\"1\">";
        let blocked = sanitise_html(html, RemoteImages::Block);
        assert!(blocked.has_remote_images);
        assert!(blocked.html.contains("data-src=\"https://example.com/pixel.gif?u=1\""), "{}", blocked.html);
        assert!(!blocked.html.contains(" src="));
        let allowed = sanitise_html(html, RemoteImages::Allow);
        assert!(allowed.has_remote_images);
        assert!(allowed.html.contains(" src=\"https://example.com/pixel.gif?u=1\""));
        assert!(!sanitise_html("<img src=\"cid:a\">", RemoteImages::Block).has_remote_images);
    }
}
