//! Cuts the client's bytes into command lines and message bodies. Only CR LF ends a line and only CR LF . CR LF ends a
//! message; a bare CR or LF is remembered and refused, because other servers see a line end there (SMTP smuggling).

/// RFC 5321 section 4.5.3.1.4 asks for 512 bytes; extensions add to it.
const MAX_COMMAND_BYTES: usize = 2048;

/// A piece of input in command mode.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its line end.
    Command(Vec<u8>),
    /// Not ended by CR LF, or without end.
    Malformed,
}

/// What stood between DATA and the final dot, or in chunks.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub bytes: Vec<u8>,
    pub fault: Option<BodyFault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFault {
    TooLarge,
    BareLineEnd,
    LongLine,
    /// Other messages take all the memory there is for them.
    NoRoom,
}

impl Body {
    /// How many bytes of it are in memory.
    pub(super) fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Holds nothing any more; its bytes are read on to stay in step with the client.
    pub(super) fn let_go(&mut self, fault: BodyFault) {
        self.fault = Some(fault);
        self.bytes = Vec::new();
    }

    fn is_let_go(&self) -> bool {
        matches!(self.fault, Some(BodyFault::TooLarge | BodyFault::NoRoom))
    }
}

/// Received bytes that are not yet consumed.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
}

impl Input {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets everything: what was sent before TLS must not count after it.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Up to so many bytes of what is there.
    pub(super) fn take(&mut self, most: usize) -> &[u8] {
        let start = self.start;
        self.start += most.min(self.bytes.len() - start);
        &self.bytes[start..self.start]
    }

    /// The next command line, if it is whole.
    pub(super) fn line(&mut self) -> Option<Line> {
        let rest = &self.bytes[self.start..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            return (rest.len() > MAX_COMMAND_BYTES).then_some(Line::Malformed);
        };
        self.start += end + 1;
        match rest[..end].strip_suffix(b"\r") {
            Some(line) if line.len() <= MAX_COMMAND_BYTES && !line.contains(&b'\r') && !line.contains(&0) => {
                Some(Line::Command(line.to_vec()))
            }
            _ => Some(Line::Malformed),
        }
    }
}

/// Collects a message body over any number of reads.
#[derive(Debug)]
pub(super) struct BodyReader {
    body: Body,
    max_bytes: usize,
    max_line_bytes: usize,
    /// Bytes of the line so far, after its first.
    line_bytes: usize,
    /// What the last bytes were, as far as it matters for the next.
    at: Place,
}

/// Where in a line the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    /// A dot at the start of a line, not yet known to be stuffed or final.
    Dot,
    DotCr,
    Middle,
    Cr,
}

impl BodyReader {
    pub(super) fn new(max_bytes: usize, max_line_bytes: usize) -> BodyReader {
        let body = Body::default();
        BodyReader { body, max_bytes, max_line_bytes, line_bytes: 0, at: Place::LineStart }
    }

    /// Takes bytes from the input; true when the final dot was among them.
    pub(super) fn read(&mut self, input: &mut Input) -> bool {
        let rest = &input.bytes[input.start..];
        let mut place = 0;
        while place < rest.len() {
            if self.at == Place::Middle {
                // The long way through a line in one step.
                let plain = rest[place..].iter().position(|byte| matches!(byte, b'\r' | b'\n'));
                let plain = plain.unwrap_or(rest.len() - place);
                self.line_bytes += plain;
                if self.line_bytes > self.max_line_bytes {
                    self.fault(BodyFault::LongLine);
                }
                keep(&mut self.body, self.max_bytes, &rest[place..place + plain]);
                place += plain;
                if place == rest.len() {
                    break;
                }
            }
            let byte = rest[place];
            place += 1;
            if self.step(byte) {
                input.start += place;
                return true;
            }
        }
        input.start += place;
        false
    }

    /// One byte that matters; true when it ends the message.
    fn step(&mut self, byte: u8) -> bool {
        use Place::{Cr, Dot, DotCr, LineStart, Middle};
        self.at = match (self.at, byte) {
            (LineStart, b'.') => Dot,
            (Dot, b'\r') => DotCr,
            (DotCr, b'\n') => return true,
            // The CR after the lone dot was bare: neither the end nor a line.
            (DotCr, byte) => {
                self.fault(BodyFault::BareLineEnd);
                self.keep(b"\r");
                self.at = Middle;
                return self.step(byte);
            }
            (Cr, b'\n') => {
                self.keep(b"\r\n");
                self.line_bytes = 0;
                LineStart
            }
            (Cr, byte) => {
                self.fault(BodyFault::BareLineEnd);
                self.keep(b"\r");
                self.at = Middle;
                return self.step(byte);
            }
            (LineStart | Middle, b'\r') => Cr,
            (LineStart | Dot | Middle, b'\n') => {
                self.fault(BodyFault::BareLineEnd);
                self.keep(b"\n");
                // Not a line start: a dot here must not end the message.
                Middle
            }
            (LineStart | Dot | Middle, byte) => {
                self.keep(&[byte]);
                Middle
            }
        };
        false
    }

    pub(super) fn finish(self) -> Body {
        self.body
    }

    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    pub(super) fn body_mut(&mut self) -> &mut Body {
        &mut self.body
    }

    fn keep(&mut self, bytes: &[u8]) {
        keep(&mut self.body, self.max_bytes, bytes);
    }

    fn fault(&mut self, fault: BodyFault) {
        self.body.fault.get_or_insert(fault);
    }
}

fn keep(body: &mut Body, max_bytes: usize, bytes: &[u8]) {
    if body.is_let_go() {
        return;
    }
    if body.bytes.len() + bytes.len() > max_bytes {
        body.let_go(BodyFault::TooLarge);
        return;
    }
    body.bytes.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads one body cut into pieces; gives it and what was left over.
    fn read(wire: &[u8], piece: usize) -> Option<(Body, Vec<u8>)> {
        let mut input = Input::default();
        let mut reader = BodyReader::new(1000, 1000);
        let mut pieces = wire.chunks(piece.max(1));
        while let Some(next) = pieces.next() {
            input.push(next);
            if reader.read(&mut input) {
                let mut rest = input.bytes[input.start..].to_vec();
                rest.extend(pieces.flatten());
                return Some((reader.finish(), rest));
            }
        }
        None
    }

    #[test]
    fn only_a_dot_on_its_own_line_ends_a_message() {
        for (wire, bytes, fault, rest) in [
            (&b".\r\nQUIT\r\n"[..], &b""[..], None, &b"QUIT\r\n"[..]),
            (b"a\r\n.\r\n", b"a\r\n", None, b""),
            (b"..\r\n...a\r\n.b\r\n.\r\n", b".\r\n..a\r\nb\r\n", None, b""),
            (b"a\n.\r\nMAIL\r\n.\r\nx", b"a\n.\r\nMAIL\r\n", Some(BodyFault::BareLineEnd), b"x"),
            (b"a\r\n.\nMAIL\r\n.\r\n", b"a\r\n\nMAIL\r\n", Some(BodyFault::BareLineEnd), b""),
            (b"a\r.\r\n.\r\n", b"a\r.\r\n", Some(BodyFault::BareLineEnd), b""),
            (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n", Some(BodyFault::BareLineEnd), b""),
            (b"\r\r\n.\r\n", b"\r\r\n", Some(BodyFault::BareLineEnd), b""),
        ] {
            for piece in [1, 2, 3, 100] {
                let (body, left) = read(wire, piece).expect("ends");
                assert_eq!(body.bytes, bytes, "{wire:?}");
                assert_eq!((body.fault, left.as_slice()), (fault, rest), "{wire:?}");
            }
        }
        assert_eq!(read(b"a\n.\n", 1), None);
        let (body, _) = read(&[&[b'a'; 2000][..], b"\r\n.\r\n"].concat(), 7).expect("ends");
        assert_eq!((body.bytes.len(), body.fault), (0, Some(BodyFault::TooLarge)));
    }

    #[test]
    fn a_line_has_an_end() {
        for (length, fault) in [(10, None), (11, None), (12, Some(BodyFault::LongLine))] {
            let mut input = Input::default();
            let mut reader = BodyReader::new(1000, 10);
            input.push(&[b"short\r\n", &vec![b'x'; length][..], b"\r\n.\r\n"].concat());
            assert!(reader.read(&mut input));
            assert_eq!(reader.finish().fault, fault, "{length}");
        }
    }

    #[test]
    fn commands_end_in_cr_lf_alone() {
        let mut input = Input::default();
        input.push(b"NOOP\r\nQU");
        assert_eq!(input.line(), Some(Line::Command(b"NOOP".to_vec())));
        assert_eq!(input.line(), None);
        input.push(b"IT\nRSET\rX\r\n");
        assert_eq!(input.line(), Some(Line::Malformed));
        assert_eq!(input.line(), Some(Line::Malformed));
        assert!(input.is_empty());
        input.push(&[b'x'; MAX_COMMAND_BYTES + 1]);
        assert_eq!(input.line(), Some(Line::Malformed));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(wire in prop::collection::vec(prop::sample::select(b".\r\na".to_vec()), 0..60), piece in 1_usize..9) {
            prop_assert_eq!(read(&wire, piece), read(&wire, 1000));
        }
    }
}
