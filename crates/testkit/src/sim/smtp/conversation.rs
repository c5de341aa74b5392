//! One session with the simulated mail server.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{At, Fault, Shared, Taken};

/// One session.
pub(super) struct Conversation {
    stream: TcpStream,
    shared: Arc<Shared>,
    input: Vec<u8>,
    start: usize,
    out: Vec<u8>,
    is_known: bool,
    /// Whether MAIL was accepted, so that recipients may follow.
    is_open: bool,
    from: Option<String>,
    to: Vec<String>,
}

/// What a turn means for the session.
enum Next {
    GoOn,
    Close,
}

impl Conversation {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>) -> Conversation {
        let is_known = shared.options.credentials.is_none();
        let (input, out) = (Vec::with_capacity(16 * 1024), Vec::with_capacity(512));
        Conversation {
            stream,
            shared,
            input,
            start: 0,
            out,
            is_known,
            is_open: false,
            from: None,
            to: Vec::new(),
        }
    }

    pub(super) async fn hold(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        if matches!(self.turn(At::Connect, "220 sim.example.com ESMTP simulated").await?, Next::Close) {
            return Ok(());
        }
        while let Some(line) = self.line().await? {
            let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
            let next = match verb.as_str() {
                "EHLO" => self.turn(At::Hello, &self.offers()).await?,
                "HELO" => self.turn(At::Hello, "250 sim.example.com").await?,
                "AUTH" => self.authenticate(&line).await?,
                "MAIL" if !self.is_known => self.say("530 5.7.0 sign in first"),
                "MAIL" => self.mail(&line).await?,
                "RCPT" if !self.is_open => self.say("503 5.5.1 MAIL comes first"),
                "RCPT" => self.recipient(&line).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.forget();
                    self.say("250 2.0.0 forgotten")
                }
                "NOOP" => self.say("250 2.0.0 here"),
                "QUIT" => {
                    self.say("221 2.0.0 good-bye");
                    self.flush().await?;
                    return Ok(());
                }
                _ => self.say("500 5.5.2 not understood"),
            };
            if matches!(next, Next::Close) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn offers(&self) -> String {
        let auth = if self.shared.options.credentials.is_some() { "\r\n250-AUTH PLAIN LOGIN" } else { "" };
        format!(
            "250-sim.example.com{auth}\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 SMTPUTF8"
        )
    }

    async fn authenticate(&mut self, line: &str) -> io::Result<Next> {
        let given = match line.split(' ').nth(1).unwrap_or_default().to_ascii_uppercase().as_str() {
            "PLAIN" => {
                line.split(' ').nth(2).and_then(decoded).map(|text| text.trim_start_matches('\0').to_owned())
            }
            "LOGIN" => {
                let mut words = Vec::new();
                for prompt in ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"] {
                    self.say(prompt);
                    words.push(self.line().await?.as_deref().and_then(decoded).unwrap_or_default());
                }
                Some(words.join("\0"))
            }
            _ => None,
        };
        let wanted =
            self.shared.options.credentials.as_ref().map(|(user, password)| format!("{user}\0{password}"));
        self.is_known = given.is_some() && given == wanted;
        let answer = if self.is_known { "235 2.7.0 welcome" } else { "535 5.7.8 wrong name or password" };
        self.turn(At::Auth, answer).await
    }

    async fn mail(&mut self, line: &str) -> io::Result<Next> {
        self.forget();
        if let Some(fault) = self.shared.faults.take(&At::Mail) {
            return self.fail(fault).await;
        }
        self.is_open = true;
        self.from = path(line).filter(|path| !path.is_empty());
        Ok(self.say("250 2.1.0 ok"))
    }

    fn forget(&mut self) {
        self.is_open = false;
        self.to.clear();
    }

    async fn recipient(&mut self, line: &str) -> io::Result<Next> {
        let Some(path) = path(line).filter(|path| path.contains('@')) else {
            return Ok(self.say("501 5.1.3 no usable address"));
        };
        // A mailbox of this name exists nowhere, so that tests and demos have somebody to miss.
        if path.starts_with("nobody@") {
            return Ok(self.say("550 5.1.1 no such mailbox"));
        }
        match self.shared.faults.take(&At::Rcpt) {
            Some(fault) => self.fail(fault).await,
            None => {
                self.to.push(path);
                Ok(self.say("250 2.1.5 ok"))
            }
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if self.to.is_empty() {
            return Ok(self.say("554 5.5.1 no valid recipients"));
        }
        if let Some(fault) = self.shared.faults.take(&At::Data) {
            return self.fail(fault).await;
        }
        self.say("354 go on");
        let Some(bytes) = self.body().await? else { return Ok(Next::Close) };
        self.is_open = false;
        let fault = self.shared.faults.take(&At::Dot);
        if matches!(fault, None | Some(Fault::TakeAndHang | Fault::TakeAndDrop)) {
            let taken =
                Taken { from: self.from.take(), to: std::mem::take(&mut self.to), bytes: Bytes::from(bytes) };
            self.shared.take(taken);
        }
        self.to.clear();
        match fault {
            Some(fault) => self.fail(fault).await,
            None => {
                let number = self.shared.count.load(Ordering::SeqCst);
                Ok(self.say(&format!("250 2.0.0 Ok: queued as SIM{number:08}")))
            }
        }
    }

    /// The planned fault, or this answer.
    async fn turn(&mut self, at: At, answer: &str) -> io::Result<Next> {
        match self.shared.faults.take(&at) {
            Some(fault) => self.fail(fault).await,
            None => Ok(self.say(answer)),
        }
    }

    async fn fail(&mut self, fault: Fault) -> io::Result<Next> {
        match fault {
            Fault::Say(text) => Ok(self.say(&text)),
            Fault::Drop | Fault::TakeAndDrop => {
                self.flush().await?;
                self.stream.shutdown().await?;
                // Closing with input unread would tear away the answers that are still on their way.
                while self.stream.read_buf(&mut self.input).await? > 0 {}
                Ok(Next::Close)
            }
            Fault::Hang | Fault::TakeAndHang => {
                self.flush().await?;
                std::future::pending().await
            }
        }
    }

    fn say(&mut self, text: &str) -> Next {
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(b"\r\n");
        Next::GoOn
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }

    /// More input; false when the client has left. Answers go out first, all at once.
    async fn fill(&mut self) -> io::Result<bool> {
        self.flush().await?;
        self.input.drain(..self.start);
        self.start = 0;
        Ok(self.stream.read_buf(&mut self.input).await? > 0)
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            let rest = &self.input[self.start..];
            if let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                self.start += end + 2;
                return Ok(Some(line));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    async fn body(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let rest = &self.input[self.start..];
            let end = if rest.starts_with(b".\r\n") {
                Some((0, 3))
            } else {
                rest.windows(5).position(|window| window == b"\r\n.\r\n").map(|end| (end + 2, end + 5))
            };
            if let Some((end, after)) = end {
                let body = unstuffed(&rest[..end]);
                self.start += after;
                return Ok(Some(body));
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }
}

fn path(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    rest.split_once('>').map(|(path, _)| path.to_owned())
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}

fn unstuffed(body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        whole.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    whole
}
