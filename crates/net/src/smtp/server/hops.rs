//! How many servers a mail has passed, by its `Received:` lines (RFC 5321 section 6.3).

/// A mail that has passed so many goes in circles.
pub(super) const MOST_HOPS: usize = 100;

/// Counts the `Received:` lines of the header.
pub(super) fn hops(mail: &[u8]) -> usize {
    const NAME: &[u8] = b"received";
    let header = mail.split(|byte| *byte == b'\n').take_while(|line| !matches!(*line, b"" | b"\r"));
    header
        .filter(|line| {
            line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
                && line[NAME.len()..].trim_ascii_start().first() == Some(&b':')
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_the_header_count() {
        assert_eq!(hops(b""), 0);
        assert_eq!(
            hops(b"Received: a\r\n\tReceived: b\r\nreceived : c\r\nReceived-SPF: d\r\n\r\nReceived: e\r\n"),
            2
        );
    }
}
