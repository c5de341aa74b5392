//! What a server's response says. Reads what it can and drops what it cannot: an odd response never is a reason to stop.

use super::assemble::Piece;

/// One response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Response {
    /// `+ …`: go on.
    Continue(String),
    Status(Status),
    /// Anything else without a tag: `* 5 EXISTS`, `* SEARCH 1 2`.
    Line(Vec<Value>),
}

/// `* OK [UIDNEXT 5] text`, or the end of a command with its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    /// `None` is about no command of ours.
    pub tag: Option<String>,
    pub word: StatusWord,
    /// The code in brackets and its arguments, upper case: `("UIDNEXT", "5")`.
    pub code: Option<(String, String)>,
    /// Printable, and not too long for people.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusWord {
    Ok,
    No,
    Bad,
    Bye,
    PreAuth,
}

/// A value in a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Atom(String),
    /// Quoted or literal.
    Bytes(Vec<u8>),
    /// A literal above the limit.
    TooLarge(u64),
    List(Vec<Value>),
}

impl Value {
    pub(super) fn atom(&self) -> Option<&str> {
        if let Value::Atom(atom) = self { Some(atom) } else { None }
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.atom()?.parse().ok()
    }

    /// Whether it is this word, in any case.
    pub(super) fn is(&self, word: &str) -> bool {
        self.atom().is_some_and(|atom| atom.eq_ignore_ascii_case(word))
    }
}

/// Lists within lists within lists: no server means more.
const MAX_DEPTH: usize = 50;
/// Text of a server that is shown to people.
const MAX_TEXT: usize = 300;

impl Response {
    pub(super) fn read(pieces: Vec<Piece>) -> Response {
        let first = match pieces.first() {
            Some(Piece::Text(text)) => text.as_slice(),
            _ => b"",
        };
        if let Some(text) = first.strip_prefix(b"+") {
            return Response::Continue(shown(text));
        }
        let (tag, rest) = word(first);
        let (kind, rest) = word(rest);
        if let Some(word) = status_word(kind) {
            let tag = (tag != b"*").then(|| shown(tag));
            let (code, text) = code(rest);
            return Response::Status(Status { tag, word, code, text: shown(text) });
        }
        let mut reader = Reader { pieces, piece: 0, place: 0 };
        let mut values = reader.values(0);
        // The star.
        if !values.is_empty() {
            values.remove(0);
        }
        Response::Line(values)
    }
}

fn word(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b' ') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, b""),
    }
}

fn status_word(word: &[u8]) -> Option<StatusWord> {
    let words = [
        (&b"OK"[..], StatusWord::Ok),
        (b"NO", StatusWord::No),
        (b"BAD", StatusWord::Bad),
        (b"BYE", StatusWord::Bye),
        (b"PREAUTH", StatusWord::PreAuth),
    ];
    words.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, word)| word)
}

/// `[CODE arguments] text`.
fn code(text: &[u8]) -> (Option<(String, String)>, &[u8]) {
    let Some(inner) = text.strip_prefix(b"[") else { return (None, text) };
    let Some(end) = inner.iter().position(|byte| *byte == b']') else { return (None, text) };
    let (name, arguments) = word(&inner[..end]);
    let rest = inner[end + 1..].trim_ascii_start();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_ascii_uppercase();
    (Some((text(name), text(arguments))), rest)
}

fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .filter(|character| !character.is_control())
        .take(MAX_TEXT)
        .collect::<String>()
        .trim()
        .to_owned()
}

struct Reader {
    pieces: Vec<Piece>,
    piece: usize,
    /// In the text of the piece.
    place: usize,
}

impl Reader {
    /// Values up to the end of the list, or of everything.
    fn values(&mut self, depth: usize) -> Vec<Value> {
        let mut values = Vec::new();
        while let Some(piece) = self.pieces.get_mut(self.piece) {
            let text = match piece {
                Piece::Text(text) => text,
                Piece::Literal(bytes) => {
                    values.push(Value::Bytes(std::mem::take(bytes)));
                    self.next_piece();
                    continue;
                }
                Piece::TooLarge(length) => {
                    values.push(Value::TooLarge(*length));
                    self.next_piece();
                    continue;
                }
            };
            let Some(byte) = text.get(self.place).copied() else {
                self.next_piece();
                continue;
            };
            match byte {
                b' ' => self.place += 1,
                b')' => {
                    self.place += 1;
                    if depth > 0 {
                        return values;
                    }
                }
                b'(' => {
                    self.place += 1;
                    if depth < MAX_DEPTH {
                        values.push(Value::List(self.values(depth + 1)));
                    }
                }
                b'"' => {
                    let (quoted, length) = quoted(&text[self.place..]);
                    self.place += length;
                    values.push(Value::Bytes(quoted));
                }
                _ => {
                    let length = atom_length(&text[self.place..]);
                    let atom = String::from_utf8_lossy(&text[self.place..self.place + length]).into_owned();
                    self.place += length;
                    values.push(Value::Atom(atom));
                }
            }
        }
        values
    }

    fn next_piece(&mut self) {
        self.piece += 1;
        self.place = 0;
    }
}

/// The text between quotes, and how many bytes it takes with them.
fn quoted(text: &[u8]) -> (Vec<u8>, usize) {
    let mut inner = Vec::new();
    let mut place = 1;
    while let Some(byte) = text.get(place).copied() {
        place += 1;
        match byte {
            b'"' => break,
            b'\\' => {
                inner.extend(text.get(place));
                place += 1;
            }
            byte => inner.push(byte),
        }
    }
    (inner, place.min(text.len()))
}

/// An atom ends at a space or bracket; what stands in square brackets belongs to it: `BODY[HEADER.FIELDS (DATE)]`.
fn atom_length(text: &[u8]) -> usize {
    let mut in_square = false;
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'[' => in_square = true,
            b']' => in_square = false,
            b' ' | b'(' | b')' | b'"' if !in_square && place > 0 => return place,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(line: &str) -> Response {
        Response::read(vec![Piece::Text(line.as_bytes().to_vec())])
    }

    fn atoms(words: &[&str]) -> Vec<Value> {
        words.iter().map(|word| Value::Atom((*word).to_owned())).collect()
    }

    #[test]
    fn status_lines_have_tag_word_code_and_text() {
        let Response::Status(status) = read("A3 no [AUTHENTICATIONFAILED] Wrong \u{7}password") else {
            panic!("a status line")
        };
        assert_eq!(status.tag.as_deref(), Some("A3"));
        assert_eq!((status.word, status.text.as_str()), (StatusWord::No, "Wrong password"));
        assert_eq!(status.code, Some(("AUTHENTICATIONFAILED".to_owned(), String::new())));
        let Response::Status(status) = read("* OK [UIDVALIDITY 17] ok") else { panic!("a status line") };
        assert_eq!((status.tag, status.code), (None, Some(("UIDVALIDITY".to_owned(), "17".to_owned()))));
        assert_eq!(read("+ idling"), Response::Continue("idling".to_owned()));
    }

    #[test]
    fn lists_texts_and_literals_are_values() {
        assert_eq!(read("* 5 EXISTS"), Response::Line(atoms(&["5", "EXISTS"])));
        assert_eq!(read("* SEARCH"), Response::Line(atoms(&["SEARCH"])));
        let pieces = vec![
            Piece::Text(b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (DATE)] ".to_vec()),
            Piece::Literal(b"Date: )x\r\n".to_vec()),
            Piece::Text(b" FLAGS (\\Seen) X \"a \\\"b\\\"\" Y ".to_vec()),
            Piece::TooLarge(9),
            Piece::Text(b")".to_vec()),
        ];
        let Response::Line(values) = Response::read(pieces) else { panic!("a line") };
        let Value::List(items) = &values[2] else { panic!("a list") };
        assert_eq!(
            items[..],
            [
                Value::Atom("UID".to_owned()),
                Value::Atom("7".to_owned()),
                Value::Atom("BODY[HEADER.FIELDS (DATE)]".to_owned()),
                Value::Bytes(b"Date: )x\r\n".to_vec()),
                Value::Atom("FLAGS".to_owned()),
                Value::List(atoms(&["\\Seen"])),
                Value::Atom("X".to_owned()),
                Value::Bytes(b"a \"b\"".to_vec()),
                Value::Atom("Y".to_owned()),
                Value::TooLarge(9),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_response_makes_it_panic(text in prop::collection::vec(prop::sample::select(
            b"()[]\"\\ {}*+A1 OK FETCH\xFF".to_vec()), 0..80)) {
            let half = text.len() / 2;
            let pieces = vec![
                Piece::Text(text[..half].to_vec()),
                Piece::Literal(text.clone()),
                Piece::Text(text[half..].to_vec()),
            ];
            let _ = Response::read(pieces);
        }

        #[test]
        fn deep_lists_end(depth in 0_usize..2_000) {
            let _ = read(&format!("* {}{}", "(".repeat(depth), ")".repeat(depth)));
        }
    }
}
