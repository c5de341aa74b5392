//! Mailgun's answers, webhooks and mails, as samples in files, and what they become.

mod receiving;

use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, LookUp, Outcome, RejectReason};
use domain::message::EventKind;
use domain::outgoing::Outgoing;
use serde_json::{Value, json};

use super::{config, events, send, webhook};
use crate::form::{self, Form};
use crate::provider::{LookUpRequest, RawRequest};
use crate::samples::{self, answer, id};

const NOW: Timestamp = Timestamp::from_micros(1_795_185_400_000_000);

/// A message of the domain, with a file whose name and bytes could break a form.
fn message() -> Outgoing {
    let mut message = Outgoing {
        from: "Support, Inc. <support@mg.example.com>".parse().unwrap(),
        bcc: vec!["june@example.com".parse().unwrap()],
        reply_to: Some("support+tok@mg.example.com".parse().unwrap()),
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@mg.example.com".to_owned(),
        ..samples::message()
    };
    message.to.push("jim@example.com".parse().unwrap());
    message.attachments[1].filename = "in\"voice\r\n.pdf".to_owned();
    message.attachments[1].bytes = b"%PDF\r\n--".as_slice().into();
    message
}

/// The request as the other side reads it.
fn sent(message: &Outgoing, sandbox: bool) -> Form {
    let written = send::encode(message, sandbox);
    let request = RawRequest {
        headers: vec![("content-type".to_owned(), written.content_type)],
        body: written.body.into(),
        ..RawRequest::default()
    };
    form::read(&request).unwrap()
}

#[test]
fn a_message_becomes_a_form() {
    let form = sent(&message(), true);
    let lines: Vec<String> = form
        .fields
        .iter()
        .map(|field| match &field.filename {
            None => format!("{}: {}", field.name, field.text()),
            Some(name) => {
                format!("{}: file {name} ({})", field.name, field.content_type.as_deref().unwrap_or("?"))
            }
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
    let invoice = form.fields.iter().find(|field| field.name == "attachment").unwrap();
    assert_eq!(invoice.bytes.as_ref(), b"%PDF\r\n--");
    let again = send::encode(&message(), true);
    assert_eq!(again.body, send::encode(&message(), true).body, "every attempt has the same bytes");
}

#[test]
fn the_form_is_as_the_vendor_describes_it() {
    let spec: Value = serde_json::from_str(include_str!("samples/messages-spec.json")).unwrap();
    let named = |list: &str| -> Vec<String> { serde_json::from_value(spec[list].clone()).unwrap() };
    let plain = Outgoing { text: None, html: None, attachments: Vec::new(), ..message() };
    for form in [sent(&message(), true), sent(&plain, false)] {
        let names: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
        for name in &names {
            let is_known = named("fields").iter().any(|known| known == name);
            let is_free = named("prefixes").iter().any(|prefix| name.starts_with(prefix.as_str()));
            assert!(is_known || is_free, "{name}");
            let is_once = names.iter().filter(|other| *other == name).count() == 1;
            assert!(is_once || named("repeatable").iter().any(|known| known == name), "{name} twice");
        }
        for required in named("required") {
            assert!(names.contains(&required.as_str()), "{required}");
        }
        assert!(
            named("one_of").iter().any(|body| form.get(body).is_some_and(|field| !field.bytes.is_empty()))
        );
    }
}

#[test]
fn answers_become_outcomes() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Sent, Temporary, Unknown};
    let inactive = "{\"message\":\"Domain mg.example.com is not allowed to send: the domain is unverified\"}";
    for (status, body, class) in [
        (200, include_str!("samples/sent.json"), Sent),
        (200, "Mailgun Magnificent API", Misconfigured),
        (200, "{\"id\":\"\",\"message\":\"Sandboxed\"}", Unknown),
        (200, "<html>", Unknown),
        (302, "", Misconfigured),
        (400, include_str!("samples/bad-recipient.json"), Rejected),
        (400, include_str!("samples/limited.json"), RateLimited),
        (400, inactive, Misconfigured),
        (401, "Forbidden", Misconfigured),
        (402, "{\"message\":\"Request Failed\"}", Misconfigured),
        (403, "{\"message\":\"not allowed to send large batches yet\"}", Misconfigured),
        (404, "{\"message\":\"Domain not found: mg.example.com\"}", Misconfigured),
        (413, "{\"message\":\"request size exceeds 52.4MiB limit\"}", Rejected),
        (429, include_str!("samples/limited.json"), RateLimited),
        (500, "{\"message\":\"Internal Server Error\"}", Temporary),
        (500, "<html>", Unknown),
        (502, "{\"message\":\"Bad Gateway\"}", Unknown),
        (503, "", Temporary),
        (504, "", Unknown),
    ] {
        let outcome = send::decode(&answer(status, body), NOW);
        assert_eq!(outcome.class(), class, "{status} {body}: {outcome:?}");
    }
    let outcome = send::decode(&answer(200, include_str!("samples/sent.json")), NOW);
    let Outcome::Sent { provider_id, .. } = outcome else { panic!("not sent") };
    assert_eq!(provider_id.as_deref(), Some("20261120143638.0d1e2f3a4b5c6d7e@mg.example.com"));
    assert_eq!(send::own_form(provider_id.as_deref().unwrap()), provider_id.as_deref());
    assert_eq!(send::own_form("01h455vb4pex5vsknk084sn02q@mg.example.com"), None);
    let outcome = send::decode(&answer(429, include_str!("samples/limited.json")), NOW);
    assert!(
        matches!(outcome, Outcome::RateLimited { after: Some(wait), .. } if wait == Duration::from_secs(120))
    );
    for (sentence, reason) in [
        ("to parameter is not a valid address. please check documentation", RejectReason::BadRecipient),
        ("'from' parameter is not a valid address", RejectReason::BadSender),
        (
            "Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in Account Settings.",
            RejectReason::BadRecipient,
        ),
        (
            "Send options (parameters starting with o:, h:, or v:) are limited to 16KB total",
            RejectReason::Invalid,
        ),
    ] {
        let outcome = send::decode(&answer(400, &json!({ "message": sentence }).to_string()), NOW);
        assert!(
            matches!(&outcome, Outcome::Rejected { reason: found, .. } if *found == reason),
            "{sentence}: {outcome:?}"
        );
    }
}

#[test]
fn webhooks_become_reports() {
    let samples = [
        include_str!("samples/event-delivered.json"),
        include_str!("samples/event-failed-permanent.json"),
        include_str!("samples/event-failed-temporary.json"),
        include_str!("samples/event-failed-suppressed.json"),
        include_str!("samples/event-clicked.json"),
        include_str!("samples/event-opened-by-machine.json"),
        include_str!("samples/event-rejected.json"),
        include_str!("samples/event-unknown.json"),
    ];
    let reports: Vec<_> = samples.iter().map(|sample| webhook::read(sample.as_bytes()).unwrap()).collect();
    for report in &reports[..7] {
        assert_eq!(report.about.message_id, Some(id()));
    }
    insta::assert_json_snapshot!(reports);
    for wrong in ["", "{", "[]", "{\"event-data\":{}}", "{\"event-data\":{\"event\":1}}"] {
        assert!(webhook::read(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn failures_are_told_apart() {
    for (severity, reason, code, kind) in [
        ("permanent", "bounce", 550, EventKind::BouncedHard),
        ("permanent", "generic", 554, EventKind::BouncedHard),
        ("permanent", "generic", 499, EventKind::BouncedSoft),
        ("permanent", "old", 451, EventKind::BouncedSoft),
        ("permanent", "espblock", 550, EventKind::BouncedSoft),
        ("permanent", "suppress-complaint", 607, EventKind::Rejected),
        ("permanent", "suppress-unsubscribe", 0, EventKind::Rejected),
        ("permanent", "hardfail", 605, EventKind::Rejected),
        ("temporary", "generic", 421, EventKind::Deferred),
        ("", "", 0, EventKind::BouncedSoft),
    ] {
        let event = json!({ "event-data": {
            "event": "failed", "severity": severity, "reason": reason, "delivery-status": { "code": code },
        } });
        assert_eq!(
            webhook::read(event.to_string().as_bytes()).unwrap().kind,
            kind,
            "{severity} {reason} {code}"
        );
    }
}

fn account() -> config::Account {
    config::read(json!({ "api_key": "key-0123456789abcdef", "domain": "MG.example.com" })).unwrap()
}

#[test]
fn a_look_up_says_no_only_when_it_is_sure() {
    let ended = samples::NOW;
    let request = LookUpRequest {
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@mg.example.com".to_owned(),
        recipients: vec!["jane+1@example.com".to_owned()],
        ..samples::look_up(ended)
    };
    let account = account();
    let (soon, late) = (ended.plus(Duration::from_secs(60)), ended.plus(Duration::from_mins(30)));
    let read = |status, body: &str, now| events::decode(&answer(status, body), &account, &request, now);
    let page = include_str!("samples/events-page.json");
    let found = read(200, page, soon);
    let events::Page::Answer(LookUp::Found { provider_id, .. }) = found else { panic!("{found:?}") };
    assert_eq!(provider_id.as_deref(), Some("01h455vb4pex5vsknk084sn02q@mg.example.com"));
    let others = page.replace("01h455vb4pex5vsknk084sn02q", "01h455vb4pex5vsknk084sn02z");
    assert_eq!(
        read(200, &others, late),
        events::Page::Next("https://api.mailgun.net/v3/mg.example.com/events/W3siaGVhZA".to_owned())
    );
    let elsewhere = others.replace("https://api.mailgun.net/", "https://api.mailgun.net.example.com/");
    assert!(matches!(read(200, &elsewhere, late), events::Page::Answer(LookUp::Failed(_))));
    let last = "{\"items\":[],\"paging\":{\"next\":\"https://api.mailgun.net/v3/mg.example.com/events/x\"}}";
    assert!(matches!(read(200, last, soon), events::Page::Answer(LookUp::Failed(_))));
    assert_eq!(read(200, last, late), events::Page::Answer(LookUp::NotFound));
    for (status, body) in [(401, "Forbidden"), (429, ""), (200, "<html>"), (500, "")] {
        assert!(matches!(read(status, body, late), events::Page::Answer(LookUp::Failed(_))), "{status}");
    }
    assert_eq!(
        events::first_page(&account, &request, soon),
        "https://api.mailgun.net/v3/mg.example.com/events?begin=1795185248&end=1795185578&ascending=yes&limit=300\
         &recipient=jane%2B1%40example.com"
    );
}

#[test]
fn settings_are_read() {
    let account = account();
    assert_eq!(
        (account.base_url.as_str(), account.domain.as_str()),
        ("https://api.mailgun.net", "mg.example.com")
    );
    let eu = config::read(json!({ "api_key": "k", "domain": "mg.example.com", "region": "eu" })).unwrap();
    assert_eq!(eu.base_url, "https://api.eu.mailgun.net");
    for wrong in ["example", "a/b.example.com", "a..example.com", "mg.example.com?x", "../v4.x"] {
        let refused = config::read(json!({ "api_key": "k", "domain": wrong })).err().expect("no domain");
        assert_eq!(refused.faults[0].pointer, "/settings/domain", "{wrong}");
    }
}
