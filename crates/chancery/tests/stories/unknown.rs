//! When nobody knows whether a message left: it is never sent twice by guessing; the provider, a person or a rule decides.

use std::time::Duration;

use serde_json::json;
use testkit::TestApp;
use testkit::sim::smtp::{At, Fault, Server};
use testkit::sim::smtp2go;

use crate::scene::*;
use crate::vendor::*;

/// So many messages that the mail server took without a word.
async fn in_doubt(app: &TestApp, count: usize) -> (Server, Vec<String>) {
    let (server, _) = app.mail_server().await;
    server.faults().plan(At::Dot, Fault::TakeAndDrop, count);
    let mut ids = Vec::new();
    for n in 0..count {
        let id = send(app, letter(&format!("reader{n}@example.com"))).await;
        becomes(app, &id, "unknown").await;
        ids.push(id);
    }
    (server, ids)
}

async fn decide(app: &TestApp, id: &str, decision: &str) -> testkit::Reply {
    app.key().post(&format!("/v1/messages/{id}/resolution"), json!({ "decision": decision })).await
}

story!(a_message_in_doubt_waits_for_a_person, async |app| {
    let (server, ids) = in_doubt(&app, 1).await;
    app.advance(7 * DAY).await;
    let listed = app.key().get("/v1/messages?state=unknown").await;
    assert_eq!((listed.rows().len(), listed.rows()[0]["id"].as_str()), (1, Some(ids[0].as_str())));
    assert_eq!((server.count(), outcomes(&message(&app, &ids[0]).await)), (1, vec!["unknown"]));
    let cancelled = app.key().post(&format!("/v1/messages/{}/cancellation", ids[0]), json!({})).await;
    assert_eq!(cancelled.summary(), "409 not_cancellable");
    let retried = app.key().post(&format!("/v1/messages/{}/retry", ids[0]), json!({})).await;
    assert_eq!(retried.summary(), "409 not_retryable");
});

story!(a_person_says_that_it_arrived, async |app| {
    let (server, ids) = in_doubt(&app, 1).await;
    assert_eq!(decide(&app, &ids[0], "arrived").await.summary(), "200 sent");
    assert_eq!(decide(&app, &ids[0], "arrived").await.summary(), "409 not_unknown");
    app.advance(DAY).await;
    let settled = message(&app, &ids[0]).await;
    assert_eq!((server.count(), texts(&settled["events"], "kind").pop()), (1, Some("reconciled")));
});

story!(a_person_says_send_it_again, async |app| {
    let (server, ids) = in_doubt(&app, 1).await;
    assert_eq!(decide(&app, &ids[0], "maybe").await.summary(), "422 invalid_request /decision");
    assert_eq!(decide(&app, &ids[0], "send_again").await.status, 200);
    let sent = becomes(&app, &ids[0], "sent").await;
    assert_eq!((outcomes(&sent), server.count()), (vec!["unknown", "sent"], 2));
    assert_eq!(server.ids().values().copied().collect::<Vec<_>>(), [2], "both copies have one Message-ID");
});

story!(many_are_decided_at_once, async |app| {
    let (server, ids) = in_doubt(&app, 3).await;
    let known = send(&app, letter("jane@example.com")).await;
    becomes(&app, &known, "sent").await;
    let all = json!({ "ids": [ids[0], ids[1], ids[2], known], "decision": "send_again" });
    let reply = app.key().post("/v1/message-resolutions", all).await;
    assert_eq!((&reply.body["resolved"], &reply.body["skipped"]), (&json!(3), &json!([known])));
    for id in &ids {
        becomes(&app, id, "sent").await;
    }
    assert_eq!((server.count(), count_in(&app, "unknown").await), (7, 0));
});

story!(an_account_can_resend_by_itself, async |app| {
    let server = Server::start(Default::default()).await.unwrap();
    let account = account_on(&app, &server, json!({ "on_unknown": "resend" })).await;
    server.faults().plan(At::Dot, Fault::Drop, 1);
    let id = send(&app, letter_through(&account, "jane@example.com")).await;
    app.wait_until("the attempt is over", async || message(&app, &id).await["attempts_count"] == 1).await;
    app.advance(MINUTE).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!((outcomes(&sent), server.count()), (vec!["unknown", "sent"], 1));
    assert!(texts(&sent["events"], "kind").contains(&"resent"));
});

story!(a_message_has_the_last_word_over_its_account, async |app| {
    let (server, _) = app.mail_server().await;
    server.faults().plan(At::Dot, Fault::Drop, 1);
    let mut request = letter("jane@example.com");
    request["on_unknown"] = json!("resend");
    let id = send(&app, request).await;
    app.wait_until("the attempt is over", async || message(&app, &id).await["attempts_count"] == 1).await;
    app.advance(MINUTE).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(server.count(), 1);
});

story!(the_provider_is_asked_and_has_it, async |app| {
    let (provider, account) = app.smtp2go().await;
    let account = account["id"].as_str().unwrap();
    for fault in [smtp2go::Fault::TakeAndHang, smtp2go::Fault::TakeAndDrop, smtp2go::Fault::TakeAndHalfAnswer]
    {
        let before = provider.count();
        provider.fail_sending(fault.clone(), 1);
        let hangs = fault == smtp2go::Fault::TakeAndHang;
        let id = told_with_patience(&app, account, hangs, ended(&app, &["unknown"])).await;
        app.advance(Duration::from_secs(200)).await;
        let sent = becomes(&app, &id, "sent").await;
        let taken = provider.taken();
        assert_eq!(taken.len(), before + 1, "{fault:?}: exactly one");
        assert_eq!(sent["provider_message_id"].as_str(), Some(taken[before].email_id.as_str()));
        assert_eq!(texts(&sent["events"], "kind").pop(), Some("reconciled"));
    }
});

story!(the_provider_is_asked_and_never_got_it, async |app| {
    let (provider, _) = app.smtp2go().await;
    for fault in [smtp2go::Fault::BadGateway, smtp2go::Fault::Drop] {
        let before = provider.count();
        provider.fail_sending(fault.clone(), 1);
        let id = send(&app, letter("jane@example.com")).await;
        becomes(&app, &id, "unknown").await;
        assert_eq!(provider.count(), before);
        app.advance(Duration::from_secs(200)).await;
        let sent = becomes(&app, &id, "sent").await;
        assert_eq!((outcomes(&sent), provider.count()), (vec!["unknown", "sent"], before + 1), "{fault:?}");
        app.advance(HOUR).await;
        assert_eq!(provider.count(), before + 1, "{fault:?}: once");
    }
});

story!(what_the_provider_reported_meanwhile_is_not_in_doubt, async |app| {
    let (provider, account) = app.smtp2go().await;
    let listening = listen(&app).await;
    let hook = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    provider.set_webhook(format!("http://{}{hook}", listening.address), None);
    let path = format!("/v1/channel-accounts/{}", account["id"].as_str().unwrap());
    assert_eq!(app.key().patch(&path, json!({ "settings": { "timeout_seconds": 2 } })).await.status, 200);
    provider.fail_sending(smtp2go::Fault::TakeAndHang, 1);
    let id = send(&app, letter("jane@example.com")).await;
    app.wait_until("it was taken", async || provider.count() == 1).await;
    let told = provider.tell(smtp2go::Told::of(&provider.taken()[0], "delivered")).await;
    assert_eq!(told, Some(200));
    becomes(&app, &id, "delivered").await;
    app.run_until_idle().await;
    assert_eq!(outcomes(&message(&app, &id).await), ["unknown"]);
    app.advance(HOUR).await;
    assert_eq!((state_of(&app, &id).await.as_str(), provider.count()), ("delivered", 1));
});

story!(a_provider_that_cannot_answer_is_asked_for_a_day_and_then_the_rule_decides, async |app| {
    for (rule, state, count) in [("hold", "unknown", 0), ("resend", "sent", 1)] {
        let (provider, account) = app.smtp2go().await;
        let id = account["id"].as_str().unwrap();
        let path = format!("/v1/channel-accounts/{id}");
        assert_eq!(app.key().patch(&path, json!({ "on_unknown": rule })).await.status, 200);
        let broken = smtp2go::Fault::ServerError;
        provider.faults().plan("/activity/search".to_owned(), broken, 100_000);
        provider.fail_sending(smtp2go::Fault::Drop, 1);
        let id = send(&app, letter_through(id, "jane@example.com")).await;
        becomes(&app, &id, "unknown").await;
        app.wait_until("nobody asks any more", async || {
            app.clock.advance(HOUR);
            let events = message(&app, &id).await["events"].clone();
            texts(&events, "detail").iter().any(|words| {
                words.contains("asked 5 times") || words.contains("sent again, as the account says")
            })
        })
        .await;
        app.advance(DAY).await;
        becomes(&app, &id, state).await;
        assert_eq!(provider.count(), count, "{rule}");
    }
});

story!(a_person_is_faster_than_the_provider, async |app| {
    let (provider, _) = app.smtp2go().await;
    provider.fail_sending(smtp2go::Fault::Drop, 1);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "unknown").await;
    assert_eq!(decide(&app, &id, "send_again").await.status, 200);
    becomes(&app, &id, "sent").await;
    app.advance(HOUR).await;
    assert_eq!((state_of(&app, &id).await.as_str(), provider.count()), ("sent", 1));
});
