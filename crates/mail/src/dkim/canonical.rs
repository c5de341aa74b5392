//! The relaxed canonical form (RFC 6376 sections 3.4.2 and 3.4.4): what mail servers may change on the way does not count.

/// One field of the headers.
pub(super) struct Field<'a> {
    pub name: &'a [u8],
    /// From the name to the end of its last line, without the line end.
    pub whole: &'a [u8],
}

/// The headers, with the line end of the last one, and the body behind the empty line.
pub(super) fn parts(mail: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = mail.strip_prefix(b"\r\n") {
        return (&[], body);
    }
    let end = mail.windows(4).position(|window| window == b"\r\n\r\n");
    end.map_or((mail, &[][..]), |end| (&mail[..end + 2], &mail[end + 4..]))
}

/// The fields in their order, each with the lines that continue it.
pub(super) fn fields(head: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = head;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = field_end(rest);
            let whole = rest[..end].strip_suffix(b"\r\n").unwrap_or(&rest[..end]);
            rest = &rest[end..];
            if let Some(colon) = whole.iter().position(|byte| *byte == b':') {
                return Some(Field { name: whole[..colon].trim_ascii_end(), whole });
            }
        }
        None
    })
}

/// Behind the line end that no white space follows.
fn field_end(head: &[u8]) -> usize {
    let mut from = 0;
    while let Some(at) = head[from..].windows(2).position(|window| window == b"\r\n") {
        from += at + 2;
        if !matches!(head.get(from), Some(b' ' | b'\t')) {
            return from;
        }
    }
    head.len()
}

/// Writes one field without its line end: the name in lower case, lines joined, white space as one space, none at the
/// colon and at the end.
pub(super) fn header(field: &[u8], out: &mut Vec<u8>) {
    let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    out.extend(field[..colon].trim_ascii_end().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let start = out.len();
    let mut space = false;
    for byte in field.get(colon + 1..).unwrap_or_default() {
        match byte {
            b'\r' | b'\n' => {}
            b' ' | b'\t' => space = true,
            other => {
                if space && out.len() > start {
                    out.push(b' ');
                }
                space = false;
                out.push(*other);
            }
        }
    }
}

/// Gives the body piece by piece: white space in lines as one space, none at their ends, no empty lines at the end.
pub(super) fn body(body: &[u8], mut give: impl FnMut(&[u8])) {
    let mut empty_lines = 0_usize;
    let mut line = Vec::with_capacity(256);
    let mut rest = body;
    while !rest.is_empty() {
        let (this, after) = match rest.windows(2).position(|window| window == b"\r\n") {
            Some(end) => (&rest[..end], &rest[end + 2..]),
            None => (rest, &[][..]),
        };
        rest = after;
        relax(this, &mut line);
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            give(b"\r\n");
        }
        line.extend_from_slice(b"\r\n");
        give(&line);
    }
}

fn relax(line: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut space = false;
    for byte in line {
        if matches!(byte, b' ' | b'\t') {
            space = true;
        } else {
            if std::mem::take(&mut space) {
                out.push(b' ');
            }
            out.push(*byte);
        }
    }
}
