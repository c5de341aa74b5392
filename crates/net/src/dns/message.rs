//! DNS messages (RFC 1035): questions written, answers read. Pure; what a resolver sends is not trusted.

use std::net::IpAddr;

use super::UDP_SIZE;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    A,
    Aaaa,
    Cname,
    Mx,
    Txt,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::A, Kind::Aaaa, Kind::Cname, Kind::Mx, Kind::Txt];

    const fn number(self) -> u16 {
        match self {
            Kind::A => 1,
            Kind::Cname => 5,
            Kind::Mx => 15,
            Kind::Txt => 16,
            Kind::Aaaa => 28,
        }
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Address(IpAddr),
    Alias(String),
    MailServer(u16, String),
    /// The strings of the record in one.
    Text(Vec<u8>),
}

/// A question as a server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub id: u16,
    /// In lower case, without a dot at the end.
    pub name: String,
    /// None for a kind that we know nothing of.
    pub kind: Option<Kind>,
}

pub(super) struct Reply {
    /// 0 is fine, 3 is a name that does not exist.
    pub code: u8,
    /// The rest did not fit.
    pub is_cut: bool,
    pub answers: Vec<Answer>,
}

/// Bytes that are no DNS message, or not the answer to this question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a DNS message")]
pub struct Unreadable;

/// Nothing when the name cannot be asked for.
pub(super) fn encode_question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len() + 32);
    out.extend(id.to_be_bytes());
    // Recursion desired; one question, one additional record.
    out.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
    put_name(&mut out, name)?;
    out.extend(kind.number().to_be_bytes());
    out.extend([0, 1]);
    // EDNS: longer answers over UDP.
    out.extend([0, 0, 41]);
    out.extend((UDP_SIZE as u16).to_be_bytes());
    out.extend([0; 6]);
    Some(out)
}

fn put_name(out: &mut Vec<u8>, name: &str) -> Option<()> {
    if name.is_empty() || name.len() > 253 || !name.is_ascii() {
        return None;
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        out.push(length);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    Some(())
}

struct Reader<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let taken = self.all.get(self.at..self.at + length).ok_or(Unreadable)?;
        self.at += length;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u16, Unreadable> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A name, which may go on elsewhere in the message: only backwards, so that it ends.
    fn name(&mut self) -> Result<String, Unreadable> {
        let (mut name, mut at, mut end, mut lowest) = (String::new(), self.at, None, self.at);
        loop {
            let length = usize::from(*self.all.get(at).ok_or(Unreadable)?);
            match length {
                0 => {
                    self.at = end.unwrap_or(at + 1);
                    return Ok(name);
                }
                1..=63 => {
                    let label = self.all.get(at + 1..at + 1 + length).ok_or(Unreadable)?;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(&String::from_utf8_lossy(label).to_ascii_lowercase());
                    if name.len() > 1024 {
                        return Err(Unreadable);
                    }
                    at += 1 + length;
                }
                192.. => {
                    let low = usize::from(*self.all.get(at + 1).ok_or(Unreadable)?);
                    let target = (length & 63) << 8 | low;
                    end.get_or_insert(at + 2);
                    if target >= lowest {
                        return Err(Unreadable);
                    }
                    (at, lowest) = (target, target);
                }
                _ => return Err(Unreadable),
            }
        }
    }
}

pub(super) fn read_reply(bytes: &[u8], id: u16, name: &str, kind: Kind) -> Result<Reply, Unreadable> {
    let mut reader = Reader { all: bytes, at: 0 };
    let (found, flags) = (reader.number()?, reader.number()?);
    let (questions, count) = (reader.number()?, reader.number()?);
    reader.take(4)?;
    if found != id || flags & 0x8000 == 0 || questions != 1 {
        return Err(Unreadable);
    }
    if reader.name()? != name || reader.number()? != kind.number() {
        return Err(Unreadable);
    }
    reader.take(2)?;
    let mut reply = Reply {
        code: (flags & 15) as u8,
        is_cut: flags & 0x0200 != 0,
        answers: Vec::with_capacity(usize::from(count).min(64)),
    };
    if reply.is_cut {
        return Ok(reply);
    }
    for _ in 0..count {
        if let Some(answer) = read_answer(&mut reader)? {
            reply.answers.push(answer);
        }
    }
    Ok(reply)
}

/// One record; nothing when it is of a kind that we do not use.
fn read_answer(reader: &mut Reader<'_>) -> Result<Option<Answer>, Unreadable> {
    reader.name()?;
    let kind = reader.number()?;
    reader.take(6)?;
    let length = usize::from(reader.number()?);
    let start = reader.at;
    let content = reader.take(length)?;
    let mut inner = Reader { all: &reader.all[..reader.at], at: start };
    let answer = match kind {
        1 => <[u8; 4]>::try_from(content).ok().map(|octets| Answer::Address(IpAddr::from(octets))),
        28 => <[u8; 16]>::try_from(content).ok().map(|octets| Answer::Address(IpAddr::from(octets))),
        5 => Some(Answer::Alias(inner.name()?)),
        15 => Some(Answer::MailServer(inner.number()?, inner.name()?)),
        16 => {
            let mut text = Vec::with_capacity(length);
            while inner.at < start + length {
                let length = usize::from(inner.take(1)?[0]);
                text.extend_from_slice(inner.take(length)?);
            }
            Some(Answer::Text(text))
        }
        _ => None,
    };
    Ok(answer)
}

/// Reads a question, as a server does.
///
/// # Errors
/// When it is none.
pub fn read_question(bytes: &[u8]) -> Result<Question, Unreadable> {
    let mut reader = Reader { all: bytes, at: 0 };
    let id = reader.number()?;
    let flags = reader.number()?;
    if flags & 0x8000 != 0 || reader.number()? != 1 {
        return Err(Unreadable);
    }
    reader.take(6)?;
    let name = reader.name()?;
    let number = reader.number()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.number() == number);
    Ok(Question { id, name, kind })
}

/// Writes an answer, as a server does. `code` 3 says that there is no such name; `is_cut` leaves the records out.
///
/// # Panics
/// When a name is none.
#[must_use]
pub fn encode_answer(question: &[u8], code: u8, is_cut: bool, answers: &[Answer]) -> Vec<u8> {
    let asked = read_question(question).expect("a question that was read");
    let mut out = Vec::with_capacity(512);
    out.extend(asked.id.to_be_bytes());
    out.extend([0x81 | if is_cut { 2 } else { 0 }, 0x80 | code, 0, 1]);
    let count = if is_cut { 0 } else { answers.len() as u16 };
    out.extend(count.to_be_bytes());
    out.extend([0; 4]);
    put_name(&mut out, &asked.name).expect("a name that was read");
    let mut end = Reader { all: question, at: 12 };
    end.name().expect("a name that was read");
    out.extend(&question[end.at..end.at + 4]);
    for answer in answers.iter().take(usize::from(count)) {
        let (kind, content) = match answer {
            Answer::Address(IpAddr::V4(address)) => (1_u16, address.octets().to_vec()),
            Answer::Address(IpAddr::V6(address)) => (28, address.octets().to_vec()),
            Answer::Alias(name) => (5, named(&[], name)),
            Answer::MailServer(preference, name) => (15, named(&preference.to_be_bytes(), name)),
            Answer::Text(text) => {
                let strings = text
                    .chunks(255)
                    .flat_map(|chunk| std::iter::once(chunk.len() as u8).chain(chunk.iter().copied()));
                (16, strings.collect())
            }
        };
        // The name of the question again.
        out.extend([0xC0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend((content.len() as u16).to_be_bytes());
        out.extend(content);
    }
    out
}

fn named(before: &[u8], name: &str) -> Vec<u8> {
    let mut out = before.to_vec();
    put_name(&mut out, name).expect("a name");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        let question = encode_question(7, "s1._domainkey.example.com", Kind::Txt).unwrap();
        let asked = read_question(&question).unwrap();
        assert_eq!((asked.name.as_str(), asked.kind), ("s1._domainkey.example.com", Some(Kind::Txt)));
        let answers = vec![
            Answer::Alias("s1.dkim.example.net".to_owned()),
            Answer::Text(vec![b'x'; 300]),
            Answer::MailServer(10, "mx.example.com".to_owned()),
            Answer::Address("192.0.2.1".parse().unwrap()),
            Answer::Address("2001:db8::1".parse().unwrap()),
        ];
        let bytes = encode_answer(&question, 0, false, &answers);
        let read = |id, name, kind| read_reply(&bytes, id, name, kind);
        let reply = read(7, "s1._domainkey.example.com", Kind::Txt).unwrap();
        assert_eq!((reply.answers, reply.code, reply.is_cut), (answers, 0, false));
        assert!(read(8, "s1._domainkey.example.com", Kind::Txt).is_err(), "another id");
        assert!(read(7, "s2._domainkey.example.com", Kind::Txt).is_err(), "another name");
        assert!(read(7, "s1._domainkey.example.com", Kind::Mx).is_err(), "another kind");
        assert!(read_reply(&question, 7, "s1._domainkey.example.com", Kind::Txt).is_err(), "a question");
    }

    #[test]
    fn names_that_cannot_be_asked_for() {
        for name in ["", "a..b", &"x".repeat(64), &"x.".repeat(130), "ä.example.com"] {
            assert!(encode_question(1, name, Kind::A).is_none(), "{name}");
        }
    }

    #[test]
    fn a_name_that_leads_to_itself_ends() {
        let mut bytes = encode_answer(&encode_question(1, "a.b", Kind::A).unwrap(), 0, false, &[]);
        bytes[12] = 0xC0;
        bytes[13] = 12;
        assert!(read_reply(&bytes, 1, "a.b", Kind::A).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = encode_answer(&encode_question(1, "a.b", Kind::Txt).unwrap(), 0, false, &[]);
            bytes[7] = 9;
            bytes.extend(&tail);
            let _ = read_reply(&bytes, 1, "a.b", Kind::Txt);
            let _ = read_reply(&tail, 1, "a.b", Kind::Txt);
            let _ = read_question(&tail);
        }
    }
}
