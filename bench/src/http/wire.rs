//! Reads the head of an HTTP/1.1 request or reply and says how long its body is.

use anyhow::{Context, Result, bail};

/// A head longer than this is a mistake.
const MOST_HEAD_BYTES: usize = 64 * 1_024;

/// The few facts of a head that are needed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `HTTP/1.1 202 Accepted` or `POST /v3/email/send HTTP/1.1`.
    pub first_line: String,
    pub body: Body,
    pub close: bool,
    /// Seconds of a `Retry-After` header.
    pub retry_after: Option<u64>,
    /// Bytes up to and with the empty line.
    pub length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Length(usize),
    Chunked,
}

impl Head {
    /// The status code of a reply.
    pub fn status(&self) -> Result<u16> {
        self.first_line
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .with_context(|| format!("`{}` is no status line", self.first_line))
    }
}

/// None while the head is incomplete.
pub fn read_head(buffer: &[u8]) -> Result<Option<Head>> {
    let Some(end) = find(buffer, b"\r\n\r\n") else {
        if buffer.len() > MOST_HEAD_BYTES {
            bail!("the head of a reply exceeds {MOST_HEAD_BYTES} bytes");
        }
        return Ok(None);
    };
    let text = std::str::from_utf8(&buffer[..end]).context("a head that is not text")?;
    let mut lines = text.split("\r\n");
    let first_line = lines.next().unwrap_or_default().to_owned();
    let mut head =
        Head { first_line, body: Body::Length(0), close: false, retry_after: None, length: end + 4 };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            head.body = Body::Length(value.parse().context("a Content-Length that is no number")?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            head.body = Body::Chunked;
        } else if name.eq_ignore_ascii_case("connection") {
            head.close = value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("retry-after") {
            head.retry_after = value.parse().ok();
        }
    }
    Ok(Some(head))
}

/// Decodes a chunked body: its bytes and how many were read; None while it is incomplete.
pub fn read_chunks(mut buffer: &[u8]) -> Result<Option<(Vec<u8>, usize)>> {
    let whole = buffer.len();
    let mut body = Vec::new();
    loop {
        let Some(line_end) = find(buffer, b"\r\n") else { return Ok(None) };
        let line = std::str::from_utf8(&buffer[..line_end]).context("a chunk size that is not text")?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).with_context(|| format!("`{size}` is no chunk size"))?;
        let Some(rest) = buffer.get(line_end + 2 + size + 2..) else { return Ok(None) };
        if size == 0 {
            return Ok(Some((body, whole - rest.len())));
        }
        body.extend_from_slice(&buffer[line_end + 2..line_end + 2 + size]);
        buffer = rest;
    }
}

/// Where `needle` begins in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let mut from = 0;
    while let Some(step) = hay.get(from..)?.iter().position(|byte| byte == first) {
        let start = from + step;
        if hay[start + 1..].starts_with(rest) {
            return Some(start);
        }
        from = start + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Body, find, read_chunks, read_head};

    #[test]
    fn a_reply_is_read_once_its_head_is_complete() {
        let reply = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\nretry-after: 3\r\nConnection: close\r\n\r\n{}";
        assert_eq!(read_head(&reply[..40]).expect("no fault"), None);
        let head = read_head(reply).expect("no fault").expect("complete");
        assert_eq!(head.status().expect("a status"), 429);
        assert_eq!((head.body, head.close, head.retry_after), (Body::Length(2), true, Some(3)));
        assert_eq!(&reply[head.length..], b"{}");
    }

    #[test]
    fn chunks_are_joined() {
        let body = b"4\r\nWiki\r\n6;x=y\r\npedia \r\n0\r\n\r\nnext";
        assert_eq!(read_chunks(&body[..10]).expect("no fault"), None);
        assert_eq!(read_chunks(body).expect("no fault"), Some((b"Wikipedia ".to_vec(), body.len() - 4)));
    }

    #[test]
    fn finds_the_first_match_behind_false_starts() {
        assert_eq!(find(b"a\r\r\n.\r\n", b"\r\n.\r\n"), Some(2));
        assert_eq!(find(b"abc", b"bcd"), None);
        assert_eq!(find(b"", b"x"), None);
    }
}
