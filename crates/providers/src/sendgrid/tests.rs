//! SendGrid's answers, webhooks and mails, as samples in files, and what they become.

use std::time::Duration;

use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, Outcome, RejectReason};
use domain::outgoing::Outgoing;
use http::HeaderName;
use net::http::Response;
use serde_json::{Value, json};

use super::{config, inbound, send, webhook};
use crate::provider::RawRequest;
use crate::samples::{self, id};

const NOW: Timestamp = Timestamp::from_micros(1_795_185_400_000_000);

/// A message with what SendGrid takes in a way of its own: an address that occurs twice, and a header that it reserves.
fn message() -> Outgoing {
    let mut message = Outgoing {
        cc: vec!["joe@example.com".parse().unwrap(), "JANE@example.com".parse().unwrap()],
        bcc: vec!["june@example.com".parse().unwrap()],
        ..samples::message()
    };
    message.to.push("jim@example.com".parse().unwrap());
    message.headers.insert("X-SG-ID".to_owned(), "reserved".to_owned());
    message
}

fn sent(message: &Outgoing, sandbox: bool) -> Value {
    serde_json::from_slice(&send::encode(message, sandbox)).unwrap()
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    Response { headers: headers.collect(), ..samples::answer(status, body) }
}

#[test]
fn a_message_becomes_a_request() {
    insta::assert_json_snapshot!(sent(&message(), true));
}

#[test]
fn requests_are_as_the_vendor_describes_them() {
    let spec: Value = serde_json::from_str(include_str!("samples/mail-send-spec.json")).unwrap();
    let empty = Outgoing { text: Some(String::new()), html: None, attachments: Vec::new(), ..message() };
    let alone = Outgoing { cc: Vec::new(), bcc: Vec::new(), reply_to: None, text: None, ..message() };
    for (message, sandbox) in [(message(), true), (empty, false), (alone, false)] {
        let mut wrong = Vec::new();
        compare(&sent(&message, sandbox), &spec["schema"], "", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    let mut wrong = Vec::new();
    let bad = json!({ "from": { "name": 1 }, "personalizations": {}, "subject": "", "more": 1 });
    compare(&bad, &spec["schema"], "", &mut wrong);
    assert_eq!(wrong.len(), 5, "the comparison itself finds what is wrong: {wrong:?}");
}

/// The part of JSON Schema that the description uses.
fn compare(value: &Value, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    let is_right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !is_right {
        wrong.push(format!("{at}: expected {}", schema["type"]));
        return;
    }
    if let Value::Object(fields) = value
        && let Some(known) = schema["properties"].as_object()
    {
        for (name, value) in fields {
            match known.get(name) {
                Some(schema) => compare(value, schema, &format!("{at}/{name}"), wrong),
                None => wrong.push(format!("{at}/{name}: unknown")),
            }
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(required) {
                wrong.push(format!("{at}/{required}: missing"));
            }
        }
    }
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            compare(item, &schema["items"], &format!("{at}/{index}"), wrong);
        }
        if schema["maxItems"].as_u64().is_some_and(|most| items.len() as u64 > most) {
            wrong.push(format!("{at}: too many"));
        }
    }
    if let Value::String(text) = value {
        if schema["minLength"].as_u64().is_some_and(|least| (text.len() as u64) < least) {
            wrong.push(format!("{at}: too short"));
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            wrong.push(format!("{at}: not in the list"));
        }
    }
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    let error = "{\"errors\":[{\"message\":\"oops\",\"field\":null}]}";
    for (status, body, class) in [
        (202, "", Sent),
        (200, "", Unknown),
        (302, "", Misconfigured),
        (400, include_str!("samples/error-recipient.json"), Rejected),
        (400, "<html>", Rejected),
        (401, include_str!("samples/error-key.json"), Misconfigured),
        (403, include_str!("samples/error-sender.json"), Rejected),
        (403, include_str!("samples/error-key.json"), Misconfigured),
        (404, "", Misconfigured),
        (405, "", Misconfigured),
        (413, "", Rejected),
        (429, include_str!("samples/error-limited.json"), RateLimited),
        (500, error, Temporary),
        (500, "<html>", Unknown),
        (502, error, Unknown),
        (503, "", Temporary),
        (504, "", Unknown),
    ] {
        let outcome = send::decode(&answer(status, &[], body), false, NOW);
        assert_eq!(outcome.class(), class, "{status} {body}: {outcome:?}");
    }
    let id = [("x-message-id", "LRzXl_NHStOGhQ4kofSm_A")];
    let outcome = send::decode(&answer(202, &id, ""), false, NOW);
    assert!(matches!(outcome, Outcome::Sent { provider_id: Some(id), .. } if id == "LRzXl_NHStOGhQ4kofSm_A"));
    assert!(matches!(
        send::decode(&answer(200, &[], ""), true, NOW),
        Outcome::Sent { provider_id: None, .. }
    ));
    let outcome = send::decode(&answer(400, &[], include_str!("samples/error-recipient.json")), false, NOW);
    assert!(matches!(outcome, Outcome::Rejected { reason: RejectReason::BadRecipient, .. }));
    assert_eq!(outcome.words().detail, "personalizations.0.to.0.email: Does not contain a valid address.");
    for (reset, seconds) in [("1795185430", 30), ("1795185000", 1), ("1895185430", 3600), ("soon", 60)] {
        let outcome = send::decode(&answer(429, &[("x-ratelimit-reset", reset)], ""), false, NOW);
        assert!(
            matches!(outcome, Outcome::RateLimited { after: Some(wait), .. } if wait == Duration::from_secs(seconds)),
            "{reset}"
        );
    }
}

#[test]
fn the_id_is_found_in_the_vendors_message_ids() {
    for (message_id, id) in [
        ("LRzXl_NHStOGhQ4kofSm_A@geopod-ismtpd-1", Some("LRzXl_NHStOGhQ4kofSm_A")),
        ("LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net", Some("LRzXl_NHStOGhQ4kofSm_A")),
        ("LRzXl_NHStOGhQ4kofSm_A@example.com", None),
        ("short@ismtpd0039p1iad1.sendgrid.net", None),
        ("nothing", None),
    ] {
        assert_eq!(send::id_in(message_id), id, "{message_id}");
    }
}

#[test]
fn webhooks_become_reports() {
    let reports = webhook::read(include_bytes!("samples/events.json")).unwrap();
    for report in &reports[..14] {
        assert_eq!(report.about.message_id, Some(id()));
        assert_eq!(report.about.provider_id.as_deref(), Some("LRzXl_NHStOGhQ4kofSm_A"));
    }
    let lines: Vec<String> = reports
        .iter()
        .map(|report| {
            let code = report.words.code.as_deref().unwrap_or("-");
            format!("{} {} {code} {}", report.kind, report.dedupe_key, report.words.detail)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(reports[0].at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T14:36:38.000000Z"));
    assert_eq!(webhook::read(b"[]").unwrap(), []);
    assert_eq!(webhook::read(include_bytes!("samples/signed-by-the-vendor.json")).unwrap().len(), 1);
    for wrong in ["", "{", "{}", "[1]", "[{}]", "[{\"event\":1}]"] {
        assert!(webhook::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

fn posted(parts: &[(&str, &[u8])], files: &[(&str, &str, &str)]) -> RawRequest {
    let mut body = Vec::new();
    for (name, value) in parts {
        body.extend_from_slice(
            format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    for (name, filename, content) in files {
        body.extend_from_slice(
            format!(
                "--xx\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"\r\n\
                 Content-Type: image/png\r\n\r\n{content}\r\n"
            )
            .as_bytes(),
        );
    }
    body.extend_from_slice(b"--xx--\r\n");
    RawRequest {
        headers: vec![("content-type".to_owned(), "multipart/form-data; boundary=xx".to_owned())],
        body: body.into(),
        ..RawRequest::default()
    }
}

#[test]
fn a_mail_in_pieces_becomes_a_mail() {
    let request = posted(
        &[
            (
                "headers",
                b"Received: by mx.example.com\nFrom: Jane Doe <jane@example.org>\nTo: support@example.com\n\
                  Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nMessage-ID: <a@example.org>\n\
                  References: <x@example.com>\n <b@example.com>\nContent-Type: multipart/mixed; boundary=q\n",
            ),
            ("text", b"Danke f\xfcr alles"),
            ("html", "<p>Danke für <img src=\"cid:logo\"></p>".as_bytes()),
            ("from", b"Jane Doe <jane@example.org>"),
            ("envelope", b"{\"to\":[\"support+tok@example.com\"],\"from\":\"jane@example.org\"}"),
            ("charsets", b"{\"to\":\"UTF-8\",\"text\":\"iso-8859-1\",\"html\":\"UTF-8\"}"),
            (
                "attachment-info",
                b"{\"attachment1\":{\"filename\":\"logo.png\",\"name\":\"logo.png\",\"type\":\"image/png\",\"content-id\":\"logo\"}}",
            ),
            ("content-ids", b"{\"logo\":\"attachment1\"}"),
            ("attachments", b"1"),
        ],
        &[("attachment1", "logo.png", "PNG")],
    );
    assert!(inbound::is_mail(&request));
    let mail = inbound::read(&request).unwrap();
    assert_eq!(mail.envelope_to[0].as_str(), "support+tok@example.com");
    assert_eq!(mail.envelope_from.as_ref().map(EmailAddress::as_str), Some("jane@example.org"));
    let parsed = mail::parse(&mail.raw);
    assert_eq!(parsed.subject.as_deref(), Some("Grüße"));
    assert_eq!(parsed.message_id.as_deref(), Some("a@example.org"));
    assert_eq!(parsed.references, ["x@example.com", "b@example.com"]);
    assert_eq!(parsed.text.as_deref().map(str::trim), Some("Danke für alles"));
    assert!(parsed.html.is_some_and(|html| html.contains("Danke für")));
    assert_eq!((parsed.parts.len(), parsed.parts[0].content_id.as_deref()), (1, Some("logo")));
}

#[test]
fn a_whole_mail_stays_as_it_is_and_is_the_same_mail_again() {
    let raw = b"From: jane@example.org\r\nMessage-ID: <a@example.org>\r\n\r\nGr\xfc\xdfe\r\n";
    let envelope = b"{\"to\":[\"a@example.com\",\"b@example.com\"],\"from\":\"\"}";
    let first = inbound::read(&posted(&[("email", raw), ("envelope", envelope)], &[])).unwrap();
    assert_eq!((first.raw.as_ref(), first.envelope_from.as_ref()), (raw.as_slice(), None));
    assert_eq!(first.envelope_to.len(), 2);
    let again =
        inbound::read(&posted(&[("envelope", envelope), ("dkim", b"none"), ("email", raw)], &[])).unwrap();
    assert_eq!(first.dedupe_key, again.dedupe_key);
    let others = b"{\"to\":[\"c@example.com\"],\"from\":\"\"}";
    let other = inbound::read(&posted(&[("email", raw), ("envelope", others)], &[])).unwrap();
    assert_ne!(first.dedupe_key, other.dedupe_key);
    assert!(inbound::read(&posted(&[("text", b"Hello")], &[])).is_err());
    assert!(!inbound::is_mail(&RawRequest { body: "[]".into(), ..RawRequest::default() }));
}

#[test]
fn settings_are_read() {
    let read = |given: Value| config::read(merged(given));
    assert_eq!(read(json!({})).unwrap().base_url, "https://api.sendgrid.com");
    assert_eq!(read(json!({ "region": "eu" })).unwrap().base_url, "https://api.eu.sendgrid.com");
    for (name, wrong) in [
        ("event_verification", "hello"),
        ("previous_event_verification", "MFkwEwYHKoZI"),
        ("inbound_verification", "SG.key"),
        ("on_behalf_of", "two words"),
    ] {
        let refused = read(json!({ name: wrong })).err().expect("a fault");
        assert_eq!(refused.faults[0].pointer, format!("/settings/{name}"));
    }
}

fn merged(mut given: Value) -> Value {
    given["api_key"] = json!("SG.example.key");
    given
}
