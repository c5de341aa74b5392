//! The files of a message: names made harmless, types looked at when the sender's word says nothing.

use bytes::Bytes;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders as _, PartType};

use super::addresses::is_deceptive;
use super::{MAX_FILE_BYTES, MAX_FILES, Notices, Parsed, Part, charset};

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
        if is_tnef(part) {
            notices.note(
                "A part of the message is in Microsoft's own format (winmail.dat); it is kept as a file.",
            );
        }
        parsed.parts.push(file(message, part, contents, parsed.parts.len() + 1));
    }
}

fn is_tnef(part: &MessagePart<'_>) -> bool {
    let is_named = part.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case("application")
            && kind.subtype().is_some_and(|subtype| {
                ["ms-tnef", "vnd.ms-tnef"].iter().any(|name| subtype.eq_ignore_ascii_case(name))
            })
    });
    is_named || part.attachment_name().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
}

fn file(message: &Message<'_>, part: &MessagePart<'_>, contents: &[u8], number: usize) -> Part {
    let content_type = content_type(part, contents);
    let is_attachment = part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
    let content_id =
        part.content_id().map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty());
    let inline = !is_attachment
        && (content_id.is_some()
            || part.content_disposition().is_some_and(mail_parser::ContentType::is_inline));
    let given = part.attachment_name().map(harmless).filter(|name| !name.is_empty());
    let given = match given {
        Some(name) if name.contains('\u{FFFD}') => Some(guessed_name(message, part).unwrap_or(name)),
        given => given,
    };
    let subject = || match &part.body {
        PartType::Message(message) => {
            let subject = harmless_text(message.subject().unwrap_or_default());
            (!subject.is_empty()).then(|| format!("{subject}.eml"))
        }
        _ => None,
    };
    Part {
        filename: given
            .or_else(subject)
            .unwrap_or_else(|| format!("attachment-{number}.{}", extension(&content_type))),
        content_type,
        content_id,
        inline,
        bytes: Bytes::copy_from_slice(contents),
    }
}

/// A name in characters that it does not name.
fn guessed_name(message: &Message<'_>, part: &MessagePart<'_>) -> Option<String> {
    let place = part.offset_header as usize..part.offset_body as usize;
    let repaired = charset::repaired(message.raw_message().get(place)?)?;
    let headers = MessageParser::default().parse_headers(&repaired)?;
    headers.parts.first()?.attachment_name().map(harmless).filter(|name| !name.is_empty())
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
    harmless_text(name.rsplit(['/', '\\']).next().unwrap_or_default())
}

/// The same for what is no path.
fn harmless_text(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|character| {
            !is_deceptive(*character) && !character.is_control() && !"\"<>|:*?/\\".contains(*character)
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
