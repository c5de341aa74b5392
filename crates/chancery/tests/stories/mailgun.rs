//! Mailgun: a message goes out, its signed events come back, the answer finds its conversation; nobody else can tell, and
//! nothing is sent twice.

use std::time::Duration;

use serde_json::json;
use testkit::TestApp;
use testkit::sim::mailgun::{HandsOver, Mailgun, Options, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;
use crate::vendor::*;

/// Mailgun with an account on it, and the app where its webhooks reach it.
async fn mailgun(app: &TestApp) -> (Mailgun, Account) {
    let vendor = Mailgun::start(Options::new(app.clock.clone())).await.unwrap();
    let settings = merged(vendor.settings(), json!({ "index_delay_seconds": 60 }));
    let account = account_at(app, "mailgun", settings).await;
    vendor.set_webhook(account.url.clone());
    (vendor, account)
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, _account) = mailgun(&app).await;
    let id = send(&app, letter("Jane Doe <jane@example.com>")).await;
    let sent = becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    assert_eq!(sent["provider_message_id"].as_str(), Some(taken.id.as_str()));
    assert_eq!(taken.field("v:chancery_id"), Some(id.as_str()));
    // Events overtake each other and come twice.
    for event in ["delivered", "accepted", "delivered"] {
        assert_eq!(vendor.tell(Told::of(&taken, event)).await, [Some(200)], "{event}");
    }
    becomes(&app, &id, "delivered").await;
    assert_eq!(vendor.tell(Told::of(&taken, "opened")).await, [Some(200)]);
    assert_eq!(vendor.tell(Told::of(&taken, "teleported")).await, [Some(200)], "kept, whatever it is");
    let read = becomes(&app, &id, "read").await;
    app.run_until_idle().await;
    let mut kinds = texts(&message(&app, &id).await["events"], "kind").join(" ");
    kinds = kinds.replace("queued ", "").replace("started ", "");
    for kind in ["accepted", "delivered", "opened", "other"] {
        assert_eq!(kinds.matches(kind).count(), 1, "{kind} in {kinds}");
    }

    let answers = format!("In-Reply-To: <{}>", taken.field("h:message-id").unwrap().trim_matches(['<', '>']));
    for (number, how) in (1..).zip([HandsOver::InPieces, HandsOver::Whole, HandsOver::ByNotice]) {
        let raw = mail_with_file(&format!("answer-{number}@example.com"), &answers);
        let to = "support@mg.company.example.com";
        assert_eq!(vendor.hand_over(how, to, &raw).await, [Some(200)], "{how:?}");
        let answers = received(&app, number).await;
        for answer in answers {
            arrived_whole(&app, &answer, &read["conversation_id"], &format!("{how:?}")).await;
        }
    }
});

story!(only_the_vendor_can_tell_and_each_signature_is_good_once, async |app| {
    let (vendor, _account) = mailgun(&app).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    let delivered = Told::of(&taken, "delivered");
    assert_eq!(vendor.tell(delivered.clone().forged()).await, [Some(401); 4], "refused, and tried again");
    let entries = async || app.key().get("/v1/journal").await.rows().len();
    assert_eq!(entries().await, 0);
    let now = app.clock.now().micros() / 1_000_000;
    let token = |at: i64| Some(("0123456789abcdef0123456789abcdef0123456789abcdef01".to_owned(), at));
    let old = Told { reused: token(now - 13 * 3600), ..delivered.clone() };
    assert_eq!(vendor.tell(old).await, [Some(406)], "too old, and not wanted again");
    assert_eq!(entries().await, 0);
    let accepted = Told { reused: token(now), ..Told::of(&taken, "accepted") };
    assert_eq!(vendor.tell(accepted).await, [Some(200)]);
    let stolen = Told { reused: token(now), ..Told::failed(&taken, "permanent", "bounce") };
    assert_eq!(vendor.tell(stolen).await, [Some(200)], "a signature does not cover what it came with");
    app.run_until_idle().await;
    assert_eq!((entries().await, state_of(&app, &id).await.as_str()), (1, "sent"), "and tells nothing");
    assert_eq!(vendor.tell(Told::failed(&taken, "permanent", "bounce")).await, [Some(200)]);
    let bounced = becomes(&app, &id, "bounced").await;
    assert!(bounced["state_reason"]["detail"].as_str().unwrap().contains("no such user"), "{bounced}");
});

story!(a_vendor_in_trouble_gets_a_message_once, async |app| {
    let (vendor, account) = mailgun(&app).await;
    for (fault, outcome, patience) in [
        (Fault::RateLimited, "rate_limited", Duration::from_secs(61)),
        (Fault::ServerError, "temporary", 10 * MINUTE),
        (Fault::TakeAndHang, "unknown", 4 * MINUTE),
        (Fault::TakeAndHalfAnswer, "unknown", 4 * MINUTE),
        (Fault::BadGateway, "unknown", 4 * MINUTE),
    ] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = told_with_patience(&app, &account.id, fault.hangs(), ended(&app, &[outcome])).await;
        app.advance(patience).await;
        let sent = becomes(&app, &id, "sent").await;
        let taken = vendor.taken();
        assert_eq!(taken.len(), before + 1, "{fault:?}: exactly one");
        assert_eq!(sent["provider_message_id"].as_str(), Some(taken[before].id.as_str()), "{fault:?}");
    }
});

story!(an_account_is_checked_without_sending, async |app| {
    let (vendor, account) = mailgun(&app).await;
    let path = account.path();
    let checked = app.key().post(&format!("{path}/check"), json!({})).await;
    assert_eq!(checked.body["ok"], true, "{}", checked.body);
    for (wrong, step) in
        [(json!({ "domain": "other.example.com" }), "domain"), (json!({ "api_key": "key-x" }), "api_key")]
    {
        assert_eq!(failed_steps(&app, &account, wrong).await, [step]);
    }
    assert_eq!(vendor.taken().len(), 0);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("the account is stopped", async || {
        outcomes(&message(&app, &id).await) == ["misconfigured"]
    })
    .await;
});

story!(everything_of_a_message_arrives, async |app| {
    let (vendor, _account) = mailgun(&app).await;
    let id = send(&app, full_letter()).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    assert_eq!(
        taken.recipients,
        ["jane@example.com", "jim@example.com", "joe@example.com", "june@example.com"]
    );
    for (name, value) in [
        ("subject", "Ihre Bestellung ✓"),
        ("text", "Hallo"),
        ("html", "<p>Hallo <img src=\"cid:logo\"></p>"),
        ("cc", "joe@example.com"),
        ("bcc", "june@example.com"),
        ("h:List-Unsubscribe", "<https://example.com/u/1>"),
        ("h:List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("h:X-Chancery-Id", id.as_str()),
    ] {
        assert_eq!(taken.field(name), Some(value), "{name}");
    }
    let file = |field: &str| taken.files.iter().find(|file| file.field == field).unwrap();
    assert_eq!((file("inline").filename.as_str(), file("inline").bytes.len()), ("logo", 8));
    let attached = file("attachment");
    assert_eq!(
        (attached.filename.as_str(), attached.content_type.as_str()),
        ("Rechnung.bin", "application/x-thing")
    );
    assert_eq!(attached.bytes, b"a\r\n--b\r\n\r\n");
});
