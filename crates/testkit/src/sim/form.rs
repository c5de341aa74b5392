//! Reads what is posted to simulated vendors as `multipart/form-data`, and writes what they post. Made apart from the
//! reader of the providers, so that one does not repeat the other's mistakes.

use super::http::Request;

/// One part of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub name: String,
    pub filename: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

impl Part {
    pub(super) fn field(name: &str, value: impl Into<Vec<u8>>) -> Part {
        Part { name: name.to_owned(), bytes: value.into(), ..Part::default() }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The parts of a request; none when it is no such form.
pub(super) fn read(request: &Request) -> Vec<Part> {
    let content_type = request.header("content-type").unwrap_or_default();
    let Some((_, boundary)) = content_type.split_once("boundary=") else { return Vec::new() };
    let line = format!("\r\n--{}", boundary.trim_matches('"'));
    // With a line end before it the first boundary is like all others.
    let body = [b"\r\n".as_slice(), &request.body].concat();
    let mut parts = Vec::new();
    let mut pieces = pieces(&body, line.as_bytes()).into_iter().skip(1);
    for piece in &mut pieces {
        if piece.starts_with(b"--") {
            return parts;
        }
        parts.extend(part(piece));
    }
    // The last boundary is missing: nothing of it counts.
    Vec::new()
}

fn pieces<'a>(body: &'a [u8], line: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at + line.len() <= body.len() {
        if body[at] == line[0] && body[at..].starts_with(line) {
            found.push(&body[from..at]);
            at += line.len();
            from = at;
        } else {
            at += 1;
        }
    }
    found.push(&body[from..]);
    found
}

fn part(piece: &[u8]) -> Option<Part> {
    let piece = piece.strip_prefix(b"\r\n")?;
    let end = piece.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&piece[..end]).into_owned();
    let quoted = |name: &str| {
        let (_, after) = head.split_once(&format!("; {name}=\""))?;
        after.split_once('"').map(|(value, _)| value.to_owned())
    };
    let content_type = head.lines().find_map(|line| line.strip_prefix("Content-Type: "));
    Some(Part {
        name: quoted("name")?,
        filename: quoted("filename"),
        content_type: content_type.map(str::to_owned),
        bytes: piece[end + 4..].to_vec(),
    })
}

/// The parts as a body, and its content type.
pub(super) fn write(parts: &[Part]) -> (&'static str, Vec<u8>) {
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!("--xYzZY-simulated\r\nContent-Disposition: form-data; name=\"{}\"", part.name);
        if let Some(filename) = &part.filename {
            head.push_str(&format!("; filename=\"{filename}\""));
        }
        if let Some(content_type) = &part.content_type {
            head.push_str(&format!("\r\nContent-Type: {content_type}"));
        }
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(&part.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xYzZY-simulated--\r\n");
    ("multipart/form-data; boundary=xYzZY-simulated", body)
}
