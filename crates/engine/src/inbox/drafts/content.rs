//! What a draft says. Addresses may be half typed: what is wrong with them is said when it is sent, not while it is written.

use domain::access::Actor;
use domain::clock::Timestamp;
use domain::ids::{AccountId, AttachmentId, MessageId, TenantId, UploadId};
use domain::invalid::{Faults, Invalid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Tx, attachments, uploads};

use super::super::uploads::{KEPT, may_see, url};
use crate::Error;

const MOST_FILES: usize = 100;
const MOST_ADDRESSES: usize = 200;

/// The parts of a text that is still being written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(default)]
pub struct DraftContent {
    pub to: Vec<DraftAddress>,
    pub cc: Vec<DraftAddress>,
    pub bcc: Vec<DraftAddress>,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<DraftFile>,
    /// The message that is answered.
    pub in_reply_to: Option<MessageId>,
    /// The message that is handed on.
    pub forward_of: Option<MessageId>,
    /// The channel account to send through.
    pub account: Option<AccountId>,
}

/// Somebody it goes to: as typed so far, or a name and an address. Given back in the form in which it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text, or an object with `address` and perhaps `name`")]
pub enum DraftAddress {
    Typed(String),
    Chosen {
        #[serde(default)]
        name: Option<String>,
        address: String,
    },
}

/// A file of a draft: an upload, or a file of a message. Only the ids are read; the rest is told in answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(default)]
pub struct DraftFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<UploadId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_id: Option<AttachmentId>,
    pub filename: String,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    pub url: String,
}

impl DraftContent {
    /// What can be said without the database.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let mut faults = Faults::default();
        for (pointer, list) in [("/to", &self.to), ("/cc", &self.cc), ("/bcc", &self.bcc)] {
            if list.len() > MOST_ADDRESSES {
                faults.note(
                    format!("/content{pointer}"),
                    format!("expected at most {MOST_ADDRESSES} addresses"),
                );
            }
        }
        if self.attachments.len() > MOST_FILES {
            faults.note("/content/attachments", format!("expected at most {MOST_FILES} files"));
        }
        faults.finish()
    }

    /// The form that is kept: each file looked up, and uploads kept for another while.
    pub(super) fn stored(
        mut self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        writer: &Actor,
        now: Timestamp,
    ) -> Result<Value, Error> {
        let mut faults = Faults::default();
        for (place, file) in self.attachments.iter_mut().enumerate() {
            match file.found(tx, tenant, writer, now)? {
                Some(found) => *file = found,
                None => faults.note(
                    format!("/content/attachments/{place}"),
                    "expected the upload_id of an upload of yours, or message_id and attachment_id of a file",
                ),
            }
        }
        faults.finish()?;
        serde_json::to_value(self).map_err(|error| store::Error::Unexpected(error.to_string()).into())
    }

    pub(super) fn of_stored(stored: Value) -> DraftContent {
        // We wrote it ourselves, in this form.
        serde_json::from_value(stored).unwrap_or_default()
    }
}

impl DraftFile {
    fn found(
        &self,
        tx: &mut Tx<'_>,
        tenant: TenantId,
        writer: &Actor,
        now: Timestamp,
    ) -> Result<Option<DraftFile>, Error> {
        match (self.upload_id, self.message_id, self.attachment_id) {
            (Some(id), None, None) => {
                let Some(row) = uploads::get(tx, tenant, id)?.filter(|row| may_see(writer, row)) else {
                    return Ok(None);
                };
                // Named anew, it is wanted for another while, also when the draft goes in the next moment.
                uploads::keep(tx, tenant, id, row.entry, now.plus(KEPT))?;
                Ok(Some(DraftFile {
                    upload_id: Some(id),
                    filename: row.filename,
                    content_type: row.content_type,
                    size: row.size,
                    url: url(id),
                    ..DraftFile::default()
                }))
            }
            (None, Some(message), Some(id)) => {
                let files = attachments::of_message(tx, tenant, message)?;
                Ok(files.into_iter().find(|file| file.id == id).map(|file| DraftFile {
                    message_id: Some(message),
                    attachment_id: Some(id),
                    filename: file.filename,
                    content_type: file.content_type,
                    size: file.size,
                    url: format!("/v1/messages/{message}/attachments/{id}"),
                    ..DraftFile::default()
                }))
            }
            _ => Ok(None),
        }
    }
}
