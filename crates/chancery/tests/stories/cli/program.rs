//! The program on a folder of its own: commands that end, and servers that run until they are stopped.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::address::EmailAddress;
use domain::chance::Chance;
use net::smtp::client::{Envelope, Pool, Security, SmtpConfig, Timeouts};
use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for a process. Only a defect makes it wait so long.
const PATIENCE: Duration = Duration::from_secs(40);

/// A data folder.
pub struct Folder {
    _outer: Arc<TempDir>,
    path: PathBuf,
    pub database_url: Option<String>,
}

/// A server that runs.
pub struct Server {
    child: Child,
    log: PathBuf,
    pub url: String,
}

pub struct Ended {
    pub status: ExitStatus,
    pub log: String,
}

impl Folder {
    pub fn new() -> Folder {
        let outer = Arc::new(tempfile::tempdir().unwrap());
        let path = outer.path().join("data");
        std::fs::create_dir(&path).unwrap();
        Folder { _outer: outer, path, database_url: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many files there are in a folder of the data folder and in the folders below it.
    pub fn files_in(&self, name: &str) -> usize {
        let below = |path: PathBuf| std::fs::read_dir(path).into_iter().flatten().flatten();
        below(self.path.join(name)).flat_map(|folder| below(folder.path())).count()
    }

    fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        self.dress(&mut command, arguments, environment);
        command
    }

    fn dress(&self, command: &mut Command, arguments: &[&str], environment: &[(&str, &str)]) {
        command.args(arguments).arg("--data").arg(&self.path).env_clear();
        command.envs(environment.iter().copied());
        if let Some(url) = &self.database_url {
            command.env("CHANCERY_DATABASE_URL", url);
        }
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)], input: &str) -> (bool, String, String) {
        let mut command = self.command(arguments, environment);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), text(&output.stdout), text(&output.stderr))
    }

    pub fn text(&self, arguments: &[&str]) -> String {
        self.text_in(arguments, &[])
    }

    pub fn text_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let (is_good, out, err) = self.run(arguments, environment, "");
        assert!(is_good, "{arguments:?}: {err}");
        out
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        self.json_with_input(arguments, "")
    }

    pub fn json_with_input(&self, arguments: &[&str], input: &str) -> Value {
        let (is_good, out, err) = self.run(arguments, &[], input);
        assert!(is_good, "{arguments:?}: {err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// A command that is refused; gives what it says about it.
    pub fn fails(&self, arguments: &[&str]) -> String {
        self.fails_in(arguments, &[])
    }

    pub fn fails_in(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let (is_good, out, err) = self.run(arguments, environment, "");
        assert!(!is_good, "{arguments:?} went through: {out}");
        err
    }

    /// A server on a free port.
    pub async fn serve(&self, more: &[&str]) -> Server {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(more);
        self.start(self.command(&arguments, &[])).await
    }

    /// A server at an address that another one had.
    pub async fn serve_at(&self, address: &str) -> Server {
        self.start(self.command(&["serve", "--listen", address], &[])).await
    }

    /// A command that answers a question by how it ends; gives whether that was well, and what it said on both ways.
    pub fn ends(&self, arguments: &[&str]) -> (bool, String, String) {
        self.run(arguments, &[], "")
    }

    /// A command whose results somebody stops reading after the first bytes, as `head` does.
    pub fn half_read(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let mut child =
            self.command(arguments, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (child.wait().unwrap(), said)
    }

    /// A server whose address stands in its configuration file.
    pub async fn serve_as_configured(&self, environment: &[(&str, &str)]) -> Server {
        self.start(self.command(&["serve"], environment)).await
    }

    /// A server that can write no file beyond a size.
    pub async fn serve_with_little_room(&self, bytes: u64) -> Server {
        let mut command = Command::new("prlimit");
        command.args([&format!("--fsize={bytes}"), "--", env!("CARGO_BIN_EXE_chancery")]);
        self.dress(&mut command, &["serve", "--listen", "127.0.0.1:0"], &[("PATH", "/usr/bin:/bin")]);
        self.start(command).await
    }

    async fn start(&self, mut command: Command) -> Server {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Beside the data folder, so that the room for files does not count the log.
        let log = self.path.with_file_name(format!("log-{}", NEXT.fetch_add(1, Ordering::SeqCst)));
        let file = std::fs::File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().unwrap();
        let mut server = Server { child, log, url: String::new() };
        let said = server.wait_for("listening on http://").await;
        let rest = said.split("listening on ").nth(1).unwrap();
        let end = rest.find(|character: char| character.is_whitespace() || "\"\u{1b}".contains(character));
        server.url = rest[..end.unwrap_or(rest.len())].to_owned();
        let outside = Outside::new(&server, "");
        wait_until("the server is ready", async || outside.get("/readyz").await.0 == 200).await;
        server
    }
}

impl Server {
    fn said(&self) -> String {
        let mut text = String::new();
        std::fs::File::open(&self.log).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Waits until the log says something; gives the whole log.
    pub async fn wait_for(&self, words: &str) -> String {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.said().contains(words) {
            assert!(tokio::time::Instant::now() < deadline, "it never said {words:?}: {}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.said()
    }

    /// Asks it to stop, and waits until it did.
    pub async fn stop(mut self) -> Ended {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.end().await;
        Ended { status, log: self.said() }
    }

    pub async fn kill(&mut self) {
        self.child.kill().unwrap();
        self.end().await;
    }

    async fn end(&mut self) -> ExitStatus {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(tokio::time::Instant::now() < deadline, "it does not end: {}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client from outside, with a key.
pub struct Outside {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Outside {
    #[expect(clippy::disallowed_methods, reason = "a client from outside, on loopback")]
    pub fn new(server: &Server, key: &str) -> Outside {
        Outside { http: reqwest::Client::new(), url: server.url.clone(), key: format!("Bearer {key}") }
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.url)).header("authorization", &self.key);
        answer(request).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.url)).header("authorization", &self.key);
        answer(request.header("content-type", "application/json").body(body.to_string())).await
    }

    pub async fn page(&self, url: &str) -> String {
        let request = self.http.get(url).header("authorization", &self.key);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Waits until a message is in a state, and gives it.
    pub async fn becomes(&self, id: &str, state: &str) -> Value {
        let path = format!("/v1/messages/{id}");
        wait_until(state, async || self.get(&path).await.1["state"] == state).await;
        self.get(&path).await.1
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let Ok(answer) = request.send().await else { return (0, Value::Null) };
    let status = answer.status().as_u16();
    let bytes = answer.bytes().await.unwrap_or_default();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub async fn wait_until(what: &str, mut come: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !come().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Gives a mail to an SMTP listener.
pub async fn deliver(address: &str, from: &str, to: &str, raw: &str) {
    let (host, port) = address.split_once(':').unwrap();
    let config = SmtpConfig {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        security: Security::None,
        credentials: None,
        hello_name: "neighbour.example.org".to_owned(),
        timeouts: Timeouts::default(),
        root_ca_pem: None,
    };
    let (from, to): (EmailAddress, EmailAddress) = (from.parse().unwrap(), to.parse().unwrap());
    let outcome =
        Pool::new(config, 1).send(Envelope { from: Some(&from), to: &[&to], id: None }, raw.as_bytes()).await;
    assert_eq!(outcome.class().as_str(), "sent", "{outcome:?}");
}

/// A database of its own on the throw-away PostgreSQL, when there is one.
#[expect(clippy::disallowed_methods, reason = "the test command names its PostgreSQL in the environment")]
pub async fn postgres() -> Option<String> {
    let Ok(server) = std::env::var("CHANCERY_TEST_POSTGRES_URL") else {
        eprintln!("NOT TESTED ON POSTGRESQL: CHANCERY_TEST_POSTGRES_URL names no server");
        return None;
    };
    let name = format!("cli_{:016x}", Chance::system().below(u64::MAX));
    let (target, create) = (server.clone(), format!("CREATE DATABASE {name}"));
    tokio::task::spawn_blocking(move || store::testing::run_on_postgres(&target, &create))
        .await
        .unwrap()
        .unwrap();
    let (base, options) = server.split_once('?').unwrap_or((&server, ""));
    let host = base.rsplit_once('/').map_or(base, |(host, _)| host);
    Some(format!("{host}/{name}?{options}").trim_end_matches('?').to_owned())
}
