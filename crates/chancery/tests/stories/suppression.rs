//! Suppression: who bounced, complained or unsubscribed is not written to any more, until somebody says otherwise.

use domain::access::{Principal, Role};
use domain::ids::TenantId;
use engine::suppression::SuppressionFilter;
use http::Method;
use serde_json::{Value, json};
use testkit::TestApp;
use testkit::app::{Actor, Reply};
use testkit::sim::mailgun::{Mailgun, Options, Told};
use testkit::sim::{postmark, smtp};

use crate::scene::*;

/// Mailgun with an account on it, and the app where its webhooks reach it.
async fn mailgun(app: &TestApp) -> (Mailgun, Listening) {
    let vendor = Mailgun::start(Options::new(app.clock.clone())).await.unwrap();
    let account = json!({ "name": "Mailgun", "provider": "mailgun", "settings": vendor.settings() });
    let reply = app.key().post("/v1/channel-accounts", account).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let listening = listen(app).await;
    let path = reply.body["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    vendor.set_webhook(format!("http://{}{path}", listening.address));
    (vendor, listening)
}

async fn suppress(app: &TestApp, address: &str, reason: &str) -> String {
    let new = json!({ "address": address, "reason": reason, "detail": "asked us to" });
    let reply = app.key().post("/v1/suppressions", new).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.text("id").to_owned()
}

async fn remove(by: &Actor, id: &str, reason: &str) -> Reply {
    let body = json!({ "reason": reason }).to_string().into_bytes();
    by.send(Method::DELETE, &format!("/v1/suppressions/{id}"), Some("application/json"), body).await
}

async fn entries(app: &TestApp, query: &str) -> Vec<Value> {
    app.key().get(&format!("/v1/suppressions{query}")).await.rows().to_vec()
}

/// A message that is accepted and goes to nobody.
async fn blocked(app: &TestApp, letter: Value) -> Value {
    let reply = app.key().post("/v1/messages", letter).await;
    assert_eq!(reply.summary(), "202 blocked", "{}", reply.body);
    message(app, reply.text("id")).await
}

/// The events of the feed of some types, oldest first.
async fn feed_of(app: &TestApp, kinds: &[&str]) -> Vec<Value> {
    let page = app.key().get("/v1/events?after=0&limit=200").await;
    let rows = page.rows().iter();
    rows.filter(|event| kinds.contains(&event["type"].as_str().unwrap())).cloned().collect()
}

story!(a_hard_bounce_ends_what_is_written_to_an_address, async |app| {
    let (vendor, _listening) = mailgun(&app).await;
    let soft = send(&app, letter("full@example.com")).await;
    becomes(&app, &soft, "sent").await;
    assert_eq!(vendor.tell(Told::failed(&vendor.taken()[0], "temporary", "generic")).await, [Some(200)]);
    let id = send(&app, letter("Gone@example.com")).await;
    becomes(&app, &id, "sent").await;
    let bounce = Told::failed(&vendor.taken()[1], "permanent", "bounce");
    assert_eq!(vendor.tell(bounce.clone()).await, [Some(200)]);
    let bounced = becomes(&app, &id, "bounced").await;
    app.run_until_idle().await;

    let all = entries(&app, "").await;
    assert_eq!(all.len(), 1, "a soft bounce is no reason: {all:?}");
    let entry = &all[0];
    assert_eq!(entry["address"], "Gone@example.com");
    assert_eq!((&entry["reason"], &entry["source"]), (&json!("hard_bounce"), &json!("mailgun")));
    assert_eq!(entry["message_id"], bounced["id"]);
    assert_eq!(entry["account_id"], bounced["account"]["id"]);
    assert_eq!(entry["added_by"], Value::Null);
    assert!(entry["detail"].as_str().unwrap().contains("no such user"), "{entry}");
    let contact = app.key().get(&format!("/v1/contacts/{}", entry["contact_id"].as_str().unwrap())).await;
    assert_eq!(contact.body["suppressions"][0]["id"], entry["id"], "{}", contact.body);

    let again = app.key().post(&format!("/v1/messages/{id}/retry"), json!({})).await;
    assert_eq!(again.summary(), "409 still_suppressed", "{}", again.body);
    let message = blocked(&app, letter("gone@EXAMPLE.com")).await;
    assert_eq!(message["state_reason"]["code"], "suppressed");
    let said = message["state_reason"]["detail"].as_str().unwrap();
    assert!(said.starts_with("Gone@example.com does not exist or takes no mail: "), "{said}");
    let event = &message["events"][1];
    assert_eq!((&event["kind"], &event["code"]), (&json!("blocked"), &json!("hard_bounce")), "{message}");
    assert_eq!(event["recipient"], "Gone@example.com");
    app.run_until_idle().await;
    assert_eq!((vendor.taken().len(), outcomes(&message).len()), (2, 0), "nothing left, nothing was tried");
    let feed = feed_of(&app, &["suppression.added", "message.blocked"]).await;
    assert_eq!(texts(&json!(feed), "type"), ["suppression.added", "message.blocked"]);
    assert_eq!(feed[0]["data"]["suppression_id"], entry["id"], "{feed:?}");
});

story!(a_bounce_mail_teaches_the_same_as_a_webhook, async |app| {
    let (server, _) = app.mail_server().await;
    let route = json!({ "address": "support@company.example.com" });
    assert_eq!(app.key().post("/v1/inbound-routes", route).await.status, 201);
    let both = json!({ "to": ["gone@example.net", "jane@example.net"], "subject": "Hi", "text": "Hi" });
    let id = send(&app, both).await;
    let sent = becomes(&app, &id, "sent").await;
    let dsn = |key: &str, recipient: &str, status: &str| {
        format!(
            "From: MAILER-DAEMON@mx.example.net\r\nTo: support@company.example.com\r\nSubject: Undelivered\r\n\
             Message-ID: <{key}@mx.example.net>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
             Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550 {status} no\r\n\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\n\r\n--b--\r\n",
            sent["rfc_message_id"].as_str().unwrap()
        )
    };
    hand_in(&app, dsn("full", "jane@example.net", "5.2.2")).await;
    hand_in(&app, dsn("stranger", "boss@example.org", "5.1.1")).await;
    assert!(entries(&app, "").await.is_empty(), "a full mailbox, and somebody whom nobody wrote to");
    hand_in(&app, dsn("gone", "gone@example.net", "5.1.1")).await;
    let all = entries(&app, "").await;
    assert_eq!(texts(&json!(all), "address"), ["gone@example.net"]);
    assert_eq!((&all[0]["source"], &all[0]["code"]), (&json!("mail"), &json!("550 5.1.1")), "{}", all[0]);

    // Of several recipients only this one is left out.
    let letter = json!({ "to": ["jane@example.net", "gone@example.net"], "cc": "GONE@example.net", "bcc": "joe@example.net",
                         "subject": "Hi", "text": "Hi" });
    let id = send(&app, letter).await;
    let sent = becomes(&app, &id, "sent").await;
    let taken = server.taken().pop().unwrap();
    assert_eq!(taken.to, ["jane@example.net", "joe@example.net"]);
    assert!(!String::from_utf8_lossy(&taken.bytes).to_lowercase().contains("gone@example.net"));
    let left_out: Vec<&Value> =
        sent["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "blocked").collect();
    assert_eq!(left_out.len(), 1, "{sent}");
    assert_eq!(left_out[0]["recipient"], "gone@example.net");
    assert_eq!(sent["to"].as_array().unwrap().len(), 2, "whom it was meant for stays visible");
    // A message without anybody it is addressed to is none, whoever else gets a copy.
    let alone = json!({ "to": "gone@example.net", "cc": "jane@example.net", "subject": "Hi", "text": "Hi" });
    blocked(&app, alone).await;
    app.run_until_idle().await;
    assert_eq!(server.count(), 2);
});

story!(a_complaint_and_an_unsubscription_are_heard, async |app| {
    let (vendor, _listening) = mailgun(&app).await;
    for (number, event) in [(0, "complained"), (1, "unsubscribed")] {
        let id = send(&app, letter(&format!("{event}@example.com"))).await;
        becomes(&app, &id, "sent").await;
        assert_eq!(vendor.tell(Told::of(&vendor.taken()[number], event)).await, [Some(200)]);
    }
    app.run_until_idle().await;
    let all = entries(&app, "").await;
    assert_eq!(texts(&json!(all), "reason"), ["unsubscribed", "complaint"]);
    for event in ["complained", "unsubscribed"] {
        blocked(&app, letter(&format!("{event}@example.com"))).await;
    }
    assert_eq!(
        texts(&json!(entries(&app, "?reason=complaint").await), "address"),
        ["complained@example.com"]
    );
});

story!(who_subscribes_again_is_written_to_again, async |app| {
    let vendor = postmark::Postmark::start(postmark::Options::new(app.clock.clone())).await.unwrap();
    let account = json!({ "name": "Postmark", "provider": "postmark", "settings": vendor.settings() });
    let account = app.key().post("/v1/channel-accounts", account).await.body;
    let listening = listen(&app).await;
    let path = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1;
    vendor.set_webhook(format!("http://{}{path}", listening.address), None);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    let taken = vendor.taken().pop().unwrap();
    let change = |stopped: bool, at: &str| {
        postmark::Told::of(&taken, "SubscriptionChange")
            .with("SuppressSending", json!(stopped))
            .with("SuppressionReason", if stopped { json!("ManualSuppression") } else { Value::Null })
            .with("ChangedAt", json!(at))
    };
    assert_eq!(vendor.tell(change(true, "2026-11-20T12:01:00Z")).await, [Some(200)]);
    app.run_until_idle().await;
    assert_eq!(texts(&json!(entries(&app, "").await), "reason"), ["unsubscribed"]);
    // What somebody here decided is not the vendor's to take back.
    suppress(&app, "jane@example.com", "manual").await;
    assert_eq!(vendor.tell(change(false, "2026-11-20T12:02:00Z")).await, [Some(200)]);
    app.run_until_idle().await;
    let all = entries(&app, "").await;
    assert_eq!(texts(&json!(all), "reason"), ["manual"]);
    let feed = feed_of(&app, &["suppression.removed"]).await;
    assert_eq!(feed.len(), 1, "{feed:?}");
    assert_eq!(remove(&app.key(), all[0]["id"].as_str().unwrap(), "she asked").await.status, 204);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
});

story!(people_keep_the_list_and_say_why, async |app| {
    let (_server, _) = app.mail_server().await;
    let agent = app.person(Role::Agent).await;
    let viewer = app.person(Role::Viewer).await;
    let new = json!({ "address": "jane@example.com", "detail": "Called and asked for it" });
    assert_eq!(viewer.post("/v1/suppressions", new.clone()).await.summary(), "403 forbidden");
    let added = agent.post("/v1/suppressions", new.clone()).await;
    assert_eq!((added.status, &added.body["reason"]), (201, &json!("manual")), "{}", added.body);
    assert_eq!((&added.body["source"], &added.body["added_by"]["kind"]), (&json!("person"), &json!("user")));
    let again = agent.post("/v1/suppressions", json!({ "address": "JANE@example.com", "detail": "x" })).await;
    assert_eq!(again.summary(), "409 already_suppressed");
    assert!(again.text("detail").contains(added.text("id")), "{}", again.body);
    for (wrong, place) in [
        (json!({ "address": "jane", "detail": "x" }), "/address"),
        (json!({ "address": "joe@example.com", "detail": " " }), "/detail"),
        (json!({ "address": "jane@example.com", "detail": "x", "channel": "sms" }), "/address"),
    ] {
        let refused = agent.post("/v1/suppressions", wrong).await;
        assert_eq!(refused.summary(), format!("422 invalid_request {place}"));
    }
    let check =
        async |address: &str| viewer.get(&format!("/v1/suppressions/check?address={address}")).await.body;
    assert_eq!(check("Jane@example.com").await["entry"]["id"], added.body["id"]);
    assert_eq!(check("joe@example.com").await, json!({ "suppressed": false, "entry": null }));
    assert_eq!(
        viewer.get("/v1/suppressions/check?address=joe").await.summary(),
        "422 invalid_request /address"
    );
    let one = viewer.get(&format!("/v1/suppressions/{}", added.text("id"))).await;
    assert_eq!(one.body["detail"], "Called and asked for it");

    assert_eq!(remove(&viewer, added.text("id"), "x").await.summary(), "403 forbidden");
    assert_eq!(remove(&agent, added.text("id"), "").await.summary(), "422 invalid_request /reason");
    assert_eq!(remove(&agent, added.text("id"), "She called again").await.status, 204);
    assert_eq!(remove(&agent, added.text("id"), "twice").await.summary(), "404 not_found");
    let log = app.key().get("/v1/audit").await;
    let log = log.rows().iter();
    let ours: Vec<&Value> =
        log.filter(|entry| entry["action"].as_str().unwrap().starts_with("suppression")).collect();
    assert_eq!(ours.len(), 2, "{ours:?}");
    assert_eq!(ours[0]["detail"]["removed_because"], "She called again", "{}", ours[0]);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
});

story!(a_list_is_paged_and_searched, async |app| {
    for number in 0..5 {
        suppress(&app, &format!("reader{number}@example.com"), "manual").await;
    }
    suppress(&app, "reader0@example.com", "complaint").await;
    suppress(&app, "ann@sub.example.com", "unsubscribed").await;
    let addresses = async |query: &str| texts(&json!(entries(&app, query).await), "address").join(" ");
    assert_eq!(addresses("?q=READER0").await, "reader0@example.com reader0@example.com");
    assert_eq!(addresses("?q=@sub.example.com").await, "ann@sub.example.com");
    assert_eq!(addresses("?q=reader0&reason=complaint").await, "reader0@example.com");
    assert_eq!(addresses("?q=nobody").await, "");
    let mut found = Vec::new();
    let mut query = "/v1/suppressions?limit=3&reason=manual".to_owned();
    loop {
        let page = app.key().get(&query).await;
        found.extend(page.rows().iter().map(|row| row["address"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        query = format!("/v1/suppressions?limit=3&reason=manual&cursor={next}");
    }
    let expected: Vec<String> = (0..5).rev().map(|number| format!("reader{number}@example.com")).collect();
    assert_eq!(found, expected);
});

story!(a_list_goes_out_and_comes_in_by_a_file, async |app| {
    let import = async |csv: &str, dry_run: bool| {
        app.key().post("/v1/suppressions/import", json!({ "csv": csv, "dry_run": dry_run })).await
    };
    let csv = "Address,Reason,detail,created_at,left\n\
               jane@example.com,unsubscribed,newsletter,2024-02-03T04:05:06Z,x\n\
               JANE@example.com,unsubscribed,again,,x\n\
               joe@example.com,,,,\n\
               nobody,,,,\n\
               ann@example.com,angry,,,\n\
               ben@example.com,complaint,,yesterday,\n";
    let rehearsed = import(csv, true).await.body;
    assert!(entries(&app, "").await.is_empty(), "a rehearsal changes nothing");
    let done = import(csv, false).await.body;
    assert_eq!(rehearsed, done);
    assert_eq!(
        (&done["total"], &done["added"], &done["known"], &done["refused"]),
        (&json!(6), &json!(2), &json!(1), &json!(3))
    );
    let faults: Vec<(i64, &str)> = done["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (fault["row"].as_i64().unwrap(), fault["field"].as_str().unwrap()))
        .collect();
    assert_eq!(faults, [(5, "address"), (6, "reason"), (7, "created_at")]);
    let again = import(csv, false).await.body;
    assert_eq!((&again["added"], &again["known"]), (&json!(0), &json!(3)));
    let jane = &entries(&app, "?q=jane").await[0];
    assert_eq!(
        (&jane["created_at"], &jane["source"]),
        (&json!("2024-02-03T04:05:06.000000Z"), &json!("import")),
        "{jane}"
    );
    let (_server, _) = app.mail_server().await;
    blocked(&app, letter("joe@example.com")).await;
    assert_eq!(import("name\nx\n", false).await.summary(), "422 invalid_request /csv");

    suppress(&app, "=formula@example.com", "manual").await;
    let file = app.key().get("/v1/suppressions/export").await;
    let text = String::from_utf8(file.bytes).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("\r\n'=formula@example.com,email,manual,asked us to,"), "{text}");
    let one = app.key().get("/v1/suppressions/export?q=jane").await;
    assert_eq!(String::from_utf8(one.bytes).unwrap().lines().count(), 2);
    for entry in entries(&app, "").await {
        assert_eq!(remove(&app.key(), entry["id"].as_str().unwrap(), "moving").await.status, 204);
    }
    let back = import(&text, false).await.body;
    assert_eq!((&back["added"], &back["refused"]), (&json!(3), &json!(0)), "{back}");
    let jane = &entries(&app, "?q=jane").await[0];
    assert_eq!(
        (&jane["created_at"], &jane["reason"]),
        (&json!("2024-02-03T04:05:06.000000Z"), &json!("unsubscribed"))
    );
});

story!(a_file_of_a_hundred_thousand_is_taken_and_no_more, async |app| {
    let file = |rows: usize| {
        (0..rows).fold("address\n".to_owned(), |text, row| format!("{text}reader{row}@example.com\n"))
    };
    let import = json!({ "csv": file(3_500), "dry_run": false });
    let done = app.key().post("/v1/suppressions/import", import).await;
    assert_eq!((done.status, &done.body["added"]), (200, &json!(3_500)), "{}", done.body);
    let lines = "a@example.com\n".repeat(100_001);
    let more = json!({ "csv": format!("address\n{lines}"), "dry_run": true });
    assert_eq!(app.key().post("/v1/suppressions/import", more).await.summary(), "422 invalid_request /csv");
    // One word in the feed, not thousands.
    assert_eq!(feed_of(&app, &["suppression.added"]).await.len(), 1);
});

story!(a_message_that_waits_is_looked_at_again_before_it_leaves, async |app| {
    let (server, _) = app.mail_server().await;
    let later = json!({ "send_at": app.clock.now().plus(HOUR).to_string() });
    let schedule = async |to: Value| {
        let letter = merged(json!({ "to": to, "subject": "Hi", "text": "Hi" }), later.clone());
        let reply = app.key().post("/v1/messages", letter).await;
        assert_eq!(reply.summary(), "202 scheduled", "{}", reply.body);
        reply.text("id").to_owned()
    };
    let alone = schedule(json!("jane@example.com")).await;
    let both = schedule(json!(["jane@example.com", "joe@example.com"])).await;
    let entry = suppress(&app, "jane@example.com", "complaint").await;
    app.advance(2 * HOUR).await;
    let stopped = becomes(&app, &alone, "blocked").await;
    assert_eq!(stopped["state_reason"]["code"], "suppressed");
    assert_eq!((outcomes(&stopped).len(), &stopped["attempts_count"]), (0, &json!(0)), "{stopped}");
    let sent = becomes(&app, &both, "sent").await;
    assert_eq!(server.count(), 1);
    assert_eq!(server.taken()[0].to, ["joe@example.com"]);
    assert!(texts(&sent["events"], "kind").contains(&"blocked"), "{sent}");

    // It goes on when somebody asks for it, and not while the address is on the list.
    let retry = async || app.key().post(&format!("/v1/messages/{alone}/retry"), json!({})).await;
    let refused = retry().await;
    assert_eq!(refused.summary(), "409 still_suppressed", "{}", refused.body);
    assert_eq!(remove(&app.key(), &entry, "a mistake").await.status, 204);
    assert_eq!(retry().await.status, 202);
    let sent = becomes(&app, &alone, "sent").await;
    assert_eq!((outcomes(&sent), server.count()), (vec!["sent"], 2));
    assert_eq!(sent["attempts"][0]["number"], 1);
});

story!(a_message_that_is_tried_again_is_looked_at_again, async |app| {
    let server = smtp::Server::start(smtp::Options::default()).await.unwrap();
    let account = account_on(&app, &server, json!({ "rate_per_second": 1 })).await;
    server.faults().plan(smtp::At::Data, smtp::Fault::Say("451 4.3.0 try later".into()), 1);
    let id = send(&app, letter_through(&account, "jane@example.com")).await;
    app.wait_until("it was tried", async || outcomes(&message(&app, &id).await) == ["temporary"]).await;
    // This one waits for its turn in memory.
    let waiting = send(&app, letter_through(&account, "jane@example.com")).await;
    suppress(&app, "jane@example.com", "manual").await;
    app.advance(10 * MINUTE).await;
    app.wait_until("both are blocked", async || {
        app.advance(std::time::Duration::from_secs(1)).await;
        count_in(&app, "blocked").await == 2
    })
    .await;
    let (id, waiting) = (message(&app, &id).await, message(&app, &waiting).await);
    assert_eq!((outcomes(&id), outcomes(&waiting)), (vec!["temporary"], vec![]));
    assert_eq!(server.count(), 0);
    let next = send(&app, letter_through(&account, "joe@example.com")).await;
    app.advance(MINUTE).await;
    becomes(&app, &next, "sent").await;
});

story!(who_unsubscribed_is_still_answered_by_people, async |app| {
    let (server, _) = app.mail_server().await;
    let asked = mail("jane@example.com", "Where is it?", "q@example.com", &[], "Hello?");
    let asked = receive(&app, asked).await;
    suppress(&app, "jane@example.com", "unsubscribed").await;
    let answer = json!({ "conversation_id": asked["conversation_id"], "text": "On its way." });
    let agent = app.person(Role::Agent).await;
    let reply = agent.post("/v1/messages", answer.clone()).await;
    assert_eq!(reply.summary(), "202 queued", "{}", reply.body);
    becomes(&app, reply.text("id"), "sent").await;
    // Also when it waits first.
    let later = merged(answer.clone(), json!({ "send_at": app.clock.now().plus(HOUR).to_string() }));
    let later = agent.post("/v1/messages", later).await;
    app.advance(2 * HOUR).await;
    becomes(&app, later.text("id"), "sent").await;
    assert_eq!(server.count(), 2);
    // A program's message is no answer of a person, and a new letter of a person is none either.
    assert_eq!(app.key().post("/v1/messages", answer.clone()).await.summary(), "202 blocked");
    assert_eq!(agent.post("/v1/messages", letter("jane@example.com")).await.summary(), "202 blocked");
    suppress(&app, "jane@example.com", "complaint").await;
    let resolving = merged(answer, json!({ "resolve": true }));
    assert_eq!(agent.post("/v1/messages", resolving).await.summary(), "202 blocked");
    assert_ne!(
        conversation(&app, &asked["conversation_id"]).await["state"],
        "resolved",
        "nobody was answered"
    );
});

story!(one_business_knows_nothing_of_the_list_of_another, async |app| {
    let (_server, _) = app.mail_server().await;
    let id = suppress(&app, "jane@example.com", "manual").await;
    let (theirs, engine) = (Principal::system(TenantId(2)), app.engine());
    let all = domain::page::PageRequest { limit: 10, after: None };
    assert!(engine.suppressions(&theirs, SuppressionFilter::default(), all).await.unwrap().rows.is_empty());
    let id = id.parse().unwrap();
    assert!(engine.suppression(&theirs, id).await.is_err());
    assert!(engine.remove_suppression(&theirs, id, "not ours").await.is_err());
    let email = domain::channel::Channel::Email;
    assert!(!engine.check_suppression(&theirs, email, "jane@example.com").await.unwrap().suppressed);
    blocked(&app, letter("jane@example.com")).await;
});
