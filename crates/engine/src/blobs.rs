//! Files of messages, beside the database: named by the SHA-256 of their content, so each content is stored once.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::Error;

/// The folder of contents.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    pub(crate) fn new(data_dir: &Path) -> Blobs {
        Blobs { folder: data_dir.join("blobs") }
    }

    /// Stores a content durably and gives its name. Must be done before the transaction that names it.
    pub(crate) async fn put(&self, bytes: Vec<u8>) -> Result<String, Error> {
        let blobs = self.clone();
        run(move || blobs.put_blocking(&bytes)).await
    }

    /// The content of a name; nothing when it is not there.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        run(move || match std::fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name.get(..2).unwrap_or("00")).join(name)
    }

    fn put_blocking(&self, bytes: &[u8]) -> std::io::Result<String> {
        let name = net::signature::sha256_hex(bytes);
        let path = self.path(&name);
        if path.exists() {
            return Ok(name);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        if !folder.exists() {
            std::fs::create_dir_all(folder)?;
            // A folder is in its parent only once that is on disk too.
            std::fs::File::open(&self.folder)?.sync_all()?;
        }
        // Written under another name first: a crash in between must not leave half a file under the right one.
        let unfinished = folder.join(format!("{name}.{:x}.part", thread_mark()));
        if let Err(error) = write_whole(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, &path))
        {
            // On a full disk half a file would only make it worse. If it cannot be removed, the first error still counts.
            let _ = std::fs::remove_file(&unfinished);
            return Err(error);
        }
        std::fs::File::open(folder)?.sync_all()?;
        Ok(name)
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Tells two writers of the same content apart; blocking threads are distinct while they run.
fn thread_mark() -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    std::thread::current().id().hash(&mut hasher);
    hasher.finish()
}

async fn run<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let unavailable = |detail: String| Error::Store(store::Error::Unavailable(detail));
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| unavailable(error.to_string()))?
        .map_err(|error| unavailable(format!("the folder of attachments: {error}")))
}
