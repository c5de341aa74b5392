//! Channel accounts: chosen, checked, switched off, mended and removed, with secrets that never come back out.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::smtp::{At, Fault, Options, Server};
use testkit::sim::smtp2go;

use crate::scene::*;

async fn account(app: &TestApp, id: &str) -> Value {
    app.key().get(&format!("/v1/channel-accounts/{id}")).await.body
}

async fn steps_done(app: &TestApp) -> Vec<String> {
    let list = app.key().get("/v1/checklist").await;
    list.rows()
        .iter()
        .filter(|step| step["done"] == true)
        .map(|step| step["id"].as_str().unwrap().to_owned())
        .collect()
}

story!(the_checklist_believes_only_what_worked, async |app| {
    assert!(steps_done(&app).await.is_empty());
    let (server, id) = app.mail_server().await;
    assert_eq!(steps_done(&app).await, ["channel"]);
    server.faults().plan(At::Rcpt, Fault::Say("550 5.1.1 no such user".into()), 1);
    let refused = send(&app, letter("jane@example.com")).await;
    becomes(&app, &refused, "failed").await;
    assert_eq!(steps_done(&app).await, ["channel"]);
    let checked = app.key().post(&format!("/v1/channel-accounts/{id}/check"), json!({})).await;
    assert_eq!((checked.status, &checked.body["ok"]), (200, &json!(true)), "{}", checked.body);
    let sent = send(&app, letter("jane@example.com")).await;
    becomes(&app, &sent, "sent").await;
    assert_eq!(steps_done(&app).await, ["channel", "check", "test_message"]);
    receive(&app, mail("jane@example.com", "Hi", "hi@example.com", &[], "Hi")).await;
    assert_eq!(steps_done(&app).await, ["channel", "check", "test_message", "inbound"]);
});

story!(a_check_says_what_is_wrong_and_sends_nothing, async |app| {
    let credentials = Some(("chancery".to_owned(), "right-password".to_owned()));
    let server = Server::start(Options { credentials, ..Options::default() }).await.unwrap();
    let settings = json!({ "settings": { "username": "chancery", "password": "wrong-password" } });
    let id = account_on(&app, &server, settings).await;
    let path = format!("/v1/channel-accounts/{id}/check");
    let wrong = app.key().post(&path, json!({})).await;
    assert_eq!((wrong.status, &wrong.body["ok"]), (200, &json!(false)));
    let last = wrong.body["steps"].as_array().unwrap().last().unwrap().clone();
    assert!(last["detail"].as_str().unwrap().contains("wrong name or password"), "{last}");
    assert_eq!(account(&app, &id).await["health"]["state"], "failing");
    let password = json!({ "settings": { "password": "right-password" } });
    assert_eq!(app.key().patch(&format!("/v1/channel-accounts/{id}"), password).await.status, 200);
    assert_eq!(app.key().post(&path, json!({})).await.body["ok"], true);
    assert_eq!((&account(&app, &id).await["health"]["state"], server.count()), (&json!("ok"), 0));
});

story!(a_change_during_a_check_stays, async |app| {
    let server = Server::start(Options::default()).await.unwrap();
    let id = account_on(&app, &server, json!({})).await;
    server.faults().plan(At::Connect, Fault::Hang, 1);
    let (key, path) = (app.key(), format!("/v1/channel-accounts/{id}"));
    let check_path = format!("{path}/check");
    let check = key.post(&check_path, json!({}));
    let change = async {
        app.wait_until("the check is under way", async || server.faults().left() == 0).await;
        app.clock.advance(Duration::from_secs(1));
        let changed = key.patch(&path, json!({ "name": "Renamed", "enabled": false })).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        server.stop().await;
    };
    let (checked, ()) = tokio::join!(check, change);
    assert_eq!(checked.body["ok"], false);
    let now = account(&app, &id).await;
    assert_eq!((&now["name"], &now["enabled"]), (&json!("Renamed"), &json!(false)));
});

story!(of_two_changes_at_once_none_is_undone, async |app| {
    let (_server, id) = app.mail_server().await;
    let (key, path) = (app.key(), format!("/v1/channel-accounts/{id}"));
    app.clock.advance(Duration::from_secs(1));
    let changes = [json!({ "name": "Renamed" }), json!({ "priority": 7 }), json!({ "concurrency": 3 })];
    let patches = changes.iter().map(|change| key.patch(&path, change.clone()));
    let replies = futures_util::future::join_all(patches).await;
    let now = account(&app, &id).await;
    for (change, reply) in changes.iter().zip(&replies) {
        let (field, value) = change.as_object().unwrap().iter().next().unwrap();
        let is_kept = reply.status == 200 && now[field] == *value;
        assert!(is_kept || reply.summary() == "409 conflict", "{change}: {} {now}", reply.body);
    }
    assert!(replies.iter().any(|reply| reply.status == 200));
});

story!(secrets_never_come_back_out, async |app| {
    let (provider, made) = app.smtp2go().await;
    let listed = app.key().get("/v1/channel-accounts").await.body;
    for body in [&made, &listed, &app.key().get("/v1/audit").await.body] {
        assert!(!body.to_string().contains(provider.api_key()), "{body}");
    }
    assert_eq!(made["secrets_set"], json!(["api_key"]));
    let path = format!("/v1/channel-accounts/{}", made["id"].as_str().unwrap());
    let renamed = app.key().patch(&path, json!({ "name": "Other", "settings": { "api_key": "" } })).await;
    assert_eq!((renamed.status, &renamed.body["secrets_set"]), (200, &json!(["api_key"])));
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(provider.count(), 1);
});

story!(an_account_that_works_goes_before_one_that_does_not, async |app| {
    let credentials = Some(("chancery".to_owned(), "right-password".to_owned()));
    let refusing = Server::start(Options { credentials, ..Options::default() }).await.unwrap();
    let settings = json!({ "settings": { "username": "chancery", "password": "wrong-password" } });
    account_on(&app, &refusing, settings).await;
    let first = send(&app, letter("jane@example.com")).await;
    becomes(&app, &first, "held").await;
    let working = Server::start(Options::default()).await.unwrap();
    let second = account_on(&app, &working, json!({ "priority": 5 })).await;
    let id = send(&app, letter("joe@example.com")).await;
    assert_eq!(becomes(&app, &id, "sent").await["account"]["id"].as_str(), Some(second.as_str()));
    assert_eq!((working.count(), state_of(&app, &first).await.as_str()), (1, "held"));
});

story!(the_lower_number_goes_first, async |app| {
    let (late, early) =
        (Server::start(Options::default()).await.unwrap(), Server::start(Options::default()).await.unwrap());
    account_on(&app, &late, json!({ "priority": 10 })).await;
    account_on(&app, &early, json!({ "priority": 1 })).await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!((early.count(), late.count()), (1, 0));
});

story!(an_account_that_is_switched_off_sends_nothing, async |app| {
    let (server, id) = app.mail_server().await;
    let mut request = letter("jane@example.com");
    request["send_at"] = json!(app.clock.now().plus(MINUTE).to_string());
    let waiting = app.key().post("/v1/messages", request).await.text("id").to_owned();
    let path = format!("/v1/channel-accounts/{id}");
    assert_eq!(app.key().patch(&path, json!({ "enabled": false })).await.status, 200);
    let refused = app.key().post("/v1/messages", letter_through(&id, "jane@example.com")).await;
    assert_eq!(refused.summary(), "422 invalid_request /account");
    app.advance(HOUR).await;
    assert_eq!(server.count(), 0);
    let in_use = app.key().delete(&path).await;
    assert_eq!(in_use.summary(), "409 account_in_use");
    assert_eq!(app.key().patch(&path, json!({ "enabled": true })).await.status, 200);
    becomes(&app, &waiting, "sent").await;
    assert_eq!(app.key().delete(&path).await.status, 204);
    assert_eq!(app.key().get(&path).await.summary(), "404 not_found");
    let nowhere = app.key().post("/v1/messages", letter("jane@example.com")).await;
    assert_eq!(nowhere.summary(), "422 invalid_request /channel");
    assert_eq!(message(&app, &waiting).await["state"], "sent", "its messages are still told of");
});

story!(what_was_sent_today_is_counted, async |app| {
    let (_server, id) = app.mail_server().await;
    for n in 0..7 {
        let id = send(&app, letter(&format!("reader{n}@example.com"))).await;
        becomes(&app, &id, "sent").await;
    }
    app.advance(2 * Duration::from_secs(1)).await;
    app.wait_until("all are counted", async || account(&app, &id).await["health"]["sent_today"] == 7).await;
    app.advance(DAY).await;
    assert_eq!(account(&app, &id).await["health"]["sent_today"], 0);
});

story!(answers_of_smtp2go_lead_to_their_states, async |app| {
    use smtp2go::Fault;
    let refused = Fault::FailedWith200("unable to verify sender address".to_owned());
    for (fault, state, reason, taken) in [
        (Fault::ServerError, "queued", "retrying", 1),
        (Fault::RateLimited, "queued", "retrying", 1),
        (refused, "failed", "bad_sender", 0),
        (Fault::Answer(413, "too large".to_owned()), "failed", "content", 0),
        (Fault::Answer(401, "{}".to_owned()), "held", "account_stopped", 1),
    ] {
        let (provider, made) = app.smtp2go().await;
        let account = made["id"].as_str().unwrap();
        provider.fail_sending(fault.clone(), 1);
        let id = send(&app, letter_through(account, "jane@example.com")).await;
        app.wait_until("the attempt is over", async || message(&app, &id).await["attempts_count"] == 1).await;
        let told = message(&app, &id).await;
        assert_eq!(
            (&told["state"], &told["state_reason"]["code"]),
            (&json!(state), &json!(reason)),
            "{fault:?}"
        );
        let path = format!("/v1/channel-accounts/{account}");
        assert_eq!(app.key().patch(&path, json!({ "name": "Tried again" })).await.status, 200);
        app.advance(5 * MINUTE).await;
        let settled = async || ["sent", "failed"].contains(&state_of(&app, &id).await.as_str());
        app.wait_until("it is settled", settled).await;
        assert_eq!(provider.count(), taken, "{fault:?}");
    }
});

story!(a_provider_that_asks_to_wait_is_left_alone, async |app| {
    let (provider, _) = app.smtp2go().await;
    provider.fail_sending(smtp2go::Fault::RateLimited, 1);
    let first = send(&app, letter("jane@example.com")).await;
    app.wait_until("the attempt is over", async || message(&app, &first).await["attempts_count"] == 1).await;
    let second = send(&app, letter("joe@example.com")).await;
    app.advance(Duration::from_secs(50)).await;
    assert_eq!((provider.requests(), provider.count()), (1, 0));
    app.advance(Duration::from_secs(20)).await;
    becomes(&app, &first, "sent").await;
    becomes(&app, &second, "sent").await;
    assert_eq!(provider.count(), 2);
});

story!(any_post_can_be_repeated_with_its_key, async |app| {
    let key = app.key().with("idempotency-key", "once");
    let body = json!({ "name": "till", "scopes": ["messages:write"] });
    let first = key.post("/v1/api-keys", body.clone()).await;
    let again = key.post("/v1/api-keys", body).await;
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = key.post("/v1/api-keys", json!({ "name": "other", "scopes": ["*"] })).await;
    assert_eq!(other.summary(), "422 idempotency_mismatch");
    let elsewhere = key.post("/v1/inbound-routes", json!({ "address": "@company.example.com" })).await;
    assert_eq!(elsewhere.summary(), "422 idempotency_mismatch");
    let wrong = app.key().with("idempotency-key", "put-right");
    assert_eq!(wrong.post("/v1/inbound-routes", json!({ "address": "x" })).await.status, 422);
    assert_eq!(
        wrong.post("/v1/inbound-routes", json!({ "address": "@company.example.com" })).await.status,
        201
    );
    app.advance(25 * HOUR).await;
    let next_day = key.post("/v1/inbound-routes", json!({ "address": "@shop.example.com" })).await;
    assert_eq!(next_day.status, 201, "a key is forgotten after a day: {}", next_day.body);
});

story!(a_reply_goes_out_where_its_question_came_in, async |app| {
    let first = Server::start(Options::default()).await.unwrap();
    let second = Server::start(Options::default()).await.unwrap();
    let sales = json!({ "settings": { "from": "Sales <sales@company.example.com>" } });
    account_on(&app, &first, json!({ "priority": 0 })).await;
    let sales = account_on(&app, &second, merged(sales, json!({ "priority": 9 }))).await;
    let raw = mail("jane@example.com", "A quote, please", "quote@example.com", &[], "How much?");
    let path = format!("/v1/inbound/email?account={sales}");
    let taken = app.key().send(http::Method::POST, &path, Some("message/rfc822"), raw.into()).await;
    let entry = worked_on(&app, taken.text("journal_id")).await;
    let reply = json!({ "conversation_id": entry["conversation_id"], "text": "Ten." });
    let id = send(&app, reply.clone()).await;
    assert_eq!(becomes(&app, &id, "sent").await["from"]["address"], "sales@company.example.com");
    assert_eq!((first.count(), second.count()), (0, 1));
    let path = format!("/v1/channel-accounts/{sales}");
    assert_eq!(app.key().patch(&path, json!({ "enabled": false })).await.status, 200);
    let id = send(&app, reply).await;
    becomes(&app, &id, "sent").await;
    assert_eq!((first.count(), second.count()), (1, 1), "when it is switched off, another one does");
});

story!(thousands_wait_and_leave_once, async |app| {
    let (server, id) = app.mail_server().await;
    let path = format!("/v1/channel-accounts/{id}");
    server.faults().plan(At::Connect, Fault::Say("421 4.3.2 not yet".into()), 40);
    for round in 0..3 {
        let messages: Vec<Value> =
            (0..900).map(|n| letter(&format!("reader{round}-{n}@example.com"))).collect();
        assert_eq!(app.key().post("/v1/messages/batch", json!({ "messages": messages })).await.status, 202);
    }
    app.run_until_idle().await;
    server.faults().clear();
    assert_eq!(app.key().patch(&path, json!({ "name": "Tried again" })).await.status, 200);
    for _ in 0..10 {
        app.advance(MINUTE).await;
    }
    app.wait_until("all have arrived", async || server.count() >= 2_700).await;
    app.run_until_idle().await;
    let ids = server.ids();
    assert_eq!((ids.len(), ids.values().copied().max()), (2_700, Some(1)));
});

story!(the_sender_follows_the_settings, async |app| {
    let (_server, account) = app.mail_server().await;
    let path = format!("/v1/channel-accounts/{account}");
    let changed =
        app.key().patch(&path, json!({ "settings": { "from": "Sales <sales@company.example.com>" } })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["sender"], json!({ "name": "Sales", "address": "sales@company.example.com" }));
    let named = json!({ "sender": { "name": "Desk", "address": "desk@company.example.com" } });
    assert_eq!(app.key().patch(&path, named).await.body["sender"]["name"], "Desk");
    let other = app.key().patch(&path, json!({ "settings": { "port": 2526 } })).await;
    assert_eq!(other.body["sender"]["address"], "desk@company.example.com");
});
