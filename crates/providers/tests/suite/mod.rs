//! The behaviour that every provider with an HTTP API has in common, tried over a real connection: everything of a
//! message leaves that the manifest claims, and what comes back, or does not, is understood alike.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

mod server;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::channel::Channel;
use domain::clock::{Clock, Timestamp};
use domain::failure::AttemptOutcome;
use domain::ids::MessageId;
use domain::outgoing::{File, Outgoing};
use domain::suppression::SuppressionReason;
use net::http::{Client, GuardPolicy};
use providers::{
    Manifest, MissedRequest, NotDone, Provider, RawRequest, Refusal, Suppressed, Surroundings, all, connect,
};
use serde_json::{Value, json};

use self::server::{Does, Server};

fn with_http_api() -> impl Iterator<Item = &'static Manifest> {
    let has_base_url = |manifest: &&Manifest| {
        manifest.name != "console" && !(manifest.schema)()["properties"]["base_url"].is_null()
    };
    all().iter().copied().filter(has_base_url)
}

fn account(manifest: &Manifest, base_url: &str) -> Arc<dyn Provider> {
    let surroundings = Surroundings {
        http: Client::new(GuardPolicy { allow_private: true, allow_loopback: true }),
        clock: Clock::manual(Timestamp::from_micros(1_795_185_398_000_000)),
        console: Arc::new(|_: &str| {}),
        hello_name: "mx.example.com".to_owned(),
    };
    let mut settings = super::settings(manifest);
    settings["base_url"] = json!(base_url);
    if !(manifest.schema)()["properties"]["timeout_seconds"].is_null() {
        settings["timeout_seconds"] = json!(1);
    }
    connect(manifest.name, settings, &surroundings).expect("connects")
}

/// A message with everything that a message can have, in words that can be found again.
fn message() -> Outgoing {
    let file = |filename: &str, content_type: &str, content_id: Option<&str>, bytes: &[u8]| File {
        filename: filename.to_owned(),
        content_type: content_type.to_owned(),
        content_id: content_id.map(str::to_owned),
        bytes: bytes.into(),
    };
    Outgoing {
        id: MessageId::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
        channel: Channel::Email,
        return_path: None,
        from: "Sender Name <sender@company.example.com>".parse().unwrap(),
        to: vec!["Jane Doe <jane@example.com>".parse().unwrap(), "jim@example.com".parse().unwrap()],
        cc: vec!["copy@example.com".parse().unwrap()],
        bcc: vec!["blind@example.com".parse().unwrap()],
        reply_to: Some("replies@company.example.com".parse().unwrap()),
        subject: "Subject-of-it".to_owned(),
        text: Some("Plain-text-of-it".to_owned()),
        html: Some("<p>Html-of-it <img src=\"cid:picture-of-it\"></p>".to_owned()),
        attachments: vec![
            file("picture.png", "image/png", Some("picture-of-it"), b"Bytes-of-the-picture"),
            file("invoice.pdf", "application/pdf", None, b"Bytes-of-the-invoice"),
        ],
        rfc_message_id: "ours-of-it@company.example.com".to_owned(),
        in_reply_to: Some("parent-of-it@example.com".to_owned()),
        references: vec!["root-of-it@example.com".to_owned(), "parent-of-it@example.com".to_owned()],
        headers: BTreeMap::from([
            ("List-Unsubscribe".to_owned(), "<https://company.example.com/unsubscribe-of-it>".to_owned()),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
            ("X-Custom".to_owned(), "custom-of-it\r\nX-Injected: evil".to_owned()),
        ]),
        date: Timestamp::from_micros(1_795_185_398_000_000),
        attempt: 1,
        trial: 1,
    }
}

/// Everything that a request says, unpacked: texts of JSON, base 64, and mails inside.
fn unpacked(body: &[u8]) -> String {
    let mut said = String::new();
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => walk(&value, &mut said),
        Err(_) => say(body, &mut said),
    }
    said
}

fn walk(value: &Value, said: &mut String) {
    match value {
        Value::String(text) => {
            say(text.as_bytes(), said);
            if let Ok(packed) = STANDARD.decode(text) {
                say(&packed, said);
            }
        }
        Value::Array(list) => list.iter().for_each(|one| walk(one, said)),
        Value::Object(object) => object.iter().for_each(|(name, value)| {
            let _ = writeln!(said, "{name}");
            walk(value, said);
        }),
        _ => {}
    }
}

fn say(bytes: &[u8], said: &mut String) {
    let text = String::from_utf8_lossy(bytes);
    let _ = writeln!(said, "{text}");
    if text.contains("MIME-Version") {
        let parsed = mail::parse(bytes);
        let _ = writeln!(said, "{}\n{}", parsed.text.unwrap_or_default(), parsed.html.unwrap_or_default());
        for part in parsed.parts {
            let _ = writeln!(said, "{} {}", part.filename, String::from_utf8_lossy(&part.bytes));
        }
    }
}

#[tokio::test]
async fn everything_that_the_manifest_claims_leaves() {
    for manifest in with_http_api() {
        let server = Server::start(Does::Answer(503, String::new())).await;
        account(manifest, &server.base_url()).send(&message()).await;
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{}: one request, and nothing is tried again", manifest.name);
        let said = unpacked(&requests[0].1);
        let can = manifest.capabilities;
        let always = [
            "sender@company.example.com",
            "Sender Name",
            "jane@example.com",
            "jim@example.com",
            "copy@example.com",
            "blind@example.com",
            "replies@company.example.com",
            "Subject-of-it",
            "Plain-text-of-it",
            "Html-of-it",
            &message().id.to_string(),
        ];
        let files = ["invoice.pdf", "Bytes-of-the-invoice", "application/pdf"];
        let pictures = ["picture-of-it", "Bytes-of-the-picture"];
        let headers = [
            "custom-of-it",
            "ours-of-it@company.example.com",
            "parent-of-it@example.com",
            "root-of-it@example.com",
            "https://company.example.com/unsubscribe-of-it",
            "List-Unsubscribe=One-Click",
        ];
        let claimed = always
            .iter()
            .chain(files.iter().filter(|_| can.attachments))
            .chain(pictures.iter().filter(|_| can.inline_images))
            .chain(headers.iter().filter(|_| can.custom_headers));
        for word in claimed {
            assert!(said.contains(word), "{}: {word} did not leave", manifest.name);
        }
        assert!(!said.contains("\nX-Injected"), "{}: a header of an attacker's choice", manifest.name);
    }
}

#[tokio::test]
async fn what_comes_back_is_understood_alike() {
    use AttemptOutcome::{Misconfigured, RateLimited, Rejected, Temporary, Unknown};
    let answer = |status: u16, body: &str| Does::Answer(status, body.to_owned());
    for manifest in with_http_api() {
        for (does, class) in [
            (answer(401, ""), Misconfigured),
            (answer(413, ""), Rejected),
            (answer(429, ""), RateLimited),
            (answer(502, "<html>Bad Gateway</html>"), Unknown),
            (answer(504, ""), Unknown),
            (answer(503, ""), Temporary),
            (Does::Half, Unknown),
            (Does::Hang, Unknown),
            (Does::Close, Unknown),
        ] {
            let server = Server::start(does.clone()).await;
            let outcome = account(manifest, &server.base_url()).send(&message()).await;
            assert_eq!(outcome.class(), class, "{}: {does:?}: {outcome:?}", manifest.name);
            let words = format!("{:?}", outcome.words());
            for secret in manifest.secret_fields() {
                if let Some(secret) = super::settings(manifest)[&secret].as_str() {
                    assert!(!words.contains(secret), "{}: {words}", manifest.name);
                }
            }
        }
        let nobody = account(manifest, "http://127.0.0.1:9").send(&message()).await;
        assert_eq!(nobody.class(), Temporary, "{}: nothing can have been sent: {nobody:?}", manifest.name);
    }
}

#[tokio::test]
async fn what_is_too_much_does_not_leave() {
    for manifest in with_http_api() {
        let server = Server::start(Does::Answer(500, String::new())).await;
        let provider = account(manifest, &server.base_url());
        let can = manifest.capabilities;
        let nobody = Outgoing { to: Vec::new(), cc: Vec::new(), bcc: Vec::new(), ..message() };
        assert_eq!(provider.send(&nobody).await.class(), AttemptOutcome::Rejected, "{}", manifest.name);
        if let Some(limit) = can.max_recipients {
            let crowd = (0..=limit).map(|number| format!("r{number}@example.com").parse().unwrap()).collect();
            let crowded = Outgoing { to: crowd, ..message() };
            assert_eq!(provider.send(&crowded).await.class(), AttemptOutcome::Rejected, "{}", manifest.name);
        }
        assert_eq!(server.requests().len(), 0, "{}", manifest.name);
    }
}

#[tokio::test]
async fn only_the_vendor_is_believed() {
    for manifest in all().iter().filter(|manifest| manifest.capabilities.signed_webhooks) {
        let provider = account(manifest, "http://127.0.0.1:9");
        for body in [
            "",
            "{}",
            "[]",
            "a=b",
            "{\"signature\":{\"timestamp\":\"1\",\"token\":\"x\",\"signature\":\"00\"}}",
        ] {
            let request = RawRequest { body: body.into(), ..RawRequest::default() };
            let refused = provider.verify(&request).await.expect_err("nobody signed it");
            // An account whose secret is not set yet may ask to be tried again.
            assert!(!refused.reason.is_empty() && refused.answer != Refusal::Forbidden, "{}", manifest.name);
        }
    }
}

#[test]
fn hostile_webhooks_are_unreadable_or_read_and_never_end_the_program() {
    let bodies =
        ["", "{", "[", "null", "7", "\"x\"", "[[]]", "[null]", "{}", "[{}]", "%", "=&=&", "\u{0}", "--x--"];
    let types = [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
    ];
    for manifest in all() {
        let surroundings = super::surroundings(&Arc::default());
        let provider = connect(manifest.name, super::settings(manifest), &surroundings).expect("connects");
        for (body, content_type) in bodies.iter().flat_map(|body| types.iter().map(move |kind| (body, kind)))
        {
            let request = RawRequest {
                headers: vec![("content-type".to_owned(), (*content_type).to_owned())],
                body: (*body).into(),
                ..RawRequest::default()
            };
            for fact in provider.read(&request).unwrap_or_default() {
                assert!(!fact.dedupe_key().is_empty(), "{}: {body}", manifest.name);
            }
        }
    }
}

fn asked() -> MissedRequest {
    let until = Timestamp::from_micros(1_795_185_398_000_000);
    let open = vec![(message().id, "00000000-0000-4000-8000-000000000001".to_owned())];
    MissedRequest { since: until.minus(std::time::Duration::from_hours(1)), until, open }
}

fn entry() -> Suppressed {
    Suppressed { address: "jane+news@example.com".parse().unwrap(), reason: SuppressionReason::HardBounce }
}

/// The account with everything switched on that can be bought.
fn with_everything(manifest: &Manifest, base_url: &str) -> Arc<dyn Provider> {
    let surroundings = Surroundings {
        http: Client::new(GuardPolicy { allow_private: true, allow_loopback: true }),
        clock: Clock::manual(Timestamp::from_micros(1_795_185_398_000_000)),
        console: Arc::new(|_: &str| {}),
        hello_name: "mx.example.com".to_owned(),
    };
    let mut settings = super::settings(manifest);
    settings["base_url"] = json!(base_url);
    settings["timeout_seconds"] = json!(1);
    for name in ["activity_feed", "message_insights"] {
        if !(manifest.schema)()["properties"][name].is_null() {
            settings[name] = json!(true);
        }
    }
    connect(manifest.name, settings, &surroundings).expect("connects")
}

#[tokio::test]
async fn what_is_asked_for_besides_sending_fails_alike_and_says_nothing_of_secrets() {
    let answer = |status: u16, body: &str| Does::Answer(status, body.to_owned());
    for manifest in with_http_api() {
        for does in [
            answer(401, ""),
            answer(403, ""),
            answer(429, ""),
            answer(500, ""),
            answer(502, "<html>Bad Gateway</html>"),
            answer(200, "<html>Hello</html>"),
            answer(200, "[[]]"),
            Does::Half,
            Does::Hang,
            Does::Close,
        ] {
            let server = Server::start(does.clone()).await;
            let provider = with_everything(manifest, &server.base_url());
            let mut failures = Vec::new();
            // An answer that holds nothing is no failure everywhere; one that is no answer is.
            match provider.missed(&asked()).await {
                Ok(missed) => {
                    assert!(
                        missed.reports.is_empty() && missed.stored.is_empty(),
                        "{}: {does:?}",
                        manifest.name
                    );
                    assert!(matches!(&does, Does::Answer(200, _)), "{}: {does:?}", manifest.name);
                }
                Err(failure) => failures.push(failure),
            }
            match provider.unsuppress(&entry()).await {
                Ok(()) => assert!(matches!(&does, Does::Answer(200, _)), "{}: {does:?}", manifest.name),
                Err(failure) => failures.push(failure),
            }
            for failure in failures {
                let may_pass =
                    matches!(&does, Does::Answer(429 | 500 | 502, _) | Does::Half | Does::Hang | Does::Close);
                let can = manifest.capabilities.missed_events && manifest.capabilities.unsuppress;
                if may_pass && can {
                    assert!(matches!(failure, NotDone::Later(_)), "{}: {does:?}: {failure}", manifest.name);
                }
                for secret in manifest.secret_fields() {
                    if let Some(secret) = super::settings(manifest)[&secret].as_str() {
                        assert!(!failure.to_string().contains(secret), "{}: {failure}", manifest.name);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn what_the_manifest_claims_can_be_asked_and_nothing_else() {
    for manifest in with_http_api() {
        let server = Server::start(Does::Answer(503, String::new())).await;
        let provider = with_everything(manifest, &server.base_url());
        let can = manifest.capabilities;
        let missed = provider.missed(&asked()).await.expect_err("nobody answers");
        assert_eq!(matches!(missed, NotDone::Later(_)), can.missed_events, "{}: {missed}", manifest.name);
        assert_eq!(!server.requests().is_empty(), can.missed_events, "{}", manifest.name);
        let before = server.requests().len();
        let kept = provider.unsuppress(&entry()).await.expect_err("nobody answers");
        assert_eq!(matches!(kept, NotDone::Later(_)), can.unsuppress, "{}: {kept}", manifest.name);
        let requests = server.requests();
        assert_eq!(requests.len() > before, can.unsuppress, "{}", manifest.name);
        if let Some((head, body)) = requests.get(before) {
            let said = format!("{head}{}", String::from_utf8_lossy(body));
            let named = said.contains("jane+news@example.com") || said.contains("jane%2bnews%40example.com");
            assert!(named, "{}: {said}", manifest.name);
        }
    }
}
