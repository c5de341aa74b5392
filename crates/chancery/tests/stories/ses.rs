//! Amazon SES: a message goes out, SNS tells what becomes of it and brings the answer to its conversation, and only the
//! topic of the account is believed.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::ses::{Options, Published, Ses, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;
use crate::vendor::*;

/// SES with an account on it.
async fn ses(app: &TestApp, more: Value) -> (Ses, Account) {
    let vendor = Ses::start(Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(app, "ses", merged(vendor.settings(), more)).await;
    (vendor, account)
}

/// Subscribes the webhook, which confirms by itself.
async fn subscribed(app: &TestApp, vendor: &Ses, account: &Account) {
    assert_eq!(vendor.subscribe(account.url.clone()).await, [Some(200)]);
    app.wait_until("the subscription is confirmed", async || vendor.is_confirmed()).await;
}

async fn post(app: &TestApp, account: &Account, published: &Published) -> u16 {
    let mut sns = app.anyone();
    for (name, value) in &published.headers {
        sns = sns.with(name, value);
    }
    sns.post(account.hook(), published.body.clone()).await.status
}

async fn journal(app: &TestApp) -> usize {
    app.key().get("/v1/journal").await.rows().len()
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, account) = ses(&app, json!({})).await;
    subscribed(&app, &vendor, &account).await;
    let id = send(&app, letter("Jane Doe <jane@example.com>")).await;
    let sent = becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    assert_eq!(sent["provider_message_id"].as_str(), Some(taken.message_id.as_str()));
    assert_eq!(taken.tag("chancery-id"), Some(id.as_str()));
    assert_eq!(taken.configuration_set.as_deref(), Some("chancery"));
    assert_eq!(mail::parse(&taken.raw).subject.as_deref(), Some("Your order"));
    for event in ["Delivery", "Send", "Delivery"] {
        assert_eq!(vendor.tell(&Told::of(&taken, event)).await, [Some(200)], "{event}");
    }
    assert!(becomes(&app, &id, "delivered").await["delivered_at"].is_string());
    assert_eq!(vendor.tell(&Told::of(&taken, "Open")).await, [Some(200)]);
    assert_eq!(vendor.tell(&Told::of(&taken, "Teleported")).await, [Some(200)], "kept, whatever it is");
    becomes(&app, &id, "read").await;
    app.run_until_idle().await;
    let known = message(&app, &id).await;
    let mut kinds = texts(&known["events"], "kind");
    for kind in ["accepted", "delivered", "opened", "other"] {
        assert_eq!(kinds.iter().filter(|known| **known == kind).count(), 1, "{kind} in {kinds:?}");
    }
    kinds.retain(|kind| *kind == "bounced_hard");
    assert_eq!(kinds.len(), 0);

    // The recipient never saw our Message-ID: SES wrote its own in its place.
    let parent = format!("In-Reply-To: <{}>", taken.rfc_message_id);
    let answer = mail("Jane <jane@example.com>", "Something else", "r1@example.com", &[&parent], "Thanks");
    let (from, to) = ("jane@example.com", "support@company.example.com");
    assert_eq!(vendor.receive(from, to, answer.as_bytes()).await, [Some(200)]);
    let inbound = "/v1/messages?direction=inbound";
    app.wait_until("the answer is there", async || app.key().get(inbound).await.rows().len() == 1).await;
    let answer = app.key().get(inbound).await.rows()[0].clone();
    assert_eq!(answer["conversation_id"], known["conversation_id"]);
    let answer = message(&app, answer["id"].as_str().unwrap()).await;
    assert_eq!(answer["text"].as_str().map(str::trim), Some("Thanks"));
    assert_eq!(
        vendor.publish("Successfully validated SNS topic for Amazon SES event publishing.").await,
        [Some(200)]
    );
});

story!(each_recipient_of_an_event_is_told_apart, async |app| {
    let (vendor, account) = ses(&app, json!({})).await;
    subscribed(&app, &vendor, &account).await;
    let to = json!({ "to": ["jane@example.com", "joe@example.com"], "bcc": ["jim@example.com"], "subject": "Hello", "text": "Hello" });
    let id = send(&app, to).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    assert_eq!(taken.recipients, ["jane@example.com", "joe@example.com", "jim@example.com"]);
    assert!(!String::from_utf8_lossy(&taken.raw).contains("jim@"), "a blind copy stays blind");
    assert_eq!(vendor.tell(&Told::of(&taken, "Delivery")).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
    assert_eq!(
        vendor.tell(&Told::bounce(&taken, "Permanent", "General").to("joe@example.com")).await,
        [Some(200)]
    );
    let bounced = becomes(&app, &id, "bounced").await;
    let events = bounced["events"].as_array().unwrap();
    let recipients = |kind: &str| -> Vec<&str> {
        let of_kind = events.iter().filter(|event| event["kind"] == kind);
        of_kind.map(|event| event["recipient"].as_str().unwrap()).collect()
    };
    assert_eq!(recipients("delivered").len(), 3, "{events:?}");
    assert_eq!(recipients("bounced_hard"), ["joe@example.com"]);
    assert!(bounced["state_reason"]["detail"].as_str().unwrap().contains("no such user"), "{bounced}");
});

story!(only_the_topic_of_the_account_is_believed, async |app| {
    let (vendor, account) = ses(&app, json!({})).await;
    subscribed(&app, &vendor, &account).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let bounce = json!({
        "eventType": "Bounce",
        "mail": { "messageId": vendor.taken()[0].message_id },
        "bounce": { "bounceType": "Permanent", "bouncedRecipients": [{ "emailAddress": "jane@example.com" }] },
    })
    .to_string();
    let (topic, other) = (vendor.topic(), "arn:aws:sns:eu-central-1:999999999999:chancery");
    let before = journal(&app).await;
    let with = |change: &dyn Fn(&mut Published)| {
        let mut published = vendor.notification(&topic, &bounce);
        change(&mut published);
        published
    };
    let certificate = "https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-1.pem";
    let others_header = with(&|published| published.headers[2].1 = other.to_owned());
    for (published, status, what) in [
        (vendor.notification(other, &bounce), 403, "a topic of somebody else, rightly signed"),
        (vendor.confirmation(other), 403, "a topic of somebody else wants to be confirmed"),
        (
            with(&|published| published.body["SigningCertURL"] = json!(certificate)),
            403,
            "a certificate elsewhere",
        ),
        (
            with(&|published| published.body["Message"] = json!(bounce.replace("jane", "joe"))),
            401,
            "another text",
        ),
        (with(&|published| published.body["SignatureVersion"] = json!("1")), 401, "another digest"),
        (with(&|published| published.body["SignatureVersion"] = json!("3")), 403, "another version"),
        (with(&|published| published.body["Signature"] = json!("bm90IGEgc2lnbmF0dXJl")), 401, "no signature"),
        (others_header, 403, "headers that say something else"),
        (
            with(&|published| published.headers.push(("x-amz-sns-rawdelivery", "true".to_owned()))),
            403,
            "no envelope",
        ),
    ] {
        assert_eq!(post(&app, &account, &published).await, status, "{what}");
    }
    let kept = vendor.notification(&topic, &bounce);
    app.advance(2 * HOUR).await;
    assert_eq!(post(&app, &account, &kept).await, 403, "an old one");
    assert_eq!((journal(&app).await, state_of(&app, &id).await.as_str()), (before, "sent"));
    assert_eq!(post(&app, &account, &vendor.notification(&topic, &bounce)).await, 200);
    becomes(&app, &id, "bounced").await;
});

story!(a_certificate_that_cannot_be_fetched_is_asked_for_again, async |app| {
    let (vendor, account) = ses(&app, json!({})).await;
    let path = vendor.notification(&vendor.topic(), "").body["SigningCertURL"].as_str().unwrap().to_owned();
    let path = path.strip_prefix(&vendor.url()).unwrap().to_owned();
    vendor.faults().plan(path, Fault::ServerError, 2);
    let url = account.url.clone();
    assert_eq!(vendor.subscribe(url).await, [Some(503), Some(503), Some(200)]);
    app.wait_until("the subscription is confirmed", async || vendor.is_confirmed()).await;
});

story!(raw_message_delivery_is_taken_where_it_is_wanted, async |app| {
    let (vendor, account) = ses(&app, json!({ "accept_raw_delivery": true })).await;
    subscribed(&app, &vendor, &account).await;
    vendor.deliver_raw();
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(vendor.tell(&Told::of(&vendor.taken()[0], "Delivery")).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
});

story!(a_vendor_in_trouble_gets_a_message_once, async |app| {
    let (vendor, account) = ses(&app, json!({})).await;
    subscribed(&app, &vendor, &account).await;
    for (fault, outcome) in [(Fault::RateLimited, "rate_limited"), (Fault::ServerError, "temporary")] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = ended(&app, &[outcome]).await;
        app.advance(10 * MINUTE).await;
        becomes(&app, &id, "sent").await;
        assert_eq!(vendor.taken().len(), before + 1, "{fault:?}: exactly one");
    }
    for fault in [Fault::TakeAndHang, Fault::TakeAndDrop, Fault::TakeAndHalfAnswer] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = told_with_patience(&app, &account.id, fault.hangs(), ended(&app, &["unknown"])).await;
        // SES cannot be asked without its id; its event carries ours.
        assert_eq!(vendor.tell(&Told::of(&vendor.taken()[before], "Send")).await, [Some(200)]);
        let sent = becomes(&app, &id, "sent").await;
        assert_eq!(sent["provider_message_id"].as_str(), Some(vendor.taken()[before].message_id.as_str()));
        assert_eq!(vendor.taken().len(), before + 1, "{fault:?}: exactly one");
    }
    let paused = json!({ "__type": "SendingPausedException", "message": "Sending is paused." }).to_string();
    vendor.fail_sending(Fault::Answer(400, paused), 1);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("the account is stopped", async || {
        outcomes(&message(&app, &id).await) == ["misconfigured"]
    })
    .await;
});

story!(an_account_is_checked_without_sending, async |app| {
    let (vendor, account) = ses(&app, json!({})).await;
    let checked = app.key().post(&format!("{}/check", account.path()), json!({})).await;
    assert_eq!(checked.body["ok"], true, "{}", checked.body);
    for (wrong, step) in [
        (json!({ "configuration_set": "other" }), "events"),
        (json!({ "from": "support@other.example.com", "configuration_set": "chancery" }), "sender"),
        (json!({ "secret_access_key": "another-secret" }), "credentials"),
        (json!({ "access_key_id": "AKIDOTHER" }), "credentials"),
    ] {
        assert_eq!(failed_steps(&app, &account, wrong).await, [step]);
    }
    assert_eq!(vendor.taken().len(), 0);
});
