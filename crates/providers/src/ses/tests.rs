//! What is sent to SES, what its answers mean, and which settings can be right.

mod events;
mod sns;
mod specification;

use std::time::Duration;

use bytes::Bytes;
use domain::clock::{Clock, Timestamp};
use domain::failure::{AttemptOutcome, Outcome, RejectReason};
use domain::outgoing::Outgoing;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use net::http::{Client, GuardPolicy, Response};
use serde_json::{Value, json};

use super::*;

const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:chancery";
const TAKEN_ID: &str = "0107018f5a3c2b1d-6c1f2a54-7d3e-4b8a-9f10-2c5d8e7f6a1b-000000";

fn settings(more: &Value) -> Value {
    let mut settings = json!({
        "region": "eu-central-1",
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "not-a-real-key",
        "configuration_set": "chancery",
        "topic_arns": TOPIC,
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

fn account(more: &Value) -> config::Account {
    config::read(settings(more)).unwrap()
}

fn provider(more: &Value, now: &str) -> Ses {
    let http = Client::new(GuardPolicy::default());
    Ses {
        http: http.clone(),
        clock: Clock::manual(now.parse().unwrap()),
        account: account(more),
        certificates: origin::Certificates::new(http),
    }
}

fn message() -> Outgoing {
    Outgoing {
        id: "msg_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        channel: Channel::Email,
        return_path: None,
        from: "Support, Inc. <support@example.com>".parse().unwrap(),
        to: vec!["Jane Döe <jane@example.com>".parse().unwrap()],
        cc: vec!["joe@example.com".parse().unwrap(), "jane@example.com".parse().unwrap()],
        bcc: vec!["jim@example.com".parse().unwrap()],
        reply_to: Some("support+tok@example.com".parse().unwrap()),
        subject: "Your order".to_owned(),
        text: Some("Hello".to_owned()),
        html: None,
        attachments: Vec::new(),
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@example.com".to_owned(),
        in_reply_to: Some("b@example.com".to_owned()),
        references: vec!["b@example.com".to_owned()],
        headers: [
            ("List-Unsubscribe".to_owned(), "<https://example.com/u/1>".to_owned()),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
        ]
        .into(),
        date: Timestamp::from_micros(1_795_185_398_000_000),
        attempt: 1,
        trial: 1,
    }
}

fn answer(status: u16, exception: Option<&'static str>, body: &str) -> Response {
    let mut headers = HeaderMap::new();
    if let Some(exception) = exception {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(exception));
    }
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

#[test]
fn a_message_becomes_a_request() {
    let mime = mail::compose(&message());
    let body: Value = serde_json::from_slice(&send::encode(&message(), &mime, Some("chancery"))).unwrap();
    assert_eq!(
        body["Destination"],
        json!({
            "ToAddresses": ["jane@example.com"],
            "CcAddresses": ["joe@example.com"],
            "BccAddresses": ["jim@example.com"],
        })
    );
    assert_eq!(body["FromEmailAddress"], "support@example.com");
    assert_eq!(body["ConfigurationSetName"], "chancery");
    assert_eq!(
        body["EmailTags"],
        json!([{ "Name": "chancery-id", "Value": "msg_01h455vb4pex5vsknk084sn02q" }])
    );
    let raw = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        body["Content"]["Raw"]["Data"].as_str().unwrap(),
    );
    let text = String::from_utf8(raw.unwrap()).unwrap();
    assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
    assert!(!text.contains("jim@example.com"), "{text}");
    let bare: Value = serde_json::from_slice(&send::encode(&message(), &mime, None)).unwrap();
    assert!(bare.get("ConfigurationSetName").is_none());
}

#[test]
fn a_request_is_signed_with_all_that_it_says() {
    let now = Timestamp::from_micros(1_440_938_160_000_000);
    let account = account(&json!({
        "session_token": "not-a-real-token",
        "base_url": "https://Email.eu-central-1.api.aws:443",
    }));
    let path = format!("/v2/email/identities/{}", request::part("a@example.com"));
    let request = request::signed(&account, Method::GET, &path, Vec::new(), now).unwrap();
    assert!(request.url.ends_with("/v2/email/identities/a%40example.com"));
    let authorization = request.headers["authorization"].to_str().unwrap();
    assert!(
        authorization.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/ses/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-security-token, Signature="
        ),
        "{authorization}"
    );
    assert_eq!(request.headers["x-amz-date"], "20150830T123600Z");
    assert!(!request.headers.contains_key("host"));
    let signer = net::signature::aws::Signer {
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: "not-a-real-key",
        region: "eu-central-1",
        service: "ses",
    };
    let headers = [
        ("host", "email.eu-central-1.api.aws"),
        ("x-amz-date", "20150830T123600Z"),
        ("x-amz-security-token", "not-a-real-token"),
    ];
    let signed = net::signature::aws::Signed { method: "GET", path: &path, headers: &headers, body: b"" };
    assert_eq!(authorization, net::signature::aws::authorization(signer, &signed, "20150830T123600Z"));
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    for (status, exception, body, class) in [
        (200, None, include_str!("samples/send-taken.json"), Sent),
        (200, None, "<html>", Unknown),
        (200, None, "{\"MessageId\":\"\"}", Unknown),
        (400, Some("MessageRejected"), "{\"message\":\"Virus\"}", Rejected),
        (400, None, include_str!("samples/error-content.json"), Rejected),
        (400, Some("BadRequestException:http://internal.amazon.com/"), "{}", Rejected),
        (400, Some("LimitExceededException"), "{}", Rejected),
        (400, Some("MailFromDomainNotVerifiedException"), "{}", Rejected),
        (400, Some("AccountSuspendedException"), "{}", Misconfigured),
        (400, Some("SendingPausedException"), "{}", Misconfigured),
        (404, Some("NotFoundException"), "{}", Misconfigured),
        (403, Some("InvalidSignatureException"), "{}", Misconfigured),
        (400, Some("UnrecognizedClientException"), "{}", Misconfigured),
        (403, None, "<html>", Misconfigured),
        (302, None, "", Misconfigured),
        (429, Some("TooManyRequestsException"), "{}", RateLimited),
        (400, Some("ThrottlingException"), "{\"message\":\"Maximum sending rate exceeded.\"}", RateLimited),
        (429, None, "", RateLimited),
        (409, Some("ConflictException"), "{}", Temporary),
        (500, Some("InternalServiceErrorException"), "{}", Temporary),
        (500, Some("SomethingNewException"), "{}", Temporary),
        (500, None, "<html>", Unknown),
        (502, None, "<html>", Unknown),
        (503, None, "", Temporary),
        (504, None, "", Unknown),
        (413, None, "", Rejected),
        (418, None, "", Rejected),
    ] {
        let outcome = send::decode(&answer(status, exception, body));
        assert_eq!(outcome.class(), class, "{status} {exception:?} {body}: {outcome:?}");
    }
    let sent = send::decode(&answer(200, None, include_str!("samples/send-taken.json")));
    assert!(matches!(sent, Outcome::Sent { provider_id: Some(id), .. } if id == TAKEN_ID));
    let unverified = send::decode(&answer(400, None, include_str!("samples/error-rejected.json")));
    assert!(matches!(unverified, Outcome::Rejected { reason: RejectReason::BadSender, .. }));
    assert_eq!(unverified.words().code.as_deref(), Some("MessageRejected"));
    for (words, seconds) in [("Maximum sending rate exceeded.", 2), ("Daily message quota exceeded.", 600)] {
        let body = json!({ "message": words }).to_string();
        let limited = send::decode(&answer(400, Some("ThrottlingException"), &body));
        assert!(
            matches!(limited, Outcome::RateLimited { after: Some(wait), .. } if wait == Duration::from_secs(seconds)),
            "{words}"
        );
    }
}

#[test]
fn only_message_ids_of_ses_name_its_messages() {
    for (given, id) in [
        ("0100-a-000000@email.amazonses.com", Some("0100-a-000000")),
        ("0107-b@eu-central-1.amazonses.com", Some("0107-b")),
        ("0107-b@amazonses.com", None),
        ("0107-b@a.b.amazonses.com", None),
        ("@email.amazonses.com", None),
        ("0107-b@email.amazonses.com.example.com", None),
        ("0107-b@example.com", None),
        ("0107-b", None),
    ] {
        assert_eq!(provider_id_in(given), id, "{given}");
    }
}

#[test]
fn settings_that_cannot_be_right_are_named() {
    for (name, value) in [
        ("region", json!("eu central")),
        ("region", json!("evil.example.com/x")),
        ("access_key_id", json!("with space")),
        ("session_token", json!("line\nline")),
        ("configuration_set", json!("a/b")),
        ("topic_arns", json!("chancery")),
        ("topic_arns", json!(format!("{TOPIC}, arn:aws:sqs:eu-central-1:1:x"))),
        ("sns_url", json!("http://example.com")),
        ("sns_url", json!("https://127.0.0.1:1")),
        ("sns_url", json!("http://127.0.0.1:1/path")),
        ("from", json!("nobody")),
    ] {
        let error = config::read(settings(&json!({ name: value }))).err().expect("a fault");
        assert!(error.faults.iter().any(|fault| fault.pointer == format!("/settings/{name}")), "{error}");
    }
    let china = account(&json!({ "region": "cn-north-1" }));
    assert_eq!(china.base_url, "https://email.cn-north-1.amazonaws.com.cn");
    let two = account(&json!({ "topic_arns": format!("{TOPIC},\n{TOPIC}2") }));
    assert_eq!(two.topics.len(), 2);
}
