//! Broken mail is kept, shown as far as it can be read, and stops nothing.

mod oddities;

use proptest::prelude::*;

use super::parse;

#[test]
fn an_ordinary_message_is_read() {
    let parsed = parse(
        b"Return-Path: <jane@example.com>\r\nFrom: =?iso-8859-1?q?J=E4ne?= Doe <Jane@Example.com>\r\n\
          To: Support <support+tok@example.com>, joe@example.com\r\nCc: Team: a@example.com, b@example.com;\r\n\
          Subject: Re: =?utf-8?b?R3LDvMOfZQ==?=\r\nDate: Fri, 20 Nov 2026 15:36:38 +0100\r\n\
          Message-ID: <abc@example.com>\r\nIn-Reply-To: <one@example.com>\r\n\
          References: <zero@example.com>\r\n <one@\r\n example.com>\r\n\r\nHello\r\nthere\r\n",
    );
    let from = parsed.from.unwrap();
    assert_eq!((from.name.as_deref(), from.address.as_str()), (Some("Jäne Doe"), "Jane@example.com"));
    assert_eq!(parsed.to.len(), 2);
    assert_eq!(parsed.cc.len(), 2);
    assert_eq!(parsed.subject.as_deref(), Some("Re: Grüße"));
    assert_eq!(parsed.date.unwrap().to_string(), "2026-11-20T14:36:38.000000Z");
    assert_eq!(parsed.message_id.as_deref(), Some("abc@example.com"));
    assert_eq!(parsed.in_reply_to, ["one@example.com"]);
    assert_eq!(parsed.references, ["zero@example.com", "one@example.com"]);
    assert_eq!(parsed.text.as_deref(), Some("Hello\nthere"));
    assert_eq!(parsed.html, None);
    assert!(!parsed.auto.any());
    assert_eq!(parsed.notice, None);
}

#[test]
fn html_alone_gives_text_as_well() {
    let parsed = parse(
        b"From: a@example.com\r\nContent-Type: text/html; charset=windows-1252\r\n\r\n\
          <html><head><style>p{}</style></head><body><div>Hello \x80 5</div><div>there<br>you</div></body></html>",
    );
    assert_eq!(parsed.text.as_deref(), Some("Hello € 5\nthere\nyou"));
    assert!(parsed.html.unwrap().contains("<div>"));
}

#[test]
fn marks_of_machines_are_seen() {
    let read = |headers: &str| parse(format!("From: a@example.com\r\n{headers}\r\n\r\nx").as_bytes()).auto;
    assert!(read("Auto-Submitted: auto-replied").auto_submitted);
    assert!(!read("Auto-Submitted: no").any());
    assert!(read("Precedence: bulk").precedence_bulk);
    assert!(read("List-Id: <x.example.com>").list);
    assert!(read("Return-Path: <>").null_sender);
    assert!(read("Content-Type: multipart/report; report-type=delivery-status; boundary=x").report);
}

#[test]
fn broken_mail_is_kept_and_says_so() {
    let parsed = parse(b"no header at all");
    assert!(parsed.notice.is_some());
    let parsed = parse(b"From: nonsense\r\nSubject: x\r\n\r\nbody");
    assert_eq!(parsed.notice.as_deref(), Some("The message does not say who sent it."));
    assert_eq!(parsed.text.as_deref(), Some("body"));
    let parsed = parse(
        b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
          Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!! not base 64\r\n",
    );
    assert!(parsed.notice.is_some());
    assert!(parse(b"").notice.is_some());
}

#[test]
fn messages_inside_messages_do_not_go_on_for_ever() {
    for depth in [450, 20_000] {
        let mut bomb = "Content-Type: message/rfc822\r\n\r\n".repeat(depth);
        bomb.push_str("From: a@example.com\r\n\r\nend");
        let read =
            std::thread::Builder::new().stack_size(1 << 20).spawn(move || parse(bomb.as_bytes())).unwrap();
        assert!(read.join().is_ok());
    }
}

#[test]
fn files_get_harmless_names_and_honest_types() {
    let png =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let raw = format!(
        "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"../../etc/pass\\\"wd\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{png}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
         From: b@example.com\r\nSubject: inner\r\n\r\ninner body\r\n--b--\r\n"
    );
    let parsed = parse(raw.as_bytes());
    assert_eq!(parsed.parts[0].filename, "passwd");
    assert_eq!(parsed.parts[0].content_type, "image/png");
    assert_eq!(parsed.parts[1].filename, "inner.eml");
    assert_eq!(parsed.parts[1].content_type, "message/rfc822");
    assert!(parsed.parts[1].bytes.starts_with(b"From: b@example.com"));
}

#[test]
fn an_id_never_keeps_a_bracket() {
    for (header, ids) in [
        ("<0tne@", &["0tne@"][..]),
        ("<one@example.com", &["one@example.com"]),
        ("one@example.com two@example.com", &["one@example.com", "two@example.com"]),
        ("<one@example.com <two@example.com>", &["two@example.com"]),
        ("<one@example.com> <two@example.com", &["one@example.com"]),
        ("one@example.com>", &["one@example.com"]),
        ("<one@exam\r\n ple.com>", &["one@example.com"]),
        ("<>", &[]),
    ] {
        let parsed = parse(format!("References: {header}\r\n\r\nx").as_bytes());
        assert_eq!(parsed.references, ids, "{header:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&raw);
    }

    #[test]
    fn no_broken_mime_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        "From: a@example.com\r\n", "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n",
        "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n", "\r\n", "--b\r\n",
        "--b--\r\n", "=?utf-8?b?", "=?x?q?=FF?=", "=E4=", "AAAA", "Date: Fri, 99 Foo 9999 99:99:99 +9999\r\n",
        "Content-Disposition: attachment; filename*0*=utf-8''%ff%; filename*1=x\r\n", "<", ">", "\0", "é",
        "Content-Type: text/html; charset=utf-7\r\n", "</div", "<style>",
    ]), 0..40)) {
        let parsed = parse(pieces.concat().as_bytes());
        let _ = parsed.date.map(|date| date.to_string());
    }
}

#[test]
fn text_out_of_html_keeps_words_apart_and_attributes_out() {
    let raw = b"From: a@example.com\r\nContent-Type: text/html\r\n\r\n\
        <a href=\"data:text/html,<b>x</b>\">here</a><button>Confirm</button><div>over everything</div>more";
    assert_eq!(parse(raw).text.as_deref(), Some("hereConfirm\nover everything\nmore"));
}

#[test]
fn text_out_of_html_keeps_its_spaces_and_entities() {
    for (html, text) in [
        ("<p><b>Hello</b> Jane</p><p>How are you?</p>", "Hello Jane\nHow are you?"),
        (
            "<div><b>From:</b> &lt;jane@example.com&gt;,&nbsp;Joe&amp;Co &eacute;t&#233; &unknown; &</div>",
            "From: <jane@example.com>,\u{a0}Joe&Co été &unknown; &",
        ),
        ("a<br><br><br>b", "a\n\nb"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n3"),
        ("<i>a</i>b <i> c</i>", "ab c"),
    ] {
        let raw = format!("From: a@example.com\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}");
        assert_eq!(parse(raw.as_bytes()).text.as_deref(), Some(text), "{html}");
    }
}
