//! The bytes of uploads, each in a file of its own: unlike contents of messages they are thrown away one day, and a file
//! that nobody shares can go without asking anybody.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use bytes::Bytes;
use domain::ids::UploadId;
use domain::invalid::Invalid;
use futures_util::{Stream, StreamExt as _};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;

use super::LARGEST_UPLOAD;
use crate::Error;
use crate::core::Core;

/// As many bytes as tell what a file is.
const BEGINNING: usize = 8 << 10;

/// The end of the name of a file that is not all there yet.
const UNFINISHED: &str = ".part";

/// A file that is on disk, and goes again unless it is kept.
pub(super) struct Written {
    path: PathBuf,
    is_kept: bool,
    pub(super) size: usize,
    pub(super) sha256: String,
    pub(super) beginning: Vec<u8>,
}

impl Written {
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.is_kept {
            // A client that hangs up ends the request here. What cannot be removed only takes room.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn path(core: &Core, id: UploadId) -> PathBuf {
    folder(core).join(id.to_string())
}

fn folder(core: &Core) -> PathBuf {
    core.options.data_dir.join("uploads")
}

/// Writes the bytes as they come, so that a large file never stands in memory.
pub(super) async fn write<S, E>(core: &Core, id: UploadId, mut body: S) -> Result<Written, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin + Send,
    E: Display,
{
    let folder = folder(core);
    fs::create_dir_all(&folder).await.map_err(unavailable)?;
    let path = folder.join(format!("{id}{UNFINISHED}"));
    let mut file = fs::File::create(&path).await.map_err(unavailable)?;
    let mut written = Written { path, is_kept: false, size: 0, sha256: String::new(), beginning: Vec::new() };
    let mut hash = digest::Context::new(&digest::SHA256);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| {
            Error::conflict("body_not_received", "the connection ended before the whole file was there")
        })?;
        written.size += chunk.len();
        if written.size > LARGEST_UPLOAD {
            let most = LARGEST_UPLOAD >> 20;
            return Err(Error::conflict("payload_too_large", format!("an upload has at most {most} MiB")));
        }
        let room = BEGINNING - written.beginning.len();
        written.beginning.extend_from_slice(&chunk[..room.min(chunk.len())]);
        hash.update(&chunk);
        file.write_all(&chunk).await.map_err(unavailable)?;
    }
    if written.size == 0 {
        return Err(Invalid::at("", "expected the bytes of a file; the body is empty").into());
    }
    file.sync_all().await.map_err(unavailable)?;
    let finished = self::path(core, id);
    fs::rename(&written.path, &finished).await.map_err(unavailable)?;
    written.path = finished;
    sync_folder(&folder).await?;
    written.sha256 = hex::encode(hash.finish());
    written.beginning = without_half_character(std::mem::take(&mut written.beginning));
    Ok(written)
}

/// A file is in its folder only once the folder is on disk too.
async fn sync_folder(folder: &Path) -> Result<(), Error> {
    fs::File::open(folder).await.map_err(unavailable)?.sync_all().await.map_err(unavailable)
}

/// The beginning may end within a character; a text must not look like bytes because of that.
fn without_half_character(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Err(error) = std::str::from_utf8(&bytes)
        && error.error_len().is_none()
    {
        bytes.truncate(error.valid_up_to());
    }
    bytes
}

/// The bytes; nothing when they are not there.
pub(super) async fn read(core: &Core, id: UploadId) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path(core, id)).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(error)),
    }
}

/// Removes the bytes, also when they are gone already.
pub(super) async fn remove(core: &Core, id: UploadId) -> Result<(), Error> {
    match fs::remove_file(path(core, id)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unavailable(error)),
        _ => Ok(()),
    }
}

/// Removes what a process that died had begun to write: the folder has one server at a time.
pub(super) async fn remove_unfinished(core: &Core) -> Result<(), Error> {
    let mut entries = match fs::read_dir(folder(core)).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(unavailable)?,
    };
    while let Some(entry) = entries.next_entry().await.map_err(unavailable)? {
        if entry.file_name().to_string_lossy().ends_with(UNFINISHED) {
            fs::remove_file(entry.path()).await.map_err(unavailable)?;
        }
    }
    Ok(())
}

fn unavailable(error: std::io::Error) -> Error {
    Error::Store(store::Error::Unavailable(format!("the folder of uploads: {error}")))
}
