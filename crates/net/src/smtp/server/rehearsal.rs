//! A session without a network, for fuzzing: bytes in, what would be said and taken out.

use super::session::{Protocol, Rules, Session, Step};
use crate::smtp::Reply;

/// What came of a rehearsed session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rehearsal {
    pub replies: Vec<Reply>,
    /// The messages that would have been handed over.
    pub messages: Vec<Vec<u8>>,
    /// Whether the session was closed by us or by QUIT.
    pub closed: bool,
}

/// Runs a whole session over the pieces in which its bytes arrive. Every recipient and every message is taken.
#[must_use]
pub fn rehearse<'a>(
    protocol: Protocol,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    max_message_bytes: usize,
) -> Rehearsal {
    let rules = Rules {
        hostname: "mx.example.com".to_owned(),
        protocol,
        max_message_bytes,
        max_line_bytes: max_message_bytes,
        max_recipients: 100,
        max_errors: 20,
        offers_tls: true,
    };
    let mut session = Session::new(rules);
    let mut rehearsal = Rehearsal::default();
    for piece in pieces {
        session.receive(piece);
        while let Some(step) = session.next() {
            match step {
                Step::Reply(reply) => rehearsal.replies.push(reply),
                Step::Continue => {}
                Step::AskRecipient(_) => {
                    let answer = Reply::new(250, "2.1.5 ok");
                    session.recipient_answered(&answer);
                    rehearsal.replies.push(answer);
                }
                Step::Deliver { bytes, to, .. } => {
                    rehearsal.messages.push(bytes);
                    session.message_answered();
                    let answers = if protocol == Protocol::Lmtp { to.len() } else { 1 };
                    rehearsal.replies.extend(vec![Reply::new(250, "2.0.0 ok"); answers]);
                }
                Step::StartTls => {
                    rehearsal.replies.push(Reply::new(220, "2.0.0 go ahead"));
                    session.secured();
                }
                Step::Close => {
                    rehearsal.closed = true;
                    return rehearsal;
                }
            }
        }
    }
    rehearsal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rehearsal_shows_what_would_happen() {
        let said = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n";
        let rehearsal = rehearse(Protocol::Smtp, [&said[..]], 1000);
        assert_eq!(rehearsal.messages, [b"hello\r\n".to_vec()]);
        let codes: Vec<u16> = rehearsal.replies.iter().map(|reply| reply.code).collect();
        assert_eq!((codes, rehearsal.closed), (vec![250, 250, 250, 354, 250, 221], true));
    }

    proptest! {
        #[test]
        fn where_the_network_cuts_does_not_matter(
            words in prop::collection::vec(prop::sample::select(vec![
                &b"EHLO x\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<a@example.com>\r\n", b"DATA\r\n", b".\r\n",
                b"\r\n", b"\n", b"\r", b"..", b"x", b"RSET\r\n", b"NOOP\r\n", b"QUIT\r\n", b"LHLO x\r\n", b"BDAT 7\r\n", b"BDAT 3 LAST\r\n",
            ]), 0..40),
            piece in 1_usize..12,
            protocol in prop::sample::select(vec![Protocol::Smtp, Protocol::Lmtp]),
        ) {
            let said = words.concat();
            let whole = rehearse(protocol, [said.as_slice()], 1000);
            prop_assert_eq!(rehearse(protocol, said.chunks(piece), 1000), whole);
        }
    }
}
