//! A message whose parts begin and do not end, as when it was cut off or its sender forgot the last line: the ends are put in.
//!
//! RFC 2046 section 5.1.2: a line that separates outer parts also ends all that lies within them.

/// More than any honest mail has.
const DEEPEST: usize = 100;

/// The same message with the ends that it lacks; nothing when it lacks none.
pub(super) fn with_ends(raw: &[u8]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(raw.len() + 256);
    let mut open: Vec<Vec<u8>> = Vec::new();
    let mut head = Some(Vec::new());
    let mut is_changed = false;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let words = line.trim_ascii_end();
        let found = open.iter().rposition(|boundary| is_mark(words, boundary));
        if let Some(place) = found {
            is_changed |= place + 1 < open.len();
            while open.len() > place + 1 {
                end(&mut mended, &open.pop()?);
            }
            let is_end = words.len() > open[place].len() + 2;
            if is_end {
                open.pop();
            }
            head = (!is_end).then(Vec::new);
        } else if let Some(read) = &mut head {
            if words.is_empty() {
                let kind = content_type(read);
                head = is_message(&kind).then(Vec::new);
                open.extend(boundary(&kind));
            } else {
                read.extend_from_slice(line);
            }
        }
        if open.len() > DEEPEST {
            return None;
        }
        mended.extend_from_slice(line);
    }
    is_changed |= !open.is_empty();
    while let Some(boundary) = open.pop() {
        end(&mut mended, &boundary);
    }
    is_changed.then_some(mended)
}

/// Whether a line begins or ends a part.
fn is_mark(line: &[u8], boundary: &[u8]) -> bool {
    let rest = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary));
    rest.is_some_and(|rest| rest.is_empty() || rest == b"--")
}

fn end(mended: &mut Vec<u8>, boundary: &[u8]) {
    if !mended.ends_with(b"\n") {
        mended.extend_from_slice(b"\r\n");
    }
    mended.extend_from_slice(b"--");
    mended.extend_from_slice(boundary);
    mended.extend_from_slice(b"--\r\n");
}

/// What the headers say that follows them, unfolded.
fn content_type(head: &[u8]) -> String {
    let head = String::from_utf8_lossy(head);
    let mut lines = head
        .lines()
        .skip_while(|line| !line.get(..13).is_some_and(|name| name.eq_ignore_ascii_case("content-type:")));
    let first = lines.next().and_then(|line| line.get(13..)).unwrap_or_default();
    let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
    folded.fold(first.to_owned(), |whole, line| whole + line)
}

/// Headers of its own follow.
fn is_message(kind: &str) -> bool {
    let kind = kind.trim_start().to_ascii_lowercase();
    kind.starts_with("message/rfc822") || kind.starts_with("message/global")
}

fn boundary(kind: &str) -> Option<Vec<u8>> {
    let lower = kind.to_ascii_lowercase();
    if !lower.trim_start().starts_with("multipart/") {
        return None;
    }
    let place = lower.find("boundary=")? + "boundary=".len();
    let rest = kind.get(place..)?;
    let word = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split([';', ' ', '\t', '(']).next()?,
    };
    (!word.is_empty() && !word.contains('\\')).then(|| word.trim_end().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(raw: &str) -> Option<String> {
        with_ends(raw.as_bytes()).map(|bytes| String::from_utf8(bytes).expect("it was text before"))
    }

    #[test]
    fn what_is_whole_stays_as_it_is() {
        assert_eq!(mended("Subject: x\r\n\r\n--a\r\n"), None);
        let whole = "Content-Type: multipart/mixed;\r\n boundary=\"a b\"\r\n\r\n--a b\r\n\r\nhi\r\n--a b--\r\n--a b\r\n";
        assert_eq!(mended(whole), None);
    }

    #[test]
    fn the_last_end_is_put_in() {
        let cut = "Content-Type: Multipart/Mixed; Boundary=a; x=y\n\n--a\n\nhi";
        assert_eq!(mended(cut).expect("it is mended"), format!("{cut}\r\n--a--\r\n"));
    }

    #[test]
    fn an_outer_mark_ends_what_lies_within() {
        let raw = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/alternative; \
                   boundary=aa\r\n\r\n--aa\r\n\r\nhi\r\n--a\r\n\r\nfile\r\n--a--\r\n";
        let mended = mended(raw).expect("it is mended");
        assert!(mended.contains("hi\r\n--aa--\r\n--a\r\n\r\nfile\r\n--a--\r\n"), "{mended}");
    }
}
