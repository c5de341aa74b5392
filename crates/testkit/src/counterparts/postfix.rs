//! A Postfix of our own on loopback: configuration, queue and port for one test, all mail passed on to one place by SMTP or
//! LMTP, reports about what could not be delivered too. It asks no DNS. Only root can start one, because its parts run as
//! different users.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const POSTFIX: &str = "/usr/sbin/postfix";

/// Stopped when it is dropped.
pub struct Postfix {
    pub port: u16,
    folder: PathBuf,
}

impl Postfix {
    /// Starts one that passes everything on to a port by SMTP; nothing, and words that say so, where that cannot be.
    ///
    /// # Panics
    /// When it is installed and does not start.
    pub async fn start(name: &str, relay_port: u16) -> Option<Postfix> {
        Postfix::start_with(name, &format!("smtp:[127.0.0.1]:{relay_port}")).await
    }

    /// Starts one that passes everything on to a port by LMTP.
    ///
    /// # Panics
    /// As [`Postfix::start`].
    pub async fn start_over_lmtp(name: &str, lmtp_port: u16) -> Option<Postfix> {
        Postfix::start_with(name, &format!("lmtp:inet:127.0.0.1:{lmtp_port}")).await
    }

    async fn start_with(name: &str, transport: &str) -> Option<Postfix> {
        if !Path::new(POSTFIX).exists() {
            left_out(&format!("{POSTFIX} is not installed (as root on Debian: apt-get install postfix)"));
            return None;
        }
        let Some(user) = user_id("postfix").filter(|_| is_root()) else {
            left_out("only root can start a Postfix");
            return None;
        };
        let port = free_port();
        // Short, because the paths of its sockets must be, and in a place that its users can enter.
        let folder = std::env::temp_dir().join(format!("chancery-{name}-{}", std::process::id()));
        let postfix = Postfix { port, folder };
        for part in ["etc", "queue", "lib"] {
            std::fs::create_dir_all(postfix.folder.join(part)).expect("a folder of Postfix is made");
        }
        for path in [&postfix.folder, &postfix.folder.join("etc"), &postfix.folder.join("queue")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("root may");
        }
        chown(postfix.folder.join("lib"), Some(user), None).expect("root may");
        postfix.write("main.cf", &main_cf(&postfix.folder, transport));
        postfix.write("master.cf", &master_cf(port));
        let started = postfix.command("start");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(postfix);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("Postfix does not listen; its log says:\n{}", postfix.log());
    }

    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join("etc").join(name), text).expect("a file of Postfix is written");
    }

    fn command(&self, verb: &str) -> std::process::Output {
        Command::new(POSTFIX).arg("-c").arg(self.folder.join("etc")).arg(verb).output().expect("Postfix runs")
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.command("stop");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn left_out(why: &str) {
    #[expect(clippy::print_stdout, reason = "says which part was left out")]
    {
        println!("NOT TESTED: {why}");
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
    listener.local_addr().expect("it is bound").port()
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn user_id(name: &str) -> Option<u32> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let columns = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    columns.into_iter().find(|columns| columns[0] == name)?.get(2)?.parse().ok()
}

fn main_cf(folder: &Path, transport: &str) -> String {
    let folder = folder.display();
    format!(
        "compatibility_level = 3.6\n\
         config_directory = {folder}/etc\n\
         queue_directory = {folder}/queue\n\
         data_directory = {folder}/lib\n\
         maillog_file = {folder}/log\n\
         maillog_file_prefixes = {folder}\n\
         myhostname = relay.example.net\n\
         mydestination =\n\
         mynetworks = 127.0.0.0/8\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         default_transport = {transport}\n\
         smtp_dns_support_level = disabled\n\
         smtp_host_lookup = native\n\
         smtp_tls_security_level = none\n\
         smtpd_tls_security_level = none\n\
         smtpd_client_connection_rate_limit = 0\n\
         alias_maps =\n\
         alias_database =\n\
         minimal_backoff_time = 5s\n\
         maximal_backoff_time = 10s\n\
         queue_run_delay = 5s\n\
         biff = no\n"
    )
}

/// Debian's services, without chroot and without those that are never used here.
fn master_cf(port: u16) -> String {
    format!(
        "127.0.0.1:{port} inet n - n - - smtpd\n\
         pickup unix n - n 60 1 pickup\n\
         cleanup unix n - n - 0 cleanup\n\
         qmgr unix n - n 300 1 qmgr\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\n\
         rewrite unix - - n - - trivial-rewrite\n\
         bounce unix - - n - 0 bounce\n\
         defer unix - - n - 0 bounce\n\
         trace unix - - n - 0 bounce\n\
         verify unix - - n - 1 verify\n\
         flush unix n - n 1000? 0 flush\n\
         proxymap unix - - n - - proxymap\n\
         smtp unix - - n - - smtp\n\
         lmtp unix - - n - - lmtp\n\
         relay unix - - n - - smtp\n\
         showq unix n - n - - showq\n\
         error unix - - n - - error\n\
         retry unix - - n - - error\n\
         discard unix - - n - - discard\n\
         anvil unix - - n - 1 anvil\n\
         scache unix - - n - 1 scache\n\
         postlog unix-dgram n - n - 1 postlogd\n"
    )
}
