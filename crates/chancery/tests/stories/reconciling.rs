//! What webhooks did not tell: providers are asked for events and mail that were missed, about messages that nobody has in
//! hand, and to forget addresses. Nothing is doubled by asking.

use http::Method;
use serde_json::{Value, json};
use store::deliveries;
use testkit::TestApp;
use testkit::sim::vendor::Fault;
use testkit::sim::{mailgun, postmark, resend, sendgrid, ses, smtp2go};

use crate::scene::*;
use crate::vendor::*;

async fn sent(app: &TestApp, to: &str) -> String {
    let id = send(app, letter(to)).await;
    becomes(app, &id, "sent").await;
    id
}

/// The clock goes on until it has come about.
async fn in_time(app: &TestApp, what: &str, mut come: impl AsyncFnMut() -> bool) {
    app.wait_until(what, async || {
        app.clock.advance(5 * MINUTE);
        app.run_until_idle().await;
        come().await
    })
    .await;
}

async fn count_of(app: &TestApp, id: &str, kind: &str) -> usize {
    texts(&message(app, id).await["events"], "kind").into_iter().filter(|known| *known == kind).count()
}

/// The entries of the journal that came of asking.
async fn asked_for(app: &TestApp) -> Vec<Value> {
    let entries = app.key().get("/v1/journal").await.rows().to_vec();
    entries.into_iter().filter(|entry| entry["source"].as_str().unwrap().starts_with("reconciler")).collect()
}

async fn all_received(app: &TestApp) -> Vec<Value> {
    app.key().get("/v1/messages?direction=inbound").await.rows().to_vec()
}

const MAIL: &str = "From: Jane Doe <jane@example.com>\r\nTo: support@company.example.com\r\nSubject: A question\r\n\
                    Message-ID: <question@example.com>\r\nDate: Fri, 20 Nov 2026 11:59:00 +0000\r\n\r\nWhere is it?\r\n";

story!(mailgun_is_asked_for_what_its_webhooks_did_not_tell, async |app| {
    let vendor = mailgun::Mailgun::start(mailgun::Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(&app, "mailgun", vendor.settings()).await;
    let (known, missed) = (sent(&app, "jane@example.com").await, sent(&app, "gone@example.com").await);
    vendor.set_webhook(account.url.clone());
    let taken = vendor.taken();
    assert_eq!(vendor.tell(mailgun::Told::of(&taken[0], "delivered")).await, [Some(200)]);
    becomes(&app, &known, "delivered").await;
    let bounce = mailgun::Told::failed(&taken[1], "permanent", "bounce");
    vendor.happens(&bounce);
    vendor.stores("support@mg.company.example.com", MAIL);
    in_time(&app, "the bounce is known", async || state_of(&app, &missed).await == "bounced").await;
    in_time(&app, "the mail is there", async || all_received(&app).await.len() == 1).await;
    let listed = app.key().get("/v1/suppressions?reason=hard_bounce").await;
    assert_eq!(
        listed.rows()[0]["address"],
        "gone@example.com",
        "what was asked for counts like what was told"
    );
    // The webhook comes late after all, and further rounds bring nothing new.
    assert_eq!(vendor.tell(bounce).await, [Some(200)]);
    let entries = asked_for(&app).await.len();
    app.advance(HOUR).await;
    app.advance(HOUR).await;
    assert_eq!(count_of(&app, &missed, "bounced_hard").await, 1);
    assert_eq!(count_of(&app, &known, "delivered").await, 1);
    assert_eq!((asked_for(&app).await.len(), all_received(&app).await.len()), (entries, 1));
});

story!(smtp2go_is_asked_for_what_its_webhooks_did_not_tell, async |app| {
    let (vendor, account) = app.smtp2go().await;
    let listening = listen(&app).await;
    let path = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    vendor.set_webhook(format!("http://{}{path}", listening.address), None);
    let (known, missed) = (sent(&app, "jane@example.com").await, sent(&app, "gone@example.com").await);
    let taken = vendor.taken();
    assert_eq!(vendor.tell(smtp2go::Told::of(&taken[0], "delivered")).await, Some(200));
    becomes(&app, &known, "delivered").await;
    let bounce = smtp2go::Told::bounce(&taken[1], "hard");
    vendor.happens(&bounce);
    // The first search fails, in each of the ways in which one can.
    for fault in [smtp2go::Fault::RateLimited, smtp2go::Fault::ServerError, smtp2go::Fault::TakeAndHalfAnswer]
    {
        vendor.faults().plan("/activity/search".to_owned(), fault, 1);
    }
    in_time(&app, "the bounce is known", async || state_of(&app, &missed).await == "bounced").await;
    assert_eq!(vendor.faults().left(), 0);
    assert_eq!(vendor.tell(bounce).await, Some(200));
    app.advance(HOUR).await;
    app.advance(HOUR).await;
    assert_eq!(count_of(&app, &missed, "bounced_hard").await, 1, "told late, it is known");
    assert_eq!(count_of(&app, &known, "delivered").await, 1);
});

story!(postmark_is_asked_for_what_its_webhooks_did_not_tell, async |app| {
    let vendor = postmark::Postmark::start(postmark::Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(&app, "postmark", vendor.settings()).await;
    let (arrived, gone) = (sent(&app, "jane@example.com").await, sent(&app, "gone@example.com").await);
    let taken = vendor.taken();
    vendor.happens(&postmark::Told::of(&taken[0], "Delivery"));
    let bounce = postmark::Told::bounce(&taken[1], "HardBounce", 42);
    vendor.happens(&bounce);
    vendor.gives_up("support@company.example.com", MAIL);
    vendor.set_webhook(account.url.clone(), None);
    in_time(&app, "the bounce is known", async || state_of(&app, &gone).await == "bounced").await;
    in_time(&app, "the delivery is known", async || state_of(&app, &arrived).await == "delivered").await;
    in_time(&app, "the mail is there", async || all_received(&app).await.len() == 1).await;
    let at = app.clock.now().to_string();
    for late in [bounce, postmark::Told::of(&taken[0], "Delivery").with("DeliveredAt", json!(at))] {
        assert_eq!(vendor.tell(late).await, [Some(200)]);
    }
    app.advance(HOUR).await;
    assert_eq!(count_of(&app, &gone, "bounced_hard").await, 1);
    assert_eq!(count_of(&app, &arrived, "delivered").await, 1);
});

story!(resend_is_asked_about_messages_of_which_it_told_nothing, async |app| {
    let vendor = resend::Resend::start(resend::Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(&app, "resend", vendor.settings()).await;
    let (known, missed) = (sent(&app, "jane@example.com").await, sent(&app, "jim@example.com").await);
    vendor.set_webhook(account.url.clone());
    let taken = vendor.taken();
    assert_eq!(vendor.tell(resend::Told::of(&taken[0], "email.delivered")).await, [Some(200)]);
    becomes(&app, &known, "delivered").await;
    vendor.happens(&taken[0], "delivered");
    vendor.happens(&taken[1], "delivered");
    vendor.receives_silently("support@company.example.com", MAIL);
    in_time(&app, "the delivery is known", async || state_of(&app, &missed).await == "delivered").await;
    in_time(&app, "the mail is there", async || all_received(&app).await.len() == 1).await;
    // Its webhooks come late after all.
    assert_eq!(vendor.tell(resend::Told::of(&taken[1], "email.delivered")).await, [Some(200)]);
    app.advance(HOUR).await;
    app.advance(HOUR).await;
    for id in [&known, &missed] {
        assert_eq!(count_of(&app, id, "delivered").await, 1, "one fact is one line");
    }
    assert_eq!(all_received(&app).await.len(), 1);
});

story!(a_bounce_that_resend_tells_when_asked_is_of_its_kind, async |app| {
    let vendor = resend::Resend::start(resend::Options::new(app.clock.clone())).await.unwrap();
    let account = account_at(&app, "resend", vendor.settings()).await;
    let (gone, full) = (sent(&app, "gone@example.com").await, sent(&app, "full@example.com").await);
    let taken = vendor.taken();
    // Resend delivers nothing more to whoever is gone, and says so in its own list.
    vendor.suppress("gone@example.com");
    vendor.happens(&taken[0], "bounced");
    vendor.happens(&taken[1], "bounced");
    in_time(&app, "both are known", async || {
        state_of(&app, &gone).await == "bounced" && state_of(&app, &full).await == "bounced"
    })
    .await;
    let listed = app.key().get("/v1/suppressions").await;
    assert_eq!(texts(&listed.body["data"], "address"), ["gone@example.com"]);
    vendor.set_webhook(account.url.clone());
    assert_eq!(vendor.tell(resend::Told::bounce(&taken[0], "Permanent")).await, [Some(200)]);
    assert_eq!(vendor.tell(resend::Told::bounce(&taken[1], "Transient")).await, [Some(200)]);
    app.run_until_idle().await;
    assert_eq!(
        (count_of(&app, &gone, "bounced_hard").await, count_of(&app, &gone, "bounced_soft").await),
        (1, 0)
    );
    assert_eq!(
        (count_of(&app, &full, "bounced_hard").await, count_of(&app, &full, "bounced_soft").await),
        (0, 1)
    );
});

story!(ses_is_asked_where_it_has_message_insights, async |app| {
    let vendor = ses::Ses::start(ses::Options::new(app.clock.clone())).await.unwrap();
    let settings = merged(vendor.settings(), json!({ "message_insights": true }));
    let account = account_at(&app, "ses", settings).await;
    let (arrived, gone) = (sent(&app, "jane@example.com").await, sent(&app, "gone@example.com").await);
    let taken = vendor.taken();
    vendor.happens(&taken[0], "DELIVERY");
    vendor.happens(&taken[1], "BOUNCE");
    in_time(&app, "the bounce is known", async || state_of(&app, &gone).await == "bounced").await;
    in_time(&app, "the delivery is known", async || state_of(&app, &arrived).await == "delivered").await;
    let listed = app.key().get("/v1/suppressions?reason=hard_bounce").await;
    assert_eq!(texts(&listed.body["data"], "address"), ["gone@example.com"]);
    // The topic tells the same late.
    assert_eq!(vendor.subscribe(account.url.clone()).await, [Some(200)]);
    app.wait_until("the subscription is confirmed", async || vendor.is_confirmed()).await;
    assert_eq!(vendor.tell(&ses::Told::of(&taken[0], "Delivery")).await, [Some(200)]);
    assert_eq!(vendor.tell(&ses::Told::bounce(&taken[1], "Permanent", "General")).await, [Some(200)]);
    app.run_until_idle().await;
    assert_eq!(count_of(&app, &arrived, "delivered").await, 1, "one fact is one line");
    assert_eq!(count_of(&app, &gone, "bounced_hard").await, 1, "one fact is one line");
});

story!(sendgrid_is_asked_where_the_activity_feed_was_bought, async |app| {
    let vendor = sendgrid::Sendgrid::start(sendgrid::Options::new(app.clock.clone())).await.unwrap();
    let settings = merged(vendor.settings(), json!({ "activity_feed": true }));
    let account = account_at(&app, "sendgrid", settings).await;
    let (arrived, gone) = (sent(&app, "jane@example.com").await, sent(&app, "gone@example.com").await);
    let taken = vendor.taken();
    // The feed holds what happened; it is asked about messages that are a quarter of an hour old.
    app.advance(20 * MINUTE).await;
    vendor.happens(&taken[0], "delivered");
    vendor.happens(&taken[1], "bounced");
    for fault in [Fault::TakeAndHalfAnswer, Fault::RateLimited, Fault::ServerError] {
        vendor.faults().plan("/v3/messages".to_owned(), fault, 1);
    }
    in_time(&app, "the bounce is known", async || state_of(&app, &gone).await == "bounced").await;
    in_time(&app, "the delivery is known", async || state_of(&app, &arrived).await == "delivered").await;
    vendor.set_webhook(account.url.clone());
    let late = vec![sendgrid::Told::of(&taken[0], "delivered"), sendgrid::Told::bounce(&taken[1], "bounce")];
    assert_eq!(vendor.tell(sendgrid::Batch::of(late)).await, [Some(200)]);
    app.run_until_idle().await;
    assert_eq!(count_of(&app, &arrived, "delivered").await, 1, "one fact is one line");
    assert_eq!(count_of(&app, &gone, "bounced_hard").await, 1, "one fact is one line");
    let opened = |who: usize, machine: bool| sendgrid::Told {
        more: json!({ "sg_machine_open": machine, "useragent": "Mozilla/5.0" }),
        ..sendgrid::Told::of(&taken[who], "open")
    };
    assert_eq!(vendor.tell(sendgrid::Batch::of(vec![opened(0, true)])).await, [Some(200)]);
    let read = becomes(&app, &arrived, "read").await;
    let event = read["events"].as_array().unwrap().iter().find(|event| event["kind"] == "opened").unwrap();
    assert_eq!((&event["machine"], &event["code"]), (&json!(true), &Value::Null), "a program opened it");
    let delivered =
        read["events"].as_array().unwrap().iter().find(|event| event["kind"] == "delivered").unwrap();
    assert_eq!(delivered["machine"], Value::Null);
});

story!(an_account_that_works_again_is_asked_at_once, async |app| {
    let (vendor, _) = app.smtp2go().await;
    let known = sent(&app, "jane@example.com").await;
    in_time(&app, "it was asked", async || vendor.requests() > 1).await;
    vendor.fail_sending(smtp2go::Fault::ServerError, 30);
    let waiting = send(&app, letter("jim@example.com")).await;
    app.wait_until("the account fails", async || {
        app.clock.advance(MINUTE);
        let accounts = app.key().get("/v1/channel-accounts").await;
        accounts.rows()[0]["health"]["state"] == "failing"
    })
    .await;
    vendor.happens(&smtp2go::Told::of(&vendor.taken()[0], "delivered"));
    vendor.faults().clear();
    in_time(&app, "it is sent", async || state_of(&app, &waiting).await == "sent").await;
    in_time(&app, "the delivery is known", async || state_of(&app, &known).await == "delivered").await;
});

/// As after a fault of the program or a hand in the database: it counts as being sent, and nobody has it.
async fn abandon(app: &TestApp, id: &str) {
    let (tenant, id): (_, domain::ids::MessageId) = (domain::ids::TenantId(1), id.parse().unwrap());
    let abandoned = app.engine().store().write(tenant, move |tx| {
        deliveries::delete(tx, tenant, id)?;
        store::messages::set_sending(tx, tenant, id)
    });
    abandoned.await.unwrap();
}

story!(what_nobody_sends_is_taken_up, async |app| {
    let (server, _) = app.mail_server().await;
    let id = sent(&app, "jane@example.com").await;
    abandon(&app, &id).await;
    // A mail server cannot be asked: a person has to say.
    in_time(&app, "it is in doubt", async || state_of(&app, &id).await == "unknown").await;
    assert_eq!(server.count(), 1);
    let (vendor, account) = app.smtp2go().await;
    let id = send(&app, letter_through(account["id"].as_str().unwrap(), "jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    abandon(&app, &id).await;
    in_time(&app, "it is found at the provider", async || state_of(&app, &id).await == "sent").await;
    assert_eq!(vendor.count(), 1, "and nothing was sent twice");
});

story!(an_inquiry_that_was_lost_is_begun_again, async |app| {
    let (vendor, _) = app.smtp2go().await;
    vendor.fail_sending(smtp2go::Fault::TakeAndDrop, 1);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "unknown").await;
    let (tenant, epoch) = (domain::ids::TenantId(1), domain::ids::EpochId::from_u128(7));
    let later = app.clock.now().plus(HOUR);
    let lost = app.engine().store().write(tenant, move |tx| {
        for job in store::jobs::claim(tx, epoch, later, 10)? {
            store::jobs::delete(tx, job.tenant, job.id)?;
        }
        Ok::<_, store::Error>(())
    });
    lost.await.unwrap();
    in_time(&app, "it is found at the provider", async || state_of(&app, &id).await == "sent").await;
    assert_eq!(vendor.count(), 1);
});

story!(a_no_that_comes_too_late_proves_nothing, async |app| {
    let (vendor, _) = app.smtp2go().await;
    vendor.faults().plan("/activity/search".to_owned(), smtp2go::Fault::ServerError, 100_000);
    vendor.fail_sending(smtp2go::Fault::Drop, 1);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "unknown").await;
    // The server was not there for long.
    app.clock.advance(30 * HOUR);
    vendor.faults().clear();
    app.wait_until("a person has to decide", async || {
        app.clock.advance(HOUR);
        let events = message(&app, &id).await["events"].clone();
        texts(&events, "detail").iter().any(|words| words.contains("a person has to decide"))
    })
    .await;
    assert_eq!(
        (state_of(&app, &id).await.as_str(), vendor.count()),
        ("unknown", 0),
        "nothing is sent on a guess"
    );
});

async fn taken_off_both_lists(app: &TestApp, address: &str, reason: &str, theirs: impl Fn() -> Vec<String>) {
    assert_eq!(theirs(), [address]);
    let new = json!({ "address": address, "reason": reason, "detail": "550 5.1.1 no such user" });
    let reply = app.key().post("/v1/suppressions", new).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let path = format!("/v1/suppressions/{}", reply.text("id"));
    let why = json!({ "reason": "the address works again" }).to_string().into_bytes();
    let removed = app.key().send(Method::DELETE, &path, Some("application/json"), why).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    in_time(app, "the provider has forgotten it", async || theirs().is_empty()).await;
}

story!(what_a_person_takes_off_the_list_the_providers_forget_as_well, async |app| {
    let clock = || app.clock.clone();
    let (smtp2go, _) = app.smtp2go().await;
    let mailgun = mailgun::Mailgun::start(mailgun::Options::new(clock())).await.unwrap();
    let sendgrid = sendgrid::Sendgrid::start(sendgrid::Options::new(clock())).await.unwrap();
    let ses = ses::Ses::start(ses::Options::new(clock())).await.unwrap();
    let postmark = postmark::Postmark::start(postmark::Options::new(clock())).await.unwrap();
    let resend = resend::Resend::start(resend::Options::new(clock())).await.unwrap();
    let mut accounts = Vec::new();
    for (provider, settings) in [
        ("mailgun", mailgun.settings()),
        ("sendgrid", sendgrid.settings()),
        ("ses", ses.settings()),
        ("postmark", postmark.settings()),
        ("resend", resend.settings()),
    ] {
        accounts.push(account_at(&app, provider, settings).await);
    }
    let address = "jane+news@example.com";
    smtp2go.suppress("bounce", address);
    mailgun.suppress("bounces", address);
    sendgrid.suppress("suppression/bounces", address);
    ses.suppress(address);
    postmark.deactivate(address);
    resend.suppress(address);
    // The first answers fail; it is asked again.
    ses.faults().plan(
        "/v2/email/suppression/addresses/jane%2Bnews%40example.com".to_owned(),
        Fault::ServerError,
        1,
    );
    resend.faults().plan("/suppressions/jane%2Bnews%40example.com".to_owned(), Fault::RateLimited, 1);
    taken_off_both_lists(&app, address, "hard_bounce", || smtp2go.suppressed()).await;
    in_time(&app, "all have forgotten it", async || {
        [
            mailgun.suppressed(),
            sendgrid.suppressed(),
            ses.suppressed(),
            postmark.inactive(),
            resend.suppressed(),
        ]
        .iter()
        .all(Vec::is_empty)
    })
    .await;
});
