//! SendGrid: a message goes out, batches of signed events come back, the answer finds its conversation; nobody else can
//! tell, and what is in doubt is not sent twice.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::sendgrid::{Batch, Options, Sendgrid, Signed, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;
use crate::vendor::*;

/// SendGrid with an account on it, and the app where its webhooks reach it.
async fn sendgrid(app: &TestApp, more: Value) -> (Sendgrid, Account) {
    let vendor = Sendgrid::start(Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(app, "sendgrid", merged(vendor.settings(), more)).await;
    vendor.set_webhook(account.url.clone());
    (vendor, account)
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, _account) = sendgrid(&app, json!({})).await;
    let id = send(&app, letter("Jane Doe <jane@example.com>")).await;
    let sent = becomes(&app, &id, "sent").await;
    let other = send(&app, letter("bounce@example.com")).await;
    becomes(&app, &other, "sent").await;
    let taken = vendor.taken();
    assert_eq!(sent["provider_message_id"].as_str(), Some(taken[0].id.as_str()));
    assert_eq!(taken[0].custom_args["chancery_id"].as_str(), Some(id.as_str()));
    // Events come many at a time, overtake each other, and come twice.
    let about = |event: &str| Told::of(&taken[0], event);
    let events = vec![
        about("delivered"),
        Told::bounce(&taken[1], "bounce"),
        about("processed"),
        about("teleported"),
        about("delivered"),
        about("open"),
    ];
    assert_eq!(vendor.tell(Batch::of(events.clone())).await, [Some(200)]);
    assert_eq!(vendor.tell(Batch::of(events.into_iter().rev().collect())).await, [Some(200)]);
    let read = becomes(&app, &id, "read").await;
    let bounced = becomes(&app, &other, "bounced").await;
    assert!(bounced["state_reason"]["detail"].as_str().unwrap().contains("no such user"), "{bounced}");
    app.run_until_idle().await;
    let kinds = texts(&message(&app, &id).await["events"], "kind").join(" ");
    for kind in ["accepted", "delivered", "opened", "other"] {
        assert_eq!(kinds.matches(kind).count(), 1, "{kind} in {kinds}");
    }

    // Once by our Message-ID, once by the one that SendGrid may write in its place.
    let ours = taken[0].header("Message-ID").unwrap().trim_matches(['<', '>']).to_owned();
    let theirs = format!("{}@geopod-ismtpd-sim", taken[0].id);
    for (number, (whole, parent)) in (1..).zip([(false, ours.clone()), (true, ours), (true, theirs)]) {
        let raw =
            mail_with_file(&format!("answer-{number}@example.com"), &format!("In-Reply-To: <{parent}>"));
        for _ in 0..2 {
            let statuses = vendor.hand_over(whole, "support@company.example.com", &raw, None).await;
            assert_eq!(statuses, [Some(200)]);
        }
        for answer in received(&app, number).await {
            arrived_whole(&app, &answer, &read["conversation_id"], &format!("{parent}, whole: {whole}"))
                .await;
        }
    }
});

story!(only_the_vendor_can_tell_of_events, async |app| {
    let (vendor, _account) = sendgrid(&app, json!({})).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    let delivered = || Batch::of(vec![Told::of(&taken, "delivered")]);
    for signed in [Signed::Forged, Signed::Not, Signed::Changed, Signed::Ago(90_001), Signed::Ago(-90_001)] {
        let statuses = vendor.tell(delivered().signed(signed)).await;
        assert_eq!(statuses, [Some(401); 4], "{signed:?}: refused, and tried again");
    }
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
    assert_eq!(state_of(&app, &id).await, "sent");
    assert_eq!(vendor.tell(delivered().signed(Signed::Ago(86_400))).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
});

story!(mails_need_the_authorization_that_was_set_up, async |app| {
    let (vendor, _account) = sendgrid(&app, json!({ "webhook_secret": "jane:example-secret" })).await;
    let raw = mail_with_file("first@example.com", "X-Note: none");
    let to = "support@company.example.com";
    for wrong in [None, Some("Basic amFuZTp3cm9uZw==")] {
        assert_eq!(vendor.hand_over(true, to, &raw, wrong).await, [Some(401); 4], "{wrong:?}");
    }
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
    // printf 'jane:example-secret' | base64
    let right = Some("Basic amFuZTpleGFtcGxlLXNlY3JldA==");
    assert_eq!(vendor.hand_over(true, to, &raw, right).await, [Some(200)]);
    received(&app, 1).await;
});

story!(a_vendor_in_trouble_gets_a_message_once, async |app| {
    let (vendor, account) = sendgrid(&app, json!({})).await;
    for (fault, outcome, patience) in [
        (Fault::RateLimited, "rate_limited", Duration::from_secs(31)),
        (Fault::ServerError, "temporary", 10 * MINUTE),
    ] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = ended(&app, &[outcome]).await;
        app.advance(patience).await;
        becomes(&app, &id, "sent").await;
        assert_eq!(vendor.taken().len(), before + 1, "{fault:?}: exactly one");
    }
    for fault in [Fault::TakeAndHang, Fault::TakeAndDrop] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = told_with_patience(&app, &account.id, fault.hangs(), ended(&app, &["unknown"])).await;
        app.advance(10 * MINUTE).await;
        assert_eq!(state_of(&app, &id).await, "unknown", "nobody can be asked");
        let taken = vendor.taken();
        assert_eq!(taken.len(), before + 1, "{fault:?}: not sent again");
        // An event says more than the lost answer would have.
        assert_eq!(vendor.tell(Batch::of(vec![Told::of(&taken[before], "delivered")])).await, [Some(200)]);
        becomes(&app, &id, "delivered").await;
    }
});

story!(an_account_is_checked_without_sending, async |app| {
    let (vendor, account) = sendgrid(&app, json!({})).await;
    let path = account.path();
    let checked = app.key().post(&format!("{path}/check"), json!({})).await;
    assert_eq!(checked.body["ok"], true, "{}", checked.body);
    let settings =
        async |settings: Value| app.key().patch(&path, json!({ "settings": settings })).await.status;
    let sender = async |address: &str| {
        app.key().patch(&path, json!({ "sender": { "address": address } })).await.status
    };
    assert_eq!(sender("me@other.example.com").await, 200);
    let rejected = send(&app, letter("jane@example.com")).await;
    let failed = becomes(&app, &rejected, "failed").await;
    assert!(
        failed["state_reason"]["detail"].as_str().unwrap().contains("verified Sender Identity"),
        "{failed}"
    );
    assert_eq!(sender("support@company.example.com").await, 200);
    assert_eq!(settings(json!({ "sandbox": true })).await, 200);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(vendor.taken().len(), 0, "checked, and not delivered");
    assert_eq!(settings(json!({ "api_key": "SG.wrong" })).await, 200);
    let checked = app.key().post(&format!("{path}/check"), json!({})).await;
    assert_eq!(checked.body["ok"], false, "{}", checked.body);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("the account is stopped", async || {
        outcomes(&message(&app, &id).await) == ["misconfigured"]
    })
    .await;
});

story!(everything_of_a_message_arrives, async |app| {
    let (vendor, _account) = sendgrid(&app, json!({})).await;
    let id = send(&app, full_letter()).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    assert_eq!(
        taken.recipients,
        ["jane@example.com", "jim@example.com", "joe@example.com", "june@example.com"]
    );
    let request = &taken.request;
    assert_eq!(request["subject"], "Ihre Bestellung ✓");
    assert_eq!(texts(&request["content"], "type"), ["text/plain", "text/html"]);
    assert_eq!(
        request["personalizations"][0]["to"][0],
        json!({ "name": "Jane Doe", "email": "jane@example.com" })
    );
    assert_eq!(request["personalizations"][0]["bcc"], json!([{ "email": "june@example.com" }]));
    for (name, value) in [
        ("List-Unsubscribe", "<https://example.com/u/1>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("X-Chancery-Id", id.as_str()),
    ] {
        assert_eq!(taken.header(name), Some(value), "{name}");
    }
    let [logo, bill] = request["attachments"].as_array().unwrap().as_slice() else { panic!("two files") };
    assert_eq!((&logo["disposition"], &logo["content_id"]), (&json!("inline"), &json!("logo")));
    assert_eq!((&bill["disposition"], &bill["content"]), (&json!("attachment"), &json!("YQ0KLS1iDQoNCg==")));
});

story!(a_batch_does_not_wait_for_its_strangers, async |app| {
    let (vendor, _account) = sendgrid(&app, json!({})).await;
    let mut ids = Vec::new();
    for number in 0..25 {
        let id = send(&app, letter(&format!("reader{number}@example.com"))).await;
        becomes(&app, &id, "sent").await;
        ids.push(id);
    }
    let mut events: Vec<Told> = vendor.taken().iter().map(|taken| Told::of(taken, "delivered")).collect();
    let mut stranger = events[3].clone();
    stranger.about.id = "nobody-knows-it".to_owned();
    stranger.about.custom_args = json!({});
    events.insert(3, stranger);
    assert_eq!(vendor.tell(Batch::of(events)).await, [Some(200)]);
    for id in &ids {
        becomes(&app, id, "delivered").await;
    }
    let entries = app.key().get("/v1/journal").await;
    assert_eq!(texts(&entries.body["data"], "state"), ["received"], "the stranger may still come");
    app.wait_until("the stranger is given up", async || {
        app.clock.advance(MINUTE);
        app.key().get("/v1/journal").await.rows()[0]["state"] == "processed"
    })
    .await;
    let entries = app.key().get("/v1/journal").await;
    let entry = &entries.rows()[0];
    assert_eq!(entry["reason"], "1 events were about no message of ours", "{entry}");
    for id in &ids {
        let kinds = message(&app, id).await;
        assert_eq!(texts(&kinds["events"], "kind").iter().filter(|kind| **kind == "delivered").count(), 1);
    }
});
