//! Kills and restarts: what was accepted is never lost and never sent twice; what nobody can know is called unknown.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::smtp::{At, Fault};

use crate::scene::*;

async fn switch(app: &TestApp, account: &str, enabled: bool) {
    let path = format!("/v1/channel-accounts/{account}");
    let reply = app.key().patch(&path, json!({ "enabled": enabled })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

async fn send_batch(app: &TestApp, count: usize) -> Vec<String> {
    let messages: Vec<Value> = (0..count).map(|n| letter(&format!("reader{n}@example.com"))).collect();
    let reply = app.key().post("/v1/messages/batch", json!({ "messages": messages })).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    reply.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until every message is sent or unknown.
async fn settle(app: &TestApp, count: usize) -> (usize, usize) {
    let states = async || (count_in(app, "sent").await, count_in(app, "unknown").await);
    app.wait_until("all are settled", async || {
        let (sent, unknown) = states().await;
        sent + unknown == count
    })
    .await;
    states().await
}

story!(what_waits_survives_a_kill, async |app| {
    let (server, account) = app.mail_server().await;
    server.faults().plan(At::Dot, Fault::Say("451 4.3.0 later".into()), 1);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("the attempt is over", async || message(&app, &id).await["attempts_count"] == 1).await;
    switch(&app, &account, false).await;
    let app = app.kill().await;
    assert_eq!(state_of(&app, &id).await, "queued");
    switch(&app, &account, true).await;
    app.advance(MINUTE).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((outcomes(&sent), server.count()), (vec!["temporary", "sent"], 1));
});

story!(a_kill_amid_sending_loses_nothing_and_doubles_nothing, async |app| {
    let (server, _) = app.mail_server().await;
    let ids = send_batch(&app, 120).await;
    let app = app.kill().await;
    let (sent, unknown) = settle(&app, ids.len()).await;
    assert_eq!(sent + unknown, ids.len());
    app.run_until_idle().await;
    assert!(server.ids().values().all(|times| *times == 1), "no message arrived twice");
    assert!(server.count() >= sent, "what is said to be sent is at the server");
});

story!(what_was_in_flight_at_a_kill_is_unknown_and_not_repeated, async |app| {
    let (server, _) = app.mail_server().await;
    server.faults().plan(At::Dot, Fault::TakeAndHang, 2);
    let first = send(&app, letter("jane@example.com")).await;
    let second = send(&app, letter("joe@example.com")).await;
    app.wait_until("both are at the dot", async || server.count() == 2).await;
    let app = app.kill().await;
    for id in [&first, &second] {
        let unknown = becomes(&app, id, "unknown").await;
        assert_eq!(
            (&unknown["state_reason"]["code"], outcomes(&unknown)),
            (&json!("no_answer"), vec!["unknown"])
        );
    }
    app.advance(DAY).await;
    assert_eq!(server.count(), 2);
});

story!(a_restart_finishes_what_is_under_way, async |app| {
    let (server, _) = app.mail_server().await;
    let ids = send_batch(&app, 120).await;
    let app = app.restart().await;
    let (sent, unknown) = settle(&app, ids.len()).await;
    assert_eq!((sent, unknown, server.count()), (120, 0, 120));
    assert!(server.ids().values().all(|times| *times == 1));
});

story!(a_scheduled_message_survives_a_kill, async |app| {
    let (server, _) = app.mail_server().await;
    let mut request = letter("jane@example.com");
    request["send_at"] = json!(app.clock.now().plus(HOUR).to_string());
    let id = app.key().post("/v1/messages", request).await.text("id").to_owned();
    let app = app.kill().await;
    app.advance(HOUR + MINUTE).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(server.count(), 1);
});

story!(mail_that_was_taken_in_is_worked_on_after_a_kill, async |app| {
    let mut entries = Vec::new();
    for n in 0..20 {
        let raw =
            mail("Jane <jane@example.com>", &format!("Question {n}"), &format!("q{n}@example.com"), &[], "?");
        let reply = app.key().hand_in(raw).await;
        assert_eq!(reply.status, 202);
        entries.push(reply.text("journal_id").to_owned());
    }
    let app = app.kill().await;
    for entry in &entries {
        assert_eq!(worked_on(&app, entry).await["state"], "processed");
    }
    let kept = app.key().get("/v1/messages?direction=inbound").await;
    assert_eq!(kept.rows().len(), 20);
});

story!(an_unknown_message_is_still_asked_about_after_a_kill, async |app| {
    let (provider, _) = app.smtp2go().await;
    provider.fail_sending(testkit::sim::smtp2go::Fault::TakeAndDrop, 1);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "unknown").await;
    let app = app.kill().await;
    app.advance(5 * MINUTE).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(provider.count(), 1);
});

story!(a_batch_with_a_key_is_not_repeated_after_a_kill, async |app| {
    let (server, _) = app.mail_server().await;
    let messages: Vec<Value> = (0..10).map(|n| letter(&format!("reader{n}@example.com"))).collect();
    let body = json!({ "messages": messages });
    let first =
        app.key().with("idempotency-key", "newsletter").post("/v1/messages/batch", body.clone()).await;
    let app = app.kill().await;
    let again = app.key().with("idempotency-key", "newsletter").post("/v1/messages/batch", body).await;
    assert_eq!(first.body, again.body);
    settle(&app, 10).await;
    assert!(server.ids().values().all(|times| *times == 1) && server.count() <= 10);
});
