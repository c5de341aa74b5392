//! Letters that try to act (tests/hostile): after cleaning they run nothing and fetch nothing, and their words are there.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::PathBuf;

use chancery_mail::quote::split_html;
use chancery_mail::{RemoteImages, sanitise_html};

/// What a cleaned letter may consist of.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "data",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
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
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];
const ATTRIBUTES: &[&str] = &[
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "cite",
    "color",
    "colspan",
    "data-src",
    "datetime",
    "dir",
    "face",
    "headers",
    "height",
    "href",
    "lang",
    "rel",
    "rowspan",
    "scope",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "target",
    "title",
    "type",
    "valign",
    "value",
    "width",
];

fn samples() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let mut samples: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    samples.sort();
    assert!(samples.len() >= 25);
    samples
}

/// Every tag of HTML that a serializer wrote, as its name and its attributes.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let name: String = tag.chars().take_while(|c| !c.is_whitespace() && *c != '>').collect();
        let mut inside = &tag[name.len()..];
        let mut attributes = Vec::new();
        while let Some(attribute) = inside.strip_prefix(' ') {
            let (key, after) =
                attribute.split_once("=\"").unwrap_or_else(|| panic!("no value in {attribute}"));
            let (value, after) = after.split_once('"').unwrap();
            attributes.push((key.to_owned(), value.to_owned()));
            inside = after;
        }
        assert!(inside.starts_with('>'), "a tag that does not end: {tag:.80}");
        found.push((name, attributes));
        rest = inside;
    }
    found
}

fn assert_harmless(name: &str, html: &str, images: RemoteImages) {
    for (element, attributes) in tags(html) {
        let element = element.trim_start_matches('/').to_owned();
        assert!(ELEMENTS.contains(&element.as_str()), "{name}: <{element}> in {html}");
        for (key, value) in attributes {
            assert!(ATTRIBUTES.contains(&key.as_str()), "{name}: {key}={value} in {html}");
            let value = value.to_lowercase();
            match key.as_str() {
                "src" => {
                    let remote = value.starts_with("http:") || value.starts_with("https:");
                    let own = value.starts_with("cid:")
                        || (value.starts_with("data:image/") && !value.contains("xml"));
                    assert!(own || (remote && images == RemoteImages::Allow), "{name}: src={value}");
                }
                "href" => assert!(
                    ["http:", "https:", "mailto:", "tel:"].iter().any(|scheme| value.starts_with(scheme)),
                    "{name}: href={value}"
                ),
                "style" => assert!(
                    ![
                        "url",
                        "expression",
                        "import",
                        "\\",
                        "position",
                        "behavior",
                        "binding",
                        "/*",
                        "var(",
                        "image-set",
                        "attr("
                    ]
                    .iter()
                    .any(|word| value.contains(word)),
                    "{name}: style={value}"
                ),
                "target" => assert_eq!(value, "_blank", "{name}"),
                "rel" => assert!(value.contains("noopener"), "{name}: rel={value}"),
                "cite" => assert!(!value.starts_with("javascript"), "{name}: cite={value}"),
                _ => {}
            }
        }
    }
}

#[test]
fn hostile_letters_do_nothing_and_keep_their_words() {
    for (name, html) in samples() {
        for images in [RemoteImages::Block, RemoteImages::Allow] {
            let clean = sanitise_html(&html, images).html;
            assert_harmless(&name, &clean, images);
            assert!(clean.contains("words"), "{name} loses its words: {clean}");
        }
    }
}

#[test]
fn cleaning_twice_changes_nothing_more() {
    for (name, html) in samples() {
        let once = sanitise_html(&html, RemoteImages::Allow).html;
        let twice = sanitise_html(&once, RemoteImages::Allow).html;
        // The order of attributes means nothing.
        let in_order = |html: &str| {
            let mut tags = tags(html);
            tags.iter_mut().for_each(|(_, attributes)| attributes.sort());
            tags
        };
        assert_eq!(
            in_order(&twice),
            in_order(&once),
            "{name}: what a browser reads again is not what was cleaned"
        );
    }
}

#[test]
fn a_letter_cut_in_two_is_as_harmless() {
    for (name, html) in samples() {
        let split = split_html(&format!(
            "<div>new</div>{html}<div class=\"gmail_quote\"><blockquote>{html}</blockquote></div>"
        ));
        for part in [Some(&split.new), split.quoted.as_ref()].into_iter().flatten() {
            assert_harmless(&name, &sanitise_html(part, RemoteImages::Block).html, RemoteImages::Block);
        }
    }
}

#[test]
fn every_remote_picture_waits_and_is_told_of() {
    let html = samples().into_iter().find(|(name, _)| name == "trackers").unwrap().1;
    let blocked = sanitise_html(&html, RemoteImages::Block);
    assert!(blocked.has_remote_images);
    assert!(!tags(&blocked.html).iter().any(|(_, attributes)| {
        attributes.iter().any(|(key, value)| key == "src" && value.contains("beacon"))
    }));
}
