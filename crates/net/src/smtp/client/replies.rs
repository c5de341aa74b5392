//! Cuts the server's bytes into replies (RFC 5321 section 4.2.1). Pure.

use crate::smtp::Reply;

/// No honest reply is longer; RFC 5321 section 4.5.3.1.5 allows 512 bytes for a line.
const CAP_BYTES: usize = 64 * 1024;

/// Bytes that are no reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Received bytes that are not yet consumed.
#[derive(Debug, Default)]
pub(super) struct Replies {
    bytes: Vec<u8>,
    start: usize,
}

impl Replies {
    /// Takes what was read.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether bytes wait that nobody asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// The next whole reply, if it is there.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, Malformed> {
        let mut position = self.start;
        let mut code = None;
        let mut text = String::new();
        loop {
            let rest = &self.bytes[position..];
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                return if self.bytes.len() - self.start > CAP_BYTES { Err(Malformed) } else { Ok(None) };
            };
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            let (line_code, more, words) = read_line(line)?;
            if *code.get_or_insert(line_code) != line_code {
                return Err(Malformed);
            }
            position += end + 1;
            append(&mut text, words);
            if position - self.start > CAP_BYTES {
                return Err(Malformed);
            }
            if !more {
                self.start = position;
                return Ok(Some(Reply { code: line_code, text }));
            }
        }
    }
}

fn read_line(line: &[u8]) -> Result<(u16, bool, &[u8]), Malformed> {
    let digits = line.get(..3).ok_or(Malformed)?;
    let code =
        std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u16>().ok()).ok_or(Malformed)?;
    if !(200..600).contains(&code) {
        return Err(Malformed);
    }
    match line.get(3) {
        // Some servers leave the space out when there are no words.
        None => Ok((code, false, &[])),
        Some(b' ') => Ok((code, false, &line[4..])),
        Some(b'-') => Ok((code, true, &line[4..])),
        Some(_) => Err(Malformed),
    }
}

fn append(text: &mut String, words: &[u8]) {
    let words = String::from_utf8_lossy(words);
    if !text.is_empty() {
        text.push('\n');
    }
    // Control characters would end up in logs and on screens.
    text.extend(words.chars().filter(|character| !character.is_control()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Reply>, Malformed> {
        let mut replies = Replies::default();
        let mut found = Vec::new();
        // In the smallest pieces, because the network cuts where it likes.
        for byte in bytes {
            replies.receive(&[*byte]);
            while let Some(reply) = replies.next()? {
                found.push(reply);
            }
        }
        Ok(found)
    }

    #[test]
    fn replies_are_cut_wherever_the_network_cut_them() {
        let found = all(b"220 hello\r\n250-one\r\n250-two\r\n250 three\r\n354\r\n").unwrap();
        assert_eq!(
            found,
            [Reply::new(220, "hello"), Reply::new(250, "one\ntwo\nthree"), Reply::new(354, "")]
        );
    }

    #[test]
    fn what_is_no_reply_is_malformed() {
        for wrong in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"250-a\r\n251 b\r\n",
            b"099 x\r\n",
            b"2500 x\r\n",
            b"\r\n",
        ] {
            assert_eq!(all(wrong), Err(Malformed), "{}", String::from_utf8_lossy(wrong));
        }
        assert_eq!(all(&[b'2'; CAP_BYTES + 2]), Err(Malformed));
    }
}
