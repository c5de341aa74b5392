//! Several accounts of one channel: shared out by priority and weight, kept by conversations, and stepping in for each other
//! only where it is certain that nothing was sent.

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::smtp::{At, Fault, Options, Server};

use crate::scene::*;

async fn server() -> Server {
    Server::start(Options::default()).await.unwrap()
}

fn busy() -> Fault {
    Fault::Say("451 4.3.0 later".to_owned())
}

/// Two accounts that send as the same address; the second steps in for the first.
async fn pair(app: &TestApp) -> ((Server, String), (Server, String)) {
    let (first, second) = (server().await, server().await);
    let first_id = account_on(app, &first, json!({ "name": "First", "priority": 0 })).await;
    let second_id = account_on(app, &second, json!({ "name": "Second", "priority": 1 })).await;
    ((first, first_id), (second, second_id))
}

async fn account(app: &TestApp, id: &str) -> Value {
    let reply = app.key().get(&format!("/v1/channel-accounts/{id}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

/// Its place among the accounts of its channel, and what it does there.
fn turn(account: &Value) -> (u64, &str, &str) {
    let routing = &account["routing"];
    let word = |name: &str| routing["turn"][name].as_str().unwrap();
    (routing["place"].as_u64().unwrap(), word("role"), word("words"))
}

fn kinds(message: &Value) -> Vec<&str> {
    texts(&message["events"], "kind")
}

fn used(message: &Value) -> Vec<&str> {
    message["attempts"].as_array().unwrap().iter().map(|row| row["account"]["id"].as_str().unwrap()).collect()
}

story!(what_one_account_cannot_send_goes_through_the_next_at_once, async |app| {
    let ((first, first_id), (second, second_id)) = pair(&app).await;
    first.faults().plan(At::Dot, busy(), 1);
    let id = send(&app, letter("jane@example.com")).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((first.count(), second.count()), (0, 1));
    assert_eq!(outcomes(&sent), ["temporary", "sent"]);
    assert_eq!(used(&sent), [first_id.as_str(), second_id.as_str()]);
    assert_eq!(kinds(&sent), ["queued", "started", "rerouted", "started", "sent"]);
    let words = sent["events"][2]["detail"].as_str().unwrap();
    assert!(words.contains("First did not take it") && words.ends_with("goes on through Second"), "{words}");
    assert_eq!(sent["account"]["id"], second_id.as_str());
    assert_eq!(sent["state_reason"], Value::Null);
});

story!(a_refused_password_stops_one_account_and_not_the_message, async |app| {
    let ((first, first_id), (second, _)) = pair(&app).await;
    first.faults().plan(At::Mail, Fault::Say("530 5.7.0 sign in first".to_owned()), 1);
    let id = send(&app, letter("jane@example.com")).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((outcomes(&sent), second.count()), (vec!["misconfigured", "sent"], 1));
    let stopped = account(&app, &first_id).await;
    assert_eq!(
        (&stopped["health"]["state"], &stopped["routing"]["usable"]),
        (&json!("stopped"), &json!(false))
    );
    // The next one does not even try.
    let next = send(&app, letter("joe@example.com")).await;
    assert_eq!(outcomes(&becomes(&app, &next, "sent").await), ["sent"]);
    assert_eq!((first.count(), second.count()), (0, 2));
});

story!(a_sender_that_one_provider_refuses_is_tried_at_the_next, async |app| {
    let ((first, _), (second, _)) = pair(&app).await;
    first.faults().plan(At::Mail, Fault::Say("550 5.1.8 bad sender".to_owned()), 1);
    let id = send(&app, letter("jane@example.com")).await;
    assert_eq!(outcomes(&becomes(&app, &id, "sent").await), ["rejected", "sent"]);
    assert_eq!(second.count(), 1);
});

story!(what_may_have_been_sent_never_moves, async |app| {
    let ((first, first_id), (second, _)) = pair(&app).await;
    first.faults().plan(At::Dot, Fault::TakeAndDrop, 1);
    let id = send(&app, letter("jane@example.com")).await;
    let unknown = becomes(&app, &id, "unknown").await;
    assert_eq!((outcomes(&unknown), first.count(), second.count()), (vec!["unknown"], 1, 0));
    // A person says that it did not arrive; that the account fails now does not move it either.
    first.faults().plan(At::Dot, busy(), 1);
    let path = format!("/v1/messages/{id}/resolution");
    let reply = app.key().post(&path, json!({ "decision": "send_again" })).await;
    assert!(reply.status < 300, "{}", reply.body);
    let waits = async || message(&app, &id).await["attempts_count"] == 2;
    app.wait_until("the second attempt is over", waits).await;
    app.run_until_idle().await;
    let waiting = message(&app, &id).await;
    assert_eq!((waiting["state"].as_str(), second.count()), (Some("queued"), 0));
    assert!(used(&waiting).iter().all(|used| *used == first_id));
    app.advance(MINUTE).await;
    becomes(&app, &id, "sent").await;
    assert_eq!((first.count(), second.count()), (2, 0));
});

story!(a_message_wrong_in_itself_does_not_go_round, async |app| {
    for fault in ["550 5.1.1 no such user", "554 5.6.0 bad content", "550 5.7.1 spam"] {
        let ((first, first_id), (second, _)) = pair(&app).await;
        first.faults().plan(At::Dot, Fault::Say(fault.to_owned()), 1);
        let id = send(&app, letter("jane@example.com")).await;
        assert_eq!(outcomes(&becomes(&app, &id, "failed").await), ["rejected"], "{fault}");
        assert_eq!(second.count(), 0, "{fault}");
        for id in [&first_id] {
            assert_eq!(account(&app, id).await["routing"]["usable"], true, "{fault}");
        }
        let reply = app.key().get("/v1/channel-accounts").await;
        for account in reply.rows() {
            let path = format!("/v1/channel-accounts/{}", account["id"].as_str().unwrap());
            assert_eq!(app.key().delete(&path).await.status, 204);
        }
    }
});

story!(a_chosen_account_is_kept, async |app| {
    let ((first, first_id), (second, _)) = pair(&app).await;
    first.faults().plan(At::Dot, busy(), 1);
    let id = send(&app, letter_through(&first_id, "jane@example.com")).await;
    app.wait_until("it was tried", async || message(&app, &id).await["attempts_count"] == 1).await;
    app.advance(MINUTE).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((outcomes(&sent), second.count()), (vec!["temporary", "sent"], 0));
});

story!(everyone_is_asked_once_and_then_it_waits, async |app| {
    let ((first, first_id), (second, second_id)) = pair(&app).await;
    first.faults().plan(At::Dot, busy(), 1);
    second.faults().plan(At::Dot, busy(), 2);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("both were tried", async || message(&app, &id).await["attempts_count"] == 2).await;
    app.run_until_idle().await;
    assert_eq!(message(&app, &id).await["waiting"]["why"], "the next attempt is made then");
    let waiting = message(&app, &id).await;
    assert_eq!((waiting["state"].as_str(), outcomes(&waiting)), (Some("queued"), vec!["temporary"; 2]));
    app.advance(MINUTE).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!(used(&sent), [&first_id, &second_id, &second_id, &first_id]);
    assert_eq!(first.count() + second.count(), 1);
});

story!(accounts_of_equal_priority_share_by_weight, async |app| {
    let (heavy, light, spare) = (server().await, server().await, server().await);
    for (server, name, weight, priority) in
        [(&heavy, "Heavy", 900, 0), (&light, "Light", 100, 0), (&spare, "Spare", 1000, 1)]
    {
        account_on(&app, server, json!({ "name": name, "weight": weight, "priority": priority })).await;
    }
    for number in 0..60 {
        send(&app, letter(&format!("customer-{number}@example.com"))).await;
    }
    app.wait_until("all were sent", async || count_in(&app, "sent").await == 60).await;
    assert_eq!((heavy.count() + light.count(), spare.count()), (60, 0));
    assert!((1..=20).contains(&light.count()), "about a tenth goes through the light one: {}", light.count());
});

story!(a_conversation_keeps_its_account_and_its_address, async |app| {
    let (first, second) = (server().await, server().await);
    let first_id = account_on(&app, &first, json!({ "name": "First", "priority": 1 })).await;
    let opened = send(&app, letter_through(&first_id, "jane@example.com")).await;
    let opened = becomes(&app, &opened, "sent").await;
    // A better account with another address comes along.
    let other =
        json!({ "name": "Sales", "priority": 0, "settings": { "from": "sales@company.example.com" } });
    account_on(&app, &second, other).await;
    let reply = |text: &str| json!({ "conversation_id": opened["conversation_id"], "text": text });
    let answer = send(&app, reply("And one more thing.")).await;
    becomes(&app, &answer, "sent").await;
    assert_eq!((first.count(), second.count()), (2, 0));
    // Nobody else speaks as this address: the answer waits for its account.
    first.faults().plan(At::Dot, busy(), 1);
    let waits = send(&app, reply("And another.")).await;
    app.wait_until("it was tried", async || message(&app, &waits).await["attempts_count"] == 1).await;
    app.run_until_idle().await;
    assert_eq!((state_of(&app, &waits).await.as_str(), second.count()), ("queued", 0));
    // One that does steps in.
    let third = server().await;
    account_on(&app, &third, json!({ "name": "Third", "priority": 9 })).await;
    first.faults().plan(At::Dot, busy(), 1);
    let moves = send(&app, reply("And a last one.")).await;
    let moved = becomes(&app, &moves, "sent").await;
    assert_eq!((outcomes(&moved), third.count()), (vec!["temporary", "sent"], 1));
    // What begins a conversation may come from another address.
    first.faults().plan(At::Dot, busy(), 1);
    let path = format!("/v1/channel-accounts/{first_id}");
    assert_eq!(app.key().patch(&path, json!({ "priority": -1 })).await.status, 200);
    let gone = app.key().get("/v1/channel-accounts").await;
    let third_id =
        gone.rows().iter().find(|row| row["name"] == "Third").unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        app.key()
            .patch(&format!("/v1/channel-accounts/{third_id}"), json!({ "enabled": false }))
            .await
            .status,
        200
    );
    let begins = send(&app, letter("joe@example.com")).await;
    let begun = becomes(&app, &begins, "sent").await;
    assert_eq!((second.count(), &begun["from"]["address"]), (1, &json!("sales@company.example.com")));
    let taken = second.taken().pop().unwrap();
    assert!(String::from_utf8_lossy(&taken.bytes).contains("sales@company.example.com"));
});

story!(an_account_that_fails_pauses_and_is_probed_by_one_message, async |app| {
    let ((first, first_id), (second, second_id)) = pair(&app).await;
    assert_eq!(turn(&account(&app, &first_id).await), (1, "first", "Goes first"));
    let waiting = account(&app, &second_id).await;
    assert_eq!(turn(&waiting), (2, "stands_in", "Steps in when First cannot send"));
    assert_eq!(waiting["routing"]["turn"]["after"], json!(["First"]));
    first.faults().plan(At::Connect, Fault::Say("421 4.3.2 too busy".to_owned()), 6);
    for number in 0..5 {
        let id = send(&app, letter(&format!("customer-{number}@example.com"))).await;
        becomes(&app, &id, "sent").await;
    }
    let paused = account(&app, &first_id).await;
    assert_eq!((&paused["routing"]["usable"], second.count()), (&json!(false), 5));
    assert!(paused["routing"]["paused_until"].is_string(), "{paused}");
    assert_eq!(turn(&paused), (2, "left_out", "Left out for now"));
    assert_eq!(turn(&account(&app, &second_id).await), (1, "first", "Goes first"));
    let tried = first.connections();
    let id = send(&app, letter("nobody-tries@example.com")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!((first.connections(), second.count()), (tried, 6));
    // After the pause one message tries it; it fails once more, and the message goes on through the other.
    app.advance(MINUTE).await;
    assert_eq!(turn(&account(&app, &first_id).await).1, "tried");
    let id = send(&app, letter("probe@example.com")).await;
    assert_eq!(outcomes(&becomes(&app, &id, "sent").await), ["temporary", "sent"]);
    assert_eq!(second.count(), 7);
    app.advance(MINUTE).await;
    let id = send(&app, letter("works-again@example.com")).await;
    assert_eq!(outcomes(&becomes(&app, &id, "sent").await), ["sent"]);
    assert_eq!((first.count(), second.count()), (1, 7));
    assert_eq!(account(&app, &first_id).await["routing"]["usable"], true);
});

story!(what_waits_for_an_account_that_is_stopped_goes_through_the_other, async |app| {
    let first = server().await;
    let first_id = account_on(&app, &first, json!({ "name": "First" })).await;
    let path = format!("/v1/channel-accounts/{first_id}");
    first.faults().plan(At::Mail, Fault::Say("530 5.7.0 sign in first".to_owned()), 1);
    let held = send(&app, letter("jane@example.com")).await;
    becomes(&app, &held, "held").await;
    let mut waiting = Vec::new();
    for number in 0..5 {
        waiting.push(send(&app, letter(&format!("customer-{number}@example.com"))).await);
    }
    let chosen = send(&app, letter_through(&first_id, "chosen@example.com")).await;
    let second = server().await;
    account_on(&app, &second, json!({ "name": "Second", "priority": 5 })).await;
    app.advance(MINUTE).await;
    for id in waiting.iter().chain([&held]) {
        let sent = becomes(&app, id, "sent").await;
        assert_eq!(sent["account"]["name"], "Second");
        let told =
            sent["events"].as_array().unwrap().iter().find(|event| event["kind"] == "rerouted").unwrap();
        assert!(
            told["detail"].as_str().unwrap().starts_with("First cannot send now (it was stopped"),
            "{told}"
        );
    }
    assert_eq!((second.count(), state_of(&app, &chosen).await.as_str()), (6, "queued"));
    assert_eq!(app.key().patch(&path, json!({ "name": "Mended" })).await.status, 200);
    becomes(&app, &chosen, "sent").await;
    assert_eq!((first.count(), second.count()), (1, 6));
});

story!(a_daily_limit_is_kept_and_the_rest_goes_through_the_other, async |app| {
    let ((first, first_id), (second, second_id)) = pair(&app).await;
    let limit =
        |id: &str, limit: Value| (format!("/v1/channel-accounts/{id}"), json!({ "daily_limit": limit }));
    let (path, body) = limit(&first_id, json!(3));
    let reply = app.key().patch(&path, body).await;
    assert_eq!((reply.status, &reply.body["daily_limit"]), (200, &json!(3)), "{}", reply.body);
    for number in 0..5 {
        let id = send(&app, letter(&format!("customer-{number}@example.com"))).await;
        becomes(&app, &id, "sent").await;
    }
    assert_eq!((first.count(), second.count()), (3, 2));
    let spent = account(&app, &first_id).await;
    assert!(spent["routing"]["why"].as_str().unwrap().contains("daily limit"), "{spent}");
    // Both are spent: what is more waits for the next day.
    let (path, body) = limit(&second_id, json!(2));
    assert_eq!(app.key().patch(&path, body).await.status, 200);
    let late = send(&app, letter("late@example.com")).await;
    app.run_until_idle().await;
    let waits = message(&app, &late).await;
    assert_eq!((&waits["state"], first.count() + second.count()), (&json!("queued"), 5));
    assert!(waits["waiting"]["why"].as_str().unwrap().contains("daily limit"), "{waits}");
    assert!(waits["waiting"]["until"].as_str().unwrap().ends_with("T00:00:00.000000Z"), "{waits}");
    app.advance(DAY).await;
    becomes(&app, &late, "sent").await;
    let app = app.restart().await;
    let id = send(&app, letter("again@example.com")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(first.count() + second.count(), 7);
});

story!(who_chooses_the_sender_gets_an_account_that_speaks_as_it, async |app| {
    let (support, orders, spare) = (server().await, server().await, server().await);
    let as_orders = json!({ "from": "Orders <orders@company.example.com>" });
    account_on(&app, &support, json!({ "name": "Support", "priority": 0 })).await;
    account_on(&app, &orders, json!({ "name": "Orders", "priority": 5, "settings": as_orders })).await;
    account_on(&app, &spare, json!({ "name": "Spare", "priority": 6, "settings": as_orders })).await;
    let from = |from: &str| merged(letter("jane@example.com"), json!({ "from": from }));
    let id = send(&app, from("orders@company.example.com")).await;
    assert_eq!(becomes(&app, &id, "sent").await["account"]["name"], "Orders");
    orders.faults().plan(At::Dot, busy(), 1);
    let id = send(&app, from("Your order <Orders@Company.example.com>")).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((&sent["account"]["name"], &sent["from"]["name"]), (&json!("Spare"), &json!("Your order")));
    // Nobody else speaks as that address: it waits rather than come from another one.
    orders.faults().plan(At::Dot, busy(), 1);
    spare.faults().plan(At::Dot, busy(), 1);
    let id = send(&app, from("orders@company.example.com")).await;
    app.wait_until("both were tried", async || message(&app, &id).await["attempts_count"] == 2).await;
    app.run_until_idle().await;
    assert_eq!(message(&app, &id).await["waiting"]["why"], "the next attempt is made then");
    assert_eq!((state_of(&app, &id).await.as_str(), support.count()), ("queued", 0));
    let reply = app.key().post("/v1/messages", from("nobody@company.example.com")).await;
    assert_eq!(reply.summary(), "422 invalid_request /from", "{}", reply.body);
});

story!(routing_fields_are_checked, async |app| {
    let (_first, id) = app.mail_server().await;
    let path = format!("/v1/channel-accounts/{id}");
    for (body, pointer) in [
        (json!({ "weight": 0 }), "/weight"),
        (json!({ "weight": 1001 }), "/weight"),
        (json!({ "daily_limit": 0 }), "/daily_limit"),
    ] {
        let reply = app.key().patch(&path, body).await;
        assert_eq!(
            (reply.status, &reply.body["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{}",
            reply.body
        );
    }
    let reply = app.key().patch(&path, json!({ "daily_limit": null, "weight": 7 })).await;
    assert_eq!((&reply.body["daily_limit"], &reply.body["weight"]), (&Value::Null, &json!(7)));
});
