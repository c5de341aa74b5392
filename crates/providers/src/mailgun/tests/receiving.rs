//! Mails that routes hand over, in each of their forms.

use domain::address::EmailAddress;

use crate::mailgun::{inbound, stored};
use crate::provider::{Fact, NotDone, RawRequest, ReceivedMail, StoredMail};
use crate::samples::answer;

fn posted(fields: &[(&str, &str)], files: &[(&str, &str, &str)]) -> RawRequest {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    for (name, filename, content) in files {
        body.push_str(&format!(
            "--xx\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n\
             Content-Type: image/png\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--xx--\r\n");
    RawRequest {
        headers: vec![("content-type".to_owned(), "multipart/form-data; boundary=xx".to_owned())],
        body: body.into(),
        ..RawRequest::default()
    }
}

const SIGNED: [(&str, &str); 3] = [("timestamp", "1795185399"), ("token", "t1"), ("signature", "00")];

#[test]
fn a_mail_in_pieces_becomes_a_mail() {
    let mut fields = vec![
        ("recipient", "support+tok@mg.example.com"),
        ("sender", "jane@example.org"),
        ("from", "Jane Doe <jane@example.org>"),
        ("subject", "Re: Ihre Bestellung ✓"),
        ("body-plain", "Danke für alles"),
        ("stripped-text", "Danke"),
        ("body-html", "<p>Danke <img src=\"cid:logo\"></p>"),
        ("attachment-count", "1"),
        ("content-id-map", "{\"<logo>\":\"attachment-1\"}"),
        ("token", "a header of the mail"),
        (
            "message-headers",
            "[[\"From\",\"Jane Doe <jane@example.org>\"],[\"To\",\"support@mg.example.com\"],\
             [\"Message-Id\",\"<a@example.org>\"],[\"In-Reply-To\",\"<b@mg.example.com>\"],\
             [\"Content-Type\",\"multipart/mixed; boundary=q\"]]",
        ),
    ];
    fields.extend(SIGNED);
    let Fact::Mail(mail) = inbound::read(&posted(&fields, &[("attachment-1", "logo.png", "PNG")])).unwrap()
    else {
        panic!("no mail")
    };
    assert_eq!(mail.dedupe_key, "t1");
    assert_eq!(mail.envelope_from.as_ref().map(EmailAddress::as_str), Some("jane@example.org"));
    assert_eq!(mail.envelope_to[0].as_str(), "support+tok@mg.example.com");
    let parsed = mail::parse(&mail.raw);
    assert_eq!(parsed.subject.as_deref(), Some("Re: Ihre Bestellung ✓"));
    assert_eq!(parsed.message_id.as_deref(), Some("a@example.org"));
    assert_eq!(parsed.in_reply_to, ["b@mg.example.com"]);
    assert_eq!(parsed.text.as_deref().map(str::trim), Some("Danke für alles"));
    assert_eq!((parsed.parts.len(), parsed.parts[0].content_id.as_deref()), (1, Some("logo")));
}

#[test]
fn a_whole_mail_stays_as_it_is() {
    let raw = "From: jane@example.org\r\nMessage-ID: <a@example.org>\r\n\r\nHello\r\n";
    let mut fields =
        vec![("recipient", "a@mg.example.com, b@mg.example.com"), ("sender", ""), ("body-mime", raw)];
    fields.extend(SIGNED);
    let expected = ReceivedMail {
        dedupe_key: "t1".to_owned(),
        envelope_from: None,
        envelope_to: vec!["a@mg.example.com".parse().unwrap(), "b@mg.example.com".parse().unwrap()],
        raw: raw.into(),
    };
    assert_eq!(inbound::read(&posted(&fields, &[])).unwrap(), Fact::Mail(expected));
    assert!(inbound::read(&posted(&SIGNED, &[])).is_err(), "no mail in it");
}

#[test]
fn a_kept_mail_is_fetched_from_the_vendor_only() {
    let place = "https://storage-us-east4.api.mailgun.net/v3/domains/mg.example.com/messages/KEY";
    let mut fields = vec![
        ("recipient", "support@mg.example.com"),
        ("body-plain", "Thanks"),
        ("message-url", place),
        (
            "attachments",
            "[{\"url\":\"https://x\",\"size\":3,\"name\":\"a.png\",\"content-type\":\"image/png\"}]",
        ),
    ];
    fields.extend(SIGNED);
    let Fact::Stored(kept) = inbound::read(&posted(&fields, &[])).unwrap() else { panic!("not kept") };
    assert_eq!(kept.place, place);
    let without_files =
        posted(&[("body-plain", "Thanks"), ("message-url", place), ("attachments", "[]")], &[]);
    assert!(matches!(inbound::read(&without_files), Ok(Fact::Mail(_))), "everything came along");
    let mail = stored::decode(&answer(200, include_str!("../samples/stored.json")), &kept).unwrap();
    assert!(mail.raw.starts_with(b"From: jane@example.org\r\n"));
    assert_eq!(mail.envelope_from.unwrap().as_str(), "jane@example.org");
    let bare = StoredMail { envelope_to: Vec::new(), ..kept.clone() };
    let mail = stored::decode(&answer(200, include_str!("../samples/stored.json")), &bare).unwrap();
    assert_eq!(mail.envelope_to[0].as_str(), "support@mg.example.com");
    for (status, later) in [(404, false), (401, true), (500, true), (200, false)] {
        let not_done = stored::decode(&answer(status, "<html>"), &kept).unwrap_err();
        assert_eq!(matches!(not_done, NotDone::Later(_)), later, "{status}");
    }
    let base = "https://api.mailgun.net";
    for (place, right) in [
        (place, true),
        ("https://api.mailgun.net/v3/domains/x/messages/y", true),
        ("http://api.mailgun.net/v3/x", false),
        ("https://api.mailgun.net.example.com/x", false),
        ("https://evilmailgun.net/x", false),
        ("https://api.mailgun.net:8443/x", false),
        ("https://api.mailgun.net@example.com/x", false),
        ("https://169.254.169.254/latest", false),
        ("/v3/x", false),
    ] {
        assert_eq!(stored::is_ours(place, base), right, "{place}");
    }
    assert!(stored::is_ours("http://127.0.0.1:9/v3/x", "http://127.0.0.1:9"));
    assert!(!stored::is_ours("https://api.mailgun.net/v3/x", "http://127.0.0.1:9"));
}
