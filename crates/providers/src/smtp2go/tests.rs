//! SMTP2GO's answers and webhooks, as samples in files, and what they become.

use std::time::Duration;

use domain::failure::{AttemptOutcome, LookUp, Outcome, RejectReason};
use domain::message::EventKind;

use super::{activity, send, webhook};
use crate::samples::{NOW, answer, id, look_up, message, webhook as posted};

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

#[test]
fn webhooks_become_reports() {
    let samples = [
        include_str!("samples/webhook-delivered.json"),
        include_str!("samples/webhook-bounce.json"),
        include_str!("samples/webhook-processed.form"),
    ];
    let reports: Vec<_> = samples.iter().flat_map(|sample| webhook::read(&posted(sample)).unwrap()).collect();
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
            webhook::read(&posted(&format!("{{\"event\":\"{name}\",\"time\":\"2026-02-07 18:05:02\"}}")))
                .unwrap();
        assert_eq!(reports[0].kind, kind, "{name}");
        assert_eq!(reports[0].at.map(|at| at.to_string()).as_deref(), Some("2026-02-07T18:05:02.000000Z"));
    }
    let hard = webhook::read(&posted("event=bounce&bounce=hard&id=7")).unwrap();
    assert_eq!(hard[0].kind, EventKind::BouncedHard);
    assert_eq!(hard[0].dedupe_key, "7:bounce");
    for wrong in ["", "  ", "{", "[1]", "{\"no\":\"event\"}", "hello"] {
        assert!(webhook::read(&posted(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_look_up_says_no_only_when_it_is_sure() {
    let (ended, request) = (NOW, look_up(NOW));
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
