//! Mailgun: a message goes out, its signed events come back, the answer finds its conversation; nobody else can tell, and
//! nothing is sent twice.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::mailgun::{HandsOver, Mailgun, Options, Told};
use testkit::sim::vendor::Fault;

use crate::scene::*;

/// Mailgun with an account on it, and the app where its webhooks reach it.
async fn mailgun(app: &TestApp) -> (Mailgun, Value, Listening) {
    let vendor = Mailgun::start(Options::new(app.clock.clone())).await.unwrap();
    let settings = merged(vendor.settings(), json!({ "timeout_seconds": 1, "index_delay_seconds": 60 }));
    let account = json!({ "name": "Mailgun", "provider": "mailgun", "settings": settings });
    let reply = app.key().post("/v1/channel-accounts", account).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let listening = listen(app).await;
    let path = reply.body["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    vendor.set_webhook(format!("http://{}{path}", listening.address));
    (vendor, reply.body, listening)
}

async fn received(app: &TestApp, count: usize) -> Vec<Value> {
    let path = "/v1/messages?direction=inbound";
    app.wait_until("the mail is there", async || app.key().get(path).await.rows().len() == count).await;
    app.key().get(path).await.rows().to_vec()
}

story!(a_message_makes_the_whole_circle, async |app| {
    let (vendor, _, _listening) = mailgun(&app).await;
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
            assert_eq!(answer["conversation_id"], read["conversation_id"], "{how:?}");
            let answer = message(&app, answer["id"].as_str().unwrap()).await;
            assert_eq!(answer["text"].as_str().map(str::trim), Some("Danke für alles"), "{how:?}");
            assert_eq!(answer["attachments"][0]["filename"], "photo.png", "{how:?}");
            assert_eq!(answer["attachments"][0]["size"], 8, "{how:?}");
        }
    }
});

fn mail_with_file(id: &str, header: &str) -> String {
    format!(
        "From: Jane Doe <jane@example.com>\r\nTo: support@mg.company.example.com\r\nSubject: Re: Your order\r\n\
         Message-ID: <{id}>\r\n{header}\r\nToken: a header that is called like a field\r\n\
         Date: Fri, 20 Nov 2026 11:59:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=m\r\n\r\n\
         --m\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Danke f=FCr alles\r\n\
         --m\r\nContent-Type: image/png; name=photo.png\r\nContent-Disposition: attachment; filename=photo.png\r\n\
         Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n"
    )
}

story!(only_the_vendor_can_tell_and_each_signature_is_good_once, async |app| {
    let (vendor, _, _listening) = mailgun(&app).await;
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
    let (vendor, _, _listening) = mailgun(&app).await;
    for (fault, outcome, patience) in [
        (Fault::RateLimited, "rate_limited", Duration::from_secs(61)),
        (Fault::ServerError, "temporary", 10 * MINUTE),
        (Fault::TakeAndHang, "unknown", 4 * MINUTE),
        (Fault::TakeAndHalfAnswer, "unknown", 4 * MINUTE),
        (Fault::BadGateway, "unknown", 4 * MINUTE),
    ] {
        let before = vendor.taken().len();
        vendor.fail_sending(fault.clone(), 1);
        let id = send(&app, letter("jane@example.com")).await;
        app.wait_until("the attempt is over", async || outcomes(&message(&app, &id).await) == [outcome])
            .await;
        app.advance(patience).await;
        let sent = becomes(&app, &id, "sent").await;
        let taken = vendor.taken();
        assert_eq!(taken.len(), before + 1, "{fault:?}: exactly one");
        assert_eq!(sent["provider_message_id"].as_str(), Some(taken[before].id.as_str()), "{fault:?}");
    }
});

story!(an_account_is_checked_without_sending, async |app| {
    let (vendor, account, _listening) = mailgun(&app).await;
    let path = format!("/v1/channel-accounts/{}", account["id"].as_str().unwrap());
    let checked = app.key().post(&format!("{path}/check"), json!({})).await;
    assert_eq!(checked.body["ok"], true, "{}", checked.body);
    for (wrong, step) in
        [(json!({ "domain": "other.example.com" }), "domain"), (json!({ "api_key": "key-x" }), "api_key")]
    {
        assert_eq!(app.key().patch(&path, json!({ "settings": wrong })).await.status, 200);
        let checked = app.key().post(&format!("{path}/check"), json!({})).await;
        let steps = checked.body["steps"].as_array().unwrap();
        let failed: Vec<&str> = steps
            .iter()
            .filter(|step| step["ok"] == false)
            .map(|step| step["name"].as_str().unwrap())
            .collect();
        assert_eq!(failed, [step], "{}", checked.body);
    }
    assert_eq!(vendor.taken().len(), 0);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("the account is stopped", async || {
        outcomes(&message(&app, &id).await) == ["misconfigured"]
    })
    .await;
});

/// A message with everything that one can have.
fn full_letter() -> Value {
    json!({
        "to": ["Jane Doe <jane@example.com>", "jim@example.com"],
        "cc": "joe@example.com",
        "bcc": "june@example.com",
        "subject": "Ihre Bestellung ✓",
        "text": "Hallo",
        "html": "<p>Hallo <img src=\"cid:logo\"></p>",
        "headers": {
            "List-Unsubscribe": "<https://example.com/u/1>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "attachments": [
            { "filename": "logo.png", "content_type": "image/png", "content_base64": "iVBORw0KGgo=", "content_id": "logo" },
            // printf 'a\r\n--b\r\n\r\n' | base64
            { "filename": "Rechnung.bin", "content_type": "application/x-thing", "content_base64": "YQ0KLS1iDQoNCg==" },
        ],
    })
}

story!(everything_of_a_message_arrives, async |app| {
    let (vendor, _, _listening) = mailgun(&app).await;
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
