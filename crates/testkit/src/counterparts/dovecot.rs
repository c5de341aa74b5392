//! A Dovecot of our own on loopback: one user, mail in a folder of the test, run as an unprivileged user. Mail is put into
//! it as a delivery agent does, by a file in the maildir.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const DOVECOT: &str = "/usr/sbin/dovecot";
/// The user and group as whom it runs when the test runs as root.
const NOBODY: u32 = 65_534;

/// Stopped, and its mail removed, when it is dropped.
pub struct Dovecot {
    pub port: u16,
    folder: PathBuf,
    running: Option<Child>,
    delivered: u32,
}

impl Dovecot {
    pub const USER: &'static str = "support@company.example.com";
    pub const PASSWORD: &'static str = "a password of the test";

    /// Starts one; nothing, and words that say so, where it is not installed.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start(name: &str) -> Option<Dovecot> {
        Dovecot::start_with(name, "").await
    }

    /// Starts one that asks an HTTP server whether an access token is good: a GET of this address with the token at its
    /// end, answered by JSON with the user's `email`.
    ///
    /// # Panics
    /// As [`Dovecot::start`].
    pub async fn start_with_tokens(name: &str, token_info_url: &str) -> Option<Dovecot> {
        Dovecot::start_with(name, token_info_url).await
    }

    async fn start_with(name: &str, token_info_url: &str) -> Option<Dovecot> {
        if !Path::new(DOVECOT).exists() {
            #[expect(clippy::print_stdout, reason = "says which part was left out")]
            {
                println!(
                    "NOT TESTED: {DOVECOT} is not installed (as root on Debian: apt-get install dovecot-imapd)"
                );
            }
            return None;
        }
        // Short, because the paths of its sockets must be, and in a place that its user can enter.
        let folder = std::env::temp_dir().join(format!("chancery-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        for part in ["", "run", "state", "mail"] {
            make(&folder.join(part));
        }
        let port = free_port();
        let mut dovecot = Dovecot { port, folder, running: None, delivered: 0 };
        dovecot.set_password(Dovecot::PASSWORD);
        dovecot.write("oauth2.conf", &oauth2_conf(token_info_url));
        dovecot.write("dovecot.conf", &dovecot_conf(&dovecot.folder, port, !token_info_url.is_empty()));
        make(&dovecot.maildir("INBOX"));
        for part in ["cur", "new", "tmp"] {
            make(&dovecot.maildir("INBOX").join(part));
        }
        dovecot.go_up().await;
        Some(dovecot)
    }

    /// Starts it again after [`Dovecot::go_down`], on the same port with the same mail.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn go_up(&mut self) {
        let mut command = Command::new(DOVECOT);
        command.arg("-F").arg("-c").arg(self.folder.join("dovecot.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.process_group(0);
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        self.running = Some(command.spawn().expect("Dovecot can be started"));
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Dovecot does not listen; its log says:\n{}", self.log());
    }

    /// Ends it as its operator does; open connections are closed.
    pub fn go_down(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        // All of its processes at once: told alone, the first one lets open connections live on for a while.
        let group = format!("-{}", running.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        for _ in 0..100 {
            if matches!(running.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = running.kill();
        let _ = running.wait();
    }

    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Takes effect for the next connection.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn set_password(&self, password: &str) {
        self.write("users", &format!("{}:{{PLAIN}}{password}\n", Dovecot::USER));
    }

    /// Puts a mail into a folder, as a delivery agent does.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn deliver(&mut self, folder: &str, raw: impl AsRef<[u8]>) {
        self.delivered += 1;
        let maildir = self.maildir(folder);
        let name =
            format!("{}.M{}P{}.test", 1_795_176_000 + self.delivered, self.delivered, std::process::id());
        let waiting = maildir.join("tmp").join(&name);
        std::fs::write(&waiting, raw).expect("the mail is written");
        give_away(&waiting);
        std::fs::rename(&waiting, maildir.join("new").join(&name)).expect("the mail is delivered");
    }

    /// Makes a folder.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn make_folder(&self, folder: &str) {
        let maildir = self.maildir(folder);
        make(&maildir);
        for part in ["cur", "new", "tmp"] {
            make(&maildir.join(part));
        }
    }

    /// Removes a folder with everything in it: made again, its UIDs mean other mails.
    ///
    /// # Panics
    /// When it cannot be removed.
    pub fn remove_folder(&self, folder: &str) {
        std::fs::remove_dir_all(self.maildir(folder)).expect("the folder is removed");
    }

    /// The names of the files of a folder; behind `:2,` stand the flags, `S` for seen.
    #[must_use]
    pub fn files(&self, folder: &str) -> Vec<String> {
        let maildir = self.maildir(folder);
        let mut names: Vec<String> = ["cur", "new"]
            .iter()
            .filter_map(|part| std::fs::read_dir(maildir.join(part)).ok())
            .flat_map(|entries| {
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned())
            })
            .collect();
        names.sort();
        names
    }

    /// Marks a mail as read, as a person does elsewhere.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn mark_seen(&self, folder: &str, file: &str) {
        let maildir = self.maildir(folder);
        let known =
            ["cur", "new"].map(|part| maildir.join(part).join(file)).into_iter().find(|path| path.exists());
        let name = file.split(":2,").next().unwrap_or(file);
        let marked = maildir.join("cur").join(format!("{name}:2,S"));
        std::fs::rename(known.expect("the mail is there"), marked).expect("the mail is marked");
    }

    fn maildir(&self, folder: &str) -> PathBuf {
        let root = self.folder.join("mail").join(Dovecot::USER);
        if folder == "INBOX" { root } else { root.join(format!(".{folder}")) }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a file of Dovecot is written");
        give_away(&path);
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.go_down();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn make(path: &Path) {
    std::fs::create_dir_all(path).expect("a folder of Dovecot is made");
    give_away(path);
}

fn give_away(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give files away");
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
    listener.local_addr().expect("it is bound").port()
}

/// The name of whoever runs it, or its number.
fn runs_as() -> (String, String) {
    if is_root() {
        return ("nobody".to_owned(), "nogroup".to_owned());
    }
    let ask = |flag: &str| {
        let output = Command::new("id").arg(flag).output().expect("id is everywhere");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    (ask("-un"), ask("-gn"))
}

fn dovecot_conf(folder: &Path, port: u16, tokens: bool) -> String {
    let (user, group) = runs_as();
    let folder = folder.display();
    let oauth = if tokens {
        format!(
            "passdb {{\n driver = oauth2\n mechanisms = xoauth2 oauthbearer\n args = {folder}/oauth2.conf\n}}\n"
        )
    } else {
        String::new()
    };
    let mechanisms = if tokens { "plain xoauth2 oauthbearer" } else { "plain" };
    format!(
        "base_dir = {folder}/run\n\
         state_dir = {folder}/state\n\
         log_path = {folder}/log\n\
         protocols = imap\n\
         listen = 127.0.0.1\n\
         ssl = no\n\
         disable_plaintext_auth = no\n\
         auth_mechanisms = {mechanisms}\n\
         auth_failure_delay = 0\n\
         default_internal_user = {user}\n\
         default_internal_group = {group}\n\
         default_login_user = {user}\n\
         first_valid_uid = 1\n\
         first_valid_gid = 1\n\
         mail_location = maildir:{folder}/mail/%u\n\
         mail_max_userip_connections = 100\n\
         maildir_very_dirty_syncs = no\n\
         mailbox_list_index = no\n\
         service anvil {{\n chroot =\n}}\n\
         service imap-login {{\n chroot =\n inet_listener imap {{\n  port = {port}\n }}\n inet_listener imaps {{\n  port = 0\n }}\n}}\n\
         service stats {{\n chroot =\n}}\n\
         passdb {{\n driver = passwd-file\n mechanisms = plain\n args = scheme=PLAIN {folder}/users\n}}\n\
         {oauth}\
         userdb {{\n driver = static\n args = uid={user} gid={group} home={folder}/mail/%u\n}}\n"
    )
}

fn oauth2_conf(token_info_url: &str) -> String {
    format!("tokeninfo_url = {token_info_url}\nusername_attribute = email\n")
}
