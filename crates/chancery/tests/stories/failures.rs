//! Faults of the mail server: each leads to the right state, nothing is lost, nothing is hammered.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::smtp::{At, Fault, Options, Server};

use crate::scene::*;

async fn server() -> Server {
    Server::start(Options::default()).await.unwrap()
}

/// What a person sees of a message: state, reason and the outcome of each attempt.
fn seen(message: &Value) -> (String, String, Vec<&str>) {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (word(&message["state"]), word(&message["state_reason"]["code"]), outcomes(message))
}

/// Waits for the end of the first attempt.
async fn after_attempt(app: &TestApp, id: &str) -> Value {
    let over = async || message(app, id).await["attempts_count"] == 1;
    app.wait_until("the first attempt is over", over).await;
    message(app, id).await
}

story!(every_refusal_has_its_state_and_reason, async |app| {
    let say = |text: &str| Fault::Say(text.to_owned());
    for (at, fault, state, reason, outcome) in [
        (At::Connect, say("421 4.3.2 too busy"), "queued", "retrying", "temporary"),
        (At::Connect, Fault::Drop, "queued", "retrying", "temporary"),
        (At::Hello, say("450 4.3.2 later"), "queued", "retrying", "temporary"),
        (At::Hello, Fault::Drop, "queued", "retrying", "temporary"),
        (At::Mail, say("421 4.3.2 shutting down"), "queued", "retrying", "temporary"),
        (At::Mail, say("451 4.3.0 later"), "queued", "retrying", "temporary"),
        (At::Mail, say("550 5.1.8 bad sender"), "failed", "bad_sender", "rejected"),
        (At::Mail, say("530 5.7.0 sign in first"), "held", "account_stopped", "misconfigured"),
        (At::Mail, Fault::Drop, "queued", "retrying", "temporary"),
        (At::Rcpt, say("450 4.2.1 greylisted"), "queued", "retrying", "temporary"),
        (At::Rcpt, say("550 5.1.1 no such user"), "failed", "bad_recipient", "rejected"),
        (At::Rcpt, say("550 5.7.1 relay denied"), "failed", "policy", "rejected"),
        (At::Rcpt, Fault::Drop, "queued", "retrying", "temporary"),
        (At::Data, say("451 4.3.0 later"), "queued", "retrying", "temporary"),
        (At::Data, say("554 5.7.1 no"), "failed", "policy", "rejected"),
        (At::Data, Fault::Drop, "queued", "retrying", "temporary"),
        (At::Dot, say("421 4.3.2 closing"), "queued", "retrying", "temporary"),
        (At::Dot, say("452 4.3.1 disk full"), "queued", "retrying", "temporary"),
        (At::Dot, say("550 5.7.1 spam"), "failed", "policy", "rejected"),
        (At::Dot, say("554 5.6.0 bad content"), "failed", "content", "rejected"),
        (At::Dot, Fault::Drop, "unknown", "no_answer", "unknown"),
        (At::Dot, Fault::TakeAndDrop, "unknown", "no_answer", "unknown"),
    ] {
        let server = server().await;
        let account = account_on(&app, &server, json!({})).await;
        server.faults().plan(at, fault.clone(), 1);
        let id = send(&app, letter_through(&account, "jane@example.com")).await;
        let ended = after_attempt(&app, &id).await;
        let expected = (state.to_owned(), reason.to_owned(), vec![outcome]);
        assert_eq!(seen(&ended), expected, "{at:?} {fault:?}: {ended}");
        assert_eq!(server.count(), usize::from(fault == Fault::TakeAndDrop), "{at:?} {fault:?}");
    }
});

story!(a_server_that_hangs_and_dies_before_the_dot_has_taken_nothing, async |app| {
    for (at, state) in [(At::Hello, "queued"), (At::Rcpt, "queued"), (At::Dot, "unknown")] {
        let server = server().await;
        let account = account_on(&app, &server, json!({})).await;
        server.faults().plan(at, Fault::Hang, 1);
        let id = send(&app, letter_through(&account, "jane@example.com")).await;
        app.wait_until("the server hangs", async || server.faults().left() == 0).await;
        let hanging = message(&app, &id).await;
        assert_eq!((&hanging["state"], outcomes(&hanging)), (&json!("sending"), vec!["in_flight"]));
        server.stop().await;
        assert_eq!(after_attempt(&app, &id).await["state"], state, "{at:?}");
    }
});

story!(a_server_that_is_away_is_tried_again_until_it_is_back, async |app| {
    let gone = server().await;
    let address = gone.address();
    let account = account_on(&app, &gone, json!({})).await;
    gone.stop().await;
    let id = send(&app, letter_through(&account, "jane@example.com")).await;
    let first = after_attempt(&app, &id).await;
    assert_eq!(seen(&first), ("queued".into(), "retrying".into(), vec!["temporary"]));
    let back = Server::start(Options { address, ..Options::default() }).await.unwrap();
    app.advance(MINUTE).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((outcomes(&sent), back.count()), (vec!["temporary", "sent"], 1));
    assert_eq!(texts(&sent["events"], "kind"), ["queued", "started", "deferred", "started", "sent"]);
});

story!(an_attempt_waits_for_its_time, async |app| {
    let (server, _) = app.mail_server().await;
    server.faults().plan(At::Dot, Fault::Say("451 4.3.0 later".into()), 1);
    let id = send(&app, letter("jane@example.com")).await;
    after_attempt(&app, &id).await;
    // The first wait is at least three seconds.
    app.advance(std::time::Duration::from_secs(2)).await;
    assert_eq!((state_of(&app, &id).await.as_str(), server.count()), ("queued", 0));
    app.advance(MINUTE).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(server.count(), 1);
});

story!(a_refused_password_stops_the_account_until_it_is_mended, async |app| {
    let credentials = Some(("chancery".to_owned(), "right-password".to_owned()));
    let server = Server::start(Options { credentials, ..Options::default() }).await.unwrap();
    let wrong = json!({ "settings": { "username": "chancery", "password": "wrong-password" } });
    let account = account_on(&app, &server, wrong).await;
    let path = format!("/v1/channel-accounts/{account}");
    let first = send(&app, letter("jane@example.com")).await;
    let held = becomes(&app, &first, "held").await;
    assert_eq!(seen(&held), ("held".into(), "account_stopped".into(), vec!["misconfigured"]));
    let stopped = app.key().get(&path).await;
    assert_eq!(stopped.body["health"]["state"], "stopped");
    assert!(stopped.body["health"]["last_error"].as_str().unwrap().contains("wrong name or password"));
    let second = send(&app, letter("joe@example.com")).await;
    app.advance(HOUR).await;
    let connections = server.connections();
    app.advance(DAY).await;
    assert_eq!(server.connections(), connections, "a stopped account leaves the server alone");
    assert_eq!(server.count(), 0);
    let mended = app.key().patch(&path, json!({ "settings": { "password": "right-password" } })).await;
    assert_eq!(mended.status, 200, "{}", mended.body);
    becomes(&app, &first, "sent").await;
    becomes(&app, &second, "sent").await;
    assert_eq!((server.count(), &app.key().get(&path).await.body["health"]["state"]), (2, &json!("ok")));
});

story!(after_twenty_attempts_a_message_has_failed_and_can_be_sent_again, async |app| {
    let (server, _) = app.mail_server().await;
    server.faults().plan(At::Rcpt, Fault::Say("450 4.2.1 greylisted".into()), 20);
    let id = send(&app, letter("jane@example.com")).await;
    for attempt in 1..=20 {
        let done = async || message(&app, &id).await["attempts_count"] == attempt;
        app.wait_until("the attempt is over", done).await;
        if attempt < 20 {
            app.advance(4 * HOUR).await;
        }
    }
    let failed = becomes(&app, &id, "failed").await;
    assert_eq!((&failed["state_reason"]["code"], outcomes(&failed).len()), (&json!("exhausted"), 20));
    app.advance(7 * DAY).await;
    assert_eq!((state_of(&app, &id).await.as_str(), server.count()), ("failed", 0));
    let retried = app.key().post(&format!("/v1/messages/{id}/retry"), json!({})).await;
    assert_eq!(retried.status, 202, "{}", retried.body);
    becomes(&app, &id, "sent").await;
    assert_eq!(server.count(), 1);
});

story!(a_provider_that_is_down_is_not_hammered, async |app| {
    let server = server().await;
    let account = account_on(&app, &server, json!({ "concurrency": 4 })).await;
    server.faults().plan(At::Connect, Fault::Drop, 1_000);
    let messages: Vec<Value> =
        (0..300).map(|n| letter_through(&account, &format!("reader{n}@example.com"))).collect();
    let taken = app.key().post("/v1/messages/batch", json!({ "messages": messages })).await;
    assert_eq!(taken.status, 202);
    app.run_until_idle().await;
    let at_first = server.connections();
    // Four connections with four messages each may be under way before the account pauses.
    assert!((5..=20).contains(&at_first), "{at_first} connections");
    for _ in 0..60 {
        app.advance(std::time::Duration::from_secs(1)).await;
    }
    let in_a_minute = server.connections() - at_first;
    assert!((1..=10).contains(&in_a_minute), "{in_a_minute} connections in a minute");
    server.faults().clear();
    for _ in 0..20 {
        app.advance(10 * MINUTE).await;
    }
    app.wait_until("all have arrived", async || server.count() == 300).await;
    assert!(server.ids().values().all(|times| *times == 1));
});

story!(no_more_leaves_in_a_second_than_the_account_allows, async |app| {
    let server = server().await;
    let account = account_on(&app, &server, json!({ "rate_per_second": 5 })).await;
    let messages: Vec<Value> =
        (0..12).map(|n| letter_through(&account, &format!("reader{n}@example.com"))).collect();
    assert_eq!(app.key().post("/v1/messages/batch", json!({ "messages": messages })).await.status, 202);
    for expected in [5, 10, 12] {
        app.run_until_idle().await;
        app.wait_until("what may leave has left", async || server.count() >= expected).await;
        assert_eq!(server.count(), expected);
        app.clock.advance(std::time::Duration::from_secs(1));
    }
});
