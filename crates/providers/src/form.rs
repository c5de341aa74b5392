//! The fields of a form, in either of the encodings in which providers post one. Pure.

use bytes::Bytes;

use crate::provider::{RawRequest, Unreadable};

/// No provider's form has more parts; a body that claims more is not read on.
const MOST_PARTS: usize = 2_000;

/// The fields of a form in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub fields: Vec<Field>,
}

/// One field, which may be a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub name: String,
    pub filename: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Bytes,
}

impl Form {
    /// The first field of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The first field of that name as text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(Field::text)
    }
}

impl Field {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Reads a form, by the request's content type.
///
/// # Errors
/// When it is neither `application/x-www-form-urlencoded` nor `multipart/form-data`, or is broken.
pub(crate) fn read(request: &RawRequest) -> Result<Form, Unreadable> {
    let content_type = request.header("content-type").unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => Ok(urlencoded(&request.body)),
        "multipart/form-data" => {
            let boundary = parameter(content_type, "boundary")
                .filter(|boundary| !boundary.is_empty() && boundary.len() <= 200)
                .ok_or_else(|| Unreadable("the form names no boundary".to_owned()))?;
            multipart(&request.body, &boundary)
        }
        _ => Err(Unreadable(format!("expected a form, not {kind}"))),
    }
}

/// The fields of `application/x-www-form-urlencoded`.
pub(crate) fn urlencoded(body: &[u8]) -> Form {
    let fields = form_urlencoded::parse(body).take(MOST_PARTS).map(|(name, value)| Field {
        name: name.into_owned(),
        filename: None,
        content_type: None,
        bytes: value.into_owned().into_bytes().into(),
    });
    Form { fields: fields.collect() }
}

/// The parts of `multipart/form-data` (RFC 7578).
fn multipart(body: &Bytes, boundary: &str) -> Result<Form, Unreadable> {
    let broken = |what: &str| Unreadable(format!("the form is broken: {what}"));
    let opening = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut at = if body.starts_with(opening.as_bytes()) {
        opening.len()
    } else {
        position(body, between.as_bytes()).ok_or_else(|| broken("its boundary does not occur"))?
            + between.len()
    };
    let mut form = Form::default();
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Ok(form);
        }
        if form.fields.len() >= MOST_PARTS {
            return Err(broken("it has too many parts"));
        }
        let start = position(rest, b"\r\n").ok_or_else(|| broken("a boundary is cut off"))? + 2;
        let length =
            position(&rest[start..], between.as_bytes()).ok_or_else(|| broken("a part does not end"))?;
        if let Some(field) = part(&body.slice(at + start..at + start + length)) {
            form.fields.push(field);
        }
        at += start + length + between.len();
    }
}

/// A part with a name; others are passed over.
fn part(bytes: &Bytes) -> Option<Field> {
    let (head, content) = match position(bytes, b"\r\n\r\n") {
        Some(end) => (&bytes[..end], bytes.slice(end + 4..)),
        None => (&bytes[..], Bytes::new()),
    };
    let head = String::from_utf8_lossy(head);
    let header = |wanted: &str| {
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.trim().to_owned())
    };
    let disposition = header("content-disposition")?;
    Some(Field {
        name: parameter(&disposition, "name")?,
        filename: parameter(&disposition, "filename"),
        content_type: header("content-type"),
        bytes: content,
    })
}

/// A parameter of a header, with or without quotes. Browsers and vendors escape quotes in names as `\"` or `%22`.
fn parameter(header: &str, wanted: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (value, left) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), left)
            }
        };
        if name.trim_matches([' ', ';', '\t']).eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = left;
    }
}

fn unquoted(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            // A backslash that escapes nothing is part of a path that an old browser gave.
            '\\' => match characters.peek() {
                Some((_, next @ ('"' | '\\'))) => {
                    value.push(*next);
                    characters.next();
                }
                _ => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    (value, "")
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    // The first byte is rare enough in what is posted, and the search must not be quadratic in the needle.
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(found) = haystack.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + found;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(content_type: &str, body: &str) -> RawRequest {
        RawRequest {
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: Bytes::copy_from_slice(body.as_bytes()),
            ..RawRequest::default()
        }
    }

    #[test]
    fn a_multipart_form_gives_its_fields_and_files() {
        let body = "--xx\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nHello\r\n--xx\r\n\
                    Content-Disposition: form-data; name=\"attachment1\"; filename=\"a \\\"b\\\";.txt\"\r\n\
                    Content-Type: text/plain\r\n\r\none\r\n--x\r\n\r\n--xx\r\n\
                    content-disposition: form-data; name=empty\r\n\r\n\r\n--xx--\r\n";
        let form = read(&posted("multipart/form-data; charset=utf-8; boundary=\"xx\"", body)).unwrap();
        assert_eq!(form.text("subject").as_deref(), Some("Hello"));
        let file = form.get("attachment1").unwrap();
        assert_eq!(file.filename.as_deref(), Some("a \"b\";.txt"));
        assert_eq!(file.content_type.as_deref(), Some("text/plain"));
        assert_eq!(file.text(), "one\r\n--x\r\n");
        assert_eq!(form.text("empty").as_deref(), Some(""));
    }

    #[test]
    fn a_urlencoded_form_gives_its_fields() {
        let form = read(&posted("application/x-www-form-urlencoded", "a=1&b=%C3%A4+o&a=2")).unwrap();
        assert_eq!((form.text("a").as_deref(), form.text("b").as_deref()), (Some("1"), Some("ä o")));
    }

    #[test]
    fn broken_forms_are_unreadable() {
        let right = "multipart/form-data; boundary=xx";
        for (content_type, body) in [
            ("application/json", "{}"),
            ("multipart/form-data", "--xx--"),
            ("multipart/form-data; boundary=\"", "--xx--"),
            (right, ""),
            (right, "--xx"),
            (right, "--xx\r\n"),
            (right, "--xx\r\nContent-Disposition: form-data; name=a\r\n\r\n1"),
            (right, "no boundary at all"),
        ] {
            assert!(read(&posted(content_type, body)).is_err(), "{content_type} {body}");
        }
        assert_eq!(read(&posted(right, "--xx--")).unwrap(), Form::default());
    }
}
