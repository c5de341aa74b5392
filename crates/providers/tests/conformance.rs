//! What every provider must keep to, whatever its protocol.

extern crate chancery_providers as providers;

mod suite;

use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::{Clock, Timestamp};
use domain::ids::MessageId;
use domain::outgoing::Outgoing;
use net::http::{Client, GuardPolicy};
use parking_lot::Mutex;
use providers::{Manifest, Surroundings, all, connect, find};
use serde_json::{Value, json};

fn surroundings(lines: &Arc<Mutex<Vec<String>>>) -> Surroundings {
    let lines = Arc::clone(lines);
    Surroundings {
        http: Client::new(GuardPolicy::default()),
        clock: Clock::manual(Timestamp::from_micros(0)),
        console: Arc::new(move |line: &str| lines.lock().push(line.to_owned())),
        hello_name: "mx.example.com".to_owned(),
    }
}

/// The least settings that are right.
fn settings(manifest: &Manifest) -> Value {
    match manifest.name {
        "smtp" => json!({ "host": "mail.example.com", "username": "jane", "password": "example-password" }),
        "smtp2go" => json!({ "api_key": "api-0123456789ABCDEF0123456789ABCDEF" }),
        "sendgrid" => json!({ "api_key": "SG.0123456789.ABCDEF" }),
        "mailgun" => json!({ "api_key": "key-0123456789abcdef0123456789abcdef", "domain": "mg.example.com" }),
        "ses" => {
            json!({ "region": "eu-central-1", "access_key_id": "AKIDEXAMPLE", "secret_access_key": "not-a-real-key" })
        }
        "postmark" => json!({ "server_token": "00000000-0000-0000-0000-000000000000" }),
        "resend" => json!({ "api_key": "re_0123456789ABCDEF" }),
        "console" => json!({}),
        other => panic!("add settings for {other}"),
    }
}

fn properties(manifest: &Manifest) -> serde_json::Map<String, Value> {
    (manifest.schema)()["properties"].as_object().expect("settings are an object").clone()
}

#[test]
fn names_are_unique_and_pages_are_written() {
    for manifest in all() {
        assert!(std::ptr::eq(find(manifest.name).expect("is found"), *manifest), "{}", manifest.name);
        assert!(manifest.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert!(manifest.guide.starts_with(&format!("# {}", manifest.title)), "{}", manifest.name);
        assert!(manifest.summary.ends_with('.') && manifest.summary.len() < 160, "{}", manifest.name);
        assert!(!manifest.channels.is_empty(), "{}", manifest.name);
        assert!(manifest.links.iter().all(|link| link.url.starts_with("https://")), "{}", manifest.name);
    }
    let given = json!({});
    let error = connect("nobody", given, &surroundings(&Arc::default())).err().expect("no such provider");
    assert_eq!(error.faults[0].pointer, "/provider");
}

#[test]
fn every_setting_explains_itself() {
    for manifest in all() {
        let mut orders: Vec<i64> =
            properties(manifest).values().filter_map(|property| property["x-order"].as_i64()).collect();
        orders.sort_unstable();
        assert!(
            orders.into_iter().eq(1..=i64::try_from(properties(manifest).len()).unwrap()),
            "{}",
            manifest.name
        );
        for (name, property) in properties(manifest) {
            let place = format!("{}: {name}: {property}", manifest.name);
            assert!(property["title"].as_str().is_some_and(|title| !title.is_empty()), "{place}");
            assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{place}");
            let is_closed = property.get("oneOf").is_some() || property.get("enum").is_some();
            assert!(property["type"].is_string() || is_closed, "{place}");
            for choice in property["oneOf"].as_array().into_iter().flatten() {
                assert!(choice["const"].is_string() && choice["description"].is_string(), "{place}");
            }
            assert!(manifest.guide.contains(&format!("`{name}`")), "{place}: not in the guide");
        }
    }
}

#[test]
fn secrets_are_marked() {
    for manifest in all() {
        let secrets = manifest.secret_fields();
        for (name, property) in properties(manifest) {
            let sounds_secret = ["password", "key", "secret", "token"].iter().any(|word| name.contains(word));
            assert_eq!(secrets.contains(&name), sounds_secret, "{}: {name}", manifest.name);
            if secrets.contains(&name) {
                assert_eq!(property["format"], "password", "{}: {name}", manifest.name);
            }
        }
    }
}

#[test]
fn every_http_provider_has_a_base_url() {
    for manifest in all() {
        let properties = properties(manifest);
        assert!(properties.contains_key("base_url") || properties.contains_key("host"), "{}", manifest.name);
        if properties.contains_key("base_url") && manifest.name != "console" {
            for wrong in ["nonsense", "ftp://example.com", "http://example.com"] {
                let mut given = settings(manifest);
                given["base_url"] = json!(wrong);
                let error =
                    connect(manifest.name, given, &surroundings(&Arc::default())).err().expect("a fault");
                assert_eq!(error.faults[0].pointer, "/settings/base_url");
            }
        }
    }
}

#[test]
fn faults_name_the_setting() {
    for manifest in all() {
        let surroundings = surroundings(&Arc::default());
        let schema = (manifest.schema)();
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut given = settings(manifest);
            given.as_object_mut().expect("an object").remove(required);
            let error = connect(manifest.name, given, &surroundings).err().expect("a fault");
            assert!(
                error.faults.iter().any(|fault| fault.pointer == format!("/settings/{required}")),
                "{error}"
            );
        }
        for (name, property) in properties(manifest) {
            let mut given = settings(manifest);
            given[&name] = json!({ "no": "setting is an object" });
            let error = connect(manifest.name, given, &surroundings).err().expect("a fault");
            assert_eq!(error.faults[0].pointer, format!("/settings/{name}"), "{}", manifest.name);
            if property["type"] == "integer" {
                let mut given = settings(manifest);
                given[&name] = json!("many");
                let error = connect(manifest.name, given, &surroundings).err().expect("a fault");
                assert_eq!(error.faults[0].pointer, format!("/settings/{name}"), "{}", manifest.name);
            }
        }
        let mut given = settings(manifest);
        given["nonsense"] = json!("x");
        let error = connect(manifest.name, given, &surroundings).err().expect("a fault");
        assert_eq!(error.faults[0].pointer, "/settings/nonsense");
    }
}

#[test]
fn defaults_and_numbers_in_words_are_accepted() {
    for manifest in all() {
        let mut given = settings(manifest);
        for (name, property) in properties(manifest) {
            if let Some(default) = property.get("default") {
                let text = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
                given[&name] = json!(text);
            }
        }
        let connected = connect(manifest.name, given.clone(), &surroundings(&Arc::default()));
        assert!(connected.is_ok(), "{}: {given}: {:?}", manifest.name, connected.err());
        assert!(std::ptr::eq(connected.expect("connected").manifest(), *manifest));
    }
}

#[test]
fn capabilities_agree_with_each_other() {
    for manifest in all() {
        let capabilities = manifest.capabilities;
        assert!(capabilities.max_message_bytes.is_none_or(|limit| limit >= 100_000), "{}", manifest.name);
        assert!(capabilities.max_recipients.is_none_or(|limit| limit >= 1), "{}", manifest.name);
        assert_eq!(capabilities.look_up, capabilities.look_up_after_seconds.is_some(), "{}", manifest.name);
        assert!(!capabilities.inline_images || capabilities.attachments, "{}", manifest.name);
        assert!(!capabilities.missed_events || capabilities.delivery_events, "{}", manifest.name);
        let forgets = capabilities.idempotency_key_hours.is_some();
        assert!(!forgets || capabilities.idempotency_key, "{}", manifest.name);
    }
    assert_eq!(providers::Capabilities::default(), providers::Capabilities::NONE);
}

#[tokio::test]
async fn providers_without_webhooks_refuse_them() {
    for manifest in all()
        .iter()
        .filter(|manifest| !manifest.capabilities.delivery_events && !manifest.capabilities.inbound)
    {
        let provider =
            connect(manifest.name, settings(manifest), &surroundings(&Arc::default())).expect("connects");
        assert!(provider.verify(&providers::RawRequest::default()).await.is_err(), "{}", manifest.name);
        assert!(provider.read(&providers::RawRequest::default()).is_err(), "{}", manifest.name);
    }
}

#[tokio::test]
async fn the_console_prints_and_nothing_more() {
    let lines = Arc::default();
    let console = connect("console", json!({ "lines": "1" }), &surroundings(&lines)).expect("connects");
    let message = Outgoing {
        id: MessageId::from_u128(1),
        channel: Channel::Console,
        return_path: None,
        from: "support@example.com".parse().unwrap(),
        to: vec!["jane@example.com".parse().unwrap()],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: "Hello \u{1b}[2J".to_owned(),
        text: Some("one\ntwo".to_owned()),
        html: None,
        attachments: Vec::new(),
        rfc_message_id: "1@example.com".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        headers: std::collections::BTreeMap::new(),
        date: Timestamp::from_micros(0),
        attempt: 1,
        trial: 1,
    };
    let outcome = console.send(&message).await;
    assert_eq!(outcome.class(), domain::failure::AttemptOutcome::Sent);
    let printed = lines.lock().clone();
    assert!(printed[0].contains("support@example.com -> jane@example.com  Hello"), "{printed:?}");
    assert!(
        printed[0].contains("one") && !printed[0].contains("two") && !printed[0].contains('\u{1b}'),
        "{printed:?}"
    );
}
