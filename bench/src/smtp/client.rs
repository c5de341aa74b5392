//! A bare SMTP and LMTP client: one pooled connection, MAIL/RCPT/DATA in one write, content and dot in the next.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::wire::find;

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    output: Vec<u8>,
    hello: Hello,
    chunking: bool,
}

/// How a client introduces itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hello {
    Smtp,
    /// Every recipient is answered for himself after the final dot.
    Lmtp,
}

/// Who sends a mail to whom.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// `None` is the null sender of a report.
    pub from: Option<&'a str>,
    pub to: &'a [String],
}

/// How the content travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Data,
    /// `BDAT` in two chunks, where the server offers it; else `DATA`.
    Chunks,
    /// The connection breaks in the middle of the content.
    BrokenOff,
}

/// What the server says to a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    Later(String),
    Refused(String),
}

impl Answer {
    fn of(reply: &str) -> Self {
        match reply.as_bytes().first() {
            Some(b'2' | b'3') => Self::Taken,
            Some(b'5') => Self::Refused(reply.trim_end().to_owned()),
            _ => Self::Later(reply.trim_end().to_owned()),
        }
    }
}

impl Client {
    /// Connects, reads the greeting and says EHLO.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Self::greet(address, Hello::Smtp).await
    }

    /// Connects, reads the greeting and introduces itself.
    pub async fn greet(address: SocketAddr, hello: Hello) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("could not connect to {address}"))?;
        stream.set_nodelay(true)?;
        let (input, output) = (Vec::with_capacity(1_024), Vec::with_capacity(4_096));
        let mut client = Self { stream, input, output, hello, chunking: false };
        client.expect(b'2').await.context("no greeting")?;
        let verb: &[u8] = match hello {
            Hello::Smtp => b"EHLO client.example.com\r\n",
            Hello::Lmtp => b"LHLO client.example.com\r\n",
        };
        client.stream.write_all(verb).await?;
        let offers = client.expect(b'2').await.context("the greeting was refused")?;
        client.chunking = offers.lines().any(|line| line.get(4..) == Some("CHUNKING"));
        Ok(client)
    }

    /// Sends one message; `content` ends without the final dot and is stuffed here.
    pub async fn send(&mut self, from: &str, to: &str, content: &[u8]) -> Result<()> {
        self.output.clear();
        let envelope = format!("MAIL FROM:<{from}>\r\nRCPT TO:<{to}>\r\nDATA\r\n");
        self.stream.write_all(envelope.as_bytes()).await?;
        self.expect(b'2').await.context("MAIL was refused")?;
        self.expect(b'2').await.context("RCPT was refused")?;
        self.expect(b'3').await.context("DATA was refused")?;
        stuff(content, &mut self.output);
        self.stream.write_all(&self.output).await?;
        self.expect(b'2').await.context("the message was refused").map(drop)
    }

    /// Hands over one mail as an MTA does. After anything but `Taken` the connection is not to be used again.
    pub async fn deliver(&mut self, envelope: Envelope<'_>, content: &[u8], how: How) -> Result<Answer> {
        let chunks = how == How::Chunks && self.chunking;
        self.output.clear();
        let mut words = format!("MAIL FROM:<{}>\r\n", envelope.from.unwrap_or_default());
        for to in envelope.to {
            words.push_str(&format!("RCPT TO:<{to}>\r\n"));
        }
        self.output.extend_from_slice(words.as_bytes());
        if chunks {
            write_chunks(content, &mut self.output);
        } else {
            self.output.extend_from_slice(b"DATA\r\n");
        }
        self.stream.write_all(&self.output).await?;
        // MAIL, each RCPT, and DATA or the first chunk.
        for _ in 0..envelope.to.len() + 2 {
            let answer = Answer::of(&self.patient_reply().await?);
            if answer != Answer::Taken {
                return Ok(answer);
            }
        }
        if !chunks {
            self.output.clear();
            stuff(content, &mut self.output);
            if how == How::BrokenOff {
                self.stream.write_all(&self.output[..self.output.len() / 2]).await?;
                return Ok(Answer::Later("broken off on purpose".to_owned()));
            }
            self.stream.write_all(&self.output).await?;
        }
        let answers = if self.hello == Hello::Lmtp { envelope.to.len() } else { 1 };
        let mut last = Answer::Taken;
        for _ in 0..answers {
            let answer = Answer::of(&self.patient_reply().await?);
            if answer != Answer::Taken {
                last = answer;
            }
        }
        Ok(last)
    }

    async fn expect(&mut self, class: u8) -> Result<String> {
        let reply = self.patient_reply().await?;
        if reply.as_bytes().first() != Some(&class) {
            bail!("{}", reply.trim_end());
        }
        Ok(reply)
    }

    async fn patient_reply(&mut self) -> Result<String> {
        tokio::time::timeout(PATIENCE, self.reply()).await.context("no answer")?
    }

    /// One reply, perhaps of several lines; what follows it stays in the buffer.
    async fn reply(&mut self) -> Result<String> {
        loop {
            if let Some(end) = end_of_reply(&self.input) {
                let reply = String::from_utf8_lossy(&self.input[..end]).into_owned();
                self.input.drain(..end);
                return Ok(reply);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                bail!("the server closed the connection");
            }
        }
    }
}

fn end_of_reply(input: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let end = start + find(&input[start..], b"\r\n")? + 2;
        if input.get(start + 3) != Some(&b'-') {
            return Some(end);
        }
        start = end;
    }
}

/// RFC 3030: the bytes as they are, with their number before them.
fn write_chunks(content: &[u8], output: &mut Vec<u8>) {
    let (first, rest) = content.split_at(content.len() / 2);
    output.extend_from_slice(format!("BDAT {}\r\n", first.len()).as_bytes());
    output.extend_from_slice(first);
    output.extend_from_slice(format!("BDAT {} LAST\r\n", rest.len()).as_bytes());
    output.extend_from_slice(rest);
}

fn stuff(content: &[u8], output: &mut Vec<u8>) {
    let mut at_line_start = true;
    for byte in content {
        if at_line_start && *byte == b'.' {
            output.push(b'.');
        }
        output.push(*byte);
        at_line_start = *byte == b'\n';
    }
    if !output.ends_with(b"\r\n") {
        output.extend_from_slice(b"\r\n");
    }
    output.extend_from_slice(b".\r\n");
}

#[cfg(test)]
mod tests {
    use super::{end_of_reply, stuff};

    #[test]
    fn a_reply_of_several_lines_ends_at_the_line_without_a_dash() {
        let input = b"250-one\r\n250-two\r\n250 three\r\n354 next\r\n";
        assert_eq!(end_of_reply(input), Some(29));
        assert_eq!(end_of_reply(&input[..20]), None);
    }

    #[test]
    fn dots_at_line_starts_are_doubled() {
        let mut output = Vec::new();
        stuff(b".a\r\nb.c", &mut output);
        assert_eq!(output, b"..a\r\nb.c\r\n.\r\n");
    }
}
