//! Replays of webhooks: in the background, visible while they run, whole after a crash, over when the webhook is.

use domain::ids::{TenantId, WebhookId};
use serde_json::{Value, json};
use store::webhook_replays::{self, ReplayState, WebhookReplay};
use testkit::TestApp;
use testkit::sim::receiver::Answer;

use crate::scene::*;
use crate::webhooks_out::{arrive, deliveries, happens, hook, receiver, replayed, times};

const OURS: TenantId = TenantId(1);

async fn many(app: &TestApp, count: usize) {
    futures_util::future::join_all(
        (0..count).map(|n| async move { happens(app, &format!("tag {n}")).await }),
    )
    .await;
}

async fn replay(app: &TestApp, id: &str) -> Value {
    app.key().get(&format!("/v1/webhook-replays/{id}")).await.body
}

/// A replay that nobody works on yet, as one of another process is for a moment.
async fn begun(app: &TestApp, webhook: WebhookId) -> WebhookReplay {
    let now = app.clock.now();
    let replay = WebhookReplay {
        id: domain::ids::Ids::new(app.clock.clone(), domain::chance::Chance::system()).next(),
        webhook,
        state: ReplayState::Running,
        since: now,
        only_failed: false,
        first_seq: 0,
        last_seq: 1,
        reached_seq: 0,
        replayed: 0,
        reason: None,
        created_at: now,
        updated_at: now,
    };
    let row = replay.clone();
    app.engine().store().write(OURS, move |tx| webhook_replays::insert(tx, OURS, &row)).await.unwrap();
    replay
}

story!(a_replay_tells_how_far_it_is_and_sends_each_event_once, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let since = app.clock.now();
    // More than one stride.
    many(&app, 230).await;
    arrive(&app, &receiver, 230).await;
    let done = replayed(&app, &id, json!({ "since": since })).await;
    assert_eq!((&done["state"], &done["replayed"]), (&json!("done"), &json!(230)));
    assert_eq!(
        (&done["done"], &done["webhook_id"], &done["reason"]),
        (&done["total"], &json!(id), &Value::Null)
    );
    assert!(done["total"].as_i64().unwrap() >= 230);
    let received = arrive(&app, &receiver, 460).await;
    assert!(times(&received).values().all(|times| *times == 2), "each once more, under its id");
    let nothing = replayed(&app, &id, json!({ "since": since, "only_failed": true })).await;
    assert_eq!(nothing["replayed"], 0, "all of it arrived");
    let listed = app.key().get(&format!("/v1/webhooks/{id}/replays")).await;
    let ids: Vec<&Value> = listed.rows().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [&nothing["id"], &done["id"]], "newest first");
    assert_eq!(app.key().get("/v1/webhook-replays/whr_00000000000000000000000000").await.status, 404);
    let reader = app.key_with(&["messages:read"]).await;
    assert_eq!(
        reader.get(&format!("/v1/webhook-replays/{}", done["id"].as_str().unwrap())).await.status,
        403
    );
    let log = app.key().get("/v1/audit?limit=200").await;
    assert_eq!(log.rows().iter().filter(|row| row["action"] == "webhook.replayed").count(), 2);
});

story!(a_replay_goes_on_after_a_kill_and_sends_nothing_twice, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let since = app.clock.now();
    many(&app, 450).await;
    arrive(&app, &receiver, 450).await;
    let asked = json!({ "since": since });
    let begun = app.key().post(&format!("/v1/webhooks/{id}/replay"), asked).await;
    assert_eq!(begun.summary(), "202 running");
    app.wait_until("some of it came", async || receiver.count() > 450).await;
    let app = app.kill().await;
    let replay_id = begun.text("id");
    app.wait_until("the replay is done", async || replay(&app, replay_id).await["state"] == "done").await;
    app.wait_until("all came", async || {
        times(&receiver.received()).values().filter(|times| **times >= 2).count() == 450
    })
    .await;
    app.run_until_idle().await;
    assert_eq!(replay(&app, replay_id).await["replayed"], 450);
    let again = receiver.count() - 900;
    assert!(again <= 4, "only what was under way at the kill may come once more: {again}");
});

story!(a_replay_ends_with_its_webhook, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let path = format!("/v1/webhooks/{id}");
    app.key().patch(&path, json!({ "enabled": false })).await;
    let off = begun(&app, id.parse().unwrap()).await.id.to_string();
    app.wait_until("it is cancelled", async || replay(&app, &off).await["state"] == "cancelled").await;
    assert_eq!(replay(&app, &off).await["reason"], "The webhook was switched off.");
    app.key().delete(&path).await;
    let gone = begun(&app, id.parse().unwrap()).await.id.to_string();
    app.wait_until("it is cancelled", async || replay(&app, &gone).await["state"] == "cancelled").await;
    assert_eq!(replay(&app, &gone).await["reason"], "The webhook was removed.");
    assert_eq!(receiver.count(), 0);
});

story!(one_replay_of_a_webhook_runs_at_a_time, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    receiver.answer(Answer::Status(200));
    let path = format!("/v1/webhooks/{id}/replay");
    let asked = json!({ "since": app.clock.now() });
    many(&app, 100).await;
    let both =
        futures_util::future::join(app.key().post(&path, asked.clone()), app.key().post(&path, asked)).await;
    let mut summaries = [both.0.summary(), both.1.summary()];
    summaries.sort();
    // The first may have ended before the second came.
    assert_eq!(summaries[0], "202 running");
    assert!(["202 running", "409 conflict"].contains(&summaries[1].as_str()), "{summaries:?}");
    app.run_until_idle().await;
    assert_eq!(deliveries(&app, &id, "&state=waiting").await.len(), 0);
});

story!(replays_leave_with_the_log, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let done = replayed(&app, &id, json!({ "since": app.clock.now() })).await;
    assert_eq!((&done["state"], &done["replayed"]), (&json!("done"), &json!(0)));
    app.key().patch("/v1/settings", json!({ "webhook_log_days": 3 })).await;
    app.wait_until("it is gone", async || {
        app.clock.advance(HOUR);
        replay(&app, done["id"].as_str().unwrap()).await["status"] == 404
    })
    .await;
});
