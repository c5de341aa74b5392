//! A bare SMTP client: one pooled connection, MAIL/RCPT/DATA in one write, content and dot in the next.

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
}

impl Client {
    /// Connects, reads the greeting and says EHLO.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect(address).await.with_context(|| format!("could not connect to {address}"))?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, input: Vec::with_capacity(1_024), output: Vec::with_capacity(4_096) };
        client.expect(b'2').await.context("no greeting")?;
        client.stream.write_all(b"EHLO client.example.com\r\n").await?;
        client.expect(b'2').await.context("EHLO was refused")?;
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
        self.expect(b'2').await.context("the message was refused")
    }

    async fn expect(&mut self, class: u8) -> Result<()> {
        let reply = tokio::time::timeout(PATIENCE, self.reply()).await.context("no answer")??;
        if reply.as_bytes().first() != Some(&class) {
            bail!("{}", reply.trim_end());
        }
        Ok(())
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
