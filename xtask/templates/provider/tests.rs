//! Acme's own samples, kept as files, through the pure halves of the provider.

use bytes::Bytes;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, Outcome};
use domain::message::EventKind;
use domain::outgoing::Outgoing;
use domain::secret::Secret;
use http::{HeaderMap, StatusCode};
use net::http::Response;
use serde_json::{Value, json};

use super::{config, send, webhook};
use crate::provider::{RawRequest, Refused};
use crate::webhook::Secrets;

fn account() -> config::Account {
    config::read(json!({ "api_key": "not-a-real-key" })).unwrap()
}

fn message() -> Outgoing {
    Outgoing {
        id: "msg_01k0000000000000000000000a".parse().unwrap(),
        channel: Channel::Email,
        return_path: None,
        from: "Support <support@example.com>".parse().unwrap(),
        to: vec!["Jane Doe <jane@example.com>".parse().unwrap()],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: "Hello".to_owned(),
        text: Some("How are you?".to_owned()),
        html: None,
        attachments: Vec::new(),
        rfc_message_id: "1@example.com".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        headers: [].into(),
        date: Timestamp::from_micros(0),
        attempt: 1,
        trial: 1,
    }
}

fn answer(status: u16, body: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    Response { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) }
}

#[test]
fn a_message_becomes_a_request() {
    let request = send::encode(&message(), &account());
    assert_eq!(request.url, "https://api.acme.example/v1/messages");
    assert_eq!(request.headers["authorization"], "Bearer not-a-real-key");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["to"], json!([{ "name": "Jane Doe", "email": "jane@example.com" }]));
    assert_eq!(body["headers"]["Message-ID"], "<1@example.com>");
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    let taken = include_str!("samples/accepted.json");
    let refused = include_str!("samples/refused.json");
    for (status, body, class) in [
        (202, taken, Sent),
        (200, "<html>", Unknown),
        (422, refused, Rejected),
        (401, "{}", Misconfigured),
        (429, "{}", RateLimited),
        (500, "{\"code\":\"oops\",\"message\":\"oops\"}", Temporary),
        (503, "<html>", Temporary),
        (502, "<html>", Unknown),
    ] {
        let outcome = send::decode(&answer(status, body));
        assert_eq!(outcome.class(), class, "{status} {body}: {outcome:?}");
    }
    let outcome = send::decode(&answer(202, taken));
    assert!(matches!(outcome, Outcome::Sent { provider_id: Some(id), .. } if id == "am_0001"));
}

#[test]
fn settings_that_cannot_work_are_named() {
    let wrong = config::read(json!({ "api_key": "two words", "base_url": "ftp://acme.example" }));
    let pointers: Vec<String> = wrong.err().unwrap().faults.into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(pointers, ["/settings/api_key", "/settings/base_url"]);
}

#[test]
fn a_webhook_is_believed_only_with_the_vendors_signature() {
    let secrets = Secrets::of([Some(Secret::new("not-a-real-secret".to_owned())), None]);
    let body = Bytes::from_static(include_bytes!("samples/events.json"));
    let signature = net::signature::base64(&net::signature::hmac_sha256(b"not-a-real-secret", &body));
    let mut request = RawRequest {
        headers: vec![("X-Acme-Signature".to_owned(), signature)],
        body,
        ..RawRequest::default()
    };
    assert_eq!(webhook::verify(&request, &secrets), Ok(()));
    request.body = Bytes::from_static(b"[]");
    assert_eq!(webhook::verify(&request, &secrets), Err(Refused::unauthorized("the signature is not the vendor's")));
}

#[test]
fn events_become_facts_about_our_message() {
    let reports = webhook::read(include_bytes!("samples/events.json")).unwrap();
    let kinds: Vec<EventKind> = reports.iter().map(|report| report.kind).collect();
    assert_eq!(kinds, [EventKind::Delivered, EventKind::Other]);
    assert_eq!(reports[0].about.message_id, Some(message().id));
    assert_eq!(reports[0].about.provider_id.as_deref(), Some("am_0001"));
}
