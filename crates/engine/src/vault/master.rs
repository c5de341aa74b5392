//! Finds the master key, or makes it: in the environment, in systemd's credentials, in the data folder.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use domain::chance::Chance;
use domain::secret::Secret;

use super::Error;

/// Where the master key came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Environment,
    Credential(PathBuf),
    File(PathBuf),
    /// A file that was made just now.
    NewFile(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Environment => formatter.write_str("CHANCERY_MASTER_KEY"),
            Source::Credential(path) | Source::File(path) | Source::NewFile(path) => {
                write!(formatter, "{}", path.display())
            }
        }
    }
}

pub(super) fn find_or_create(
    data_dir: &Path,
    environment: Option<&str>,
    credentials: Option<&Path>,
    chance: &Chance,
) -> Result<(Secret<[u8; 32]>, Source), Error> {
    if let Some(text) = environment.filter(|text| !text.trim().is_empty()) {
        return Ok((parse(text, &Source::Environment)?, Source::Environment));
    }
    if let Some(path) = credentials.map(|folder| folder.join("chancery-master-key"))
        && let Some(text) = read(&path)?
    {
        let source = Source::Credential(path);
        return Ok((parse(&text, &source)?, source));
    }
    let path = data_dir.join("keys").join("master.key");
    if let Some(text) = read(&path)? {
        let source = Source::File(path);
        return Ok((parse(&text, &source)?, source));
    }
    let key = Secret::new(chance.bytes::<32>());
    match write_first(&path, &format!("{}\n", STANDARD.encode(key.reveal()))) {
        Ok(()) => Ok((key, Source::NewFile(path))),
        // Another process was faster; its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(&path).map_err(|error| fault(&path, error))?;
            let source = Source::File(path);
            Ok((parse(&text, &source)?, source))
        }
        Err(error) => Err(fault(&path, error)),
    }
}

fn parse(text: &str, source: &Source) -> Result<Secret<[u8; 32]>, Error> {
    let text = text.trim();
    let bytes = if text.len() == 64 { hex::decode(text).ok() } else { None }
        .or_else(|| STANDARD.decode(text).ok())
        .or_else(|| STANDARD_NO_PAD.decode(text).ok())
        .or_else(|| URL_SAFE_NO_PAD.decode(text).ok());
    bytes
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .map(Secret::new)
        .ok_or_else(|| Error::Malformed(source.clone()))
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(path, error)),
    }
}

/// Writes a file that only its owner can read, unless there is one. It is complete and on disk before it has its name: a
/// power cut must not leave half a key.
fn write_first(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private_folder(folder)?;
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // A hard link fails when the name is taken, where a rename would replace the key of another process.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    linked?;
    File::open(folder)?.sync_all()
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn fault(path: &Path, source: io::Error) -> Error {
    Error::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_from_the_environment_first_then_from_credentials_then_from_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let chance = Chance::system();
        let find = |environment: Option<&str>, credentials: Option<&Path>| {
            let (key, source) =
                find_or_create(folder.path(), environment, credentials, &chance).expect("a key");
            (*key.reveal(), source)
        };
        let (made, source) = find(None, None);
        let path = folder.path().join("keys/master.key");
        assert_eq!(source, Source::NewFile(path.clone()));
        assert_eq!(find(None, None), (made, Source::File(path.clone())));
        std::fs::write(folder.path().join("chancery-master-key"), "22".repeat(32)).expect("written");
        assert_eq!(find(None, Some(folder.path())).0, [0x22; 32]);
        assert_eq!(find(Some(&STANDARD.encode([0x33; 32])), Some(folder.path())).0, [0x33; 32]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = find_or_create(folder.path(), Some("hunter2"), None, &Chance::system())
            .expect_err("this is no key");
        assert!(error.to_string().contains("CHANCERY_MASTER_KEY is not 32 bytes"), "{error}");
    }
}
