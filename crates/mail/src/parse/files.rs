//! The files of a message: names made harmless, types looked at when the sender's word says nothing.

use bytes::Bytes;
use mail_parser::{Message, MessagePart, MimeHeaders as _, PartType};

use super::addresses::is_deceptive;
use super::{MAX_FILE_BYTES, MAX_FILES, Notices, Parsed, Part};

const MAX_NAME_BYTES: usize = 200;

pub(super) fn read(message: &Message<'_>, parsed: &mut Parsed, notices: &mut Notices) {
    let mut room = MAX_FILE_BYTES;
    for part in message.attachments() {
        let contents = part.contents();
        if parsed.parts.len() == MAX_FILES || contents.len() > room {
            notices.note("The message has more files than are shown; the raw message holds them all.");
            return;
        }
        room -= contents.len();
        parsed.parts.push(file(part, contents, parsed.parts.len() + 1));
    }
}

fn file(part: &MessagePart<'_>, contents: &[u8], number: usize) -> Part {
    let content_type = content_type(part, contents);
    let is_attachment = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    let content_id =
        part.content_id().map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty());
    let inline = !is_attachment
        && (content_id.is_some()
            || part.content_disposition().is_some_and(mail_parser::ContentType::is_inline));
    let given = part.attachment_name().map(harmless).filter(|name| !name.is_empty());
    Part {
        filename: given.unwrap_or_else(|| format!("attachment-{number}.{}", extension(&content_type))),
        content_type,
        content_id,
        inline,
        bytes: Bytes::copy_from_slice(contents),
    }
}

/// The type that the sender names, or what the bytes look like when he names the general one.
fn content_type(part: &MessagePart<'_>, contents: &[u8]) -> String {
    if matches!(part.body, PartType::Message(_)) {
        return "message/rfc822".to_owned();
    }
    let named = part.content_type().map(|named| {
        format!("{}/{}", named.ctype(), named.subtype().unwrap_or("octet-stream")).to_ascii_lowercase()
    });
    let is_token = |name: &String| {
        name.len() <= 127
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/!#$&-^_.+".contains(&byte))
    };
    match named.filter(is_token) {
        Some(named) if named != "application/octet-stream" => named,
        _ => infer::get(contents).map_or("application/octet-stream", |found| found.mime_type()).to_owned(),
    }
}

/// The last component of the path, without characters that deceive or that no file system takes.
fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|character| {
            !is_deceptive(*character) && !character.is_control() && !"\"<>|:*?".contains(*character)
        })
        .collect();
    let kept = kept.trim_matches([' ', '.']);
    let mut end = kept.len().min(MAX_NAME_BYTES);
    while !kept.is_char_boundary(end) {
        end -= 1;
    }
    kept[..end].to_owned()
}

fn extension(content_type: &str) -> &str {
    match content_type {
        "message/rfc822" => "eml",
        "text/plain" => "txt",
        "text/calendar" => "ics",
        "message/delivery-status" | "message/feedback-report" | "text/rfc822-headers" => "txt",
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        other => match other.rsplit_once('/').map(|(_, subtype)| subtype) {
            Some(subtype)
                if subtype.len() <= 5 && subtype.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
            {
                subtype
            }
            _ => "bin",
        },
    }
}
