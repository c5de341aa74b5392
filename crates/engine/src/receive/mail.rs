//! From the bytes of a mail to a message in a conversation.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::address::{EmailAddress, Mailbox};
use mail::Parsed;
use serde_json::json;
use store::attachments::Attachment;
use store::journal::Entry;
use store::messages::{Body, Envelope};

use super::file::{self, Letter};
use super::work::Ended;
use super::{guard, report};
use crate::Error;
use crate::core::Core;

/// Above this size a mail is parsed on a blocking thread, so that it does not hold up others.
const LARGE: usize = 256 << 10;

/// Works on one entry that is a mail.
pub(super) async fn work_on(core: &Arc<Core>, entry: Entry, raw: Bytes) -> Result<Ended, Error> {
    let parsed = if raw.len() > LARGE {
        tokio::task::spawn_blocking(move || mail::parse(&raw))
            .await
            .map_err(|error| store::Error::Unexpected(error.to_string()))?
    } else {
        mail::parse(&raw)
    };
    let recipients = recipients(&entry, &parsed);
    if let Some(report) = mail::report::read(&parsed)
        && let Some(ended) =
            report::apply(core, &entry, report, parsed.message_id.as_deref(), &recipients).await?
    {
        return Ok(ended);
    }
    let letter = letter(core, &entry, parsed, recipients).await?;
    file::file(core, entry, letter).await
}

/// Everybody it was sent to, by envelope and header.
fn recipients(entry: &Entry, parsed: &Parsed) -> Vec<EmailAddress> {
    let mut recipients = addresses_in(&entry.context, "envelope_to");
    recipients.extend(parsed.to.iter().chain(&parsed.cc).map(|mailbox| mailbox.address.clone()));
    for (name, value) in &parsed.headers {
        if ["delivered-to", "x-original-to", "envelope-to"].contains(&name.to_ascii_lowercase().as_str()) {
            recipients.extend(value.trim().parse::<EmailAddress>());
        }
    }
    recipients
}

async fn letter(
    core: &Core,
    entry: &Entry,
    parsed: Parsed,
    recipients: Vec<EmailAddress>,
) -> Result<Letter, Error> {
    let envelope_from = address_in(&entry.context, "envelope_from");
    let mut notices: Vec<String> = parsed.notice.iter().cloned().collect();
    let from = parsed.from.clone().or_else(|| parsed.sender.clone()).or(envelope_from.map(Mailbox::bare));
    let from = from.unwrap_or_else(|| {
        notices.push("The sender could not be read.".to_owned());
        Mailbox::bare("unknown@sender.invalid".parse().expect("a valid address"))
    });
    let automatic = guard::judge(core, entry, &parsed, &from.address);
    let is_no_reply = guard::is_no_reply(&parsed.auto);
    let mut attachments = Vec::with_capacity(parsed.parts.len());
    for part in parsed.parts {
        attachments.push(Attachment {
            id: core.ids.next(),
            filename: part.filename,
            content_type: part.content_type,
            content_id: part.content_id,
            inline: part.inline,
            size: i64::try_from(part.bytes.len()).unwrap_or(i64::MAX),
            sha256: core.blobs.put(part.bytes.to_vec()).await?,
        });
    }
    let split = parsed.text.as_deref().map(mail::quote::split_text).unwrap_or_default();
    let envelope = Envelope {
        from: Some(from.clone()),
        to: parsed.to,
        cc: parsed.cc,
        bcc: Vec::new(),
        reply_to: parsed.reply_to.into_iter().next(),
        headers: headers_that_matter(&parsed.headers),
        in_reply_to: parsed.in_reply_to.first().cloned(),
        references: parsed.references.clone(),
        metadata: serde_json::Map::new(),
        parse_notice: (!notices.is_empty()).then(|| notices.join(" ")),
        quoted: split.quoted,
        signature: split.signature,
        account_chosen: false,
        sender_chosen: false,
        forward_of: None,
        calendar: parsed.calendar.map(|calendar| json!(calendar)),
        authentication: parsed.authentication.map(|results| json!(results)),
    };
    // The parent first, then the chain from its newest end.
    let mut ancestors = parsed.in_reply_to;
    ancestors.extend(parsed.references.into_iter().rev());
    ancestors.dedup();
    Ok(Letter {
        from,
        subject: parsed.subject.unwrap_or_default(),
        message_id: parsed.message_id,
        ancestors,
        recipients,
        attachments,
        automatic,
        is_no_reply,
        body: Body { envelope, text: parsed.text.map(|_| split.new), html: parsed.html },
    })
}

const KEPT_HEADERS: &[&str] = &[
    "authentication-results",
    "auto-submitted",
    "date",
    "list-id",
    "list-unsubscribe",
    "precedence",
    "received-spf",
    "return-path",
    "x-auto-response-suppress",
];

fn headers_that_matter(headers: &[(String, String)]) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(&name.to_ascii_lowercase().as_str()))
        .map(|(name, value)| (name.clone(), value.chars().take(2_000).collect()))
        .collect()
}

fn address_in(context: &serde_json::Value, field: &str) -> Option<EmailAddress> {
    context.get(field)?.as_str()?.parse().ok()
}

fn addresses_in(context: &serde_json::Value, field: &str) -> Vec<EmailAddress> {
    let Some(listed) = context.get(field).and_then(serde_json::Value::as_array) else { return Vec::new() };
    listed.iter().filter_map(|address| address.as_str()?.parse().ok()).collect()
}
