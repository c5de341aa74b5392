//! The files of a message about to be accepted: written beside the database, or found there.

use std::sync::Arc;

use domain::access::Principal;
use domain::ids::MessageId;
use domain::invalid::Invalid;
use domain::outgoing::File;
use store::attachments::{self, Attachment};

use super::load;
use super::request::{MOST_ATTACHED, NewFile};
use crate::Error;
use crate::core::Core;
use crate::inbox::take_upload;

/// Files as rows, and as a provider gets them.
#[derive(Default)]
pub(super) struct Files {
    pub rows: Vec<Attachment>,
    pub contents: Vec<File>,
}

impl Files {
    fn add(&mut self, row: Attachment, bytes: Arc<[u8]>) {
        self.contents.push(load::file(&row, bytes));
        self.rows.push(row);
    }
}

/// Finds or writes every file.
pub(super) async fn gather(
    core: &Core,
    principal: &Principal,
    new: Vec<NewFile>,
    forward_of: Option<MessageId>,
) -> Result<Files, Error> {
    let tenant = principal.tenant;
    let mut files = Files::default();
    for (place, one) in new.into_iter().enumerate() {
        let pointer = format!("/attachments/{place}");
        match one {
            NewFile::Bytes { filename, content_type, content_id, bytes } => {
                let row = Attachment {
                    id: core.ids.next(),
                    filename,
                    content_type,
                    inline: content_id.is_some(),
                    content_id,
                    size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
                    sha256: core.blobs.put(bytes.clone()).await?,
                };
                files.add(row, bytes.into());
            }
            NewFile::Upload { id, content_id } => {
                let found = take_upload(core, principal, id).await;
                let upload = found.map_err(|error| match error {
                    Error::NotFound(_) => {
                        let detail = "there is no upload of yours with this id (any more)";
                        Invalid::at(format!("{pointer}/upload_id"), detail).into()
                    }
                    other => other,
                })?;
                let row = Attachment {
                    id: core.ids.next(),
                    filename: upload.filename,
                    content_type: upload.content_type,
                    inline: content_id.is_some(),
                    content_id,
                    size: i64::try_from(upload.bytes.len()).unwrap_or(i64::MAX),
                    sha256: core.blobs.put(upload.bytes.clone()).await?,
                };
                files.add(row, upload.bytes.into());
            }
            NewFile::OfMessage { message, attachment } => {
                let found = core.store.read(move |tx| attachments::of_message(tx, tenant, message)).await?;
                let row = found.into_iter().find(|row| row.id == attachment).ok_or_else(|| {
                    Invalid::at(format!("{pointer}/attachment_id"), "the message has no file with this id")
                })?;
                let bytes = content(core, &row).await?;
                files.add(Attachment { id: core.ids.next(), ..row }, bytes);
            }
        }
    }
    if let Some(message) = forward_of {
        let found = core.store.read(move |tx| attachments::of_message(tx, tenant, message)).await?;
        for row in found {
            let is_there =
                files.rows.iter().any(|other| other.sha256 == row.sha256 && other.filename == row.filename);
            if !is_there {
                let bytes = content(core, &row).await?;
                files.add(Attachment { id: core.ids.next(), ..row }, bytes);
            }
        }
    }
    if files.contents.iter().map(|file| file.bytes.len()).sum::<usize>() > MOST_ATTACHED {
        let detail = format!("expected at most {} MiB together", MOST_ATTACHED >> 20);
        return Err(Invalid::at("/attachments", detail).into());
    }
    Ok(files)
}

async fn content(core: &Core, row: &Attachment) -> Result<Arc<[u8]>, Error> {
    let bytes = core.blobs.get(&row.sha256).await?.ok_or_else(|| {
        let detail = format!("the content of {} is missing from the data folder", row.filename);
        Error::conflict("attachment_missing", detail)
    })?;
    Ok(bytes.into())
}
