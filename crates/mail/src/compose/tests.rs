//! What goes out is read back as it was meant.

use std::collections::BTreeMap;

use domain::address::Mailbox;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::MessageId;
use domain::outgoing::{File, Outgoing};
use proptest::prelude::*;

use super::compose;
use crate::parse;

fn message() -> Outgoing {
    Outgoing {
        id: MessageId::from_u128(7),
        channel: Channel::Email,
        return_path: None,
        from: "Support <support@example.com>".parse().unwrap(),
        to: vec!["Jane Doe <jane@example.com>".parse().unwrap()],
        cc: Vec::new(),
        bcc: vec!["hidden@example.com".parse().unwrap()],
        reply_to: None,
        subject: "Your order".to_owned(),
        text: Some("Hello Jane,\nit is on its way.\n".to_owned()),
        html: None,
        attachments: Vec::new(),
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@example.com".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        headers: BTreeMap::new(),
        date: Timestamp::from_micros(1_795_185_398_000_000),
        attempt: 1,
        trial: 1,
    }
}

fn file(name: &str, content_id: Option<&str>, bytes: &[u8]) -> File {
    File {
        filename: name.to_owned(),
        content_type: "image/png".to_owned(),
        content_id: content_id.map(str::to_owned),
        bytes: bytes.into(),
    }
}

#[test]
fn a_plain_message_reads_like_one() {
    let text = String::from_utf8(compose(&message())).unwrap();
    assert_eq!(
        text,
        "Date: Fri, 20 Nov 2026 14:36:38 +0000\r\n\
         From: Support <support@example.com>\r\n\
         To: Jane Doe <jane@example.com>\r\n\
         Subject: Your order\r\n\
         Message-ID: <01h455vb4pex5vsknk084sn02q@example.com>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n\
         Hello Jane,\r\nit is on its way.\r\n"
    );
}

#[test]
fn the_same_message_has_the_same_bytes_on_every_attempt() {
    let mut later = message();
    later.html = Some("<p>Hello</p>".to_owned());
    later.attachments = vec![file("a.png", None, b"x")];
    let first = compose(&later);
    later.attempt = 3;
    assert_eq!(compose(&later), first);
}

#[test]
fn parts_nest_as_mail_programs_expect() {
    let mut rich = message();
    rich.html = Some("<p>Hello <img src=\"cid:logo\"></p>".to_owned());
    rich.attachments =
        vec![file("logo.png", Some("logo"), b"\x89PNG"), file("Größe „x“.pdf", None, &[0, 1, 2, 255])];
    let bytes = compose(&rich);
    let text = String::from_utf8(bytes.clone()).unwrap();
    let kinds: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("Content-Type: "))
        .map(|kind| kind.split(';').next().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "multipart/mixed",
            "multipart/related",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "image/png",
            "image/png"
        ]
    );
    let parsed = parse(&bytes);
    assert_eq!(parsed.html.as_deref(), rich.html.as_deref());
    assert_eq!(parsed.parts.len(), 2);
    assert_eq!(parsed.parts[0].content_id.as_deref(), Some("logo"));
    assert!(parsed.parts[0].inline && !parsed.parts[1].inline);
    assert_eq!(parsed.parts[1].filename, "Größe „x“.pdf");
    assert_eq!(parsed.parts[1].bytes.as_ref(), [0, 1, 2, 255]);
    assert_eq!(parsed.notice, None);
}

#[test]
fn nothing_can_smuggle_a_header_in() {
    let mut evil = message();
    evil.subject = "x\r\nBcc: everybody@example.com".to_owned();
    evil.from.name = Some("Eve\r\nX-Evil: 1".to_owned());
    evil.headers.insert("X-Note".to_owned(), "a\r\n\r\nbody".to_owned());
    evil.headers.insert("Bcc".to_owned(), "b@example.com".to_owned());
    evil.headers.insert("X-Bad\r\nX-Evil".to_owned(), "1".to_owned());
    evil.rfc_message_id = "a> \r\nX-Evil: 1 <b@example.com".to_owned();
    evil.attachments =
        vec![File { content_type: "a/b\r\nX-Evil: 1".to_owned(), ..file("a\"\r\nX-Evil: 1", None, b"") }];
    let parsed = parse(&compose(&evil));
    let names: Vec<&str> = parsed.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["Date", "From", "To", "Subject", "Message-ID", "X-Note", "MIME-Version", "Content-Type"]
    );
    assert_eq!(parsed.text.as_deref(), Some("Hello Jane,\nit is on its way."));
}

#[test]
fn long_references_fold_and_keep_their_ends() {
    let mut deep = message();
    deep.references =
        (0..300).map(|number| format!("{number}.aaaaaaaaaaaaaaaaaaaaaaaa@example.com")).collect();
    deep.in_reply_to = deep.references.last().cloned();
    let bytes = compose(&deep);
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 80));
    let parsed = parse(&bytes);
    assert_eq!(parsed.references.first(), deep.references.first());
    assert_eq!(parsed.references.last(), deep.references.last());
    assert_eq!(parsed.references.len(), super::MAX_REFERENCES);
    assert_eq!(parsed.in_reply_to, deep.in_reply_to.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_text_that_looks_like_a_boundary_is_broken_up() {
    let mut tricky = message();
    tricky.html = Some("<p>x</p>".to_owned());
    let boundary = String::from_utf8(compose(&tricky)).unwrap();
    let boundary = boundary.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    tricky.text = Some(format!("a\n--{boundary}\nContent-Type: text/html\n\nevil\n--{boundary}--"));
    let parsed = parse(&compose(&tricky));
    assert_eq!(parsed.text, tricky.text);
    assert_eq!(parsed.html, tricky.html);
}

/// Text without what mail cannot carry: control characters, and space at the ends.
fn words() -> impl Strategy<Value = String> {
    "[\\PC\n]{0,300}".prop_map(|text| text.trim().to_owned())
}

fn line() -> impl Strategy<Value = String> {
    "\\PC{0,120}".prop_map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn mailbox() -> impl Strategy<Value = Mailbox> {
    (line(), "[a-z0-9.+]{1,20}@[a-z]{1,10}\\.example").prop_filter_map("an address", |(name, address)| {
        let name = (!name.is_empty()).then_some(name);
        Some(Mailbox { name, address: address.parse().ok()? })
    })
}

proptest! {
    #[test]
    fn what_goes_out_comes_back(
        subject in line(),
        text in words(),
        html in words(),
        from in mailbox(),
        to in prop::collection::vec(mailbox(), 1..4),
        name in "[\\PC]{1,60}",
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut message = message();
        message.subject = subject;
        message.text = Some(text);
        message.html = (!html.is_empty()).then(|| format!("<p>{html}</p>"));
        message.from = from;
        message.to = to;
        message.attachments = vec![file(&name, None, &bytes)];
        let wire = compose(&message);
        prop_assert!(wire.is_ascii());
        for line in wire.split(|byte| *byte == b'\n') {
            let is_encoded = line.windows(8).any(|window| window == b"=?utf-8?");
            prop_assert!(line.len() <= if is_encoded { 77 } else { 999 }, "{}", String::from_utf8_lossy(line));
        }
        let parsed = parse(&wire);
        let deceptive = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
        let plain = |text: &str| text.replace(deceptive, "").split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(plain(&parsed.subject.unwrap_or_default()), plain(&message.subject));
        prop_assert_eq!(parsed.text.unwrap_or_default(), message.text.unwrap_or_default());
        prop_assert_eq!(parsed.html, message.html);
        let found = parsed.from.unwrap();
        prop_assert_eq!(&found.address, &message.from.address);
        prop_assert_eq!(plain(&found.name.unwrap_or_default()), plain(&message.from.name.unwrap_or_default()));
        prop_assert_eq!(parsed.to.len(), message.to.len());
        for (found, meant) in parsed.to.iter().zip(&message.to) {
            prop_assert_eq!(&found.address, &meant.address);
            prop_assert_eq!(plain(found.name.as_deref().unwrap_or_default()), plain(meant.name.as_deref().unwrap_or_default()));
        }
        prop_assert_eq!(parsed.parts.len(), 1);
        prop_assert_eq!(parsed.parts[0].bytes.as_ref(), bytes.as_slice());
    }
}
