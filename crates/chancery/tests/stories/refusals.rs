//! Webhooks that are not the vendor's: refused with the status that the vendor understands, counted, not kept, and
//! without effect. One story for each provider.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::{mailgun, postmark, resend, sendgrid, ses, smtp2go};

use crate::scene::*;

/// printf 'jane:example-secret' | base64
const BASIC: &str = "Basic amFuZTpleGFtcGxlLXNlY3JldA==";

/// An account of that provider, and where its webhooks go.
async fn account(app: &TestApp, provider: &str, settings: Value) -> (String, String, Listening) {
    let account = json!({ "name": "Main", "provider": provider, "settings": settings });
    let reply = app.key().post("/v1/channel-accounts", account).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let listening = listen(app).await;
    let path = reply.body["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    (reply.text("id").to_owned(), format!("http://{}{path}", listening.address), listening)
}

async fn sent(app: &TestApp) -> String {
    let id = send(app, letter("jane@example.com")).await;
    becomes(app, &id, "sent").await;
    id
}

async fn refused_today(app: &TestApp, account: &str) -> u64 {
    let reply = app.key().get(&format!("/v1/channel-accounts/{account}")).await;
    reply.body["health"]["refused_webhooks_today"].as_u64().unwrap()
}

/// So many were refused, and nothing else has come of them.
async fn only_counted(app: &TestApp, account: &str, message: &str, count: u64) {
    app.wait_until("all are counted", async || refused_today(app, account).await >= count).await;
    app.run_until_idle().await;
    assert_eq!(refused_today(app, account).await, count);
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0, "what is refused is not kept");
    assert_eq!(state_of(app, message).await, "sent");
}

story!(mailgun_refuses_and_counts, async |app| {
    let vendor = mailgun::Mailgun::start(mailgun::Options::new(app.clock.clone())).await.unwrap();
    let (account, url, _listening) = account(&app, "mailgun", vendor.settings()).await;
    vendor.set_webhook(url);
    let id = sent(&app).await;
    let delivered = mailgun::Told::of(&vendor.taken()[0], "delivered");
    assert_eq!(vendor.tell(delivered.clone().forged()).await, [Some(401); 4]);
    let now = app.clock.now().micros() / 1_000_000;
    let token = |at: i64| Some(("0123456789abcdef0123456789abcdef0123456789abcdef01".to_owned(), at));
    let old = mailgun::Told { reused: token(now - 13 * 3600), ..delivered.clone() };
    assert_eq!(vendor.tell(old).await, [Some(406)], "406 tells Mailgun not to come again");
    only_counted(&app, &account, &id, 5).await;
    // A token is good once. The second use is no refusal, so that a retry of the vendor's ends, and it says nothing.
    let first = mailgun::Told { reused: token(now), ..delivered };
    assert_eq!(vendor.tell(first).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
    let stolen = mailgun::Told::of(&vendor.taken()[0], "complained");
    let stolen = mailgun::Told { reused: token(now), ..stolen };
    assert_eq!(vendor.tell(stolen).await, [Some(200)]);
    app.run_until_idle().await;
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 1);
    let events = message(&app, &id).await;
    assert!(!texts(&events["events"], "kind").contains(&"complained"), "{events}");
    // Tomorrow is another count.
    app.advance(DAY).await;
    assert_eq!(refused_today(&app, &account).await, 0);
});

story!(sendgrid_refuses_and_counts, async |app| {
    use sendgrid::{Batch, Signed, Told};
    let vendor = sendgrid::Sendgrid::start(sendgrid::Options::new(app.clock.clone())).await.unwrap();
    let (account, url, _listening) = account(&app, "sendgrid", vendor.settings()).await;
    vendor.set_webhook(url);
    let id = sent(&app).await;
    let batch = || Batch::of(vec![Told::of(&vendor.taken()[0], "delivered")]);
    for signed in [Signed::Forged, Signed::Not, Signed::Changed, Signed::Ago(90_001), Signed::Ago(-90_001)] {
        assert_eq!(vendor.tell(batch().signed(signed)).await, [Some(401); 4], "{signed:?}");
    }
    only_counted(&app, &account, &id, 20).await;
    assert_eq!(vendor.tell(batch()).await, [Some(200)]);
    assert_eq!(vendor.tell(batch()).await, [Some(200)], "the same once more is taken and known");
    becomes(&app, &id, "delivered").await;
    assert_eq!(refused_today(&app, &account).await, 20);
});

story!(ses_refuses_and_counts, async |app| {
    let vendor = ses::Ses::start(ses::Options::new(app.clock.clone())).await.unwrap();
    let (account, url, _listening) = account(&app, "ses", vendor.settings()).await;
    let id = sent(&app).await;
    let path = format!("/hooks/{}", url.split_once("/hooks/").unwrap().1);
    let text =
        json!({ "eventType": "Delivery", "mail": { "messageId": vendor.taken()[0].message_id } }).to_string();
    let other = vendor.notification("arn:aws:sns:eu-central-1:999999999999:somebody", &text);
    let mut changed = vendor.notification(&vendor.topic(), &text);
    changed.body["Message"] = json!(text.replace("Delivery", "Bounce"));
    let old = vendor.notification(&vendor.topic(), &text);
    let post = async |published: &ses::Published| {
        let mut sns = app.anyone();
        for (name, value) in &published.headers {
            sns = sns.with(name, value);
        }
        sns.post(&path, published.body.clone()).await.status
    };
    assert_eq!(post(&other).await, 403, "a topic of somebody else");
    assert_eq!(post(&changed).await, 401, "changed on its way");
    only_counted(&app, &account, &id, 2).await;
    app.advance(2 * HOUR).await;
    assert_eq!(post(&old).await, 403, "an old one");
    only_counted(&app, &account, &id, 3).await;
});

story!(postmark_refuses_and_counts, async |app| {
    let vendor = postmark::Postmark::start(postmark::Options::new(app.clock.clone())).await.unwrap();
    let settings = merged(vendor.settings(), json!({ "webhook_secret": "jane:example-secret" }));
    let (account, url, _listening) = account(&app, "postmark", settings).await;
    let id = sent(&app).await;
    let delivered = postmark::Told::of(&vendor.taken()[0], "Delivery");
    for wrong in [None, Some("Basic amFuZTp3cm9uZw==".to_owned())] {
        vendor.set_webhook(url.clone(), wrong);
        assert_eq!(
            vendor.tell(delivered.clone()).await,
            [Some(401); 4],
            "never 403, after which Postmark gives up"
        );
    }
    only_counted(&app, &account, &id, 8).await;
    vendor.set_webhook(url, Some(BASIC.to_owned()));
    assert_eq!(vendor.tell(delivered).await, [Some(200)]);
    becomes(&app, &id, "delivered").await;
});

story!(resend_refuses_and_counts, async |app| {
    use resend::{Signed, Told};
    let vendor = resend::Resend::start(resend::Options::new(app.clock.clone())).await.unwrap();
    let (account, url, _listening) = account(&app, "resend", vendor.settings()).await;
    vendor.set_webhook(url);
    let id = sent(&app).await;
    let delivered = || Told::of(&vendor.taken()[0], "email.delivered");
    for signed in [Signed::Forged, Signed::Not, Signed::Changed, Signed::Ago(301), Signed::Ago(-301)] {
        assert_eq!(vendor.tell(delivered().signed(signed)).await, [Some(401); 4], "{signed:?}");
    }
    only_counted(&app, &account, &id, 20).await;
    assert_eq!(vendor.tell(delivered()).await, [Some(200)]);
    assert_eq!(vendor.tell(delivered()).await, [Some(200)], "the same once more is taken and known");
    becomes(&app, &id, "delivered").await;
});

story!(smtp2go_refuses_and_counts, async |app| {
    let (vendor, account) = app.smtp2go().await;
    let listening = listen(&app).await;
    let path = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    let url = format!("http://{}{path}", listening.address);
    let account = account["id"].as_str().unwrap();
    let secret = json!({ "settings": { "webhook_secret": "right-word" } });
    assert_eq!(app.key().patch(&format!("/v1/channel-accounts/{account}"), secret).await.status, 200);
    let id = sent(&app).await;
    let delivered = smtp2go::Told::of(&vendor.taken()[0], "delivered");
    for wrong in [None, Some("Bearer wrong-word".to_owned())] {
        vendor.set_webhook(url.clone(), wrong);
        assert_eq!(vendor.tell(delivered.clone()).await, Some(401));
    }
    only_counted(&app, account, &id, 2).await;
    vendor.set_webhook(url, Some("Bearer right-word".to_owned()));
    assert_eq!(vendor.tell(delivered).await, Some(200));
    becomes(&app, &id, "delivered").await;
});
