//! A throw-away PostgreSQL on loopback: started in a temporary folder, unsafe on purpose and therefore fast, gone at the end.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::counterparts::{self, group_id, user_id};
use crate::program::Program;
use crate::tied_child::{TiedChild, User};

pub struct Postgres {
    url: String,
    // Declared in this order so that the server is stopped before its folder is removed.
    server: TiedChild,
    folder: Folder,
}

impl Postgres {
    pub fn start() -> Result<Postgres> {
        let binaries = counterparts::postgres_binaries().context("there is no PostgreSQL on this machine")?;
        let user = unprivileged_user()?;
        let folder = Folder::create(user.as_ref())?;
        let password = password()?;
        let password_file = folder.write("password", &password, user.as_ref())?;
        let data = folder.path.join("data");
        create_cluster(&binaries, &data, &password_file, user.as_ref())?;
        let port = free_port()?;
        let server = startserver(&binaries, &folder, &data, port, user.as_ref())?;
        let mut postgres = Postgres {
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
            server,
            folder,
        };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// Where tests reach it, as its superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// It listens a moment before it answers, so its log is asked and not its port.
    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let log = fs::read_to_string(self.folder.path.join("log")).unwrap_or_default();
            if log.contains("ready to accept connections") {
                return Ok(());
            }
            if !self.server.runs() || Instant::now() > deadline {
                bail!("the throw-away PostgreSQL did not start; its log says:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// PostgreSQL refuses to run as root, so root steps down.
fn unprivileged_user() -> Result<Option<User>> {
    if user_id("") != Some(0) {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let (Some(id), Some(group)) = (user_id(name), group_id(name)) {
            return Ok(Some(User { id, group }));
        }
    }
    bail!(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody to run it as"
    )
}

fn create_cluster(binaries: &Path, data: &Path, password_file: &Path, user: Option<&User>) -> Result<()> {
    let folder = data.parent().expect("the data folder lies in ours");
    let log = folder.join("initdb.log");
    let program = Program::new(binaries.join("initdb"), folder)
        .args(["--no-sync", "--username=postgres", "--auth=password", "--encoding=UTF8", "--locale=C"])
        .args([format!("--pgdata={}", data.display()), format!("--pwfile={}", password_file.display())]);
    let output = fs::File::create(&log)?;
    let errors = output.try_clone()?;
    let mut initdb = TiedChild::start(&program, user, "TERM", Stdio::from(output), Stdio::from(errors))?;
    if !initdb.child().wait()?.success() {
        bail!("initdb failed:\n{}", fs::read_to_string(&log).unwrap_or_default());
    }
    Ok(())
}

fn startserver(
    binaries: &Path,
    folder: &Folder,
    data: &Path,
    port: u16,
    user: Option<&User>,
) -> Result<TiedChild> {
    let program = Program::new(binaries.join("postgres"), &folder.path)
        .args(["-D".as_ref(), data.as_os_str(), "-k".as_ref(), folder.path.as_os_str()])
        .args(["-p", &port.to_string(), "-h", "127.0.0.1"])
        // Nothing in it is worth a flush to disk.
        .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"])
        .args(["-c", "max_connections=400", "-c", "shared_buffers=128MB", "-c", "autovacuum=off"]);
    let output = fs::File::create(folder.path.join("log"))?;
    let errors = output.try_clone()?;
    // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
    TiedChild::start(&program, user, "INT", Stdio::from(output), Stdio::from(errors))
}

fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port on loopback")?;
    Ok(listener.local_addr()?.port())
}

/// Other users of the machine can reach loopback too, and a superuser of PostgreSQL can start programs.
fn password() -> Result<String> {
    use std::io::Read;
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The rest of the name is the process id of its owner.
const FOLDER_PREFIX: &str = "chancery-postgres-";

/// A folder that goes when its owner goes.
struct Folder {
    path: PathBuf,
}

impl Folder {
    /// In the system's temporary folder, not in ours: another user may not be able to enter ours.
    fn create(user: Option<&User>) -> Result<Folder> {
        remove_orphans();
        let path = std::env::temp_dir().join(format!("{FOLDER_PREFIX}{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("creating {}", path.display()))?;
        let folder = Folder { path };
        fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o700))?;
        give_to(&folder.path, user)?;
        Ok(folder)
    }

    fn write(&self, name: &str, text: &str, user: Option<&User>) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::write(&path, text)?;
        give_to(&path, user)?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            crate::console::warn(format_args!("{} could not be removed: {error}", self.path.display()));
        }
    }
}

/// A run that was killed outright could not clean up after itself.
fn remove_orphans() {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(FOLDER_PREFIX)?.parse::<u32>().ok());
        let ended = |owner: u32| {
            Path::new("/proc/self").exists() && !Path::new("/proc").join(owner.to_string()).exists()
        };
        if owner.is_some_and(ended) {
            // Somebody else's is not ours to remove, and then stays.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn give_to(path: &Path, user: Option<&User>) -> Result<()> {
    let Some(user) = user else { return Ok(()) };
    chown(path, Some(user.id), Some(user.group)).with_context(|| format!("giving {} away", path.display()))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::path::Path;

    use super::Postgres;
    use crate::counterparts::{self, Counterpart, absence};
    use crate::program::Program;

    #[test]
    fn leaves_nothing_behind() {
        if !Counterpart::Postgres.is_here() {
            eprintln!("NOT TESTED: {}", absence(Counterpart::Postgres));
            return;
        }
        let postgres = Postgres::start().unwrap();
        let client = counterparts::postgres_binaries().unwrap().join("psql");
        let answers =
            |url: &str| Program::new(&client, Path::new("/")).args([url, "-c", "SELECT 1"]).succeeds();
        assert!(answers(postgres.url()), "it lets us in");
        assert!(!answers(&postgres.url().replace("//postgres:", "//postgres:not")), "it lets nobody else in");
        let folder = postgres.folder.path.clone();
        let (_, address) = postgres.url().split_once('@').unwrap();
        let address = address.trim_end_matches("/postgres").to_owned();
        TcpStream::connect(&address).unwrap();
        drop(postgres);
        assert!(TcpStream::connect(&address).is_err(), "the server still listens");
        assert!(!folder.exists(), "its folder is still there");
    }
}
