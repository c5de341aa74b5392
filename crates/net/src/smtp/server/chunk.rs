//! Messages that come in counted chunks (BDAT, RFC 3030). What is counted needs no dot to end it, so nothing in it can be
//! taken for the end.

use super::lines::{Body, BodyFault, Input};

/// `BDAT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Bytes that are still to come.
    pub left: usize,
    pub last: bool,
}

impl Chunk {
    /// Reads `1000` or `1000 LAST`.
    pub(super) fn read(rest: &str) -> Option<Chunk> {
        let mut words = rest.split_ascii_whitespace();
        let size = words.next()?;
        if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let left = size.parse().ok()?;
        let last = match words.next() {
            None => false,
            Some(word) if word.eq_ignore_ascii_case("LAST") => true,
            Some(_) => return None,
        };
        words.next().is_none().then_some(Chunk { left, last })
    }

    /// Takes what has come of it into the body; true when it is whole.
    pub(super) fn receive(&mut self, input: &mut Input, body: &mut Body, max_bytes: usize) -> bool {
        let bytes = input.take(self.left);
        self.left -= bytes.len();
        if body.fault.is_none() && body.bytes.len() + bytes.len() > max_bytes {
            body.let_go(BodyFault::TooLarge);
        }
        if body.fault.is_none() {
            body.bytes.extend_from_slice(bytes);
        }
        self.left == 0
    }

    /// Lets what has come of it go; true when all of it has.
    pub(super) fn let_go(&mut self, input: &mut Input) -> bool {
        self.left -= input.take(self.left).len();
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_digits_and_nothing_else() {
        assert_eq!(Chunk::read("12"), Some(Chunk { left: 12, last: false }));
        assert_eq!(Chunk::read("0 last"), Some(Chunk { left: 0, last: true }));
        for wrong in ["", "x", "+1", "-1", "1 LAST x", "1 END", "99999999999999999999999"] {
            assert_eq!(Chunk::read(wrong), None, "{wrong}");
        }
    }
}
