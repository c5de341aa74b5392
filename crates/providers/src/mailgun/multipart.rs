//! A request as `multipart/form-data` (RFC 7578): fields and files in their order. Pure.

use domain::ids::MessageId;
use domain::outgoing::File;

/// One part.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Field(&'a str, &'a str),
    /// The field's name, the name of the file, and the file.
    File(&'a str, &'a str, &'a File),
}

/// The body, and the content type that names its boundary.
pub(super) struct Form {
    pub content_type: String,
    pub body: Vec<u8>,
}

/// Writes the form. The same message has the same bytes on every attempt.
pub(super) fn write(id: MessageId, parts: &[Part<'_>]) -> Form {
    let boundary = boundary(id, parts);
    let mut body = Vec::with_capacity(parts.iter().map(|part| bytes_of(part).len() + 200).sum());
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        let head = match part {
            Part::Field(name, _) => {
                format!("Content-Disposition: form-data; name=\"{}\"\r\n\r\n", quoted(name))
            }
            Part::File(name, filename, file) => format!(
                "Content-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
                quoted(name),
                // A part without a file name is dropped without a word.
                quoted(if filename.trim().is_empty() { "file" } else { filename }),
                file.content_type.replace(['\r', '\n'], " ")
            ),
        };
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes_of(part));
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Form { content_type: format!("multipart/form-data; boundary={boundary}"), body }
}

fn bytes_of<'a>(part: &Part<'a>) -> &'a [u8] {
    match part {
        Part::Field(_, value) => value.as_bytes(),
        Part::File(_, _, file) => &file.bytes,
    }
}

/// A line that occurs in none of the parts. Whoever writes a message does not know its id before, so the first one fits
/// but for a miracle; the numbers are for the miracle.
fn boundary(id: MessageId, parts: &[Part<'_>]) -> String {
    let holds = |boundary: &str| {
        let line = boundary.as_bytes();
        // Most bytes are settled by the first comparison alone; files are large.
        let begins = |window: &[u8]| window[0] == line[0] && window == line;
        parts.iter().any(|part| bytes_of(part).windows(line.len()).any(begins))
    };
    let digest = net::signature::sha256_hex(id.to_string().as_bytes());
    let plain = format!("form-{}", &digest[..32]);
    let mut boundary = plain.clone();
    let mut number = 0_u32;
    while holds(&boundary) {
        number += 1;
        boundary = format!("{plain}-{number}");
    }
    boundary
}

/// As browsers write names: UTF-8, with what would end the name in percent signs.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
