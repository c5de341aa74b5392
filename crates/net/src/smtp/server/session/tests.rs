//! Whole conversations with the machine.

use proptest::prelude::*;

use super::*;

fn session() -> Session {
    speaking(Protocol::Smtp)
}

fn speaking(protocol: Protocol) -> Session {
    let rules = Rules {
        hostname: "mx.example.com".to_owned(),
        protocol,
        max_message_bytes: 1000,
        max_line_bytes: 500,
        max_recipients: 2,
        max_errors: 20,
        offers_tls: true,
    };
    Session::new(rules)
}

/// Runs a whole conversation: recipients at example.com are taken, and so is every message.
fn talk(session: &mut Session, said: &[u8]) -> (Vec<u16>, Vec<Vec<u8>>) {
    let (mut codes, mut messages) = (Vec::new(), Vec::new());
    session.receive(said);
    while let Some(step) = session.next() {
        match step {
            Step::Reply(reply) => codes.push(reply.code),
            Step::Continue => {}
            Step::AskRecipient(address) => {
                let code = if address.domain() == "example.com" { 250 } else { 550 };
                session.recipient_answered(&Reply::new(code, ""));
                codes.push(code);
            }
            Step::Deliver { bytes, to, .. } => {
                messages.push(bytes);
                session.message_answered();
                let answers = if session.rules.protocol == Protocol::Lmtp { to.len() } else { 1 };
                codes.extend(vec![250; answers]);
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
        (b"NOOP\r\nVRFY a\r\nHELP\r\nFOO\r\nAUTH PLAIN\r\n", &[250, 252, 214, 500, 502]),
        (b"LHLO x\r\n", &[500]),
        (b"BDAT x\r\nNOOP\r\n", &[501]),
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

#[test]
fn chunks_are_counted_and_not_read() {
    let envelope = "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n";
    let large = format!("BDAT 1001\r\n{}BDAT 3 LAST\r\na\r\nNOOP\r\n", "x".repeat(1001));
    for (said, expected, message) in [
        ("BDAT 7 LAST\r\n.\r\na\nb\r\nNOOP\r\n", &[250, 500][..], Some(&b".\r\na\nb\r"[..])),
        ("BDAT 3\r\na\r\nBDAT 0 LAST\r\nNOOP\r\n", &[250, 250, 250], Some(b"a\r\n")),
        ("BDAT 3\r\na\r\nBDAT 6 LAST\r\nQUIT\r\n", &[250, 250], Some(b"a\r\nQUIT\r\n")),
        ("BDAT 3\r\na\r\nDATA\r\nBDAT 0 LAST\r\n", &[250, 503, 503], None),
        ("BDAT 3\r\na\r\nRSET\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", &[250, 250, 503, 250], None),
        ("RSET\r\nBDAT 6\r\nQUIT\r\nNOOP\r\n", &[250, 503, 250], None),
        (&large, &[552, 503, 250], None),
    ] {
        let (codes, messages) = talk(&mut session(), format!("{envelope}{said}").as_bytes());
        assert_eq!(codes[3..], *expected, "{said}");
        assert_eq!(messages.first().map(Vec::as_slice), message, "{said}");
    }
    let nobody = b"EHLO x\r\nMAIL FROM:<>\r\nBDAT 6 LAST\r\nQUIT\r\nRCPT TO:<a@example.com>\r\n";
    assert_eq!(talk(&mut session(), nobody).0, [250, 250, 554, 250]);
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let envelope = "LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.org>\r\n\
                    RCPT TO:<a@example.com>\r\n";
    for (said, expected) in [
        ("DATA\r\nx\r\n.\r\nNOOP\r\n", &[354, 250, 250, 250][..]),
        ("BDAT 3 LAST\r\nx\r\nNOOP\r\n", &[250, 250, 250]),
        ("DATA\r\nx\n\r\n.\r\nQUIT\r\n", &[354, 554, 554, 221]),
    ] {
        let (codes, _) = talk(&mut speaking(Protocol::Lmtp), format!("{envelope}{said}").as_bytes());
        assert_eq!(codes[..5], [250, 250, 250, 550, 250]);
        assert_eq!(codes[5..], *expected, "{said}");
    }
    assert_eq!(talk(&mut speaking(Protocol::Lmtp), b"EHLO x\r\nHELO x\r\n").0, [500, 500]);
}

#[test]
fn mail_that_goes_in_circles_or_has_no_line_ends_is_refused() {
    let envelope = "EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n";
    for (body, expected) in [
        ("Received:x\r\n".repeat(75), 250),
        ("R\r\n".repeat(75) + &"y".repeat(499), 250),
        ("y".repeat(600), 554),
    ] {
        let (codes, _) = talk(&mut session(), format!("{envelope}{body}\r\n.\r\n").as_bytes());
        assert_eq!(codes.last(), Some(&expected), "{body}");
    }
    let mut session = session();
    session.rules.max_message_bytes = 10_000;
    let body = "Received: x\r\n".repeat(100);
    let (codes, _) = talk(&mut session, format!("{envelope}{body}\r\n.\r\n").as_bytes());
    assert_eq!(codes.last(), Some(&554));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_spin(
        pieces in prop::collection::vec(prop::sample::select(vec![
            &b"EHLO x\r\n"[..], b"MAIL FROM:<>\r\n", b"RCPT TO:<a@example.com>\r\n", b"DATA\r\n", b".\r\n", b"\r\n",
            b"\n", b"\r", b".", b"RSET\r\n", b"STARTTLS\r\n", b"QUIT\r\n", b"\xFF\x00", b"MAIL FROM:<", b"x\r\n",
            b"BDAT 9\r\n", b"BDAT 2 LAST\r\n",
        ]), 0..60),
    ) {
        let mut session = session();
        for piece in pieces {
            let (_, messages) = talk(&mut session, piece);
            prop_assert!(messages.iter().all(|message| message.len() <= 1000));
        }
    }
}
