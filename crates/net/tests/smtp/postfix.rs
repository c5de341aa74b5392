//! Postfix's own sink as the other side, where Debian's package `postfix` is installed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use domain::failure::AttemptOutcome;
use net::smtp::client::Pool;

use crate::sink::{config, send};

const SINK: &str = "/usr/sbin/smtp-sink";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the sink, or tells that there is none.
async fn start(arguments: &[&str]) -> Option<(Running, u16)> {
    if !std::path::Path::new(SINK).exists() {
        println!("{SINK} is not installed; its part of the test was left out");
        return None;
    }
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let running = Running(
        Command::new(SINK)
            .args(arguments)
            .args(as_nobody())
            .args([&format!("127.0.0.1:{port}"), "100"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Some((running, port));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{SINK} does not listen");
}

/// The sink refuses to run as root.
fn as_nobody() -> &'static [&'static str] {
    use std::os::unix::fs::MetadataExt as _;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    if is_root { &["-u", "nobody"] } else { &[] }
}

#[tokio::test]
async fn postfix_takes_our_messages_and_its_faults_are_understood() {
    for (arguments, class) in [
        (&[][..], AttemptOutcome::Sent),
        (&["-8"][..], AttemptOutcome::Sent),
        (&["-p"][..], AttemptOutcome::Sent),
        (&["-e"][..], AttemptOutcome::Sent),
        (&["-r", "mail"][..], AttemptOutcome::Temporary),
        (&["-f", "mail"][..], AttemptOutcome::Rejected),
        (&["-r", "rcpt"][..], AttemptOutcome::Temporary),
        (&["-f", "rcpt"][..], AttemptOutcome::Rejected),
        (&["-r", "data"][..], AttemptOutcome::Temporary),
        (&["-f", "data"][..], AttemptOutcome::Rejected),
        (&["-r", "."][..], AttemptOutcome::Temporary),
        (&["-f", "."][..], AttemptOutcome::Rejected),
        (&["-q", "mail"][..], AttemptOutcome::Temporary),
        (&["-q", "rcpt"][..], AttemptOutcome::Temporary),
        (&["-q", "."][..], AttemptOutcome::Unknown),
        (&["-q", "connect"][..], AttemptOutcome::Temporary),
        (&["-q", "ehlo"][..], AttemptOutcome::Temporary),
        (&["-q", "data"][..], AttemptOutcome::Temporary),
        (&["-Q", "connect"][..], AttemptOutcome::Temporary),
        (&["-Q", "mail"][..], AttemptOutcome::Temporary),
        (&["-Q", "rcpt"][..], AttemptOutcome::Temporary),
        (&["-Q", "data"][..], AttemptOutcome::Temporary),
        (&["-Q", "."][..], AttemptOutcome::Temporary),
        (&["-r", "connect"][..], AttemptOutcome::Temporary),
        (&["-p", "-W", "mail:2"][..], AttemptOutcome::Temporary),
        (&["-p", "-W", "data:2"][..], AttemptOutcome::Temporary),
        (&["-p", "-W", ".:2"][..], AttemptOutcome::Unknown),
    ] {
        let Some((_running, port)) = start(arguments).await else { return };
        let pool = Pool::new(config(port), 2);
        for _ in 0..3 {
            let outcome = send(&pool, &["jane@example.com", "joe@example.com"]).await;
            assert_eq!(outcome.class(), class, "smtp-sink {arguments:?}: {outcome:?}");
        }
    }
}
