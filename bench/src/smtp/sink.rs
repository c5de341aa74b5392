//! A fast SMTP server that takes everything, counts it in a ledger, and misbehaves when told to.
//! A message counts as taken from the instant its final dot has been read, answered or not.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::http::wire::find;
use crate::ledger::Ledger;

/// How the sink misbehaves; the default does not.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// Milliseconds between the final dot and its answer.
    pub delay: Range<u64>,
    /// Share of messages after whose final dot the connection is closed without an answer.
    pub hang_up: f64,
    /// Share of messages that are refused for now after their final dot: not taken, and not counted.
    pub refuse: f64,
    pub seed: u64,
}

/// A running sink; dropping it ends it.
#[derive(Debug)]
pub struct Sink {
    pub address: SocketAddr,
    connections: Arc<AtomicU64>,
    hung_up: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    _listening: JoinSet<()>,
}

impl Sink {
    pub async fn start(behaviour: Behaviour, ledger: Arc<Ledger>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicU64::new(0));
        let hung_up = Arc::new(AtomicU64::new(0));
        let refused = Arc::new(AtomicU64::new(0));
        let (counted, hangs, refusals) =
            (Arc::clone(&connections), Arc::clone(&hung_up), Arc::clone(&refused));
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            let mut sessions = JoinSet::new();
            let chance = Chance::from_seed(behaviour.seed);
            while let Ok((stream, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::Relaxed);
                let session = Session {
                    stream,
                    behaviour: behaviour.clone(),
                    chance: chance.branch(number),
                    ledger: Arc::clone(&ledger),
                    hung_up: Arc::clone(&hangs),
                    refused: Arc::clone(&refusals),
                    input: Vec::with_capacity(16_384),
                    output: Vec::with_capacity(512),
                };
                // A client that breaks off is what the kill test is about; nothing to report.
                sessions.spawn(async move { drop(session.serve().await) });
                while sessions.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, connections, hung_up, refused, _listening: listening })
    }

    /// Connections taken so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Messages taken whose final dot was never answered, on purpose.
    pub fn hung_up(&self) -> u64 {
        self.hung_up.load(Ordering::Relaxed)
    }

    /// Messages refused for now, on purpose.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

struct Session {
    stream: TcpStream,
    behaviour: Behaviour,
    chance: Chance,
    ledger: Arc<Ledger>,
    hung_up: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    input: Vec<u8>,
    output: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Command,
    Content,
    Quit,
}

impl Session {
    async fn serve(mut self) -> Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.write_all(b"220 sink.example.com ESMTP\r\n").await?;
        let mut next = Next::Command;
        let mut read = 0;
        loop {
            // Everything that has arrived is dealt with before anything is written: pipelining.
            let advanced = match next {
                Next::Command => find(&self.input[read..], b"\r\n").map(|end| {
                    let line = &self.input[read..read + end];
                    next = answer(line, &mut self.output);
                    end + 2
                }),
                Next::Content => match end_of_content(&self.input[read..]) {
                    Some((content, end)) => {
                        if self.behaviour.refuse > 0.0 && self.chance.hits(self.behaviour.refuse) {
                            self.refused.fetch_add(1, Ordering::Relaxed);
                            self.output.extend_from_slice(b"451 4.3.0 not now\r\n");
                        } else {
                            self.ledger.enter(&unstuffed(&self.input[read..read + content]));
                            if !self.take_content().await? {
                                return Ok(());
                            }
                        }
                        next = Next::Command;
                        Some(end)
                    }
                    None => None,
                },
                Next::Quit => {
                    self.stream.write_all(&self.output).await?;
                    return Ok(());
                }
            };
            match advanced {
                Some(bytes) => read += bytes,
                None => {
                    if !self.output.is_empty() {
                        self.stream.write_all(&self.output).await?;
                        self.output.clear();
                    }
                    self.input.drain(..read);
                    read = 0;
                    self.input.reserve(16_384);
                    if self.stream.read_buf(&mut self.input).await? == 0 {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// False when the connection is to be closed without an answer.
    async fn take_content(&mut self) -> Result<bool> {
        if !self.behaviour.delay.is_empty() {
            let delay = self.chance.within(self.behaviour.delay.clone());
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
        if self.behaviour.hang_up > 0.0 && self.chance.hits(self.behaviour.hang_up) {
            self.hung_up.fetch_add(1, Ordering::Relaxed);
            return Ok(false);
        }
        self.output.extend_from_slice(b"250 2.0.0 taken\r\n");
        Ok(true)
    }
}

fn answer(line: &[u8], output: &mut Vec<u8>) -> Next {
    let verb: Vec<u8> = line.iter().take(4).map(u8::to_ascii_uppercase).collect();
    let (reply, next): (&[u8], Next) = match verb.as_slice() {
        b"EHLO" => (
            b"250-sink.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n",
            Next::Command,
        ),
        b"HELO" | b"NOOP" | b"RSET" | b"VRFY" => (b"250 2.0.0 ok\r\n", Next::Command),
        b"MAIL" => (b"250 2.1.0 ok\r\n", Next::Command),
        b"RCPT" => (b"250 2.1.5 ok\r\n", Next::Command),
        b"DATA" => (b"354 go on\r\n", Next::Content),
        b"QUIT" => (b"221 2.0.0 bye\r\n", Next::Quit),
        _ => (b"502 5.5.2 not known here\r\n", Next::Command),
    };
    output.extend_from_slice(reply);
    next
}

/// Length of the content and of all bytes up to and with the final dot.
fn end_of_content(input: &[u8]) -> Option<(usize, usize)> {
    if input.starts_with(b".\r\n") {
        return Some((0, 3));
    }
    find(input, b"\r\n.\r\n").map(|start| (start + 2, start + 5))
}

/// Takes the doubled dots at line starts apart again (RFC 5321, 4.5.2).
fn unstuffed(content: &[u8]) -> Cow<'_, [u8]> {
    if !content.starts_with(b".") && find(content, b"\r\n.").is_none() {
        return Cow::Borrowed(content);
    }
    let mut plain = Vec::with_capacity(content.len());
    let mut at_line_start = true;
    for (index, byte) in content.iter().enumerate() {
        if !(at_line_start && *byte == b'.') {
            plain.push(*byte);
        }
        at_line_start = *byte == b'\n' && index > 0 && content[index - 1] == b'\r';
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::{Behaviour, Sink, end_of_content, unstuffed};
    use crate::ledger::Ledger;
    use crate::letters::{Mark, write_text};
    use crate::smtp::client::Client;

    fn content(number: u64) -> Vec<u8> {
        let mut text = "Subject: test\r\n\r\n.a line with a dot\r\n".to_owned();
        write_text(Mark { number, at: 0 }, "\r\n", &mut text);
        text.into_bytes()
    }

    #[tokio::test]
    async fn a_pipelined_conversation_is_counted_message_by_message() {
        let ledger = Ledger::new(10);
        let sink = Sink::start(Behaviour::default(), ledger.clone()).await.expect("starts");
        let mut client = Client::open(sink.address).await.expect("greets");
        for number in [3, 4, 3] {
            client.send("a@example.com", "b@example.com", &content(number)).await.expect("taken");
        }
        assert_eq!((ledger.distinct(), ledger.duplicates(), ledger.unreadable()), (2, 1, 0));
        assert_eq!(sink.connections(), 1);
    }

    #[tokio::test]
    async fn a_message_whose_dot_is_never_answered_still_counts_as_taken() {
        let ledger = Ledger::new(10);
        let behaviour = Behaviour { hang_up: 1.0, ..Behaviour::default() };
        let sink = Sink::start(behaviour, ledger.clone()).await.expect("starts");
        let mut client = Client::open(sink.address).await.expect("greets");
        client.send("a@example.com", "b@example.com", &content(5)).await.expect_err("no answer");
        assert_eq!((ledger.arrivals_of(5), sink.hung_up()), (1, 1));
    }

    #[tokio::test]
    async fn a_message_that_is_refused_does_not_count() {
        let ledger = Ledger::new(10);
        let behaviour = Behaviour { refuse: 1.0, ..Behaviour::default() };
        let sink = Sink::start(behaviour, ledger.clone()).await.expect("starts");
        let mut client = Client::open(sink.address).await.expect("greets");
        client.send("a@example.com", "b@example.com", &content(5)).await.expect_err("refused");
        assert_eq!((ledger.arrivals_of(5), sink.refused()), (0, 1));
    }

    #[test]
    fn the_final_dot_ends_the_content_and_stuffed_dots_do_not() {
        assert_eq!(end_of_content(b"a\r\n..\r\n.\r\nNEXT"), Some((7, 10)));
        assert_eq!(end_of_content(b"a\r\n..\r\n"), None);
        assert_eq!(end_of_content(b".\r\n"), Some((0, 3)));
        assert_eq!(unstuffed(b"..a\r\n.b\r\nc.\r\n").as_ref(), b".a\r\nb\r\nc.\r\n");
    }
}
