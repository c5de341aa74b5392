//! Postmark: a message goes out, events come back, the answer finds its conversation; nobody else can tell, and a message
//! in doubt is looked for before it is sent again.

use serde_json::json;
use testkit::TestApp;
use testkit::sim::postmark::{Options, Postmark, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;
use crate::vendor::*;

/// printf 'jane:example-secret' | base64
const BASIC: &str = "Basic amFuZTpleGFtcGxlLXNlY3JldA==";

/// Postmark with an account on it, and the app where its webhooks reach it.
async fn postmark(app: &TestApp) -> (Postmark, Account) {
    let vendor = Postmark::start(Options::new(app.clock.clone())).await.unwrap();
    let settings = merged(vendor.settings(), json!({ "webhook_secret": "jane:example-secret" }));
    let account = account_at(app, "postmark", settings).await;
    vendor.set_webhook(account.url.clone(), Some(BASIC.to_owned()));
    (vendor, account)
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, _account) = postmark(&app).await;
    let id = send(&app, letter("Jane Doe <jane@example.com>")).await;
    let sent = becomes(&app, &id, "sent").await;
    let other = send(&app, letter("nobody@example.com")).await;
    becomes(&app, &other, "sent").await;
    let taken = vendor.taken();
    assert_eq!(sent["provider_message_id"].as_str(), Some(taken[0].id.as_str()));
    assert_eq!(taken[0].metadata["chancery_id"].as_str(), Some(id.as_str()));
    // Events overtake each other, and each comes twice.
    let events = [
        Told::of(&taken[0], "Open").with("ReceivedAt", json!("2026-11-20T12:05:00.0000000-05:00")),
        Told::of(&taken[0], "Delivery").with("Details", json!("smtp;250 ok")),
        Told::of(&taken[0], "Teleport"),
        Told::bounce(&taken[1], "HardBounce", 42),
    ];
    for event in events.iter().chain(&events) {
        assert_eq!(vendor.tell(event.clone()).await, [Some(200)]);
    }
    let read = becomes(&app, &id, "read").await;
    let bounced = becomes(&app, &other, "bounced").await;
    assert!(bounced["state_reason"]["detail"].as_str().unwrap().contains("no such user"), "{bounced}");
    app.run_until_idle().await;
    let kinds = texts(&message(&app, &id).await["events"], "kind").join(" ");
    for kind in ["delivered", "opened", "other"] {
        assert_eq!(kinds.matches(kind).count(), 1, "{kind} in {kinds}");
    }

    let ours = taken[0].header("Message-ID").unwrap();
    for (number, whole) in [(1, true), (2, false)] {
        let raw = mail_with_file(&format!("answer-{number}@example.com"), &format!("In-Reply-To: {ours}"));
        for _ in 0..2 {
            let statuses = vendor.hand_over(whole, "support@company.example.com", &raw).await;
            assert_eq!(statuses, [Some(200)]);
        }
        for answer in received(&app, number).await {
            arrived_whole(&app, &answer, &read["conversation_id"], &format!("whole: {whole}")).await;
        }
    }
});

story!(only_the_vendor_can_tell, async |app| {
    let (vendor, account) = postmark(&app).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let delivered = Told::of(&vendor.taken()[0], "Delivery");
    for wrong in [None, Some("Basic amFuZTp3cm9uZw=="), Some("Bearer wrong")] {
        vendor.set_webhook(account.url.clone(), wrong.map(str::to_owned));
        let statuses = vendor.tell(delivered.clone()).await;
        assert_eq!(statuses, [Some(401); 4], "{wrong:?}: never 403, after which Postmark gives up");
        assert_eq!(
            vendor.hand_over(true, "support@company.example.com", "From: x@example.com").await,
            [Some(401); 4]
        );
    }
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
    assert_eq!(state_of(&app, &id).await, "sent");
    vendor.set_webhook(account.url.clone(), Some(BASIC.to_owned()));
    assert_eq!(vendor.tell(delivered).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
});

story!(a_vendor_in_trouble_gets_a_message_once, async |app| {
    let (vendor, account) = postmark(&app).await;
    for (fault, outcome) in [(Fault::RateLimited, "rate_limited"), (Fault::ServerError, "temporary")] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = ended(&app, &[outcome]).await;
        app.advance(10 * MINUTE).await;
        becomes(&app, &id, "sent").await;
        assert_eq!(vendor.taken().len(), before + 1, "{fault:?}: exactly one");
    }
    // What was taken is found by search; what was not is sent again.
    for (fault, again) in
        [(Fault::TakeAndHang, false), (Fault::TakeAndHalfAnswer, false), (Fault::Hang, true)]
    {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = told_with_patience(&app, &account.id, fault.hangs(), ended(&app, &["unknown"])).await;
        assert_eq!(vendor.taken().len() == before, again, "{fault:?}");
        app.wait_until("it is settled", async || {
            app.clock.advance(MINUTE);
            state_of(&app, &id).await == "sent"
        })
        .await;
        assert_eq!(vendor.taken().len(), before + 1, "{fault:?}: exactly one");
        assert_eq!(outcomes(&message(&app, &id).await).len(), if again { 2 } else { 1 });
    }
});

story!(what_postmark_refuses_is_said_in_its_words, async |app| {
    let (vendor, account) = postmark(&app).await;
    vendor.deactivate("gone@example.com");
    let gone = send(&app, letter("gone@example.com")).await;
    let failed = becomes(&app, &gone, "failed").await;
    assert_eq!(failed["state_reason"]["code"], "suppressed", "{failed}");
    let some = json!({ "to": ["jane@example.com", "gone@example.com"], "subject": "Hello", "text": "Hello" });
    let sent = send(&app, some).await;
    let sent = becomes(&app, &sent, "sent").await;
    assert!(sent["state_reason"]["detail"].as_str().unwrap().contains("gone@example.com"), "{sent}");
    let from = json!({ "settings": { "from": "Support <support@elsewhere.example.com>" } });
    assert_eq!(app.key().patch(&account.path(), from).await.status, 200);
    let stranger = send(&app, letter("jane@example.com")).await;
    let failed = becomes(&app, &stranger, "failed").await;
    assert_eq!(failed["state_reason"]["code"], "bad_sender", "{failed}");
});
