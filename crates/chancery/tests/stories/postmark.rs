//! Postmark: a message goes out, events come back, the answer finds its conversation; nobody else can tell, and a message
//! in doubt is looked for before it is sent again.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::postmark::{Options, Postmark, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;

/// printf 'jane:example-secret' | base64
const BASIC: &str = "Basic amFuZTpleGFtcGxlLXNlY3JldA==";

/// Postmark with an account on it, and the app where its webhooks reach it.
async fn postmark(app: &TestApp) -> (Postmark, String, Listening) {
    let vendor = Postmark::start(Options::new(app.clock.clone())).await.unwrap();
    let more = json!({ "timeout_seconds": 1, "webhook_secret": "jane:example-secret" });
    let settings = merged(vendor.settings(), more);
    let account = json!({ "name": "Postmark", "provider": "postmark", "settings": settings });
    let reply = app.key().post("/v1/channel-accounts", account).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let listening = listen(app).await;
    let path = reply.body["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    let url = format!("http://{}{path}", listening.address);
    vendor.set_webhook(url.clone(), Some(BASIC.to_owned()));
    (vendor, url, listening)
}

async fn received(app: &TestApp, count: usize) -> Vec<Value> {
    let path = "/v1/messages?direction=inbound";
    app.wait_until("the mail is there", async || app.key().get(path).await.rows().len() == count).await;
    app.key().get(path).await.rows().to_vec()
}

fn mail_with_file(id: &str, header: &str) -> String {
    format!(
        "From: Jane Doe <jane@example.com>\r\nTo: support@company.example.com\r\nSubject: Re: Your order\r\n\
         Message-ID: <{id}>\r\n{header}\r\nDate: Fri, 20 Nov 2026 11:59:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=m\r\n\r\n\
         --m\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nDanke für alles\r\n\
         --m\r\nContent-Type: image/png; name=photo.png\r\nContent-Disposition: attachment; filename=photo.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n"
    )
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, _, _listening) = postmark(&app).await;
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
            assert_eq!(answer["conversation_id"], read["conversation_id"], "whole: {whole}");
            let answer = message(&app, answer["id"].as_str().unwrap()).await;
            assert_eq!(answer["text"].as_str().map(str::trim), Some("Danke für alles"), "whole: {whole}");
            assert_eq!(answer["attachments"][0]["filename"], "photo.png", "whole: {whole}");
            assert_eq!(answer["attachments"][0]["size"], 8, "whole: {whole}");
        }
    }
});

story!(only_the_vendor_can_tell, async |app| {
    let (vendor, url, _listening) = postmark(&app).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let delivered = Told::of(&vendor.taken()[0], "Delivery");
    for wrong in [None, Some("Basic amFuZTp3cm9uZw=="), Some("Bearer wrong")] {
        vendor.set_webhook(url.clone(), wrong.map(str::to_owned));
        let statuses = vendor.tell(delivered.clone()).await;
        assert_eq!(statuses, [Some(401); 4], "{wrong:?}: never 403, after which Postmark gives up");
        assert_eq!(
            vendor.hand_over(true, "support@company.example.com", "From: x@example.com").await,
            [Some(401); 4]
        );
    }
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
    assert_eq!(state_of(&app, &id).await, "sent");
    vendor.set_webhook(url, Some(BASIC.to_owned()));
    assert_eq!(vendor.tell(delivered).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
});

story!(a_vendor_in_trouble_gets_a_message_once, async |app| {
    let (vendor, _, _listening) = postmark(&app).await;
    for (fault, outcome) in [(Fault::RateLimited, "rate_limited"), (Fault::ServerError, "temporary")] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = send(&app, letter("jane@example.com")).await;
        app.wait_until("the attempt is over", async || outcomes(&message(&app, &id).await) == [outcome])
            .await;
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
        let id = send(&app, letter("jane@example.com")).await;
        becomes(&app, &id, "unknown").await;
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
    let (vendor, _, _listening) = postmark(&app).await;
    vendor.deactivate("gone@example.com");
    let gone = send(&app, letter("gone@example.com")).await;
    let failed = becomes(&app, &gone, "failed").await;
    assert_eq!(failed["state_reason"]["code"], "suppressed", "{failed}");
    let some = json!({ "to": ["jane@example.com", "gone@example.com"], "subject": "Hello", "text": "Hello" });
    let sent = send(&app, some).await;
    let sent = becomes(&app, &sent, "sent").await;
    assert!(sent["state_reason"]["detail"].as_str().unwrap().contains("gone@example.com"), "{sent}");
    let accounts = app.key().get("/v1/channel-accounts").await;
    let path = format!("/v1/channel-accounts/{}", accounts.rows()[0]["id"].as_str().unwrap());
    let from = json!({ "settings": { "from": "Support <support@elsewhere.example.com>" } });
    assert_eq!(app.key().patch(&path, from).await.status, 200);
    let stranger = send(&app, letter("jane@example.com")).await;
    let failed = becomes(&app, &stranger, "failed").await;
    assert_eq!(failed["state_reason"]["code"], "bad_sender", "{failed}");
});
