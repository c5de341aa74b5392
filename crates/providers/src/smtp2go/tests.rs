//! SMTP2GO's answers and webhooks, as samples in files, and what they become.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, LookUp, Outcome, RejectReason};
use domain::ids::MessageId;
use domain::message::EventKind;
use domain::outgoing::{File, Outgoing};
use http::{HeaderMap, StatusCode};
use net::http::Response;

use super::{activity, send, webhook};
use crate::provider::{LookUpRequest, RawRequest};

fn id() -> MessageId {
    "msg_01h455vb4pex5vsknk084sn02q".parse().unwrap()
}

fn message() -> Outgoing {
    Outgoing {
        id: id(),
        channel: Channel::Email,
        return_path: None,
        from: "Support, Inc. <support@example.com>".parse().unwrap(),
        to: vec!["Jane Döe <jane@example.com>".parse().unwrap()],
        cc: vec!["joe@example.com".parse().unwrap()],
        bcc: Vec::new(),
        reply_to: Some("support+tok@example.com".parse().unwrap()),
        subject: "Your order".to_owned(),
        text: Some("Hello".to_owned()),
        html: Some("<p>Hello <img src=\"cid:logo\"></p>".to_owned()),
        attachments: vec![
            File {
                filename: "logo.png".to_owned(),
                content_type: "image/png".to_owned(),
                content_id: Some("logo".to_owned()),
                bytes: b"\x89PNG".as_slice().into(),
            },
            File {
                filename: "invoice.pdf".to_owned(),
                content_type: "application/pdf".to_owned(),
                content_id: None,
                bytes: b"%PDF".as_slice().into(),
            },
        ],
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@example.com".to_owned(),
        in_reply_to: Some("b@example.com".to_owned()),
        references: vec!["a@example.com".to_owned(), "b@example.com".to_owned()],
        headers: BTreeMap::from([
            ("X-Note".to_owned(), "one\r\ntwo".to_owned()),
            ("Content-Type".to_owned(), "text/evil".to_owned()),
        ]),
        date: Timestamp::from_micros(1_795_185_398_000_000),
        attempt: 1,
        trial: 1,
    }
}

fn answer(status: u16, body: &str) -> Response {
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

#[test]
fn a_message_becomes_a_request() {
    let body: serde_json::Value = serde_json::from_slice(&send::encode(&message())).unwrap();
    insta::assert_json_snapshot!(body);
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    let payload = include_str!("samples/error-payload.json");
    let permission = include_str!("samples/error-permission.json");
    for (status, body, class) in [
        (200, include_str!("samples/send-taken.json"), Sent),
        (200, include_str!("samples/send-partly-failed.json"), Sent),
        (200, include_str!("samples/send-failed-with-200.json"), Rejected),
        (200, "<html>", Unknown),
        (200, "{\"data\":{}}", Unknown),
        (200, "{\"data\":{\"schedule_id\":\"s1\"}}", Sent),
        (400, payload, Rejected),
        (400, permission, Misconfigured),
        (403, permission, Misconfigured),
        (400, "{}", Rejected),
        (401, "{}", Misconfigured),
        (402, "{}", Misconfigured),
        (404, "<html>", Misconfigured),
        (302, "", Misconfigured),
        (413, "", Rejected),
        (422, "{}", Rejected),
        (429, "", RateLimited),
        (400, include_str!("samples/error-at-root.json"), RateLimited),
        (500, "{\"request_id\":\"x\",\"data\":{\"error\":\"oops\"}}", Temporary),
        (500, "<html>", Unknown),
        (502, "<html>", Unknown),
        (503, "", Temporary),
        (504, "", Unknown),
    ] {
        let outcome = send::decode(&answer(status, body));
        assert_eq!(outcome.class(), class, "{status} {body}: {outcome:?}");
    }
    let outcome = send::decode(&answer(200, include_str!("samples/send-taken.json")));
    assert!(
        matches!(outcome, Outcome::Sent { provider_id: Some(id), .. } if id == "1u0SwL-B9zBpi9ffUq-JAB2")
    );
    let outcome = send::decode(&answer(400, payload));
    assert!(matches!(outcome, Outcome::Rejected { reason: RejectReason::BadRecipient, .. }));
    assert_eq!(outcome.words().detail, "nonsense is not a valid email address");
    let outcome = send::decode(&answer(200, include_str!("samples/send-failed-with-200.json")));
    assert!(matches!(outcome, Outcome::Rejected { reason: RejectReason::BadSender, .. }));
    let outcome = send::decode(&answer(429, ""));
    assert!(
        matches!(outcome, Outcome::RateLimited { after: Some(wait), .. } if wait == Duration::from_secs(60))
    );
    let Outcome::Sent { refused, .. } =
        send::decode(&answer(200, include_str!("samples/send-partly-failed.json")))
    else {
        panic!("not sent")
    };
    assert_eq!(refused[0].0, "joe@example.com");
}

fn webhook(body: &str) -> RawRequest {
    RawRequest { body: Bytes::copy_from_slice(body.as_bytes()), ..RawRequest::default() }
}

#[test]
fn webhooks_become_reports() {
    let samples = [
        include_str!("samples/webhook-delivered.json"),
        include_str!("samples/webhook-bounce.json"),
        include_str!("samples/webhook-processed.form"),
    ];
    let reports: Vec<_> =
        samples.iter().flat_map(|sample| webhook::read(&webhook(sample)).unwrap()).collect();
    assert_eq!(reports[0].about.message_id, Some(id()));
    assert_eq!(reports[2].about.message_id, Some(id()));
    insta::assert_json_snapshot!(reports);
}

#[test]
fn every_spelling_of_an_event_is_understood() {
    for (name, kind) in [
        ("open", EventKind::Opened),
        ("opened", EventKind::Opened),
        ("clicked", EventKind::Clicked),
        ("spam_complaint", EventKind::Complained),
        ("unsubscribed", EventKind::Unsubscribed),
        ("reject", EventKind::Rejected),
        ("bounce", EventKind::BouncedSoft),
        ("sms_delivered", EventKind::Other),
    ] {
        let reports =
            webhook::read(&webhook(&format!("{{\"event\":\"{name}\",\"time\":\"2026-02-07 18:05:02\"}}")))
                .unwrap();
        assert_eq!(reports[0].kind, kind, "{name}");
        assert_eq!(reports[0].at.map(|at| at.to_string()).as_deref(), Some("2026-02-07T18:05:02.000000Z"));
    }
    let hard = webhook::read(&webhook("event=bounce&bounce=hard&id=7")).unwrap();
    assert_eq!(hard[0].kind, EventKind::BouncedHard);
    assert_eq!(hard[0].dedupe_key, "7:bounce");
    for wrong in ["", "  ", "{", "[1]", "{\"no\":\"event\"}", "hello"] {
        assert!(webhook::read(&webhook(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_look_up_says_no_only_when_it_is_sure() {
    let ended = Timestamp::from_micros(1_795_185_398_000_000);
    let request = LookUpRequest {
        message_id: id(),
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@example.com".to_owned(),
        provider_id: None,
        recipients: vec!["jane@example.com".to_owned()],
        sent_from: ended.minus(Duration::from_secs(30)),
        sent_until: ended,
    };
    let delay = Duration::from_mins(2);
    let (soon, late) = (ended.plus(Duration::from_secs(60)), ended.plus(Duration::from_secs(120)));
    let read = |status, body, now| activity::decode(&answer(status, body), &request, now, delay);
    let others = include_str!("samples/activity-others.json");
    let found = read(200, include_str!("samples/activity-found.json"), soon);
    assert!(
        matches!(&found, activity::Page::Answer(LookUp::Found { provider_id: Some(id), .. }) if id == "1u0SwL-B"),
        "{found:?}"
    );
    assert!(matches!(read(200, others, soon), activity::Page::Answer(LookUp::Failed(_))));
    assert_eq!(read(200, others, late), activity::Page::Answer(LookUp::NotFound));
    let mute = include_str!("samples/activity-without-headers.json");
    assert!(matches!(read(200, mute, late), activity::Page::Answer(LookUp::Failed(_))));
    assert!(matches!(read(429, "", late), activity::Page::Answer(LookUp::Failed(_))));
    assert!(matches!(read(200, "<html>", late), activity::Page::Answer(LookUp::Failed(_))));
    let more = others.replace("null", "\"t2\"");
    assert_eq!(read(200, &more, late), activity::Page::Next("t2".to_owned()));
    let body: serde_json::Value =
        serde_json::from_slice(&activity::encode(&request, late, Some("t2"))).unwrap();
    insta::assert_json_snapshot!(body);
}
