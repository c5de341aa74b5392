//! A throw-away PostgreSQL for `--database postgres`: as shipped, so that a commit is flushed; gone at
//! the end, unless its folder was named.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::output::say;
use crate::settings::Settings;
use crate::watch;

const START_LIMIT_SECONDS: f64 = 60.0;
const STOP_LIMIT_SECONDS: f64 = 60.0;

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    keep: bool,
    child: Child,
    pub url: String,
}

impl Cluster {
    /// Starts it in the folder that was named, where an earlier run may have left one, or in a new one.
    pub fn start(settings: &Settings) -> Result<Self> {
        let binaries = binaries().context("PostgreSQL is not installed (Debian: postgresql)")?;
        let (folder, keep) = match &settings.cluster {
            Some(folder) => (std::path::absolute(folder)?, true),
            None => (settings.fresh_folder("postgres")?, settings.keep),
        };
        let user = unprivileged()?;
        let password = match fs::read_to_string(folder.join("password")) {
            Ok(password) => password,
            Err(_) => create(&binaries, &folder, user)?,
        };
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log_path = folder.join("log");
        let log = File::create(&log_path)?;
        let mut command = as_user(&binaries.join("postgres"), user);
        command.arg("-D").arg(folder.join("data")).arg("-k").arg(&folder);
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "max_connections=200"]);
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("could not start PostgreSQL")?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        let mut cluster = Self { folder, keep, child, url };
        cluster.wait_until_ready(&log_path)?;
        Ok(cluster)
    }

    /// Leaves its folder behind, for somebody to look at.
    pub fn keep(&mut self) {
        self.keep = true;
    }

    pub fn postmaster(&self) -> u32 {
        self.child.id()
    }

    /// It listens a moment before it answers, so its log is asked and not its port.
    fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let begun = watch::now();
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if text.contains("ready to accept connections") {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || watch::seconds_since(begun) > START_LIMIT_SECONDS {
                bail!("the throw-away PostgreSQL did not start; its log says:\n{text}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// SIGINT is its fast shutdown: it does not wait for clients to leave, and writes everything down.
    fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        let begun = watch::now();
        while self.child.try_wait()?.is_none() {
            if watch::seconds_since(begun) > STOP_LIMIT_SECONDS {
                self.child.kill()?;
                self.child.wait()?;
                bail!("it did not stop within {STOP_LIMIT_SECONDS} s and was killed");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            say(&format!("  the throw-away PostgreSQL: {error:#}"));
        }
        if self.keep {
            say(&format!("  kept PostgreSQL in {}", self.folder.display()));
        } else if let Err(error) = fs::remove_dir_all(&self.folder) {
            say(&format!("  {} could not be removed: {error}", self.folder.display()));
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

/// PostgreSQL refuses to run as root, so root steps down.
fn unprivileged() -> Result<Option<User>> {
    if id_of(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let user = ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some(User { id: id_of(&["-u", "--", name])?, group: id_of(&["-g", "--", name])? }));
    ensure!(user.is_some(), "PostgreSQL refuses to run as root, and there is neither postgres nor nobody");
    Ok(user)
}

fn id_of(args: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// `setpriv` also lets the kernel end the server when this program is killed outright.
fn as_user(program: &Path, user: Option<User>) -> Command {
    let Some(User { id, group }) = user else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={id}"), &format!("--regid={group}"), "--clear-groups"]);
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    command
}

/// An empty cluster; answers the password of its superuser. Other users of the machine reach loopback too.
fn create(binaries: &Path, folder: &Path, user: Option<User>) -> Result<String> {
    fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    let password = password()?;
    let secret = folder.join("password");
    fs::write(&secret, &password)?;
    if let Some(User { id, group }) = user {
        chown(folder, Some(id), Some(group))?;
        chown(&secret, Some(id), Some(group))?;
    }
    let output = as_user(&binaries.join("initdb"), user)
        .args(["--username=postgres", "--auth=password", "--encoding=UTF8", "--locale=C"])
        .args([format!("--pgdata={}", folder.join("data").display())])
        .args([format!("--pwfile={}", secret.display())])
        .current_dir("/")
        .output()
        .context("could not start initdb")?;
    ensure!(
        output.status.success(),
        "initdb failed (can its user reach {}? --cluster names another folder): {}",
        folder.display(),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(password)
}

fn password() -> Result<String> {
    use std::io::Read as _;
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The folder of `initdb` and `postgres`: the newest of Debian's.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    versions
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            folder.join("initdb").is_file().then_some((version, folder))
        })
        .max()
        .map(|(_, folder)| folder)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Cluster, binaries};
    use crate::database::Database;
    use crate::settings::Settings;

    #[derive(clap::Parser)]
    struct Given {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn a_cluster_holds_a_fresh_database_and_is_gone_afterwards() {
        if binaries().is_none() {
            eprintln!("NOT TESTED: PostgreSQL is not installed");
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        // The user it runs as has to come through.
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("ours");
        let path = folder.path().to_str().expect("text");
        let mut settings = Given::parse_from(["bench", "--data-root", path]).settings;
        let cluster = Cluster::start(&settings).expect("it starts");
        settings.database_url = Some(cluster.url.clone());
        settings.database_pid = Some(cluster.postmaster());
        let database = Database::fresh(&settings, "test").expect("a database");
        assert_eq!((database.label(), database.processes()), ("postgresql", vec![cluster.postmaster()]));
        assert!(
            Database::kept(&settings, database.name()).is_ok() && Database::kept(&settings, None).is_err()
        );
        database.discard().expect("it goes");
        drop(cluster);
        assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none());
    }
}
