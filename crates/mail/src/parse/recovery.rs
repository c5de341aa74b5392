//! A message that claims to have parts and does not say where they begin: they are looked for.

use std::borrow::Cow;

use mail_parser::{Message, MessagePart, MimeHeaders as _, PartType};

/// The same message with the boundary that stands in it; nothing when it needs none or has none.
pub(super) fn with_boundary(message: &Message<'_>) -> Option<Vec<u8>> {
    let root = message.parts.first()?;
    let kind = root.content_type()?;
    let is_unread = kind.ctype().eq_ignore_ascii_case("multipart")
        && matches!(root.body, PartType::Text(_) | PartType::Binary(_));
    if !is_unread {
        return None;
    }
    let body = body_of(message, root);
    let boundary = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).find_map(|line| {
        let boundary = std::str::from_utf8(line.strip_prefix(b"--")?).ok()?;
        let is_one = !boundary.is_empty()
            && boundary.len() <= 70
            && boundary.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
            && !boundary.trim_matches('-').is_empty();
        is_one.then_some(boundary)
    })?;
    let subtype = kind
        .subtype()
        .filter(|subtype| subtype.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        .unwrap_or("mixed");
    let mut mended =
        format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\n").into_bytes();
    mended.extend_from_slice(body);
    Some(mended)
}

/// The text of a message whose only part is of a kind that is not known as text.
pub(super) fn only_text<'a>(message: &'a Message<'_>) -> Option<Cow<'a, str>> {
    let [part] = message.parts.as_slice() else { return None };
    let is_attached = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    let kind = part.content_type()?;
    let is_text = kind.ctype().eq_ignore_ascii_case("text")
        && !kind.subtype().is_some_and(|subtype| {
            ["calendar", "csv", "x-vcard", "vcard", "css", "xml"]
                .iter()
                .any(|other| subtype.eq_ignore_ascii_case(other))
        });
    let is_multipart = kind.ctype().eq_ignore_ascii_case("multipart");
    match &part.body {
        PartType::Text(text) if !is_attached && (is_text || is_multipart) => Some(Cow::Borrowed(text)),
        PartType::Binary(bytes) if is_multipart => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    }
}

fn body_of<'a>(message: &'a Message<'_>, root: &MessagePart<'_>) -> &'a [u8] {
    message.raw_message().get(root.offset_body as usize..).unwrap_or_default()
}
