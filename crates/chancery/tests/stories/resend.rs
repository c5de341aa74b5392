//! Resend: a message goes out, signed events come back, the answer is fetched and finds its conversation; nobody else can
//! tell, and a message in doubt is simply sent again, because its key makes that harmless.

use serde_json::json;
use testkit::TestApp;
use testkit::sim::resend::{Options, Resend, Signed, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;
use crate::vendor::*;

/// Resend with an account on it, and the app where its webhooks reach it.
async fn resend(app: &TestApp) -> (Resend, Account) {
    let vendor = Resend::start(Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(app, "resend", vendor.settings()).await;
    vendor.set_webhook(account.url.clone());
    (vendor, account)
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, _account) = resend(&app).await;
    let id = send(&app, letter("Jane Doe <jane@example.com>")).await;
    let sent = becomes(&app, &id, "sent").await;
    let other = send(&app, letter("nobody@example.com")).await;
    becomes(&app, &other, "sent").await;
    let taken = vendor.taken();
    assert_eq!(sent["provider_message_id"].as_str(), Some(taken[0].id.as_str()));
    // Events overtake each other, and each comes twice.
    let events = [
        Told::of(&taken[0], "email.opened"),
        Told::of(&taken[0], "email.delivered"),
        Told::of(&taken[0], "email.teleported"),
        Told::bounce(&taken[1], "Permanent"),
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
        let (_, statuses) = vendor.receive(whole, "support@company.example.com", &raw).await;
        assert_eq!(statuses, [Some(200)]);
        for answer in received(&app, number).await {
            arrived_whole(&app, &answer, &read["conversation_id"], &format!("whole: {whole}")).await;
        }
    }
});

story!(only_the_vendor_can_tell, async |app| {
    let (vendor, _account) = resend(&app).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    let delivered = || Told::of(&taken, "email.delivered");
    for signed in [Signed::Forged, Signed::Not, Signed::Changed, Signed::Ago(301), Signed::Ago(-301)] {
        let statuses = vendor.tell(delivered().signed(signed)).await;
        assert_eq!(statuses, [Some(401); 4], "{signed:?}: refused, and tried again");
    }
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
    assert_eq!(state_of(&app, &id).await, "sent");
    assert_eq!(vendor.tell(delivered().signed(Signed::Ago(299))).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
});

story!(a_message_in_doubt_is_sent_again_and_arrives_once, async |app| {
    let (vendor, account) = resend(&app).await;
    for (fault, outcome) in [
        (Fault::RateLimited, "rate_limited"),
        (Fault::ServerError, "temporary"),
        (Fault::BadGateway, "unknown"),
        (Fault::TakeAndHang, "unknown"),
        (Fault::TakeAndDrop, "unknown"),
        (Fault::TakeAndHalfAnswer, "unknown"),
        (Fault::Hang, "unknown"),
    ] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = told_with_patience(&app, &account.id, fault.hangs(), ended(&app, &[outcome])).await;
        app.wait_until("it is sent", async || {
            app.clock.advance(MINUTE);
            state_of(&app, &id).await == "sent"
        })
        .await;
        let taken = vendor.taken();
        assert_eq!(taken.len(), before + 1, "{fault:?}: exactly one");
        let known = message(&app, &id).await;
        assert_eq!(known["provider_message_id"].as_str(), Some(taken[before].id.as_str()), "{fault:?}");
        assert_eq!(outcomes(&known), [outcome, "sent"], "{fault:?}");
    }
});

story!(a_message_that_a_person_sends_anew_is_another_request, async |app| {
    let (vendor, _account) = resend(&app).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    vendor.tell(Told::bounce(&vendor.taken()[0], "Transient")).await;
    becomes(&app, &id, "bounced").await;
    let again = app.key().post(&format!("/v1/messages/{id}/retry"), json!({})).await;
    assert!(again.status < 300, "{} {}", again.status, again.body);
    app.wait_until("it was sent again", async || vendor.taken().len() == 2).await;
    let taken = vendor.taken();
    assert_ne!(taken[0].idempotency_key, taken[1].idempotency_key);
});

story!(a_mail_is_fetched_when_the_vendor_is_back, async |app| {
    let (vendor, account) = resend(&app).await;
    let quick = json!({ "settings": { "timeout_seconds": 2 } });
    assert_eq!(app.key().patch(&account.path(), quick).await.status, 200);
    let path = "/emails/receiving/550e8400-0000-4000-8000-000000000001".to_owned();
    for fault in [Fault::ServerError, Fault::RateLimited, Fault::Drop, Fault::Hang] {
        vendor.faults().plan(path.clone(), fault, 2);
    }
    let raw = mail_with_file("late@example.com", "X-Note: none");
    let (_, statuses) = vendor.receive(false, "support@company.example.com", &raw).await;
    assert_eq!(statuses, [Some(200)], "the announcement is taken at once");
    app.wait_until("the mail is there", async || {
        app.clock.advance(10 * MINUTE);
        app.key().get("/v1/messages?direction=inbound").await.rows().len() == 1
    })
    .await;
    assert_eq!(vendor.faults().left(), 0);
    let entries = app.key().get("/v1/journal").await;
    let mut sources = texts(&entries.body["data"], "source");
    sources.sort_unstable();
    assert_eq!(sources, ["mail:resend", "webhook:resend"]);
});
