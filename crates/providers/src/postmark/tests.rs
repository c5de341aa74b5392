//! Postmark's answers and webhooks, as samples in files, and what they become.

use std::time::Duration;

use domain::failure::{AttemptOutcome, LookUp, Outcome, RejectReason};
use domain::message::EventKind;

use super::{search, send, webhook};
use crate::provider::Fact;
use crate::samples::{NOW, answer, id, look_up, message, reports, webhook as posted};

#[test]
fn a_message_becomes_a_request() {
    let body: serde_json::Value = serde_json::from_slice(&send::encode(&message(), "outbound")).unwrap();
    insta::assert_json_snapshot!(body);
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    let error = |code: u32| format!("{{\"ErrorCode\":{code},\"Message\":\"no\"}}");
    for (status, body, class) in [
        (200, include_str!("samples/send-taken.json").to_owned(), Sent),
        (200, include_str!("samples/send-inactive.json").to_owned(), Sent),
        (200, "{\"MessageID\":\"x\",\"Message\":\"delivery may be delayed\"}".to_owned(), Sent),
        (200, "<html>".to_owned(), Unknown),
        (200, "{\"ErrorCode\":0}".to_owned(), Unknown),
        (200, error(406), Rejected),
        (401, error(10), Misconfigured),
        (422, error(10), Misconfigured),
        (503, error(100), Temporary),
        (422, error(300), Rejected),
        (422, error(400), Rejected),
        (422, error(401), Rejected),
        (422, error(402), Rejected),
        (422, error(403), Rejected),
        (422, error(405), Misconfigured),
        (422, error(406), Rejected),
        (422, error(409), Rejected),
        (422, error(410), Rejected),
        (422, error(411), Rejected),
        (422, error(412), Misconfigured),
        (422, error(413), Misconfigured),
        (422, error(1235), Misconfigured),
        (422, error(1236), Misconfigured),
        (422, error(9999), Rejected),
        (401, String::new(), Misconfigured),
        (404, String::new(), Misconfigured),
        (413, String::new(), Rejected),
        (415, error(409), Rejected),
        (429, error(0), RateLimited),
        (500, "{\"Message\":\"oops\"}".to_owned(), Temporary),
        (500, "<html>".to_owned(), Unknown),
        (502, "<html>".to_owned(), Unknown),
        (503, String::new(), Temporary),
        (504, String::new(), Unknown),
    ] {
        let outcome = send::decode(&answer(status, &body));
        assert_eq!(outcome.class(), class, "{status} {body}: {outcome:?}");
    }
}

#[test]
fn reasons_come_from_the_code_and_where_it_stands_for_many_from_the_sentence() {
    let reason = |code: u32, words: &str| {
        let body = serde_json::json!({ "ErrorCode": code, "Message": words }).to_string();
        match send::decode(&answer(422, &body)) {
            Outcome::Rejected { reason, .. } => reason,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason(406, "inactive"), RejectReason::Suppressed);
    assert_eq!(reason(400, "no signature"), RejectReason::BadSender);
    assert_eq!(reason(300, "Invalid 'To' address: 'x'."), RejectReason::BadRecipient);
    assert_eq!(reason(300, "Invalid 'From' address: 'x'."), RejectReason::BadSender);
    assert_eq!(reason(300, "Zero recipients"), RejectReason::BadRecipient);
    assert_eq!(reason(411, "forbidden"), RejectReason::Content);
    let Outcome::Sent { refused, provider_id, .. } =
        send::decode(&answer(200, include_str!("samples/send-inactive.json")))
    else {
        panic!("not sent")
    };
    assert_eq!(provider_id.as_deref(), Some("0a129aee-e1cd-480d-b08d-4f48548ff48d"));
    let refused: Vec<&str> = refused.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(refused, ["joe@example.com", "ann@example.com"]);
}

#[test]
fn webhooks_become_reports() {
    let both = [include_str!("samples/webhook-delivery.json"), include_str!("samples/webhook-bounce.json")];
    let reports: Vec<_> =
        both.iter().flat_map(|sample| reports(webhook::read(&posted(sample)).unwrap())).collect();
    assert_eq!(reports[0].about.message_id, Some(id()));
    insta::assert_json_snapshot!(reports);
}

#[test]
fn every_record_is_understood_and_the_unknown_is_kept() {
    for (event, kind) in [
        (r#"{"RecordType":"Open","MessageID":"m","Recipient":"a@example.com"}"#, EventKind::Opened),
        (
            r#"{"RecordType":"Click","MessageID":"m","OriginalLink":"https://example.com"}"#,
            EventKind::Clicked,
        ),
        (r#"{"RecordType":"SpamComplaint","ID":7,"TypeCode":512}"#, EventKind::Complained),
        (r#"{"RecordType":"Bounce","ID":7,"Type":"SoftBounce"}"#, EventKind::BouncedSoft),
        (r#"{"RecordType":"Bounce","ID":7,"Type":"Transient"}"#, EventKind::Deferred),
        (r#"{"RecordType":"Bounce","ID":7,"Type":"Blocked","TypeCode":1}"#, EventKind::Rejected),
        (r#"{"RecordType":"Bounce","ID":7,"Type":"SMTPApiError"}"#, EventKind::Failed),
        (r#"{"RecordType":"Bounce","ID":7,"Type":"Novelty","TypeCode":1}"#, EventKind::Other),
        (r#"{"RecordType":"SubscriptionChange","SuppressSending":false}"#, EventKind::Resubscribed),
        (
            r#"{"RecordType":"SubscriptionChange","SuppressSending":true,"SuppressionReason":"ManualSuppression"}"#,
            EventKind::Unsubscribed,
        ),
        (
            r#"{"RecordType":"SubscriptionChange","SuppressSending":true,"SuppressionReason":"HardBounce"}"#,
            EventKind::Other,
        ),
        (r#"{"RecordType":"Teleport","MessageID":"00000000-0000-0000-0000-000000000000"}"#, EventKind::Other),
    ] {
        let read = reports(webhook::read(&posted(event)).unwrap());
        assert_eq!(read[0].kind, kind, "{event}");
        assert_ne!(read[0].about.provider_id.as_deref(), Some("00000000-0000-0000-0000-000000000000"));
    }
    for wrong in ["", "{", "[1]", "{}", "RecordType=Open"] {
        assert!(webhook::read(&posted(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_mail_in_fields_and_a_whole_one_become_mime() {
    let sample = include_str!("samples/webhook-inbound.json");
    let facts = webhook::read(&posted(sample)).unwrap();
    let [Fact::Mail(received)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(received.dedupe_key, "inbound:73e6d360-66eb-11e1-8e72-a8904824019b");
    assert_eq!(received.envelope_from.as_ref().map(ToString::to_string).as_deref(), Some("jane@example.org"));
    assert_eq!(received.envelope_to[0].as_str(), "support+tok@example.com");
    let parsed = mail::parse(&received.raw);
    assert_eq!(parsed.from.map(|from| from.to_string()).as_deref(), Some("Jane Döe <jane@example.org>"));
    assert_eq!(parsed.subject.as_deref(), Some("Re: Your order ✓"));
    assert_eq!(parsed.message_id.as_deref(), Some("abc@example.org"));
    assert_eq!(parsed.in_reply_to, ["01h455vb4pex5vsknk084sn02q@example.com"]);
    assert!(parsed.html.is_some());
    let names: Vec<_> = parsed.parts.iter().map(|part| (part.filename.as_str(), part.bytes.len())).collect();
    assert_eq!(names, [("logo.png", 8), ("note.txt", 5)]);

    let mut whole: serde_json::Value = serde_json::from_str(sample).unwrap();
    whole["RawEmail"] = "From: jane@example.org\r\nSubject: Whole\r\n\r\nHello".into();
    let facts = webhook::read(&posted(&whole.to_string())).unwrap();
    let [Fact::Mail(received)] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!(mail::parse(&received.raw).subject.as_deref(), Some("Whole"));

    whole["RawEmail"] = serde_json::Value::Null;
    whole["Attachments"][0]["Content"] = "not base 64!".into();
    assert!(webhook::read(&posted(&whole.to_string())).is_err());
}

#[test]
fn a_look_up_says_no_only_when_it_is_sure() {
    let request = look_up(NOW);
    let delay = Duration::from_mins(5);
    let (soon, late) = (NOW.plus(Duration::from_secs(60)), NOW.plus(Duration::from_secs(300)));
    let read = |status, body: &str, now| search::decode(&answer(status, body), &request, now, delay);
    let listed = |metadata: &str| {
        format!(
            "{{\"TotalCount\":1,\"Messages\":[{{\"MessageID\":\"m-1\",\"Status\":\"Sent\",\"Metadata\":{metadata}}}]}}"
        )
    };
    let ours = listed(&format!("{{\"chancery_id\":\"{}\"}}", id()));
    assert!(matches!(read(200, &ours, soon), LookUp::Found { provider_id: Some(id), .. } if id == "m-1"));
    assert!(matches!(read(200, &listed("{}"), late), LookUp::Failed(_)));
    let nothing = "{\"TotalCount\":0,\"Messages\":[]}";
    assert!(matches!(read(200, nothing, soon), LookUp::Failed(_)));
    assert_eq!(read(200, nothing, late), LookUp::NotFound);
    assert!(matches!(read(429, "", late), LookUp::Failed(_)));
    assert!(matches!(read(200, "<html>", late), LookUp::Failed(_)));
    assert_eq!(
        search::path(&request),
        format!("/messages/outbound?count=50&offset=0&metadata_chancery_id={}", id())
    );
}
