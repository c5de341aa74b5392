//! The programs that the tests are run against, and where they come from. Installs what is missing when that is possible
//! (root on Debian); says what to do when it is not. Never leaves a mail server or a database running on the machine.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::console;
use crate::program::Program;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counterpart {
    Postgres,
    Postfix,
    Dovecot,
    Chromium,
    Node,
    CppCompiler,
}

impl Counterpart {
    pub fn name(self) -> &'static str {
        match self {
            Counterpart::Postgres => "PostgreSQL",
            Counterpart::Postfix => "Postfix",
            Counterpart::Dovecot => "Dovecot",
            Counterpart::Chromium => "Chromium",
            Counterpart::Node => "Node.js 20.19 or newer",
            Counterpart::CppCompiler => "a C++ compiler",
        }
    }

    pub fn is_here(self) -> bool {
        match self {
            Counterpart::Postgres => postgres_binaries().is_some(),
            Counterpart::Postfix => program("smtp-sink").is_some() && program("postfix").is_some(),
            Counterpart::Dovecot => program("dovecot").is_some(),
            Counterpart::Chromium => chromium().is_some(),
            Counterpart::Node => program("npm").is_some() && node_is_new_enough(),
            Counterpart::CppCompiler => program("c++").is_some(),
        }
    }

    /// The Debian packages that bring it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Counterpart::Postgres => &["postgresql"],
            Counterpart::Postfix => &["postfix"],
            Counterpart::Dovecot => &["dovecot-imapd"],
            // Without a font a page is drawn without words.
            Counterpart::Chromium => &["chromium", "fonts-liberation"],
            Counterpart::Node => &["nodejs", "npm"],
            Counterpart::CppCompiler => &["g++"],
        }
    }
}

/// Installs what is missing. What still is not here afterwards is told, and its stages will be skipped.
pub fn provide(wanted: &[Counterpart]) {
    let missing: Vec<Counterpart> =
        wanted.iter().copied().filter(|counterpart| !counterpart.is_here()).collect();
    if missing.is_empty() {
        return;
    }
    console::heading("installing what the tests need");
    if let Err(error) = install(&missing) {
        console::warn(format_args!("{error:#}"));
    }
    for counterpart in missing {
        if counterpart.is_here() {
            console::confirm(format_args!("{} is here now", counterpart.name()));
        } else {
            console::warn(format_args!("{}", absence(counterpart)));
        }
    }
}

/// What to say when a counterpart could not be had.
pub fn absence(counterpart: Counterpart) -> String {
    format!(
        "{} is not installed and could not be installed here; as root on Debian: apt-get install {}",
        counterpart.name(),
        counterpart.packages().join(" ")
    )
}

fn install(missing: &[Counterpart]) -> Result<()> {
    let Some(apt) = program("apt-get") else {
        anyhow::bail!("this is no Debian (there is no apt-get), so nothing can be installed");
    };
    if user_id("").is_none_or(|id| id != 0) {
        anyhow::bail!("only root can install packages");
    }
    let apt = |arguments: &[&str]| {
        Program::new(&apt, Path::new("/")).args(arguments).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    apt(&["update", "--quiet"])?;
    let _no_cluster = missing.contains(&Counterpart::Postgres).then(NoCluster::announce);
    let _no_service = missing.contains(&Counterpart::Dovecot).then(NoService::announce);
    if missing.contains(&Counterpart::Postfix) {
        keep_postfix_unconfigured();
    }
    // One by one: a package that cannot be had must not keep the others away.
    for counterpart in missing {
        if *counterpart == Counterpart::Node && !debian_has_a_new_node() {
            console::warn(
                "the Node.js of this Debian is too old to build the dashboard, so it is not installed",
            );
            continue;
        }
        let mut arguments = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
        arguments.extend(counterpart.packages());
        if let Err(error) = apt(&arguments) {
            console::warn(format_args!("{error:#}"));
        }
    }
    Ok(())
}

fn debian_has_a_new_node() -> bool {
    let versions =
        Program::new("apt-cache", Path::new("/")).args(["show", "--no-all-versions", "nodejs"]).answer();
    let versions = versions.unwrap_or_default();
    let version = versions.lines().find_map(|line| line.strip_prefix("Version: "));
    let mut numbers = version.into_iter().flat_map(|version| version.split('.')).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= (20, 19),
        _ => false,
    }
}

/// The tests start Postfix themselves, with a configuration of their own; the package shall not start one on port 25.
fn keep_postfix_unconfigured() {
    let answer = "echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections";
    if !Program::new("sh", Path::new("/")).args(["-c", answer]).succeeds() {
        console::warn("Postfix could not be told to stay unconfigured; its package may start it");
    }
}

/// While it lives, installing PostgreSQL creates no database cluster and starts no server on port 5432.
struct NoCluster {
    file: PathBuf,
}

impl NoCluster {
    fn announce() -> NoCluster {
        let file = PathBuf::from("/etc/postgresql-common/createcluster.d/chancery-tests.conf");
        let folder = file.parent().expect("the path has a folder");
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&file, "create_main_cluster = false\n"));
        if let Err(error) = written {
            console::warn(format_args!("the PostgreSQL package may start a server of its own: {error}"));
        }
        NoCluster { file }
    }
}

impl Drop for NoCluster {
    fn drop(&mut self) {
        // Left behind it would only keep later packages from creating a cluster, so a failure is no reason to stop.
        let _ = std::fs::remove_file(&self.file);
    }
}

/// While it lives, no package starts the service that it brings. Where the machine has a rule of its own, that one stays.
struct NoService {
    file: Option<PathBuf>,
}

impl NoService {
    fn announce() -> NoService {
        use std::os::unix::fs::PermissionsExt as _;
        let file = PathBuf::from("/usr/sbin/policy-rc.d");
        if file.exists() {
            return NoService { file: None };
        }
        let written = std::fs::write(&file, "#!/bin/sh\nexit 101\n")
            .and_then(|()| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)));
        if let Err(error) = written {
            console::warn(format_args!("the Dovecot package may start a server of its own: {error}"));
        }
        NoService { file: Some(file) }
    }
}

impl Drop for NoService {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Left behind it would keep later packages from starting theirs; that is said by their own installer.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// The folder of `initdb` and `postgres`: the newest of Debian's, else the one on the path.
pub fn postgres_binaries() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let binaries = entry.path().join("bin");
            binaries.join("initdb").is_file().then_some((version, binaries))
        })
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, binaries)| binaries);
    newest.or_else(|| Some(program("initdb")?.parent()?.to_owned()))
}

pub fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(program)
}

/// Where a program is, also in the folders that only root has on its path.
pub fn program(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "looking along the path is what the path is for")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/bin".into()])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

/// The number of a user of this machine; of the current one for the empty name.
pub fn user_id(name: &str) -> Option<u32> {
    number_from_id("-u", name)
}

pub fn group_id(name: &str) -> Option<u32> {
    number_from_id("-g", name)
}

fn number_from_id(which: &str, name: &str) -> Option<u32> {
    let mut arguments = vec![which];
    if !name.is_empty() {
        arguments.extend(["--", name]);
    }
    let quiet = Program::new("id", Path::new("/")).args(&arguments);
    if !quiet.succeeds() {
        return None;
    }
    quiet.answer().ok()?.trim().parse().ok()
}

fn node_is_new_enough() -> bool {
    let check = "const [a, b] = process.versions.node.split('.').map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)";
    Program::new("node", Path::new("/")).args(["-e", check]).succeeds()
}
