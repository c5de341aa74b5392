//! Whole conversations with the machine.

use proptest::prelude::*;

use super::*;

fn session() -> Session {
    let limits = Limits {
        hostname: "mx.example.com".to_owned(),
        max_message_bytes: 1000,
        max_recipients: 2,
        offers_tls: true,
    };
    Session::new(limits)
}

/// Runs a whole conversation: recipients at example.com are taken, and so is every message.
fn talk(session: &mut Session, said: &[u8]) -> (Vec<u16>, Vec<Vec<u8>>) {
    let (mut codes, mut messages) = (Vec::new(), Vec::new());
    session.receive(said);
    while let Some(step) = session.next() {
        match step {
            Step::Reply(reply) => codes.push(reply.code),
            Step::AskRecipient(address) => {
                let code = if address.domain() == "example.com" { 250 } else { 550 };
                session.recipient_answered(&Reply::new(code, ""));
                codes.push(code);
            }
            Step::Deliver { bytes, .. } => {
                messages.push(bytes);
                session.message_answered();
                codes.push(250);
            }
            Step::StartTls => {
                codes.push(220);
                session.secured();
            }
            Step::Close => break,
        }
    }
    (codes, messages)
}

#[test]
fn a_pipelined_conversation_is_answered_in_order() {
    let (codes, messages) = talk(
        &mut session(),
        b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n..a\r\n.\r\n\
          MAIL FROM:<b@example.org>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nb\r\n.\r\nQUIT\r\n",
    );
    assert_eq!(codes, [250, 250, 250, 550, 354, 250, 250, 250, 354, 250, 221]);
    assert_eq!(messages, [b".a\r\n".to_vec(), b"b\r\n".to_vec()]);
}

#[test]
fn what_is_out_of_order_is_refused() {
    for (said, expected) in [
        (&b"MAIL FROM:<>\r\n"[..], &[503][..]),
        (b"EHLO x\r\nRCPT TO:<a@example.com>\r\n", &[250, 503]),
        (b"EHLO x\r\nDATA\r\n", &[250, 503]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nDATA\r\n", &[250, 250, 554]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\n", &[250, 250, 503]),
        (b"EHLO x\r\nMAIL FROM:<> SIZE=1001\r\n", &[250, 552]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nRSET\r\nRCPT TO:<a@example.com>\r\n", &[250, 250, 250, 503]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nRCPT TO:<c@example.com>\r\n", &[250, 250, 250, 250, 452]),
        (b"EHLO x\r\nMAIL FROM:<\xC3\xBC@example.com>\r\n", &[250, 553]),
        (b"EHLO x\r\nNOOP\nQUIT\r\n", &[250, 500]),
        (b"NOOP\r\nVRFY a\r\nHELP\r\nFOO\r\n", &[250, 252, 214, 500]),
    ] {
        assert_eq!(talk(&mut session(), said).0, expected, "{}", String::from_utf8_lossy(said));
    }
    let nonsense = b"FOO\r\n".repeat(30);
    assert_eq!(talk(&mut session(), &nonsense).0.last(), Some(&421));
}

#[test]
fn a_smuggled_message_is_refused_with_its_carrier() {
    let (codes, messages) = talk(
        &mut session(),
        b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nx\n.\r\nMAIL FROM:<evil@example.com>\r\n.\r\nNOOP\r\n",
    );
    assert_eq!(codes, [250, 250, 250, 354, 554, 250]);
    assert!(messages.is_empty());
}

#[test]
fn a_message_that_is_too_large_keeps_the_session_in_step() {
    let mut said = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n".to_vec();
    said.extend(b"0123456789\r\n".repeat(200));
    said.extend(b".\r\nNOOP\r\n");
    assert_eq!(talk(&mut session(), &said).0, [250, 250, 250, 354, 552, 250]);
}

#[test]
fn nothing_said_before_tls_counts_after_it() {
    let mut session = session();
    let (codes, _) = talk(&mut session, b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<>\r\n");
    assert_eq!(codes, [250, 220]);
    assert_eq!(talk(&mut session, b"MAIL FROM:<>\r\n").0, [503]);
    assert_eq!(talk(&mut session, b"STARTTLS\r\n").0, [502]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_spin(
        pieces in prop::collection::vec(prop::sample::select(vec![
            &b"EHLO x\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<a@example.com>\r\n", b"DATA\r\n", b".\r\n", b"\r\n",
            b"\n", b"\r", b".", b"RSET\r\n", b"STARTTLS\r\n", b"QUIT\r\n", b"\xFF\x00", b"MAIL FROM:<", b"x\r\n",
        ]), 0..60),
    ) {
        let mut session = session();
        for piece in pieces {
            let (_, messages) = talk(&mut session, piece);
            prop_assert!(messages.iter().all(|message| message.len() <= 1000));
        }
    }
}
