//! From stored rows to a message that a provider can send: the same bytes on every attempt.

use std::sync::Arc;

use domain::failure::AttemptOutcome;
use domain::ids::{MessageId, TenantId, ThreadId};
use domain::outgoing::{File, Outgoing};
use domain::suppression::Letter;
use store::Tx;
use store::attachments::Attachment;
use store::attempts::{self, Attempt};
use store::messages::{Body, Message};

use super::sender::Link;
use crate::Error;
use crate::core::Core;
use crate::suppression::Barred;
use crate::vault::Vault;

/// What a stored message is made of.
pub(crate) struct Stored {
    pub message: Message,
    pub body: Body,
    pub attachments: Vec<Attachment>,
}

/// Reads a message with everything that is sent of it.
pub(crate) fn stored(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: MessageId,
) -> Result<Option<Stored>, store::Error> {
    let Some(message) = store::messages::get(tx, tenant, id)? else { return Ok(None) };
    let body = store::messages::body(tx, tenant, id)?.unwrap_or_default();
    let attachments = store::attachments::of_message(tx, tenant, id)?;
    Ok(Some(Stored { message, body, attachments }))
}

/// Loads a message that waited in the database.
pub(crate) async fn load(
    core: &Core,
    tenant: TenantId,
    id: MessageId,
    link: &Link,
) -> Result<Outgoing, Error> {
    Ok(load_and_check(core, tenant, id, link).await?.0)
}

/// The same, with those of its recipients that may not be written to (any more).
pub(super) async fn load_and_check(
    core: &Core,
    tenant: TenantId,
    id: MessageId,
    link: &Link,
) -> Result<(Outgoing, Barred), Error> {
    let found = core
        .store
        .read(move |tx| {
            let Some(stored) = stored(tx, tenant, id)? else { return Ok(None) };
            // A message that was never attempted has none to look at.
            let attempts =
                if stored.message.attempts == 0 { Vec::new() } else { attempts::of_message(tx, tenant, id)? };
            let (message, envelope) = (&stored.message, &stored.body.envelope);
            let letter = Letter::of(message.author.kind, message.rule);
            let everybody = envelope.to.iter().chain(&envelope.cc).chain(&envelope.bcc);
            let barred = Barred::among(tx, tenant, message.channel, letter, everybody)?;
            Ok::<_, store::Error>(Some((stored, trial(&attempts), barred)))
        })
        .await?;
    let (stored, trial, barred) = found.ok_or(Error::NotFound("message"))?;
    let mut files = Vec::with_capacity(stored.attachments.len());
    for attachment in &stored.attachments {
        let bytes = core.blobs.get(&attachment.sha256).await?.ok_or_else(|| {
            let detail =
                format!("the file of attachment {} is missing from the data folder", attachment.filename);
            Error::conflict("attachment_missing", detail)
        })?;
        files.push(file(attachment, bytes.into()));
    }
    let outgoing = outgoing(core, tenant, &stored.message, &stored.body, files, link)?;
    Ok((Outgoing { trial, ..outgoing }, barred))
}

/// The first attempt after the last one that the provider answered for good.
pub(super) fn trial(attempts: &[Attempt]) -> u32 {
    let settles =
        |attempt: &&Attempt| matches!(attempt.outcome, AttemptOutcome::Sent | AttemptOutcome::Rejected);
    attempts.iter().filter(settles).map(|attempt| attempt.number + 1).max().unwrap_or(1)
}

pub(crate) fn file(attachment: &Attachment, bytes: Arc<[u8]>) -> File {
    File {
        filename: attachment.filename.clone(),
        content_type: attachment.content_type.clone(),
        content_id: attachment.content_id.clone(),
        bytes,
    }
}

/// Puts a message together for its provider.
pub(crate) fn outgoing(
    core: &Core,
    tenant: TenantId,
    message: &Message,
    body: &Body,
    files: Vec<File>,
    link: &Link,
) -> Result<Outgoing, Error> {
    let envelope = &body.envelope;
    let from = envelope.from.clone().or_else(|| link.sender.clone()).ok_or_else(|| {
        Error::conflict("no_sender", "the channel account has no sender address; set one under Channels")
    })?;
    // Bounces are sent where mail is taken in; elsewhere nobody would read the tag.
    let return_path = link
        .takes_replies
        .then(|| mail::address::plus_tag(&from.address, &bounce_token(&core.vault, tenant, message.id)).ok())
        .flatten();
    Ok(Outgoing {
        id: message.id,
        return_path,
        channel: message.channel,
        from,
        to: envelope.to.clone(),
        cc: envelope.cc.clone(),
        bcc: envelope.bcc.clone(),
        reply_to: envelope.reply_to.clone(),
        subject: message.subject.clone(),
        text: body.text.clone(),
        html: body.html.clone(),
        attachments: files,
        rfc_message_id: message.rfc_message_id.clone().unwrap_or_default(),
        in_reply_to: envelope.in_reply_to.clone(),
        references: envelope.references.clone(),
        headers: envelope.headers.clone(),
        date: message.created_at,
        attempt: message.attempts + 1,
        trial: 1,
    })
}

const TOKEN_MAC: usize = 8;

/// What a tag brings back. The purposes differ in their MACs, so that one cannot be taken for the other.
const REPLY: &str = "reply-token";
const BOUNCE: &str = "bounce-token";

/// The tag that brings an answer back to its thread. It carries a MAC, so that nobody can write into a thread by guessing.
pub(crate) fn reply_token(vault: &Vault, tenant: TenantId, thread: ThreadId) -> String {
    signed(vault, tenant, REPLY, &thread.suffix())
}

/// The thread that a tag names, when the tag is ours.
pub(crate) fn thread_of_token(vault: &Vault, tenant: TenantId, tag: &str) -> Option<ThreadId> {
    ThreadId::from_suffix(&checked(vault, tenant, REPLY, tag)?)
}

/// The tag of the envelope sender, which brings a bounce back to its message (VERP).
pub(crate) fn bounce_token(vault: &Vault, tenant: TenantId, message: MessageId) -> String {
    signed(vault, tenant, BOUNCE, &message.suffix())
}

/// The message that a tag names, when the tag is ours.
pub(crate) fn message_of_token(vault: &Vault, tenant: TenantId, tag: &str) -> Option<MessageId> {
    MessageId::from_suffix(&checked(vault, tenant, BOUNCE, tag)?)
}

fn signed(vault: &Vault, tenant: TenantId, purpose: &'static str, suffix: &str) -> String {
    let mac = vault.mac(purpose, format!("{}:{suffix}", tenant.0).as_bytes());
    format!("{suffix}{}", &hex::encode(mac)[..TOKEN_MAC])
}

/// The suffix of a tag whose MAC is right; servers on the way may have changed its case.
fn checked(vault: &Vault, tenant: TenantId, purpose: &'static str, tag: &str) -> Option<String> {
    let tag = tag.to_ascii_lowercase();
    let (suffix, _) = tag.split_at_checked(tag.len().checked_sub(TOKEN_MAC)?)?;
    let ours = signed(vault, tenant, purpose, suffix);
    net::signature::equal(ours.as_bytes(), tag.as_bytes()).then(|| suffix.to_owned())
}
