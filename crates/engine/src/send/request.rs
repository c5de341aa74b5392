//! What a caller asks to be sent, and its parse into types. Every fault is named by its place.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::Mailbox;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::OnUnknown;
use domain::ids::{AccountId, AttachmentId, ConversationId, MessageId, UploadId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::Deserialize;
use store::deliveries::Lane;

/// One address or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected an address such as jane@example.com, or a list of such texts")]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> OneOrMany {
        OneOrMany::Many(Vec::new())
    }
}

/// A message to send.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRequest {
    /// The channel. When absent, that of the named account; else `email`, unless there are only accounts of another one.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// `jane@example.com` or `Jane Doe <jane@example.com>`, one or several. May be absent with `conversation_id`: then it
    /// goes to the contact of the conversation.
    #[serde(default)]
    pub to: OneOrMany,
    #[serde(default)]
    pub cc: OneOrMany,
    #[serde(default)]
    pub bcc: OneOrMany,
    /// Who it comes from: the address of one of the accounts, which is then chosen among those that send as it. The
    /// account's own sender when absent.
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub reply_to: Option<String>,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub html: Option<String>,
    #[serde(default)]
    pub attachments: Vec<AttachmentRequest>,
    /// Further headers, such as `List-Unsubscribe` or `X-Order`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// When to send it; at once when absent or past.
    #[serde(default)]
    pub send_at: Option<Timestamp>,
    /// The channel account to send through; chosen by priority when absent.
    #[serde(default)]
    pub account: Option<AccountId>,
    /// The conversation to reply in.
    #[serde(default)]
    pub conversation_id: Option<ConversationId>,
    /// The message that this one answers; the last one of the conversation when absent.
    #[serde(default)]
    pub in_reply_to: Option<MessageId>,
    /// Kept with the message and given back; at most 4 KiB as JSON.
    #[serde(default)]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// What to do when it is not known whether it was sent and nobody can be asked; the account's setting when absent.
    #[serde(default)]
    pub on_unknown: Option<OnUnknown>,
    /// `bulk` goes behind everything that is `normal`.
    #[serde(default)]
    pub priority: Option<Lane>,
    /// Holds the message back so long, 0 to 3600 seconds; until then it can be cancelled. Not together with `send_at`.
    #[serde(default)]
    pub delay_seconds: Option<u32>,
    /// The message to pass on: its text stands below yours, and its files go along. Needs `to`.
    #[serde(default)]
    pub forward_of: Option<MessageId>,
    /// The newest message that you have seen of the conversation: refused as `conversation_moved_on` when there is a newer.
    #[serde(default)]
    pub expected_last_message_id: Option<MessageId>,
    /// Resolves the conversation with it.
    #[serde(default)]
    pub resolve: bool,
}

/// A file to send along: its content, or a file that is here already (`upload_id`, or `message_id` and `attachment_id`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRequest {
    /// With `content_base64`.
    #[serde(default)]
    pub filename: Option<String>,
    /// Such as `application/pdf`; found from the bytes when absent.
    #[serde(default)]
    pub content_type: Option<String>,
    #[serde(default)]
    pub content_base64: Option<String>,
    /// With it the file is inline, for `cid:` links from the HTML.
    #[serde(default)]
    pub content_id: Option<String>,
    /// A file from `POST /v1/uploads`.
    #[serde(default)]
    pub upload_id: Option<UploadId>,
    /// The message whose file goes along.
    #[serde(default)]
    pub message_id: Option<MessageId>,
    /// Which of its files.
    #[serde(default)]
    pub attachment_id: Option<AttachmentId>,
}

/// A message whose every part is known to be sound.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage {
    pub channel: Channel,
    pub to: Vec<Mailbox>,
    pub cc: Vec<Mailbox>,
    pub bcc: Vec<Mailbox>,
    pub from: Option<Mailbox>,
    pub reply_to: Option<Mailbox>,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub files: Vec<NewFile>,
    pub headers: BTreeMap<String, String>,
    pub send_at: Option<Timestamp>,
    pub account: Option<AccountId>,
    pub conversation: Option<ConversationId>,
    pub in_reply_to: Option<MessageId>,
    pub metadata: serde_json::Map<String, serde_json::Value>,
    pub on_unknown: Option<OnUnknown>,
    pub lane: Lane,
    pub delay: Option<Duration>,
    pub forward_of: Option<MessageId>,
    pub expected_last_message: Option<MessageId>,
    pub resolve: bool,
}

/// A file to send along.
#[derive(Debug, Clone)]
pub(crate) enum NewFile {
    Bytes { filename: String, content_type: String, content_id: Option<String>, bytes: Vec<u8> },
    Upload { id: UploadId, content_id: Option<String> },
    OfMessage { message: MessageId, attachment: AttachmentId },
}

/// Attachments of one message together, in bytes, before they are encoded.
pub(super) const MOST_ATTACHED: usize = 25 << 20;
const MOST_RECIPIENTS: usize = 100;
const LONGEST_SUBJECT: usize = 998;
const LARGEST_METADATA: usize = 4 << 10;
const LONGEST_DELAY: u32 = 3_600;
/// Headers that we write ourselves.
const RESERVED: &[&str] = &[
    "bcc",
    "cc",
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "in-reply-to",
    "message-id",
    "mime-version",
    "received",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
];

impl MessageRequest {
    /// Turns texts into types.
    pub(crate) fn parse(self) -> Result<NewMessage, Invalid> {
        let mut faults = Faults::default();
        let is_to_nobody = matches!(&self.to, OneOrMany::Many(texts) if texts.is_empty());
        let to = mailboxes(&mut faults, "/to", self.to);
        let cc = mailboxes(&mut faults, "/cc", self.cc);
        let bcc = mailboxes(&mut faults, "/bcc", self.bcc);
        if is_to_nobody && self.conversation_id.is_none() {
            faults.note("/to", "expected an email address such as jane@example.com, or a conversation_id");
        }
        if to.len() + cc.len() + bcc.len() > MOST_RECIPIENTS {
            faults.note(
                "/to",
                format!("expected at most {MOST_RECIPIENTS} recipients in to, cc and bcc together"),
            );
        }
        let from = self.from.and_then(|text| faults.take("/from", text.parse::<Mailbox>()));
        let reply_to = self.reply_to.and_then(|text| faults.take("/reply_to", text.parse::<Mailbox>()));
        if let Some(subject) = &self.subject {
            check_line(&mut faults, "/subject", subject, LONGEST_SUBJECT);
        }
        let is_blank = |text: &Option<String>| text.as_ref().is_none_or(|text| text.trim().is_empty());
        if is_blank(&self.text)
            && is_blank(&self.html)
            && self.attachments.is_empty()
            && self.forward_of.is_none()
        {
            faults.note("/text", "expected text, html or an attachment: a message says something");
        }
        let files = files(&mut faults, self.attachments);
        check_headers(&mut faults, &self.headers);
        if serde_json::to_string(&self.metadata).is_ok_and(|text| text.len() > LARGEST_METADATA) {
            faults.note("/metadata", format!("expected at most {LARGEST_METADATA} bytes as JSON"));
        }
        if self.delay_seconds.is_some_and(|delay| delay > LONGEST_DELAY) {
            faults.note("/delay_seconds", format!("expected 0 to {LONGEST_DELAY} seconds"));
        }
        if self.delay_seconds.is_some() && self.send_at.is_some() {
            faults.note("/delay_seconds", "expected either delay_seconds or send_at");
        }
        if self.forward_of.is_some() && is_to_nobody {
            faults.note("/to", "expected somebody to pass the message on to");
        }
        let conversation = self.conversation_id.is_some();
        if self.resolve && !conversation {
            faults.note("/resolve", "expected a conversation_id with it");
        }
        if self.expected_last_message_id.is_some() && !conversation {
            faults.note("/expected_last_message_id", "expected a conversation_id with it");
        }
        faults.finish()?;
        Ok(NewMessage {
            channel: self.channel.unwrap_or(Channel::Email),
            to,
            cc,
            bcc,
            from,
            reply_to,
            subject: self.subject,
            text: self.text,
            html: self.html,
            files,
            headers: self.headers,
            send_at: self.send_at,
            account: self.account,
            conversation: self.conversation_id,
            in_reply_to: self.in_reply_to,
            metadata: self.metadata,
            on_unknown: self.on_unknown,
            lane: self.priority.unwrap_or(Lane::Prompt),
            delay: self
                .delay_seconds
                .filter(|delay| *delay > 0)
                .map(|delay| Duration::from_secs(delay.into())),
            forward_of: self.forward_of,
            expected_last_message: self.expected_last_message_id,
            resolve: self.resolve,
        })
    }
}

fn mailboxes(faults: &mut Faults, pointer: &str, given: OneOrMany) -> Vec<Mailbox> {
    match given {
        OneOrMany::One(text) => faults.take(pointer, text.parse()).into_iter().collect(),
        OneOrMany::Many(texts) => texts
            .into_iter()
            .enumerate()
            .filter_map(|(place, text)| faults.take(format!("{pointer}/{place}"), text.parse()))
            .collect(),
    }
}

/// A header's value stands on one line: a line break in it would be a header of the attacker's choice.
fn check_line(faults: &mut Faults, pointer: &str, text: &str, longest: usize) {
    if text.chars().any(char::is_control) {
        faults.note(pointer, "expected one line without control characters");
    }
    if text.len() > longest {
        faults.note(pointer, format!("expected at most {longest} bytes"));
    }
}

fn check_headers(faults: &mut Faults, headers: &BTreeMap<String, String>) {
    for (name, value) in headers {
        let pointer = format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
        let is_name =
            !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        if !is_name {
            faults.note(&pointer, "expected a header name of letters, digits and hyphens");
        } else if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            faults.note(&pointer, "this header is written by Chancery; use the field of the message instead");
        }
        check_line(faults, &pointer, value, 2_000);
    }
}

fn files(faults: &mut Faults, attachments: Vec<AttachmentRequest>) -> Vec<NewFile> {
    let mut total = 0;
    let mut files = Vec::with_capacity(attachments.len());
    for (place, attachment) in attachments.into_iter().enumerate() {
        let pointer = format!("/attachments/{place}");
        if let Some(id) = &attachment.content_id {
            check_line(faults, &format!("{pointer}/content_id"), id, 255);
        }
        let AttachmentRequest { upload_id, message_id, attachment_id, content_id, .. } = attachment;
        match (attachment.content_base64, upload_id, message_id.zip(attachment_id)) {
            (Some(content), None, None) => {
                let name = attachment.filename.unwrap_or_default();
                let kind = attachment.content_type;
                if let Some(file) = file_of_bytes(faults, &pointer, name, kind, content_id, &content) {
                    total += file.1;
                    files.push(file.0);
                }
            }
            (None, Some(id), None) => files.push(NewFile::Upload { id, content_id }),
            (None, None, Some((message, attachment))) => {
                files.push(NewFile::OfMessage { message, attachment });
            }
            _ => faults.note(
                pointer,
                "expected filename and content_base64, or upload_id, or message_id and attachment_id",
            ),
        }
    }
    if total > MOST_ATTACHED {
        faults.note("/attachments", format!("expected at most {} MiB together", MOST_ATTACHED >> 20));
    }
    files
}

/// The file and its bytes' number.
fn file_of_bytes(
    faults: &mut Faults,
    pointer: &str,
    filename: String,
    content_type: Option<String>,
    content_id: Option<String>,
    content: &str,
) -> Option<(NewFile, usize)> {
    if filename.trim().is_empty() {
        faults.note(format!("{pointer}/filename"), "expected a file name such as invoice.pdf");
    }
    check_line(faults, &format!("{pointer}/filename"), &filename, 255);
    let filename = domain::file_name::clean(&filename);
    let Ok(bytes) = STANDARD.decode(content.as_bytes()) else {
        faults.note(format!("{pointer}/content_base64"), "expected base64 (RFC 4648, with padding)");
        return None;
    };
    let content_type = match content_type {
        Some(given) if is_content_type(&given) => given,
        Some(_) => {
            faults.note(format!("{pointer}/content_type"), "expected a media type such as application/pdf");
            return None;
        }
        None => mail::sniff(&bytes, &filename),
    };
    let size = bytes.len();
    Some((NewFile::Bytes { filename, content_type, content_id, bytes }, size))
}

fn is_content_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&b))
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    text.bytes().all(|b| (32..127).contains(&b))
        && essence.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

impl AttachmentRequest {
    /// A file with its bytes.
    #[must_use]
    pub fn of_bytes(filename: String, bytes: &[u8]) -> AttachmentRequest {
        AttachmentRequest {
            filename: Some(filename),
            content_base64: Some(STANDARD.encode(bytes)),
            ..AttachmentRequest::default()
        }
    }
}
