//! The body as it goes over the wire (RFC 5321 section 4.5.2): every line ends in CR LF and none that the message
//! holds begins with a lone dot. A bare CR or LF never leaves: it would let a message smuggle in a second one.

/// Turns a message into the lines of `DATA`, piece by piece; [`Stuffer::end`] closes it.
#[derive(Debug)]
pub(super) struct Stuffer<'a> {
    rest: &'a [u8],
    line_is_open: bool,
}

impl<'a> Stuffer<'a> {
    pub(super) fn new(message: &'a [u8]) -> Stuffer<'a> {
        Stuffer { rest: message, line_is_open: false }
    }

    /// Adds lines to `out` until it holds at least `enough` bytes; false when the message is at its end.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, enough: usize) -> bool {
        while !self.rest.is_empty() && out.len() < enough {
            let end =
                self.rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(self.rest.len());
            let (line, rest) = self.rest.split_at(end);
            if line.first() == Some(&b'.') {
                out.push(b'.');
            }
            out.extend_from_slice(line);
            self.line_is_open = rest.is_empty();
            if !rest.is_empty() {
                out.extend_from_slice(b"\r\n");
            }
            let ended = if rest.starts_with(b"\r\n") { 2 } else { usize::from(!rest.is_empty()) };
            self.rest = &rest[ended..];
        }
        !self.rest.is_empty()
    }

    /// Ends the last line and writes the final dot.
    pub(super) fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.line_is_open { b"\r\n.\r\n" } else { b".\r\n" });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(message: &[u8], enough: usize) -> Vec<u8> {
        let mut whole = Vec::new();
        let mut stuffer = Stuffer::new(message);
        loop {
            let mut piece = Vec::new();
            let more = stuffer.fill(&mut piece, enough);
            whole.extend_from_slice(&piece);
            if !more {
                break;
            }
        }
        stuffer.end(&mut whole);
        whole
    }

    #[test]
    fn dots_are_doubled_and_line_ends_made_whole() {
        for (message, wire) in [
            (&b""[..], &b".\r\n"[..]),
            (b"hello", b"hello\r\n.\r\n"),
            (b"hello\r\n", b"hello\r\n.\r\n"),
            (b".\r\n..\r\n.a", b"..\r\n...\r\n..a\r\n.\r\n"),
            (b"a\n.\nb\r.\rc", b"a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n"),
            (b"\r\n\r\n", b"\r\n\r\n.\r\n"),
            (b"a\r\r\nb", b"a\r\n\r\nb\r\n.\r\n"),
        ] {
            assert_eq!(stuffed(message, 1 << 20), wire, "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn the_end_of_data_stands_only_at_the_end(
            message in prop::collection::vec(prop::sample::select(b"a.\r\n".to_vec()), 0..60),
            enough in 1_usize..20,
        ) {
            let wire = stuffed(&message, enough);
            let mut framed = b"\r\n".to_vec();
            framed.extend_from_slice(&wire);
            let first = framed.windows(5).position(|window| window == b"\r\n.\r\n").unwrap();
            prop_assert_eq!(first, framed.len() - 5);
            for (place, byte) in wire.iter().enumerate() {
                match byte {
                    b'\n' => prop_assert!(place > 0 && wire[place - 1] == b'\r'),
                    b'\r' => prop_assert_eq!(wire.get(place + 1), Some(&b'\n')),
                    _ => {}
                }
            }
            prop_assert_eq!(wire, stuffed(&message, 1 << 20));
        }
    }
}
