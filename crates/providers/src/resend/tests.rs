//! Resend's answers and webhooks, as samples in files, and what they become; the signatures of Svix by published vectors.

use std::time::Duration;

use bytes::Bytes;
use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, LookUp, Outcome, RejectReason};
use domain::message::EventKind;
use domain::secret::Secret;
use http::HeaderValue;

use super::{failures, received, send, signature, webhook};
use crate::provider::{Fact, RawRequest};
use crate::samples::{answer, id, message, reports, webhook as posted};
use crate::webhook::Secrets;

#[test]
fn a_message_becomes_a_request() {
    let body: serde_json::Value = serde_json::from_slice(&send::encode(&message())).unwrap();
    insta::assert_json_snapshot!(body);
    assert_eq!(send::encode(&message()), send::encode(&message()), "the key demands the same bytes");
}

#[test]
fn a_request_holds_only_what_the_official_specification_names() {
    let spec: serde_json::Value = serde_json::from_str(include_str!("samples/emails-spec.json")).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&send::encode(&message())).unwrap();
    let check = |object: &serde_json::Value, schema: &serde_json::Value| {
        for (name, value) in object.as_object().unwrap() {
            let property = &schema["properties"][name];
            assert!(property.is_object(), "{name} is not in the specification");
            let kind = match value {
                serde_json::Value::String(_) => "string",
                serde_json::Value::Array(_) => "array",
                _ => "object",
            };
            let choices = property["oneOf"].as_array().into_iter().flatten().chain([property]);
            assert!(choices.into_iter().any(|one| one["type"] == kind), "{name} may not be a {kind}");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(object.get(required.as_str().unwrap()).is_some(), "{required} is missing");
        }
    };
    check(&body, &spec["SendEmailRequest"]);
    body["attachments"].as_array().unwrap().iter().for_each(|one| check(one, &spec["Attachment"]));
    body["tags"].as_array().unwrap().iter().for_each(|one| check(one, &spec["Tag"]));
}

#[test]
fn attempts_of_one_trial_have_one_key() {
    let second = domain::outgoing::Outgoing { attempt: 2, ..message() };
    let anew = domain::outgoing::Outgoing { attempt: 3, trial: 3, ..message() };
    assert_eq!(send::idempotency_key(&message()), format!("{}/1", id()).as_str());
    assert_eq!(send::idempotency_key(&message()), send::idempotency_key(&second));
    assert_ne!(send::idempotency_key(&message()), send::idempotency_key(&anew));
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    for (status, name, class) in [
        (400, "validation_error", Rejected),
        (400, "invalid_idempotency_key", Rejected),
        (401, "missing_api_key", Misconfigured),
        (401, "restricted_api_key", Misconfigured),
        (403, "invalid_api_key", Misconfigured),
        (403, "validation_error", Rejected),
        (403, "suspended_api_key", Misconfigured),
        (403, "invalid_permission", Misconfigured),
        (404, "not_found", Misconfigured),
        (405, "method_not_allowed", Misconfigured),
        (409, "invalid_idempotent_request", Rejected),
        (409, "concurrent_idempotent_requests", Temporary),
        (409, "resource_locked", Temporary),
        (422, "invalid_attachment", Rejected),
        (422, "invalid_parameter", Rejected),
        (422, "missing_required_field", Rejected),
        (422, "novelty", Rejected),
        (429, "rate_limit_exceeded", RateLimited),
        (429, "daily_quota_exceeded", RateLimited),
        (429, "monthly_quota_exceeded", RateLimited),
        (500, "application_error", Temporary),
        (500, "service_unavailable", Temporary),
        (599, "novelty", Unknown),
    ] {
        let body = format!("{{\"statusCode\":{status},\"name\":\"{name}\",\"message\":\"no\"}}");
        let outcome = send::decode(&answer(status, &body));
        assert_eq!(outcome.class(), class, "{status} {name}: {outcome:?}");
    }
    for (status, body, class) in [
        (200, "{\"id\":\"4ef9\"}", Sent),
        (201, "{\"id\":\"4ef9\"}", Sent),
        (200, "{}", Unknown),
        (200, "<html>", Unknown),
        (302, "", Misconfigured),
        (401, "", Misconfigured),
        (413, "", Rejected),
        (429, "", RateLimited),
        (500, "<html>", Unknown),
        (502, "<html>", Unknown),
        (503, "", Temporary),
    ] {
        let outcome = send::decode(&answer(status, body));
        assert_eq!(outcome.class(), class, "{status} {body}: {outcome:?}");
    }
}

#[test]
fn words_and_headers_say_more() {
    let body =
        r#"{"name":"validation_error","message":"Invalid `to` field. The email address needs to follow…"}"#;
    let outcome = send::decode(&answer(422, body));
    assert!(matches!(outcome, Outcome::Rejected { reason: RejectReason::BadRecipient, .. }), "{outcome:?}");
    let mut limited = answer(429, r#"{"name":"rate_limit_exceeded"}"#);
    limited.headers.insert("ratelimit-reset", HeaderValue::from_static("7"));
    let outcome = send::decode(&limited);
    assert!(
        matches!(outcome, Outcome::RateLimited { after: Some(wait), .. } if wait == Duration::from_secs(7))
    );
    limited.headers.insert("retry-after", HeaderValue::from_static("3"));
    let outcome = send::decode(&limited);
    assert!(
        matches!(outcome, Outcome::RateLimited { after: Some(wait), .. } if wait == Duration::from_secs(3))
    );
}

#[test]
fn a_check_tells_of_key_and_domain() {
    let domains =
        r#"{"data":[{"name":"example.com","status":"verified"},{"name":"example.org","status":"pending"}]}"#;
    let steps = |status, body: &str, domain| {
        let steps = failures::check(&answer(status, body), domain);
        steps.iter().map(|step| format!("{} {}", step.name, step.ok)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(steps(200, domains, Some("Example.com")), "connect true, api_key true, domain true");
    assert_eq!(steps(200, domains, Some("mail.example.com")), "connect true, api_key true, domain true");
    assert_eq!(steps(200, domains, Some("example.org")), "connect true, api_key true, domain false");
    assert_eq!(steps(200, domains, Some("badexample.com")), "connect true, api_key true, domain false");
    assert_eq!(steps(401, r#"{"name":"restricted_api_key"}"#, Some("x")), "connect true, api_key true");
    assert_eq!(steps(403, r#"{"name":"invalid_api_key"}"#, None), "connect true, api_key false");
}

#[test]
fn a_look_up_never_says_no() {
    let known = send::decode_look_up(&answer(200, r#"{"id":"4ef9","last_event":"delivered"}"#), "4ef9");
    assert!(matches!(known, LookUp::Found { provider_id: Some(id), .. } if id == "4ef9"));
    assert!(matches!(
        send::decode_look_up(&answer(404, r#"{"name":"not_found"}"#), "4ef9"),
        LookUp::Failed(_)
    ));
}

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

/// The vector of Svix's own libraries.
fn signed(prefix: &str, signature: &str, body: &str) -> RawRequest {
    RawRequest {
        headers: vec![
            (format!("{prefix}-Id"), "msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned()),
            (format!("{prefix}-Timestamp"), "1614265330".to_owned()),
            (format!("{prefix}-Signature"), signature.to_owned()),
        ],
        body: Bytes::copy_from_slice(body.as_bytes()),
        ..RawRequest::default()
    }
}

#[test]
fn webhooks_are_believed_by_their_signature() {
    let secrets =
        |secrets: &[&str]| Secrets::of(secrets.iter().map(|secret| Some(Secret::new((*secret).to_owned()))));
    let (ours, other) = (secrets(&[SECRET]), secrets(&["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]));
    let both = secrets(&["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SECRET]);
    let body = "{\"test\": 2432232314}";
    let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
    let now = at(1_614_265_330);
    for prefix in ["svix", "Webhook"] {
        assert!(signature::verify(&signed(prefix, SIGNATURE, body), &ours, now).is_ok(), "{prefix}");
    }
    let among_others = format!("v1a,xyz v2,{} v1,AAAA {SIGNATURE}", &SIGNATURE[3..]);
    assert!(signature::verify(&signed("svix", &among_others, body), &both, now).is_ok());
    for edge in [-300, 300] {
        assert!(signature::verify(&signed("svix", SIGNATURE, body), &ours, at(1_614_265_330 + edge)).is_ok());
        let beyond = at(1_614_265_330 + edge + edge.signum());
        assert!(signature::verify(&signed("svix", SIGNATURE, body), &ours, beyond).is_err());
    }
    for (signature, body, secrets) in [
        (SIGNATURE, "{\"test\": 2432232315}", &ours),
        (SIGNATURE, body, &other),
        (SIGNATURE, body, &Secrets::default()),
        (&SIGNATURE[3..], body, &ours),
        (&SIGNATURE.replace("v1", "v2"), body, &ours),
        ("", body, &ours),
    ] {
        assert!(
            signature::verify(&signed("svix", signature, body), secrets, now).is_err(),
            "{signature} {body}"
        );
    }
    assert!(signature::verify(&posted(body), &ours, now).is_err());
    let mut changed = signed("svix", SIGNATURE, body);
    changed.headers[0].1.push('x');
    assert!(signature::verify(&changed, &ours, now).is_err());
    for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_not base 64"] {
        assert!(signature::key(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn webhooks_become_reports() {
    let both = [include_str!("samples/webhook-delivered.json"), include_str!("samples/webhook-bounced.json")];
    let reports: Vec<_> =
        both.iter().flat_map(|sample| reports(webhook::read(&posted(sample)).unwrap())).collect();
    assert_eq!((reports[0].about.message_id, reports[1].about.message_id), (Some(id()), Some(id())));
    assert_eq!(reports[1].recipient, None, "it may be either of the two");
    insta::assert_json_snapshot!(reports);
    let request = signed("svix", SIGNATURE, both[0]);
    let again = crate::samples::reports(webhook::read(&request).unwrap());
    assert_eq!(again[0].dedupe_key, "msg_p5jXN8AQM9LWM0D4loKWxJek");
}

#[test]
fn every_event_is_understood_and_the_unknown_is_kept() {
    for (name, kind) in [
        ("email.sent", EventKind::Sent),
        ("email.delivered", EventKind::Delivered),
        ("email.delivery_delayed", EventKind::Deferred),
        ("email.bounced", EventKind::BouncedSoft),
        ("email.complained", EventKind::Complained),
        ("email.opened", EventKind::Opened),
        ("email.clicked", EventKind::Clicked),
        ("email.failed", EventKind::Failed),
        ("email.scheduled", EventKind::Accepted),
        ("email.suppressed", EventKind::Rejected),
        ("email.teleported", EventKind::Other),
        ("contact.updated", EventKind::Other),
    ] {
        let read =
            reports(webhook::read(&posted(&format!("{{\"type\":\"{name}\",\"data\":{{}}}}"))).unwrap());
        assert_eq!(read[0].kind, kind, "{name}");
    }
    for wrong in ["", "{", "[]", "{}", "{\"type\":7}", "{\"type\":\"email.received\",\"data\":{}}"] {
        assert!(webhook::read(&posted(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_received_mail_is_fetched_and_becomes_mime() {
    let announced = r#"{"type":"email.received","data":{"email_id":"550e8400-e29b-41d4-a716-446655440000",
        "from":"Jane <jane@example.org>","to":["support+tok@example.com"],"message_id":"<abc@example.org>"}}"#;
    let facts = webhook::read(&posted(announced)).unwrap();
    let [Fact::Stored(stored)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(stored.envelope_to[0].as_str(), "support+tok@example.com");
    assert!(received::is_id(&stored.place));
    for wrong in ["", "../domains", "a/b", "a?b", "a%2fb"] {
        assert!(!received::is_id(wrong), "{wrong}");
    }
    let email = received::decode(&answer(200, include_str!("samples/received.json"))).unwrap();
    assert_eq!((email.download_url(), email.attachments().len()), (None, 1));
    let file = email.attachments()[0].file(Bytes::from_static(b"\x89PNG"));
    let parsed = mail::parse(&email.rebuild(vec![file]));
    assert_eq!(parsed.from.map(|from| from.to_string()).as_deref(), Some("Jane Döe <jane@example.org>"));
    assert_eq!(parsed.subject.as_deref(), Some("Re: Your order ✓"));
    assert_eq!(parsed.in_reply_to, ["01h455vb4pex5vsknk084sn02q@example.com"]);
    assert_eq!(parsed.parts[0].content_id.as_deref(), Some("logo"));
}

#[test]
fn downloads_go_only_where_they_may() {
    let base = "https://api.resend.com";
    assert!(received::may_fetch("https://cdn.resend.example/x?sig=1", base));
    for wrong in
        ["http://cdn.resend.example/x", "file:///etc/passwd", "/x", "", "https://", "ftp://example.com/x"]
    {
        assert!(!received::may_fetch(wrong, base), "{wrong}");
    }
    let beside = "http://127.0.0.1:4010";
    assert!(received::may_fetch("http://127.0.0.1:4010/download/x", beside));
    assert!(!received::may_fetch("http://127.0.0.1:4011/x", beside));
    assert!(!received::may_fetch("http://169.254.169.254/x", beside));
}
