//! A real Postfix between our client and our receiver: what we send survives a mail server's own ideas of SMTP, byte by
//! byte, and so does what it sends to us.

use std::time::Duration;

use domain::address::EmailAddress;
use domain::failure::AttemptOutcome;
use net::smtp::client::{Envelope, Pool, SmtpConfig, Timeouts};
use net::smtp::server::Incoming;

use crate::private_postfix::Postfix;
use crate::sink::{Sink, address, config};

/// A real server takes its time.
fn patient(port: u16) -> SmtpConfig {
    let long = Duration::from_secs(20);
    let timeouts = Timeouts { connect: long, command: long, write: long, last_reply: long };
    SmtpConfig { timeouts, ..config(port) }
}

async fn submit(pool: &Pool, from: &str, to: &[&str], message: &[u8]) {
    let from = address(from);
    let to: Vec<EmailAddress> = to.iter().map(|to| address(to)).collect();
    let to: Vec<&EmailAddress> = to.iter().collect();
    let outcome = pool.send(Envelope { from: Some(&from), to: &to, id: None }, message).await;
    assert_eq!(outcome.class(), AttemptOutcome::Sent, "{outcome:?}");
}

async fn arrivals(sink: &Sink, count: usize, postfix: &Postfix) -> Vec<Incoming> {
    for _ in 0..400 {
        if sink.taken().len() >= count {
            return sink.taken();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} of {count} messages arrived; Postfix says:\n{}", sink.taken().len(), postfix.log());
}

/// With all headers that Postfix would add to a message that lacks them.
fn message(number: usize, body: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "From: Support <support@example.com>\r\nTo: jane@example.com\r\nSubject: {number}\r\n\
         Date: Fri, 20 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{number}@example.com>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    .into_bytes();
    message.extend_from_slice(body);
    message
}

fn bodies() -> Vec<Vec<u8>> {
    let longest = "x".repeat(998);
    [
        "Hello\r\n".to_owned(),
        ".\r\n..\r\n...\r\n. \r\n.a\r\n\r\n.\r\n".to_owned(),
        "\r\n\r\n\r\nempty lines before and after\r\n\r\n\r\n".to_owned(),
        format!("{longest}\r\n.{}\r\nshort\r\n", &longest[..997]),
        "Grüße aus Köln, 你好, здравствуйте 🙂\r\n".to_owned(),
        "trailing spaces  \t \r\n From the start\r\nFrom here\r\n--\r\n".to_owned(),
        "MAIL FROM:<x@example.com>\r\nQUIT\r\nRSET\r\n250 ok\r\n".to_owned(),
        (0..20_000).map(|line| format!("{line} .\r\n.\r\n")).collect(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

#[tokio::test]
async fn what_passes_through_postfix_is_the_same_byte_by_byte() {
    let sink = Sink::start(None).await;
    let Some(postfix) = Postfix::start("relay", sink.port).await else { return };
    let pool = Pool::new(patient(postfix.port), 2);
    let sent: Vec<Vec<u8>> =
        bodies().iter().enumerate().map(|(number, body)| message(number, body)).collect();
    for message in &sent {
        submit(&pool, "support@example.com", &["jane@example.com", "joe@example.com"], message).await;
    }
    let arrived = arrivals(&sink, sent.len(), &postfix).await;
    assert_eq!(arrived.len(), sent.len());
    for message in &sent {
        // Postfix writes one `Received:` before it; the rest is ours.
        let found = arrived.iter().find(|incoming| incoming.bytes.ends_with(message));
        let found = found.unwrap_or_else(|| {
            panic!(
                "not among what arrived: {:?}",
                String::from_utf8_lossy(&message[..message.len().min(700)])
            )
        });
        let added = String::from_utf8_lossy(&found.bytes[..found.bytes.len() - message.len()]);
        assert!(added.starts_with("Received: from client.example.com"), "{added}");
        assert!(added.lines().skip(1).all(|line| line.starts_with(['\t', ' '])), "{added}");
        assert_eq!(found.from, Some(address("support@example.com")));
        assert_eq!(found.to, [address("jane@example.com"), address("joe@example.com")]);
    }
}

#[tokio::test]
async fn an_international_address_passes_through_postfix() {
    let sink = Sink::start(None).await;
    let Some(postfix) = Postfix::start("eai", sink.port).await else { return };
    let pool = Pool::new(patient(postfix.port), 1);
    let sent = "From: Jürgen <jürgen@example.com>\r\nTo: 用户@例え.example\r\nSubject: Grüße\r\n\
         Date: Fri, 20 Nov 2026 12:00:00 +0000\r\nMessage-ID: <eai@example.com>\r\n\r\nHello\r\n";
    submit(&pool, "jürgen@example.com", &["用户@例え.example"], sent.as_bytes()).await;
    let arrived = arrivals(&sink, 1, &postfix).await;
    assert!(arrived[0].utf8);
    assert!(arrived[0].bytes.ends_with(sent.as_bytes()), "{}", String::from_utf8_lossy(&arrived[0].bytes));
    assert_eq!(
        (arrived[0].from.clone(), arrived[0].to.clone()),
        (Some(address("jürgen@example.com")), vec![address("用户@例え.example")])
    );
}

/// Our receiver refuses; Postfix reports it to the sender, by a message without a sender, which our receiver takes.
#[tokio::test]
async fn postfix_sends_its_bounces_to_us() {
    let sink = Sink::start(None).await;
    let Some(postfix) = Postfix::start("bounce", sink.port).await else { return };
    let pool = Pool::new(patient(postfix.port), 1);
    submit(&pool, "support@example.com", &["refused@example.com"], &message(1, b"Hello\r\n")).await;
    let arrived = arrivals(&sink, 1, &postfix).await;
    let words = String::from_utf8_lossy(&arrived[0].bytes);
    assert_eq!(
        (arrived[0].from.clone(), arrived[0].to.clone()),
        (None, vec![address("support@example.com")])
    );
    assert!(words.contains("Status: 5.1.1") && words.contains("550 5.1.1 no such mailbox"), "{words}");
}
