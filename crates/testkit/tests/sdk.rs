//! The vendors' own libraries and ours: what the simulations sign is handed to the libraries, and what the libraries sign
//! is accepted by our providers. `cargo xtask test --only sdk` runs the other half.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, also in its helpers")]

extern crate chancery_testkit as testkit;

use std::sync::Arc;

use bytes::Bytes;
use domain::clock::{Clock, Timestamp};
use net::http::{Client, GuardPolicy};
use providers::{Provider, RawRequest, Surroundings, connect};
use serde_json::{Value, json};
use testkit::sdk::{self, Catcher, Caught};
use testkit::sim::{resend, sendgrid};

fn clock_at(seconds: i64) -> Clock {
    Clock::manual(Timestamp::from_micros(seconds * 1_000_000))
}

fn connected(provider: &str, settings: Value, clock: &Clock) -> Arc<dyn Provider> {
    let surroundings = Surroundings {
        http: Client::new(GuardPolicy { allow_private: true, allow_loopback: true }),
        clock: clock.clone(),
        console: Arc::new(|_| {}),
        hello_name: "client.example.com".to_owned(),
    };
    connect(provider, settings, &surroundings).unwrap()
}

fn headers(caught: &Caught, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), json!(caught.header(name).unwrap()))).collect()
}

fn body(caught: &Caught) -> &str {
    std::str::from_utf8(&caught.body).unwrap()
}

/// A message that goes to a simulated vendor over its real API.
async fn send(provider: &dyn Provider) {
    let message = domain::outgoing::Outgoing {
        id: domain::ids::MessageId::from_u128(7),
        channel: domain::channel::Channel::Email,
        return_path: None,
        from: "Support <support@company.example.com>".parse().unwrap(),
        to: vec!["Jörg Doe <jane@example.com>".parse().unwrap()],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: "Ihre Bestellung ✓".to_owned(),
        text: Some("Hello".to_owned()),
        html: None,
        attachments: Vec::new(),
        rfc_message_id: "7@company.example.com".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        headers: std::collections::BTreeMap::new(),
        date: Timestamp::from_micros(1_795_185_398_000_000),
        attempt: 1,
        trial: 1,
    };
    let outcome = provider.send(&message).await;
    assert_eq!(outcome.class(), domain::failure::AttemptOutcome::Sent, "{outcome:?}");
}

#[tokio::test]
async fn sdk_events_of_the_simulated_sendgrid() {
    let clock = clock_at(1_795_185_398);
    let vendor = sendgrid::Sendgrid::start(sendgrid::Options::new(clock.clone())).await.unwrap();
    let provider = connected("sendgrid", vendor.settings(), &clock);
    send(provider.as_ref()).await;
    let catcher = Catcher::start().await.unwrap();
    vendor.set_webhook(catcher.url());
    let taken = vendor.taken().pop().unwrap();
    let mut unusual = sendgrid::Told::of(&taken, "deferred");
    unusual.more = json!({ "response": "450 4.2.1 später \"nochmal\" 你好", "attempt": "1" });
    for (name, events) in [
        ("one", vec![sendgrid::Told::of(&taken, "delivered")]),
        ("many", vec![sendgrid::Told::bounce(&taken, "bounce"); 50]),
        ("unusual", vec![unusual]),
    ] {
        assert_eq!(vendor.tell(sendgrid::Batch::of(events)).await, [Some(200)]);
        let caught = catcher.caught().pop().unwrap();
        let sample = json!({
            "key": vendor.settings()["event_verification"],
            "headers": headers(&caught, &[
                "x-twilio-email-event-webhook-signature",
                "x-twilio-email-event-webhook-timestamp",
            ]),
            "body": body(&caught),
        });
        sdk::give("sendgrid", name, &sample);
        accepted(provider.as_ref(), &sample).await;
    }
}

#[tokio::test]
async fn sdk_webhooks_of_the_simulated_resend() {
    let clock = clock_at(1_795_185_398);
    let vendor = resend::Resend::start(resend::Options::new(clock.clone())).await.unwrap();
    let provider = connected("resend", vendor.settings(), &clock);
    send(provider.as_ref()).await;
    let catcher = Catcher::start().await.unwrap();
    vendor.set_webhook(catcher.url());
    let taken = vendor.taken().pop().unwrap();
    for (name, told) in [
        ("delivered", resend::Told::of(&taken, "email.delivered")),
        ("bounced", resend::Told::bounce(&taken, "Permanent")),
    ] {
        assert_eq!(vendor.tell(told).await, [Some(200)]);
        let caught = catcher.caught().pop().unwrap();
        let sample = json!({
            "secret": vendor.settings()["webhook_secret"],
            "headers": headers(&caught, &["svix-id", "svix-timestamp", "svix-signature"]),
            "body": body(&caught),
        });
        sdk::give("svix", name, &sample);
        accepted(provider.as_ref(), &sample).await;
    }
}

#[tokio::test]
async fn sdk_what_the_libraries_sign_is_accepted() {
    let signed = sdk::signed_by_libraries();
    let clock = clock_at(signed["seconds"].as_i64().unwrap());
    let resend = json!({ "api_key": "re_0123456789ABCDEF", "webhook_secret": signed["resend_secret"] });
    let sendgrid = json!({ "api_key": "SG.0123456789.ABCDEF", "event_verification": signed["sendgrid_key"] });
    for (name, settings) in [("resend", resend), ("sendgrid", sendgrid)] {
        let provider = connected(name, settings, &clock);
        let samples = signed[name].as_array().unwrap();
        assert!(samples.len() >= 3, "{name}");
        for sample in samples {
            accepted(provider.as_ref(), sample).await;
        }
    }
}

/// The provider takes it as it came, and refuses what was changed on its way.
async fn accepted(provider: &dyn Provider, sample: &Value) {
    let verified = async |body: &str| provider.verify(&request(sample, body)).await;
    let body = sample["body"].as_str().unwrap();
    verified(body).await.unwrap_or_else(|refused| panic!("{refused}: {sample}"));
    assert!(verified(&format!("{body} ")).await.is_err(), "changed: {sample}");
}

fn request(sample: &Value, body: &str) -> RawRequest {
    let headers = sample["headers"].as_object().unwrap();
    RawRequest {
        method: "POST".to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        body: Bytes::from(body.to_owned()),
        ..RawRequest::default()
    }
}
