//! Uploads: files that come in beside the text that needs them, and wait for the message, note or draft that names them.

mod files;
mod forget;

use std::fmt::Display;

use bytes::Bytes;
use domain::access::{Actor, ActorKind, Permission, Principal};
use domain::ids::UploadId;
use domain::invalid::Invalid;
use domain::{file_name, media_type};
use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use store::uploads::{self, Upload};

pub(crate) use forget::{forget_unfinished, forget_unwanted};

use super::messages::FileContent;
use crate::core::Core;
use crate::{Engine, Error};

/// The largest upload, in bytes: what all files of one message may have together.
pub const LARGEST_UPLOAD: usize = 25 << 20;
/// How long an upload is kept that nothing names.
pub(crate) const KEPT: std::time::Duration = std::time::Duration::from_hours(7 * 24);

/// One upload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Upload")]
pub struct UploadView {
    pub id: UploadId,
    /// As it was given, without a path and without what cannot be seen.
    pub filename: String,
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    pub url: String,
}

/// What a client says of a file that it sends.
#[derive(Debug, Clone, Default)]
pub struct UploadLabel {
    pub filename: String,
    /// Found from the bytes when it is absent or says nothing.
    pub content_type: Option<String>,
}

impl Engine {
    /// Takes a file in as its bytes come; it is on disk when this returns.
    ///
    /// # Errors
    /// `payload_too_large`; `body_not_received`; [`Error::Invalid`] for an empty file; missing permission.
    pub async fn upload<S, E>(
        &self,
        principal: &Principal,
        label: UploadLabel,
        body: S,
    ) -> Result<UploadView, Error>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
        E: Display,
    {
        principal.require(Permission::ConversationsWrite)?;
        let given = label.content_type.filter(|given| !media_type::is_generic(given));
        if given.as_deref().is_some_and(|given| !media_type::is_media_type(given)) {
            return Err(
                Invalid::at("", "expected Content-Type to be a media type such as application/pdf").into()
            );
        }
        let id: UploadId = self.core.ids.next();
        let filename = file_name::clean(&label.filename);
        let written = files::write(&self.core, id, body).await?;
        let now = self.core.clock.now();
        let upload = Upload {
            id,
            owner: principal.actor.id.clone(),
            content_type: given.unwrap_or_else(|| mail::sniff(&written.beginning, &filename)),
            filename,
            size: i64::try_from(written.size).unwrap_or(i64::MAX),
            sha256: written.sha256.clone(),
            entry: None,
            created_at: now,
            keep_until: now.plus(KEPT),
        };
        let (tenant, row) = (principal.tenant, upload.clone());
        self.core.store.write(tenant, move |tx| uploads::insert(tx, tenant, &row)).await?;
        written.keep();
        Ok(view(upload))
    }

    /// The content of an upload: of one's own, or of one that belongs to a note.
    ///
    /// # Errors
    /// [`Error::NotFound`]; missing permission.
    pub async fn upload_content(&self, principal: &Principal, id: UploadId) -> Result<FileContent, Error> {
        principal.require(Permission::ConversationsRead)?;
        take(&self.core, principal, id).await
    }
}

/// A file with its bytes, for a message or an import that names an upload. It stays where it is, so that it may be named
/// again: by a message that is called back, or a draft in another window. Asks for no permission: the caller has asked for
/// that of the use case.
///
/// # Errors
/// [`Error::NotFound`] when there is none that this principal may name: say so at the place of the `upload_id`.
pub(crate) async fn take(core: &Core, principal: &Principal, id: UploadId) -> Result<FileContent, Error> {
    let tenant = principal.tenant;
    let row = core.store.read(move |tx| uploads::get(tx, tenant, id)).await?;
    let row = row.filter(|row| may_see(&principal.actor, row)).ok_or(Error::NotFound("upload"))?;
    let bytes = files::read(core, id).await?.ok_or(Error::NotFound("upload"))?;
    Ok(FileContent { filename: row.filename, content_type: row.content_type, bytes })
}

/// An upload is its sender's until it belongs to a note; then it is everybody's who reads notes.
pub(super) fn may_see(actor: &Actor, upload: &Upload) -> bool {
    upload.entry.is_some() || actor.kind == ActorKind::System || upload.owner == actor.id
}

pub(super) fn url(id: UploadId) -> String {
    format!("/v1/uploads/{id}")
}

fn view(upload: Upload) -> UploadView {
    UploadView {
        id: upload.id,
        filename: upload.filename,
        content_type: upload.content_type,
        size: upload.size,
        url: url(upload.id),
    }
}
