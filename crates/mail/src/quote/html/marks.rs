//! The elements by which mail programs mark what they quote and what they sign.

use super::tree::{Document, Element};

/// What an element says about itself and what follows.
pub(super) enum Mark {
    /// It holds the whole quote.
    Container,
    /// A quoted piece; others may follow, with answers between them.
    Cited,
    /// The line above a quote.
    Introduction,
    /// From here on everything is quoted.
    Rest,
}

/// Gmail, Yahoo, Proton, Zoho, Tuta, Spark, Outlook for phones and Mac, QQ and Netease, Front, Superhuman.
const CONTAINER_CLASSES: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "yahoo_quoted",
    "protonmail_quote",
    "zmail_extra",
    "tutanota_quote",
    "front-blockquote",
    "moz-forward-container",
    "ms-outlook-mobile-reference-message",
    "gmail_extra_quote",
    "sh-quoted-content",
    "msg-quote",
];
const CONTAINER_IDS: &[&str] = &[
    "mail-editor-reference-message-container",
    "isreplycontent",
    "isforwardcontent",
    "reply-container",
    "olk_src_body_section",
    "yahoo_quoted",
];
const CONTAINER_NAMES: &[&str] = &["messagereplysection", "messageforwardsection", "quote"];
const INTRODUCTION_CLASSES: &[&str] = &["moz-cite-prefix", "gmail_attr_prefix"];
const INTRODUCTION_IDS: &[&str] = &["reply-intro", "replybody-intro"];
/// Outlook on the web and the new Outlook.
const REST_IDS: &[&str] = &["divrplyfwdmsg", "divrplyfwdmsgx"];

const SIGNATURE_CLASSES: &[&str] = &[
    "gmail_signature",
    "moz-signature",
    "protonmail_signature_block",
    "ms-outlook-mobile-signature",
    "tutanota_signature",
];
const SIGNATURE_IDS: &[&str] = &[
    "signature",
    "applemailsignature",
    "ms-outlook-mobile-signature",
    "composer_signature",
    "zm-_id_-sgn",
    "divtagdefaultsignature",
    "_rc_sig",
];
const SIGNATURE_NAMES: &[&str] = &["messagesignaturesection"];

/// The lines that Outlook draws above what it quotes, in its versions.
const LINES_ABOVE: &[&str] = &[
    "border-top:solid#e1e1e1",
    "border-top:solid#b5c4df",
    "border-top:1ptsolid#e1e1e1",
    "border-top:1ptsolidrgb(225,225,225)",
    "border-top:solid#e5e5e5",
];

pub(super) fn of(document: &Document<'_>, element: &Element<'_>) -> Option<Mark> {
    let attribute = |name| element.attribute(name).map(str::to_ascii_lowercase).unwrap_or_default();
    let (class, id) = (attribute("class"), attribute("id"));
    let is_of_class = |classes: &[&str]| class.split_ascii_whitespace().any(|class| classes.contains(&class));
    if element.name == "blockquote" {
        // Answers may stand between several of them.
        let is_cited =
            attribute("type") == "cite" || is_of_class(CONTAINER_CLASSES) || is_of_class(&["cite"]);
        return is_cited.then_some(Mark::Cited);
    }
    if is_of_class(CONTAINER_CLASSES)
        || CONTAINER_IDS.contains(&id.as_str())
        || id.starts_with("yahoo_quoted_")
        || CONTAINER_NAMES.contains(&attribute("name").as_str())
    {
        return Some(Mark::Container);
    }
    if is_of_class(INTRODUCTION_CLASSES) || INTRODUCTION_IDS.contains(&id.as_str()) {
        return Some(Mark::Introduction);
    }
    if REST_IDS.contains(&id.as_str()) {
        return Some(Mark::Rest);
    }
    let style = attribute("style");
    if style.contains("border-top") {
        let style: String = style.chars().filter(|character| !character.is_whitespace()).collect();
        // In any language: a few lines of a word, a colon and what it is.
        let headers = document.lines_in(element).filter(|line| line.text.contains([':', '：'])).count();
        if headers >= 3 && LINES_ABOVE.iter().any(|line| style.contains(line)) {
            return Some(Mark::Rest);
        }
    }
    None
}

pub(super) fn is_signature(_: &Document<'_>, element: &Element<'_>) -> bool {
    let attribute = |name| element.attribute(name).map(str::to_ascii_lowercase).unwrap_or_default();
    attribute("class").split_ascii_whitespace().any(|class| SIGNATURE_CLASSES.contains(&class))
        || SIGNATURE_IDS.contains(&attribute("id").as_str())
        || attribute("data-smartmail") == "gmail_signature"
        || SIGNATURE_NAMES.contains(&attribute("name").as_str())
}

/// Whether the token lies in a marked signature.
pub(super) fn is_in_signature(document: &Document<'_>, token: usize) -> bool {
    document
        .elements
        .iter()
        .any(|element| (element.start..element.end).contains(&token) && is_signature(document, element))
}
