//! Webhooks: what a provider tells moves messages forwards only, in any order and however often; nobody else can tell.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::smtp2go::{Smtp2go, Told};

use crate::scene::*;

/// A provider that reaches our webhook over a real port.
async fn telling(app: &TestApp, authorization: Option<&str>) -> (Smtp2go, Value, Listening) {
    let (provider, account) = app.smtp2go().await;
    let listening = listen(app).await;
    let path = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    provider.set_webhook(format!("http://{}{path}", listening.address), authorization.map(str::to_owned));
    (provider, account, listening)
}

async fn sent(app: &TestApp) -> String {
    sent_to(app, "jane@example.com").await
}

/// Whoever bounced or complained is not written to again.
async fn sent_to(app: &TestApp, address: &str) -> String {
    let id = send(app, letter(address)).await;
    becomes(app, &id, "sent").await;
    id
}

story!(events_move_a_message_forwards_in_any_order, async |app| {
    let (provider, _, _listening) = telling(&app, None).await;
    for (number, (events, state)) in (1..).zip([
        (["processed", "delivered", "open"], "read"),
        (["open", "delivered", "processed"], "read"),
        (["delivered", "processed", "delivered"], "delivered"),
        (["processed", "hard", "processed"], "bounced"),
        (["hard", "delivered", "processed"], "bounced"),
        (["delivered", "spam", "processed"], "delivered"),
    ]) {
        let id = sent_to(&app, &format!("reader{number}@example.com")).await;
        let about = provider.taken().pop().unwrap();
        for event in events {
            let told = if event == "hard" { Told::bounce(&about, "hard") } else { Told::of(&about, event) };
            assert_eq!(provider.tell(told.clone()).await, Some(200), "{event}");
            assert_eq!(provider.tell(told).await, Some(200), "{event} again");
        }
        app.run_until_idle().await;
        let known = becomes(&app, &id, state).await;
        let mut kinds = texts(&known["events"], "kind");
        kinds.retain(|kind| !["queued", "started", "sent"].contains(kind));
        let mut told = events.to_vec();
        told.sort_unstable();
        told.dedup();
        assert_eq!(kinds.len(), told.len(), "{events:?} are each written once: {kinds:?}");
    }
});

story!(a_bounce_says_why, async |app| {
    let (provider, _, _listening) = telling(&app, None).await;
    let id = sent(&app).await;
    assert_eq!(provider.tell(Told::bounce(&provider.taken()[0], "hard")).await, Some(200));
    let bounced = becomes(&app, &id, "bounced").await;
    assert!(bounced["state_reason"]["detail"].as_str().unwrap().contains("no such user"), "{bounced}");
    let delivered = sent_to(&app, "joe@example.com").await;
    provider.tell(Told::of(&provider.taken()[1], "delivered")).await;
    assert!(becomes(&app, &delivered, "delivered").await["delivered_at"].is_string());
});

story!(an_unknown_event_is_kept_and_changes_nothing, async |app| {
    let (provider, _, _listening) = telling(&app, None).await;
    let id = sent(&app).await;
    assert_eq!(provider.tell(Told::of(&provider.taken()[0], "teleported")).await, Some(200));
    app.run_until_idle().await;
    app.wait_until("it was worked on", async || {
        app.key().get("/v1/journal?state=received").await.rows().is_empty()
    })
    .await;
    let known = message(&app, &id).await;
    assert_eq!((&known["state"], texts(&known["events"], "kind").contains(&"other")), (&json!("sent"), true));
});

story!(a_wrong_address_is_not_found, async |app| {
    let (_provider, account, _listening) = telling(&app, None).await;
    let path = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1.to_owned();
    let wrong_secret = app.anyone().post(&format!("{path}x"), json!({ "event": "delivered" })).await;
    let wrong_provider =
        app.anyone().post(&path.replace("smtp2go", "smtp"), json!({ "event": "delivered" })).await;
    assert_eq!((wrong_secret.status, wrong_provider.status), (404, 404));
    assert_eq!(app.anyone().post(&path, Value::Null).await.status / 100, 2);
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 1);
});

story!(wrong_credentials_are_refused, async |app| {
    let (provider, account, listening) = telling(&app, Some("Bearer wrong-word")).await;
    let path = format!("/v1/channel-accounts/{}", account["id"].as_str().unwrap());
    let set = app.key().patch(&path, json!({ "settings": { "webhook_secret": "right-word" } })).await;
    assert_eq!(set.status, 200, "{}", set.body);
    let id = sent(&app).await;
    let delivered = Told::of(&provider.taken()[0], "delivered");
    assert_eq!(provider.tell(delivered.clone()).await, Some(401));
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
    let url = format!(
        "http://{}{}",
        listening.address,
        account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1
    );
    provider.set_webhook(url, Some("Bearer right-word".to_owned()));
    assert_eq!(provider.tell(delivered).await, Some(200));
    becomes(&app, &id, "delivered").await;
});

story!(an_event_about_a_strangers_message_ends_ignored, async |app| {
    let (provider, _, _listening) = telling(&app, None).await;
    let id = sent(&app).await;
    let mut about = provider.taken()[0].clone();
    about.email_id = "1stran-ger".to_owned();
    about.headers.clear();
    assert_eq!(provider.tell(Told::of(&about, "delivered")).await, Some(200));
    app.wait_until("it is given up", async || {
        app.clock.advance(MINUTE);
        app.key().get("/v1/journal?state=ignored").await.rows().len() == 1
    })
    .await;
    assert_eq!(state_of(&app, &id).await, "sent");
});

story!(a_message_through_smtp2go_makes_the_whole_circle, async |app| {
    let (provider, _, _listening) = telling(&app, None).await;
    let id = sent(&app).await;
    let about = provider.taken().pop().unwrap();
    for event in ["processed", "delivered", "open"] {
        assert_eq!(provider.tell(Told::of(&about, event)).await, Some(200), "{event}");
    }
    let read = becomes(&app, &id, "read").await;
    // It hands no mail over, so the answer comes by another way.
    let parent = format!("In-Reply-To: {}", about.header("Message-ID").unwrap());
    let raw = mail("jane@example.com", "Re: Your order", "answer@example.com", &[&parent], "Thank you");
    assert_eq!(receive(&app, raw).await["conversation_id"], read["conversation_id"]);
});
