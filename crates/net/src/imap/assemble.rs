//! Cuts what a server sends into responses: lines, with the literals that they announce (`{12}` and then twelve bytes).
//! Pure, so that the network may cut the bytes wherever it likes.

/// A line of a response is no longer; a list of two million message numbers fits.
const MAX_LINE_BYTES: usize = 16 << 20;

/// A part of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text without line end and without the announcement of the literal that follows.
    Text(Vec<u8>),
    Literal(Vec<u8>),
    /// A literal above the limit; its bytes were let go.
    TooLarge(u64),
}

/// The server does not speak IMAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoImap;

/// Collects bytes until a response is whole.
#[derive(Debug)]
pub(super) struct Assembler {
    input: Vec<u8>,
    start: usize,
    /// Up to where no line end was found.
    searched: usize,
    pieces: Vec<Piece>,
    literal: Option<Literal>,
    max_literal_bytes: usize,
}

#[derive(Debug)]
struct Literal {
    left: u64,
    length: u64,
    /// `None` when it is let go.
    bytes: Option<Vec<u8>>,
}

impl Assembler {
    pub(super) fn new(max_literal_bytes: usize) -> Assembler {
        Assembler {
            input: Vec::new(),
            start: 0,
            searched: 0,
            pieces: Vec::new(),
            literal: None,
            max_literal_bytes,
        }
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.input.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// Whether everything that came was asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.input.len() && self.pieces.is_empty() && self.literal.is_none()
    }

    /// The next response, if it is whole.
    pub(super) fn next(&mut self) -> Result<Option<Vec<Piece>>, NoImap> {
        loop {
            if self.literal.is_some() && !self.fill_literal() {
                return Ok(None);
            }
            let Some(line) = self.line()? else { return Ok(None) };
            match announced(&line) {
                Some((length, text)) => {
                    self.pieces.push(Piece::Text(line[..text].to_vec()));
                    self.literal = Some(self.begin_literal(length));
                }
                None => {
                    self.pieces.push(Piece::Text(line));
                    return Ok(Some(std::mem::take(&mut self.pieces)));
                }
            }
        }
    }

    fn begin_literal(&self, length: u64) -> Literal {
        let held: u64 = self
            .pieces
            .iter()
            .map(|piece| if let Piece::Literal(bytes) = piece { bytes.len() as u64 } else { 0 })
            .sum();
        let fits = length.saturating_add(held) <= self.max_literal_bytes as u64;
        Literal { left: length, length, bytes: fits.then(Vec::new) }
    }

    /// Moves what has come of the literal into it; true when it is whole and put to the pieces.
    fn fill_literal(&mut self) -> bool {
        let Some(literal) = &mut self.literal else { return true };
        let rest = &self.input[self.start..];
        let take = usize::try_from(literal.left).unwrap_or(usize::MAX).min(rest.len());
        if let Some(bytes) = &mut literal.bytes {
            bytes.extend_from_slice(&rest[..take]);
        }
        literal.left -= take as u64;
        self.start += take;
        self.searched = self.searched.max(self.start);
        if literal.left > 0 {
            return false;
        }
        let piece = match literal.bytes.take() {
            Some(bytes) => Piece::Literal(bytes),
            None => Piece::TooLarge(literal.length),
        };
        self.pieces.push(piece);
        self.literal = None;
        true
    }

    /// The next line without its end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, NoImap> {
        let found = self.input[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(end) = found.map(|place| place + self.searched) else {
            self.searched = self.input.len();
            let too_long = self.input.len() - self.start > MAX_LINE_BYTES;
            return if too_long || self.pieces.len() > MAX_PIECES { Err(NoImap) } else { Ok(None) };
        };
        let line = &self.input[self.start..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        self.start = end + 1;
        self.searched = self.start;
        if line.len() > MAX_LINE_BYTES || self.pieces.len() > MAX_PIECES {
            Err(NoImap)
        } else {
            Ok(Some(line))
        }
    }
}

/// A response about one mail has a few.
const MAX_PIECES: usize = 1_000;

/// The length of the literal that a line announces, and how much of the line goes before.
fn announced(line: &[u8]) -> Option<(u64, usize)> {
    let inner = line.strip_suffix(b"}")?;
    let open = inner.iter().rposition(|byte| *byte == b'{')?;
    let digits = &inner[open + 1..];
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    // `~{12}` announces bytes of any kind (RFC 3516).
    let text = if open > 0 && inner[open - 1] == b'~' { open - 1 } else { open };
    Some((length, text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assemble(wire: &[u8], piece: usize) -> (Vec<Vec<Piece>>, bool) {
        let mut assembler = Assembler::new(10);
        let mut found = Vec::new();
        for bytes in wire.chunks(piece.max(1)) {
            assembler.receive(bytes);
            loop {
                match assembler.next() {
                    Ok(Some(response)) => found.push(response),
                    Ok(None) => break,
                    Err(NoImap) => return (found, true),
                }
            }
        }
        (found, false)
    }

    #[test]
    fn literals_are_counted_and_large_ones_let_go() {
        let text = |text: &str| Piece::Text(text.as_bytes().to_vec());
        let wire =
            b"* OK hi\r\n* 1 FETCH (BODY[] {5}\r\na\r\n{1 UID 3)\r\n* X {12}\r\nabcdefghijkl\r\nA1 OK\r\n";
        for piece in [1, 2, 5, 1000] {
            let (found, broken) = assemble(wire, piece);
            assert_eq!(
                found,
                [
                    vec![text("* OK hi")],
                    vec![text("* 1 FETCH (BODY[] "), Piece::Literal(b"a\r\n{1".to_vec()), text(" UID 3)")],
                    vec![text("* X "), Piece::TooLarge(12), text("")],
                    vec![text("A1 OK")],
                ]
            );
            assert!(!broken);
        }
    }

    #[test]
    fn a_line_without_end_is_no_imap() {
        let mut assembler = Assembler::new(10);
        assembler.receive(&vec![b'x'; MAX_LINE_BYTES + 1]);
        assert_eq!(assembler.next(), Err(NoImap));
    }

    proptest! {
        #[test]
        fn where_the_network_cuts_does_not_matter(
            words in prop::collection::vec(prop::sample::select(vec![
                "* 1 FETCH (", "{3}\r\n", "{20}\r\n", "{99999999999999999999}", "abc", "\r\n", "\n", ")", "~{2}\r\n", "{}\r\n",
            ]), 0..40),
            piece in 1_usize..9,
        ) {
            let wire = words.concat();
            prop_assert_eq!(assemble(wire.as_bytes(), piece), assemble(wire.as_bytes(), 10_000));
        }
    }
}
