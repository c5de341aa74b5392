//! What programs send that no standard allows, and what a reader should see all the same.

use super::super::{AutoMark, Parsed, parse};

const FROM: &str = "From: a@example.com\r\n";

fn mail(headers: &[u8], body: &[u8]) -> Parsed {
    parse(&[FROM.as_bytes(), headers, b"\r\n\r\n", body].concat())
}

#[test]
fn subjects_and_names_are_read_wherever_the_words_stand() {
    for (subject, expected) in [
        (&b"Gr\xfc\xdfe"[..], "Grüße"),
        ("Grüße".as_bytes(), "Grüße"),
        (b"\"=?utf-8?q?Gr=C3=BC=C3=9Fe?=\"", "\"Grüße\""),
        (b"Re=?utf-8?q?=3A_Gr=C3=BC=C3=9Fe?=!", "Re: Grüße!"),
        (b"=?utf-8?b?R3LD?=\r\n =?utf-8?b?vMOfZQ==?=", "Grüße"),
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe", "Grüße"),
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe an alle?=", "Grüße an alle"),
        (b"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"),
    ] {
        let parsed = mail(&[b"Subject: ", subject].concat(), b"x");
        assert_eq!(parsed.subject.as_deref(), Some(expected));
    }
    for (from, name, address) in [
        (&b"\"=?utf-8?q?J=C3=A4ne?=\" <jane@example.com>"[..], Some("Jäne"), "jane@example.com"),
        (b"J\xe4ne <jane@example.com>", Some("Jäne"), "jane@example.com"),
        (b"=?utf-8?b?SsM=?= =?utf-8?b?pG5l?= <jane@example.com>", Some("Jäne"), "jane@example.com"),
        (b"=?utf-8?q?Jane_=3Cjane=40example.com=3E?=", Some("Jane"), "jane@example.com"),
        (b"Jane=?utf-8?q?_D=C3=B6?= <jane@example.com>", Some("Jane Dö"), "jane@example.com"),
        (b"jane@example.com (Jane Doe)", Some("Jane Doe"), "jane@example.com"),
        (b"<jane@example.com>", None, "jane@example.com"),
    ] {
        let from = parse(&[b"From: ", from, b"\r\n\r\nx"].concat()).from.unwrap();
        assert_eq!((from.name.as_deref(), from.address.as_str()), (name, address));
    }
}

#[test]
fn every_charset_is_read_and_wrong_ones_are_guessed() {
    for (headers, body, expected, is_noticed) in [
        ("Content-Type: text/plain; charset=iso-2022-jp", &b"\x1b$BF|K\\\x1b(B"[..], "日本", false),
        ("Content-Type: text/plain; charset=gb2312", b"\xc4\xe3\xba\xc3", "你好", false),
        ("Content-Type: text/plain; charset=big5", b"\xa7\x41\xa6\x6e", "你好", false),
        ("Content-Type: text/plain; charset=euc-kr", b"\xc7\xd1", "한", false),
        ("Content-Type: text/plain; charset=koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет", false),
        ("Content-Type: text/plain; charset=windows-1251", b"\xcf\xf0", "Пр", false),
        ("Content-Type: text/plain; charset=iso-8859-7", b"\xe1", "α", false),
        ("Content-Type: text/plain; charset=utf-7", b"Gr+APwA3w-e", "Grüße", false),
        (
            "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64",
            b"//5IAGkA",
            "Hi",
            false,
        ),
        ("Content-Type: text/plain; charset=us-ascii", "Grüße".as_bytes(), "Grüße", false),
        ("Content-Type: text/plain; charset=x-unknown", "Grüße".as_bytes(), "Grüße", false),
        ("Content-Type: text/plain; charset=x-unknown", b"Gr\xfc\xdfe", "Grüße", true),
        ("Content-Type: text/plain; charset=utf-8", b"Gr\xfc\xdfe", "Grüße", true),
        (
            "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable",
            b"Gr=FC=DFe",
            "Grüße",
            true,
        ),
        ("X: y", b"Gr\xfc\xdfe", "Grüße", true),
        ("Content-Type: text/plain; charset=utf-8", b"\xc3\xbc\xc3\x9f\xc3\xa4 \xff", "üßä \u{FFFD}", true),
    ] {
        let parsed = mail(headers.as_bytes(), body);
        assert_eq!(parsed.text.as_deref(), Some(expected), "{headers}");
        assert_eq!(parsed.notice.is_some(), is_noticed, "{headers} {:?}", parsed.notice);
    }
}

#[test]
fn parts_are_found_without_their_boundaries() {
    let file =
        "Content-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\n";
    for (kind, body) in [
        ("multipart/mixed; boundary=b", format!("--b\r\n\r\nhello\r\n--b\r\n{file}")),
        ("multipart/mixed", format!("--b\r\n\r\nhello\r\n--b\r\n{file}--b--\r\n")),
        (
            "multipart/mixed; boundary=wrong",
            format!("preamble\r\n--b\r\n\r\nhello\r\n--b\r\n{file}--b--\r\n"),
        ),
    ] {
        let parsed = mail(format!("Content-Type: {kind}").as_bytes(), body.as_bytes());
        assert_eq!(parsed.text.as_deref(), Some("hello"), "{kind}");
        assert_eq!(parsed.parts.len(), 1, "{kind}");
        assert_eq!(parsed.parts[0].filename, "x.pdf");
        assert!(
            parsed.parts[0].bytes.starts_with(b"%PDF") || parsed.parts[0].bytes.starts_with(b"JVBER"),
            "{kind}"
        );
        assert!(parsed.notice.is_some(), "{kind}");
    }
    for kind in ["multipart/alternative; boundary=b", "multipart/mixed", "text", "text/x-something"] {
        let parsed = mail(format!("Content-Type: {kind}").as_bytes(), b"hello there\r\n");
        assert_eq!((parsed.text.as_deref(), parsed.parts.len()), (Some("hello there"), 0), "{kind}");
        assert!(parsed.notice.is_some(), "{kind}");
    }
}

#[test]
fn nested_parts_of_other_programs_are_read() {
    let parsed = mail(
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b  \r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\ninner\r\n--bb\r\n\
          Content-Type: multipart/related; boundary=bbb\r\n\r\n--bbb\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:logo@x\">inner\r\n\
          --bbb\r\nContent-Type: image/png\r\nContent-ID: <logo@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--bbb--\r\n\
          --bb--\r\n--b\r\nContent-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--b--\r\n",
    );
    assert_eq!(parsed.text.as_deref(), Some("inner"));
    assert!(parsed.html.unwrap().contains("cid:logo@x"));
    let files: Vec<_> = parsed
        .parts
        .iter()
        .map(|part| (part.filename.as_str(), part.inline, part.content_id.as_deref()))
        .collect();
    assert_eq!(files, [("attachment-1.png", true, Some("logo@x")), ("notes.txt", false, None)]);
}

#[test]
fn names_of_files_are_read_in_every_spelling() {
    for disposition in [
        &b"filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=.pdf"[..],
        b"filename*=iso-8859-1'de'Gr%FC%DFe.pdf",
        b"filename=\"=?utf-8?q?Gr=C3=BC=C3=9Fe=2Epdf?=\"",
        b"filename==?utf-8?q?Gr=C3=BC=C3=9Fe=2Epdf?=",
        "filename=\"Grüße.pdf\"".as_bytes(),
        b"filename=\"Gr\xfc\xdfe.pdf\"",
    ] {
        let body = [
            b"--b\r\n\r\nx\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; ",
            disposition,
            b"\r\n\r\ny\r\n--b--\r\n",
        ]
        .concat();
        let parsed = mail(b"Content-Type: multipart/mixed; boundary=b", &body);
        assert_eq!(parsed.parts[0].filename, "Grüße.pdf", "{}", String::from_utf8_lossy(disposition));
    }
}

#[test]
fn forwarded_messages_are_files_named_after_their_subject() {
    let parsed = mail(
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: b@example.com\r\nSubject: =?utf-8?q?Re=3A_a/b_=C3=BC?=\r\n\
          Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ninner\r\n--c--\r\n\r\n--b\r\n\r\nend\r\n--b--\r\n",
    );
    assert_eq!(parsed.text.as_deref(), Some("see\nend"));
    assert_eq!(
        (parsed.parts[0].filename.as_str(), parsed.parts[0].content_type.as_str()),
        ("Re ab ü.eml", "message/rfc822")
    );
    assert!(parsed.parts[0].bytes.ends_with(b"--c--\r\n"), "{:?}", parsed.parts[0].bytes);
}

#[test]
fn invitations_and_parts_of_outlook_are_kept_and_told() {
    let invitation = mail(
        b"Content-Type: multipart/alternative; boundary=b",
        b"--b\r\nContent-Type: text/plain\r\n\r\nPlease come\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n\
          BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n",
    );
    assert_eq!(invitation.calendar.unwrap().summary.as_deref(), Some("Lunch"));
    assert_eq!(invitation.parts[0].content_type, "text/calendar");
    let tnef = mail(
        b"Content-Type: multipart/mixed; boundary=b",
        b"--b\r\n\r\nsee\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgAA\r\n--b--\r\n",
    );
    assert_eq!((tnef.parts[0].filename.as_str(), tnef.text.as_deref()), ("winmail.dat", Some("see")));
    assert!(tnef.notice.unwrap().contains("winmail.dat"));
}

#[test]
fn of_headers_given_twice_the_topmost_counts() {
    let parsed = parse(
        b"Return-Path: <bounce@example.com>\r\nAuthentication-Results: ours.example; spf=pass smtp.mailfrom=example.com\r\n\
          From: a@example.com\r\nFrom: evil@example.net\r\nSubject: one\r\nSubject: two\r\nMessage-ID: <1@x>\r\nMessage-ID: <2@x>\r\n\
          Return-Path: <>\r\nAuthentication-Results: ours.example; spf=fail\r\n\r\nx",
    );
    assert_eq!(parsed.from.unwrap().address.as_str(), "a@example.com");
    assert_eq!((parsed.subject.as_deref(), parsed.message_id.as_deref()), (Some("one"), Some("1@x")));
    assert!(!parsed.auto.null_sender);
    assert_eq!(parsed.authentication.unwrap().spf.unwrap().verdict.as_str(), "pass");
    assert_eq!(parsed.notice.as_deref(), Some("The message names more than one sender; the first is shown."));
}

#[test]
fn the_strongest_mark_is_named() {
    for (headers, mark, is_vacation) in [
        ("X: y", None, false),
        ("Auto-Submitted: no", None, false),
        ("Auto-Submitted: No (comment)", None, false),
        ("Auto-Submitted: auto-generated", Some(AutoMark::AutoSubmitted), false),
        ("Auto-Submitted: auto-replied (vacation)", Some(AutoMark::AutoSubmitted), true),
        ("Return-Path: <>\r\nAuto-Submitted: auto-replied", Some(AutoMark::AutoSubmitted), true),
        ("X-Autoreply: yes", Some(AutoMark::AutoSubmitted), true),
        ("X-Autorespond: Away", Some(AutoMark::AutoSubmitted), true),
        ("Precedence: auto_reply", Some(AutoMark::AutoSubmitted), true),
        ("Return-Path: <>\r\nSubject: Automatic reply: x", Some(AutoMark::AutoSubmitted), true),
        ("Subject: Automatic reply: x", None, false),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply", Some(AutoMark::AutoSubmitted), false),
        ("X-Auto-Response-Suppress: DR", None, false),
        ("Precedence: bulk", Some(AutoMark::Bulk), false),
        ("Precedence: list\r\nList-Id: <x.example.com>", Some(AutoMark::List), false),
        ("Return-Path: <>", Some(AutoMark::NullSender), false),
        (
            "Return-Path: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b",
            Some(AutoMark::Report),
            false,
        ),
    ] {
        let auto = mail(headers.as_bytes(), b"x").auto;
        assert_eq!((auto.strongest(), auto.vacation), (mark, is_vacation), "{headers}");
        assert_eq!(auto.any(), mark.is_some(), "{headers}");
    }
    let bounce =
        parse(b"Return-Path: <>\r\nFrom: MAILER-DAEMON@example.com\r\nAuto-Submitted: auto-replied\r\n\r\nx")
            .auto;
    assert!(!bounce.vacation);
}

#[test]
fn many_parts_and_deep_ones_have_an_end() {
    let deep: String = (0..3_000)
        .map(|depth| format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n"))
        .collect();
    let parsed = parse(format!("{FROM}{deep}\r\nhello\r\n").as_bytes());
    assert!(parsed.from.is_some());
    let wide = "--b\r\nContent-Type: application/pdf\r\n\r\nx\r\n".repeat(20_000);
    let parsed = mail(b"Content-Type: multipart/mixed; boundary=b", wide.as_bytes());
    assert_eq!(parsed.parts.len(), 200);
    assert!(parsed.notice.unwrap().contains("more files"));
}
