//! Webhooks to programs outside: every event once to each that wants it, signed; again when it fails; off when it only fails.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::Role;
use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::receiver::{Answer, Received, Receiver};

use crate::scene::*;

pub async fn receiver() -> Receiver {
    Receiver::start().await.unwrap()
}

/// Adds a webhook; gives its id and its secret.
pub async fn hook(app: &TestApp, receiver: &Receiver, events: &[&str]) -> (String, String) {
    let new = json!({ "url": receiver.url(), "events": events, "description": "The till" });
    let reply = app.key().post("/v1/webhooks", new).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    (reply.text("id").to_owned(), reply.text("secret").to_owned())
}

pub async fn webhook(app: &TestApp, id: &str) -> Value {
    app.key().get(&format!("/v1/webhooks/{id}")).await.body
}

pub async fn deliveries(app: &TestApp, id: &str, more: &str) -> Vec<Value> {
    app.key().get(&format!("/v1/webhooks/{id}/deliveries?limit=200{more}")).await.rows().to_vec()
}

async fn delivery(app: &TestApp, id: &str) -> Value {
    app.key().get(&format!("/v1/webhook-deliveries/{id}")).await.body
}

/// Makes one event: `tag.changed`.
pub async fn happens(app: &TestApp, name: &str) {
    let reply = app.key().post("/v1/tags", json!({ "name": name })).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}

fn kinds(received: &[Received]) -> Vec<String> {
    received.iter().map(Received::kind).collect()
}

pub async fn arrive(app: &TestApp, receiver: &Receiver, count: usize) -> Vec<Received> {
    app.wait_until("the webhooks have come", async || receiver.count() >= count).await;
    app.run_until_idle().await;
    assert_eq!(receiver.count(), count, "{:?}", kinds(&receiver.received()));
    receiver.received()
}

/// Replays, and gives the replay when it has ended.
pub async fn replayed(app: &TestApp, id: &str, asked: Value) -> Value {
    let begun = app.key().post(&format!("/v1/webhooks/{id}/replay"), asked).await;
    assert_eq!(begun.summary(), "202 running");
    let path = format!("/v1/webhook-replays/{}", begun.text("id"));
    app.wait_until("the replay has ended", async || app.key().get(&path).await.body["state"] != "running")
        .await;
    app.key().get(&path).await.body
}

/// How often each id came.
pub fn times(received: &[Received]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for one in received {
        *times.entry(one.id.clone()).or_default() += 1;
    }
    times
}

story!(a_webhook_tells_of_a_message_and_shows_it, async |app| {
    let (_server, _) = app.mail_server().await;
    let (receiver, everything) = (receiver().await, receiver().await);
    let (id, secret) = hook(&app, &receiver, &["message.sent", "contact.*"]).await;
    let (_, other_secret) = hook(&app, &everything, &["*"]).await;
    let begun = app.key().get("/v1/events?limit=200").await.rows().len() as i64;
    let message_id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &message_id, "sent").await;
    let mut received = arrive(&app, &receiver, 2).await;
    // One may overtake the other.
    received.sort_by_key(|one| one.json()["seq"].as_i64());
    assert_eq!(kinds(&received), ["contact.created", "message.sent"]);
    for one in &received {
        assert!(one.fits(&secret) && !one.fits(&other_secret), "signed with its own secret");
        assert_eq!((one.timestamp, one.path.as_str()), (app.clock.now().seconds(), "/hook"));
    }
    let (contact, sent) = (received[0].json(), received[1].json());
    assert_eq!(sent["data"]["message"]["text"], "It is on its way.");
    assert_eq!(sent["data"]["message_id"], json!(message_id));
    assert_eq!(sent["data"]["message"]["state"], "sent");
    assert_eq!(contact["data"]["contact"]["identities"][0]["address"], "jane@example.com");
    // The other one has the whole feed behind its beginning, but for what speaks of webhooks.
    let feed = app.key().get("/v1/events?limit=200").await;
    let feed = feed.rows().iter().filter(|event| event["type"] != "webhook.updated");
    let told: Vec<i64> =
        feed.map(|event| event["seq"].as_i64().unwrap()).filter(|seq| *seq > begun).collect();
    app.wait_until("all came", async || everything.count() == told.len()).await;
    let mut seqs: Vec<i64> =
        everything.received().iter().map(|one| one.json()["seq"].as_i64().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, told);
    assert!(times(&everything.received()).values().all(|times| *times == 1));
    let known = webhook(&app, &id).await;
    assert_eq!((&known["state"], &known["last_delivered_at"]), (&json!("ok"), &json!(app.clock.now())));
    assert!(!known.to_string().contains("whsec_"), "the secret is shown once");
    let log = deliveries(&app, &id, "&event=message.sent").await;
    assert_eq!((log.len(), &log[0]["state"], &log[0]["last_status"]), (1, &json!("delivered"), &json!(204)));
    assert_eq!(log[0]["event_seq"], sent["seq"]);
});

story!(sdk_a_signed_sample_is_taken_by_the_official_libraries, async |app| {
    let receiver = receiver().await;
    let (id, old) = hook(&app, &receiver, &["*"]).await;
    let rotated = app.key().post(&format!("/v1/webhooks/{id}/rotate-secret"), json!({})).await;
    happens(&app, "VIP ✓ ünïcode").await;
    let one = arrive(&app, &receiver, 1).await.remove(0);
    for (name, secret) in [("old", old.as_str()), ("new", rotated.text("secret"))] {
        let sample = json!({
            "secret": secret,
            "headers": {
                "webhook-id": one.id,
                "webhook-timestamp": one.timestamp.to_string(),
                "webhook-signature": one.signature,
            },
            "body": String::from_utf8(one.body.clone()).unwrap(),
            "now": app.clock.now().seconds(),
        });
        assert!(one.fits(secret), "{name}");
        testkit::sdk::give("standardwebhooks", name, &sample);
    }
});

story!(what_fails_is_tried_again_over_a_day_and_then_failed, async |app| {
    let receiver = receiver().await;
    let (id, secret) = hook(&app, &receiver, &["tag.changed"]).await;
    receiver.answer(Answer::Words(500, "<h1>broken</h1>".into()));
    let begun = app.clock.now();
    happens(&app, "first").await;
    app.run_until_idle().await;
    assert_eq!(receiver.count(), 1);
    let mut hours = Vec::new();
    for attempt in 2..=8 {
        let waiting = deliveries(&app, &id, "&state=waiting").await.remove(0);
        assert_eq!((&waiting["attempts"], &waiting["last_status"]), (&json!(attempt - 1), &json!(500)));
        let due: domain::clock::Timestamp = waiting["next_attempt_at"].as_str().unwrap().parse().unwrap();
        app.advance(due.since(app.clock.now()) - Duration::from_millis(1)).await;
        assert_eq!(receiver.count(), attempt - 1, "not before its time");
        app.advance(Duration::from_millis(1)).await;
        app.wait_until("it is tried", async || receiver.count() == attempt).await;
        app.run_until_idle().await;
        hours.push(app.clock.now().since(begun).as_secs() / 3_600);
    }
    assert!((24..=31).contains(hours.last().unwrap()), "{hours:?}");
    let failed = deliveries(&app, &id, "&state=failed").await.remove(0);
    assert_eq!((&failed["attempts"], &failed["next_attempt_at"]), (&json!(8), &Value::Null));
    let detail = delivery(&app, failed["id"].as_str().unwrap()).await;
    assert_eq!(detail["attempts_made"].as_array().unwrap().len(), 8);
    assert_eq!(detail["attempts_made"][0]["body"], "<h1>broken</h1>");
    assert_eq!(detail["request"]["body"].as_str().unwrap().as_bytes(), receiver.received()[0].body);
    assert!(detail.to_string().contains("v1,") && !detail.to_string().contains(&secret));
    let all = receiver.received();
    assert_eq!(times(&all).len(), 1, "one id for all attempts");
    assert!(all.iter().all(|one| one.fits(&secret)));
    let signatures: std::collections::BTreeSet<_> = all.iter().map(|one| one.signature.clone()).collect();
    assert_eq!(signatures.len(), 8, "each attempt is signed with its own time");
    assert_eq!(webhook(&app, &id).await["state"], "failing");
    receiver.answer(Answer::Status(200));
    happens(&app, "second").await;
    app.run_until_idle().await;
    let healthy = webhook(&app, &id).await;
    assert_eq!((&healthy["state"], &healthy["last_error"]), (&json!("ok"), &Value::Null));
});

story!(whoever_answers_410_gets_no_more, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["*"]).await;
    let owner = app.person(Role::Owner).await;
    let agent = app.person(Role::Agent).await;
    app.run_until_idle().await;
    let before = receiver.count();
    receiver.answer(Answer::Status(410));
    happens(&app, "first").await;
    app.wait_until("it is off", async || webhook(&app, &id).await["state"] == "disabled").await;
    app.run_until_idle().await;
    let off = webhook(&app, &id).await;
    assert_eq!(
        (&off["enabled"], &off["disabled_reason"]),
        (&json!(false), &json!("It answered 410: it wants no more."))
    );
    let told = owner.get("/v1/notifications").await.rows().to_vec();
    assert_eq!((told.len(), &told[0]["kind"], &told[0]["subject_id"]), (1, &json!("webhook"), &json!(id)));
    assert!(agent.get("/v1/notifications").await.rows().is_empty());
    happens(&app, "second").await;
    app.advance(DAY).await;
    assert_eq!(receiver.count(), before + 1, "nothing more comes");
    for path in ["test", "replay"] {
        let body = json!({ "since": app.clock.now() });
        let refused = app
            .key()
            .post(&format!("/v1/webhooks/{id}/{path}"), if path == "test" { json!({}) } else { body })
            .await;
        assert_eq!(refused.summary(), "409 webhook_disabled");
    }
    // Switched on again, it gets what happens then; and by replay what happened meanwhile.
    receiver.answer(Answer::Status(200));
    let on =
        app.key().patch(&format!("/v1/webhooks/{id}"), json!({ "enabled": true, "events": ["tag.*"] })).await;
    assert_eq!((&on.body["state"], &on.body["disabled_reason"]), (&json!("ok"), &Value::Null));
    happens(&app, "third").await;
    app.wait_until("the third came", async || receiver.received().last().unwrap().kind() == "tag.changed")
        .await;
    app.run_until_idle().await;
    assert_eq!(receiver.count(), before + 2);
    let since = app.clock.now().minus(2 * DAY);
    let replay = json!({ "since": since, "only_failed": true });
    let replayed = replayed(&app, &id, replay).await;
    assert_eq!(replayed["replayed"], 2, "the one that was refused and the one of while it was off");
    app.wait_until("they came", async || receiver.count() == before + 4).await;
});

/// Lets hours pass, so that what is to be tried again is.
async fn pass(app: &TestApp, hours: u32) {
    for _ in 0..hours {
        app.advance(HOUR).await;
        app.run_until_idle().await;
    }
}

story!(five_days_of_nothing_but_failures_switch_it_off, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let admin = app.person(Role::Admin).await;
    receiver.answer(Answer::Status(503));
    for day in 0..5 {
        happens(&app, &format!("day {day}")).await;
        app.run_until_idle().await;
        pass(&app, 23).await;
        assert_eq!(webhook(&app, &id).await["state"], "failing", "day {day}");
    }
    pass(&app, 6).await;
    happens(&app, "too late").await;
    app.wait_until("it is off", async || webhook(&app, &id).await["state"] == "disabled").await;
    assert_eq!(webhook(&app, &id).await["disabled_reason"], "Nothing but failures for five days.");
    assert_eq!(admin.get("/v1/notifications").await.rows()[0]["kind"], "webhook");
    let log = app.key().get("/v1/audit?limit=200").await;
    assert!(log.rows().iter().any(|row| row["action"] == "webhook.disabled"));
    let told = app.key().get("/v1/events?limit=200").await;
    assert!(told.rows().iter().filter(|event| event["type"] == "webhook.updated").count() >= 3);
});

story!(a_failure_long_after_another_switches_nothing_off, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let state = async || webhook(&app, &id).await["state"].clone();
    receiver.answer(Answer::Status(503));
    // One event a week, each given up after a day and a half.
    for week in 0..2 {
        happens(&app, &format!("week {week}")).await;
        app.run_until_idle().await;
        assert_eq!(state().await, "failing", "its first attempt says nothing of the week before");
        pass(&app, 40).await;
        assert_eq!(deliveries(&app, &id, "&state=failed").await.len(), week + 1);
        assert_eq!(state().await, "failing");
        app.advance(5 * DAY).await;
    }
    // What arrives ends the run.
    receiver.answer(Answer::Status(200));
    happens(&app, "well again").await;
    app.wait_until("it is well", async || state().await == "ok").await;
    receiver.answer(Answer::Status(503));
    for week in 2..4 {
        happens(&app, &format!("week {week}")).await;
        app.run_until_idle().await;
        pass(&app, 40).await;
        app.advance(5 * DAY).await;
    }
    assert_eq!(state().await, "failing", "two were given up since");
    // The third that is given up is enough, and not before its last attempt.
    happens(&app, "week 4").await;
    app.run_until_idle().await;
    assert_eq!(state().await, "failing");
    pass(&app, 40).await;
    assert_eq!(state().await, "disabled");
});

story!(a_kill_loses_no_event_and_changes_no_id, async |app| {
    let receiver = receiver().await;
    let (id, secret) = hook(&app, &receiver, &["tag.*"]).await;
    for n in 0..60 {
        happens(&app, &format!("before {n}")).await;
    }
    // In the middle of it.
    app.wait_until("some came", async || receiver.count() >= 5).await;
    let app = app.kill().await;
    for n in 0..10 {
        happens(&app, &format!("after {n}")).await;
    }
    app.wait_until("all came", async || times(&receiver.received()).len() == 70).await;
    app.run_until_idle().await;
    let received = receiver.received();
    let again = received.len() - 70;
    assert!(again <= 4, "only what was under way may come twice: {again}");
    assert!(received.iter().all(|one| one.fits(&secret)));
    let mut by_seq: BTreeMap<i64, String> = BTreeMap::new();
    for one in &received {
        let id = by_seq.entry(one.json()["seq"].as_i64().unwrap()).or_insert_with(|| one.id.clone());
        assert_eq!(*id, one.id, "one id for each event");
    }
    assert_eq!((by_seq.len(), deliveries(&app, &id, "&state=delivered").await.len()), (70, 70));
});

story!(what_hung_at_a_kill_comes_again_with_the_same_id, async |app| {
    let receiver = receiver().await;
    hook(&app, &receiver, &["tag.*"]).await;
    receiver.answer_next([Answer::Hang, Answer::Hang]);
    happens(&app, "one").await;
    happens(&app, "two").await;
    app.wait_until("both are there", async || receiver.count() == 2).await;
    let app = app.kill().await;
    app.wait_until("both came again", async || receiver.count() == 4).await;
    app.run_until_idle().await;
    assert_eq!(times(&receiver.received()).into_values().collect::<Vec<_>>(), [2, 2]);
});

story!(one_that_hangs_holds_up_no_other_while_there_is_a_place, async |app| {
    let receiver = receiver().await;
    hook(&app, &receiver, &["tag.*"]).await;
    receiver.answer_next([Answer::Hang]);
    happens(&app, "hangs").await;
    app.wait_until("it hangs", async || receiver.count() == 1).await;
    let begun = std::time::Instant::now();
    for n in 0..3 {
        happens(&app, &format!("after {n}")).await;
        app.wait_until("it came", async || receiver.count() == n + 2).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(12), "they did not wait for its time-out");
});

story!(a_dead_webhook_holds_up_nobody, async |app| {
    let (server, _) = app.mail_server().await;
    let (dead, alive) = (receiver().await, receiver().await);
    hook(&app, &dead, &["*"]).await;
    hook(&app, &alive, &["message.*"]).await;
    dead.answer(Answer::Hang);
    let begun = std::time::Instant::now();
    let ids = futures_util::future::join_all((0..20).map(|n| {
        let app = &app;
        async move { send(app, letter(&format!("reader{n}@example.com"))).await }
    }))
    .await;
    app.wait_until("all are sent", async || server.count() == ids.len()).await;
    app.wait_until("the other one has them all", async || {
        alive.received().iter().filter(|one| one.kind() == "message.sent").count() == ids.len()
    })
    .await;
    assert!(begun.elapsed() < Duration::from_secs(12), "nobody waited for the dead one's time-out");
    assert!(dead.most_at_once() <= 4 && dead.count() <= 4, "{}", dead.most_at_once());
    assert!(alive.most_at_once() <= 4, "{}", alive.most_at_once());
});

story!(both_secrets_sign_while_they_overlap, async |app| {
    let receiver = receiver().await;
    let (id, old) = hook(&app, &receiver, &["tag.*"]).await;
    let rotate = json!({ "overlap_hours": 2 });
    let rotated = app.key().post(&format!("/v1/webhooks/{id}/rotate-secret"), rotate).await;
    let new = rotated.text("secret").to_owned();
    assert_eq!(rotated.body["old_expires_at"], json!(app.clock.now().plus(2 * HOUR)));
    assert_eq!(webhook(&app, &id).await["secrets"].as_array().unwrap().len(), 2);
    happens(&app, "while").await;
    let both = arrive(&app, &receiver, 1).await.remove(0);
    assert!(both.fits(&old) && both.fits(&new) && both.signatures() == 2);
    app.advance(2 * HOUR).await;
    happens(&app, "after").await;
    let one = arrive(&app, &receiver, 2).await.remove(1);
    assert!(!one.fits(&old) && one.fits(&new) && one.signatures() == 1);
    assert_eq!(webhook(&app, &id).await["secrets"].as_array().unwrap().len(), 1);
});

story!(one_is_sent_again_and_all_since, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    happens(&app, "one").await;
    arrive(&app, &receiver, 1).await;
    app.advance(HOUR).await;
    let since = app.clock.now();
    happens(&app, "two").await;
    receiver.answer_next([Answer::Status(200), Answer::Drop]);
    arrive(&app, &receiver, 2).await;
    happens(&app, "three").await;
    let first = arrive(&app, &receiver, 3).await;
    let of_one = deliveries(&app, &id, "&state=delivered").await;
    let oldest = of_one.last().unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(oldest, first[0].id);
    let again = app.key().post(&format!("/v1/webhook-deliveries/{oldest}/replay"), json!({})).await;
    assert_eq!(again.summary(), "202 waiting");
    let received = arrive(&app, &receiver, 4).await;
    assert_eq!((&received[3].id, &received[3].body), (&first[0].id, &first[0].body));
    let path = format!("/v1/webhooks/{id}/replay");
    let done = replayed(&app, &id, json!({ "since": since, "only_failed": true })).await;
    assert_eq!(done["replayed"], 1, "the one whose connection broke: {done}");
    arrive(&app, &receiver, 5).await;
    let done = replayed(&app, &id, json!({ "since": since })).await;
    assert_eq!(done["replayed"], 2);
    let received = arrive(&app, &receiver, 7).await;
    let counted: Vec<usize> = times(&received).into_values().collect();
    assert_eq!((counted.iter().sum::<usize>(), counted.len()), (7, 3), "never under another id");
    let refused = app.key().post(&path, json!({ "since": "2020-01-01T00:00:00Z" })).await;
    assert_eq!(refused.summary(), "422 invalid_request /since");
});

story!(a_test_is_sent_once_whatever_is_wanted, async |app| {
    let receiver = receiver().await;
    let (id, secret) = hook(&app, &receiver, &["message.bounced"]).await;
    receiver.answer_next([Answer::Status(200), Answer::Redirect("http://127.0.0.1:1/elsewhere".into())]);
    let sent = app.key().post(&format!("/v1/webhooks/{id}/test"), json!({})).await;
    assert_eq!((sent.summary(), &sent.body["event_seq"]), ("202 waiting".to_owned(), &Value::Null));
    let test = arrive(&app, &receiver, 1).await.remove(0);
    assert!(test.fits(&secret) && test.kind() == "webhook.test" && test.id == sent.text("id"));
    app.key().post(&format!("/v1/webhooks/{id}/test"), json!({})).await;
    arrive(&app, &receiver, 2).await;
    app.advance(DAY).await;
    assert_eq!(receiver.count(), 2, "a test is not tried again");
    let log = deliveries(&app, &id, "&event=webhook.test").await;
    assert_eq!(texts(&json!(log), "state"), ["failed", "delivered"]);
    assert_eq!(log[0]["last_error"], "the answer was 302; redirects are not followed");
    assert_eq!(webhook(&app, &id).await["state"], "ok", "tests say nothing about its health");
});

story!(what_cannot_be_is_refused, async |app| {
    let refused = |body: Value| async { app.key().post("/v1/webhooks", body).await.summary() };
    let good = "https://example.com/hook";
    for (url, events, expected) in [
        ("ftp://example.com/", json!(["*"]), "422 invalid_request /url"),
        ("example.com", json!(["*"]), "422 invalid_request /url"),
        ("https://me:secret@example.com/", json!(["*"]), "422 invalid_request /url"),
        (good, json!([]), "422 invalid_request /events"),
        (good, json!(["message.*", "message.flown"]), "422 invalid_request /events/1"),
        (good, json!(["webhook.*"]), "422 invalid_request /events/0"),
    ] {
        assert_eq!(refused(json!({ "url": url, "events": events })).await, expected, "{url} {events}");
    }
    let path = "/v1/webhooks/whk_00000000000000000000000000";
    assert_eq!(app.key().get(path).await.status, 404);
    assert_eq!(app.key().get(&format!("{path}/deliveries")).await.status, 404);
    assert_eq!(app.key().get("/v1/webhook-deliveries/whd_00000000000000000000000000").await.status, 404);
    assert_eq!(app.person(Role::Agent).await.get("/v1/webhooks").await.status, 403);
    assert_eq!(app.key_with(&["messages:write"]).await.get("/v1/webhooks").await.status, 403);
});

story!(changes_are_in_the_audit_log_and_a_removed_one_is_gone, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    let path = format!("/v1/webhooks/{id}");
    happens(&app, "one").await;
    arrive(&app, &receiver, 1).await;
    let changed = app.key().patch(&path, json!({ "description": "Other", "events": ["tag.changed"] })).await;
    assert_eq!(
        (&changed.body["description"], &changed.body["events"]),
        (&json!("Other"), &json!(["tag.changed"]))
    );
    app.key().patch(&path, json!({ "enabled": false })).await;
    happens(&app, "two").await;
    app.key().post(&format!("{path}/rotate-secret"), json!({ "overlap_hours": 0 })).await;
    assert_eq!(app.key().delete(&path).await.status, 204);
    assert_eq!(app.key().get(&path).await.status, 404);
    app.advance(DAY).await;
    assert_eq!(receiver.count(), 1);
    let log = app.key().get("/v1/audit?limit=200").await;
    let actions: Vec<&str> = log.rows().iter().map(|row| row["action"].as_str().unwrap()).collect();
    for action in ["webhook.created", "webhook.changed", "webhook.secret_rotated", "webhook.deleted"] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }
    let text = log.body.to_string();
    assert!(!text.contains("whsec_") && !text.contains("/hook"), "no secrets");
});

story!(the_log_is_kept_as_long_as_the_house_says, async |app| {
    let receiver = receiver().await;
    let (id, _) = hook(&app, &receiver, &["tag.*"]).await;
    happens(&app, "old").await;
    arrive(&app, &receiver, 1).await;
    let set = app.key().patch("/v1/settings", json!({ "webhook_log_days": 3 })).await;
    assert_eq!((set.status, &set.body["webhook_log_days"]), (200, &json!(3)));
    app.advance(2 * DAY).await;
    happens(&app, "young").await;
    arrive(&app, &receiver, 2).await;
    app.wait_until("the old one is gone", async || {
        app.clock.advance(HOUR);
        deliveries(&app, &id, "").await.len() == 1
    })
    .await;
    let wrong = app.key().patch("/v1/settings", json!({ "webhook_log_days": 1 })).await;
    assert_eq!(wrong.summary(), "422 invalid_request /webhook_log_days");
});
