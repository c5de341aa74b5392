//! durability: watches the server with strace and checks event by event that nothing is promised (202, or 250 after
//! the final dot) before a flush of the database's log has begun and ended behind the request.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::NEVER_IN_THIS_RUN;
use super::inbound::{post_mail, wait_until_processed};
use crate::figures::{Figures, rounded};
use crate::letters::{Incoming, Mark, Outgoing, write_mail};
use crate::load::{Load, Write, any_success};
use crate::product::{Installation, Server};
use crate::settings::Settings;
use crate::smtp::client::{Answer, Client, Envelope, Hello, How};
use crate::surroundings::Surroundings;
use crate::{trace, watch};

const TO: &str = "support@example.com";

/// With one client a flush between request and answer can hardly be anybody else's.
pub async fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let count = settings.count(300);
    let mut installation = Installation::prepare(settings, "durability")?;
    let account = installation.add_smtp(installation.address)?;
    let doors = installation.open_doors(true, true)?;
    let mut server = installation.start().await?;
    server.api.send("POST", "/v1/inbound-routes", &json!({"address": TO, "account_id": account})).await?;
    // Every connection of the database is made before the watch begins.
    let load = |write: Write| Load {
        address: installation.address,
        clients: settings.clients(1),
        write,
        look: any_success(),
    };
    let messages = scheduled(&server, settings.contacts);
    let mails = post_mail(server.api.clone(), &account, "durable", false);
    load(Arc::clone(&messages)).closed(1_000_000, 50).await.complain();

    let before = Surroundings::measure(installation.folder())?;
    let path = installation.folder().join("trace");
    let strace = Strace::attach(&server, &path).await?;
    let begun = watch::now();
    let sent = load(messages).closed(0, count).await;
    let received = load(mails).closed(0, count).await;
    let mut taken = 0;
    for (hello, address) in [(Hello::Smtp, doors.smtp), (Hello::Lmtp, doors.lmtp)] {
        let address = address.context("the doors are open")?;
        taken += deliver(address, hello, count).await?;
    }
    let seconds = watch::seconds_since(begun);
    wait_until_processed(&server.api, begun).await?;
    server.must_be_alive()?;
    strace.detach()?;
    sent.complain();
    received.complain();

    let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
    let verdict = trace::judge(&text);
    let answered = sent.answered() + received.answered() + taken;
    let unseen = answered.saturating_sub(verdict.answers);
    let mut figures = Figures::new("durability", installation.database.label(), round, &before)
        .work(answered, seconds)
        .with("clients", settings.clients(1))
        .with("answers_seen", verdict.answers)
        .with("answers_unseen", unseen)
        .with("unflushed", verdict.unflushed)
        .with("flushes", verdict.flushes)
        .with("flushes_per_1000", rounded(verdict.flushes as f64 * 1_000.0 / verdict.answers.max(1) as f64));
    figures.bad = verdict.unflushed + unseen + sent.bad() + received.bad();
    // A watched server is a slow one.
    figures.rate = None;
    server.stop().await?;
    drop(server);
    if figures.bad == 0 {
        installation.discard()?;
    }
    Ok(figures)
}

/// Messages that stay where they are, so that nothing but their acceptance is written.
fn scheduled(server: &Server, contacts: u64) -> Write {
    let outgoing = Outgoing { contacts, send_at: Some(NEVER_IN_THIS_RUN.to_owned()), ..Outgoing::default() };
    let api = server.api.clone();
    Arc::new(move |number, at, out| {
        let mut body = String::with_capacity(2_048);
        outgoing.write_json(Mark { number, at }, &mut body);
        api.write_post("/v1/messages", &format!("durable-{number}"), body.as_bytes(), out);
    })
}

/// One mail after the other over one connection.
async fn deliver(address: std::net::SocketAddr, hello: Hello, count: u64) -> Result<u64> {
    let mut client = Client::greet(address, hello).await?;
    let to = [TO.to_owned()];
    for number in 0..count {
        let id = format!("durable-{hello:?}-{number}@customers.example.com");
        let from = format!("customer-{number}@customers.example.com");
        let mail = Incoming {
            from: &from,
            to: TO,
            subject: &format!("Question {hello:?} {number}"),
            message_id: &id,
            in_reply_to: None,
        };
        let mut content = String::new();
        write_mail(Mark { number, at: 0 }, &mail, &mut content);
        let answer =
            client.deliver(Envelope { from: Some(&from), to: &to }, content.as_bytes(), How::Data).await?;
        ensure!(answer == Answer::Taken, "a mail was not taken: {answer:?}");
    }
    Ok(count)
}

struct Strace {
    child: Child,
}

impl Strace {
    async fn attach(server: &Server, path: &std::path::Path) -> Result<Self> {
        let mut command = Command::new("strace");
        command.args(["-f", "-ttt", "-T", "-y", "-qq", "-s", "48", "-e", "signal=none", "-e"]);
        command.arg("trace=fsync,fdatasync,recvfrom,recvmsg,read,readv,sendto,sendmsg,write,writev");
        command.arg("-o").arg(path);
        for process in server.all_processes() {
            command.args(["-p", &process.to_string()]);
        }
        let child = command
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("strace is needed (Debian: strace)")?;
        let mut strace = Self { child };
        // It traces once it has written something: the server's timers see to that.
        let begun = watch::now();
        loop {
            tokio::time::sleep(Duration::from_millis(50)).await;
            server.api.get("/v1/me").await?;
            if std::fs::metadata(path).is_ok_and(|file| file.len() > 0) {
                return Ok(strace);
            }
            if strace.child.try_wait()?.is_some() || watch::seconds_since(begun) > 15.0 {
                bail!(
                    "strace sees nothing: it needs the right to trace (root, or kernel.yama.ptrace_scope = 0)"
                );
            }
        }
    }

    /// SIGINT lets the server go.
    fn detach(mut self) -> Result<()> {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Strace {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
