//! Sending: what is accepted arrives once, looks right, and can be followed, repeated safely, put off and called back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::scene::*;

story!(a_message_arrives_as_it_was_written, async |app| {
    let (server, _) = app.mail_server().await;
    let pdf = b"%PDF-1.4 an invoice \x00\xff".to_vec();
    let request = json!({
        "to": ["Jane Doe <jane@example.com>"], "cc": ["carl@example.com"], "bcc": ["boss@example.com"],
        "subject": "Your order № 17", "text": "It is on its way.\n.dots too", "html": "<p>It is on its way.</p>",
        "reply_to": "orders@company.example.com", "headers": { "X-Order": "17" }, "metadata": { "order": 17 },
        "attachments": [{ "filename": "invoice.pdf", "content_type": "application/pdf", "content_base64": STANDARD.encode(&pdf) }],
    });
    let id = send(&app, request).await;
    let sent = becomes(&app, &id, "sent").await;

    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].from.as_deref(), Some("support@company.example.com"));
    assert_eq!(taken[0].to, ["jane@example.com", "carl@example.com", "boss@example.com"]);
    assert!(!String::from_utf8_lossy(&taken[0].bytes).contains("boss@"), "a blind copy stays blind");
    let mail = mail::parse(&taken[0].bytes);
    assert_eq!(mail.from.unwrap().to_string(), "Support <support@company.example.com>");
    assert_eq!(mail.to[0].to_string(), "Jane Doe <jane@example.com>");
    assert_eq!(mail.cc[0].address.as_str(), "carl@example.com");
    assert_eq!(mail.reply_to[0].address.as_str(), "orders@company.example.com");
    assert_eq!(mail.subject.as_deref(), Some("Your order № 17"));
    assert_eq!(mail.message_id.as_deref(), sent["rfc_message_id"].as_str());
    assert_eq!(mail.text.unwrap().replace("\r\n", "\n").trim_end(), "It is on its way.\n.dots too");
    assert_eq!(mail.html.unwrap().trim_end(), "<p>It is on its way.</p>");
    assert_eq!((mail.parts[0].filename.as_str(), &mail.parts[0].bytes[..]), ("invoice.pdf", &pdf[..]));
    assert!(mail.headers.iter().any(|(name, value)| name == "X-Order" && value.trim() == "17"));

    assert_eq!(outcomes(&sent), ["sent"]);
    assert_eq!(
        (&sent["attempts"][0]["number"], &sent["attempts"][0]["code"]),
        (&json!(1), &json!("250 2.0.0"))
    );
    assert_eq!(texts(&sent["events"], "kind"), ["queued", "started", "sent"]);
    assert_eq!(
        (&sent["metadata"]["order"], &sent["bcc"][0]["address"]),
        (&json!(17), &json!("boss@example.com"))
    );
    assert!(sent["provider_message_id"].as_str().unwrap().starts_with("SIM"));
    let url = sent["attachments"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(app.key().get(&url).await.bytes, pdf);
    let raw = app.key().get(&format!("/v1/messages/{id}/raw")).await.bytes;
    assert_eq!(mail::parse(&raw).message_id.as_deref(), sent["rfc_message_id"].as_str());
});

story!(a_reply_names_what_it_answers, async |app| {
    let (server, _) = app.mail_server().await;
    let asked =
        receive(&app, mail("Jane <jane@example.com>", "Late order", "ask@example.com", &[], "Where?")).await;
    let id = send(&app, json!({ "conversation_id": asked["conversation_id"], "text": "Here." })).await;
    let sent = becomes(&app, &id, "sent").await;
    let mail = mail::parse(&server.taken()[0].bytes);
    assert_eq!(
        (mail.in_reply_to, mail.references),
        (vec!["ask@example.com".into()], vec!["ask@example.com".into()])
    );
    assert_eq!(mail.subject.as_deref(), Some("Re: Late order"));
    assert_eq!(mail.to[0].to_string(), "Jane <jane@example.com>");
    assert_eq!(sent["conversation_id"], asked["conversation_id"]);
    assert_eq!(conversation(&app, &asked["conversation_id"]).await["message_count"], 2);
});

story!(a_repeated_request_is_done_once, async |app| {
    let (server, _) = app.mail_server().await;
    let key = app.key().with("idempotency-key", "order-17");
    let first = key.post("/v1/messages", letter("jane@example.com")).await;
    let again = key.post("/v1/messages", letter("jane@example.com")).await;
    assert_eq!((again.status, again.text("id")), (202, first.text("id")));
    assert_eq!(first.headers.get("idempotency-replayed"), None);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = key.post("/v1/messages", letter("joe@example.com")).await;
    assert_eq!(other.summary(), "422 idempotency_mismatch");
    becomes(&app, first.text("id"), "sent").await;
    assert_eq!(server.count(), 1);
});

story!(the_same_request_many_times_at_once_is_one_message, async |app| {
    let (server, _) = app.mail_server().await;
    let key = app.key().with("idempotency-key", "all-at-once");
    let posts = (0..12).map(|_| key.post("/v1/messages", letter("jane@example.com")));
    let replies = futures_util::future::join_all(posts).await;
    let id = replies.iter().find(|reply| reply.status == 202).expect("one is accepted").text("id").to_owned();
    for reply in &replies {
        let is_same = reply.status == 202 && reply.text("id") == id;
        assert!(is_same || reply.summary() == "409 idempotency_in_progress", "{}", reply.body);
    }
    becomes(&app, &id, "sent").await;
    assert_eq!((server.count(), app.key().get("/v1/messages").await.rows().len()), (1, 1));
});

story!(a_batch_is_taken_whole_or_not_at_all, async |app| {
    let (server, _) = app.mail_server().await;
    let mut messages: Vec<_> = (0..5).map(|n| letter(&format!("reader{n}@example.com"))).collect();
    messages[3]["to"] = json!("not an address");
    let refused = app.key().post("/v1/messages/batch", json!({ "messages": messages })).await;
    assert_eq!(refused.summary(), "422 invalid_request /messages/3/to");
    assert_eq!(app.key().get("/v1/messages").await.rows().len(), 0);
    messages[3]["to"] = json!("reader3@example.com");
    let taken = app.key().post("/v1/messages/batch", json!({ "messages": messages })).await;
    assert_eq!((taken.status, taken.rows().len()), (202, 5));
    app.wait_until("all have arrived", async || server.count() == 5).await;
    for row in taken.rows() {
        becomes(&app, row["id"].as_str().unwrap(), "sent").await;
    }
});

story!(a_scheduled_message_waits_for_its_time_through_a_restart, async |app| {
    let (server, _) = app.mail_server().await;
    let mut request = letter("jane@example.com");
    request["send_at"] = json!(app.clock.now().plus(HOUR).to_string());
    let reply = app.key().post("/v1/messages", request).await;
    assert_eq!(reply.summary(), "202 scheduled");
    app.advance(59 * MINUTE).await;
    let app = app.restart().await;
    app.run_until_idle().await;
    assert_eq!((state_of(&app, reply.text("id")).await.as_str(), server.count()), ("scheduled", 0));
    app.advance(2 * MINUTE).await;
    let sent = becomes(&app, reply.text("id"), "sent").await;
    assert_eq!((server.count(), texts(&sent["events"], "kind")[0]), (1, "scheduled"));
});

story!(a_time_in_the_past_is_now, async |app| {
    let (server, _) = app.mail_server().await;
    let mut request = letter("jane@example.com");
    request["send_at"] = json!("2020-01-01T00:00:00Z");
    let id = send(&app, request).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(server.count(), 1);
});

story!(a_message_is_called_back_before_it_leaves_and_not_after, async |app| {
    let (server, _) = app.mail_server().await;
    let mut request = letter("jane@example.com");
    request["send_at"] = json!(app.clock.now().plus(HOUR).to_string());
    let waiting = app.key().post("/v1/messages", request).await.text("id").to_owned();
    let cancelled = app.key().post(&format!("/v1/messages/{waiting}/cancellation"), json!({})).await;
    assert_eq!(cancelled.summary(), "200 cancelled");
    let again = app.key().post(&format!("/v1/messages/{waiting}/cancellation"), json!({})).await;
    assert_eq!(again.summary(), "409 not_cancellable");
    app.advance(2 * HOUR).await;
    let sent = send(&app, letter("joe@example.com")).await;
    becomes(&app, &sent, "sent").await;
    let late = app.key().post(&format!("/v1/messages/{sent}/cancellation"), json!({})).await;
    assert_eq!((late.summary().as_str(), server.count()), ("409 not_cancellable", 1));
    assert_eq!(state_of(&app, &waiting).await, "cancelled");
});

story!(the_console_provider_prints, async |app| {
    let account = json!({ "name": "Console", "provider": "console", "settings": { "from": "support@company.example.com" } });
    assert_eq!(app.key().post("/v1/channel-accounts", account).await.status, 201);
    let mut request = letter("jane@example.com");
    request["channel"] = json!("console");
    let id = send(&app, request).await;
    becomes(&app, &id, "sent").await;
    let printed = app.printed().join("\n");
    assert!(printed.contains("Your order") && printed.contains("jane@example.com"), "{printed}");
});

story!(some_recipients_are_refused_and_the_others_served, async |app| {
    let (server, _) = app.mail_server().await;
    let id = send(&app, json!({ "to": ["jane@example.com", "nobody@example.com"], "cc": ["Jane <JANE@example.com>", "jane@example.com"], "subject": "Hi", "text": "Hi" })).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!(sent["state_reason"]["code"], "some_refused");
    assert!(sent["state_reason"]["detail"].as_str().unwrap().starts_with("nobody@example.com: "));
    assert_eq!(server.count(), 1);
    assert_eq!(server.taken()[0].to.iter().filter(|to| *to == "jane@example.com").count(), 1);
});

story!(a_name_cannot_smuggle_a_header, async |app| {
    let (server, _) = app.mail_server().await;
    let smuggled = json!({ "to": "\"Jane\r\nBcc: victim@example.com\" <jane@example.com>", "subject": "Hi", "text": "Hi" });
    let refused = app.key().post("/v1/messages", smuggled).await;
    assert_eq!(refused.summary(), "422 invalid_request /to");
    let odd = json!({ "to": "\"Jane, the \\\"great\\\" <x@y>; 名\" <jane@example.com>", "subject": "é".repeat(300), "text": "Hi" });
    let id = send(&app, odd).await;
    becomes(&app, &id, "sent").await;
    let taken = &server.taken()[0];
    let mail = mail::parse(&taken.bytes);
    assert_eq!(taken.to, ["jane@example.com"]);
    assert_eq!(mail.to[0].name.as_deref(), Some("Jane, the \"great\" <x@y>; 名"));
    assert_eq!(mail.subject, Some("é".repeat(300)));
    assert!(
        taken.bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998),
        "no line is too long for SMTP"
    );
});

story!(what_is_urgent_goes_before_what_is_bulk, async |app| {
    let server = testkit::sim::smtp::Server::start(Default::default()).await.unwrap();
    let account = account_on(&app, &server, json!({ "rate_per_second": 1 })).await;
    app.run_until_idle().await;
    for n in 0..5 {
        let mut bulk = letter_through(&account, &format!("reader{n}@example.com"));
        bulk["priority"] = json!("bulk");
        send(&app, bulk).await;
    }
    send(&app, letter_through(&account, "jane@example.com")).await;
    for expected in 1..=6 {
        app.wait_until("the next has left", async || server.count() == expected).await;
        app.run_until_idle().await;
        app.clock.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(server.taken()[1].to, ["jane@example.com"]);
});

story!(too_much_is_refused, async |app| {
    let (_server, _) = app.mail_server().await;
    let file =
        |mib: usize| json!({ "filename": "big.bin", "content_base64": STANDARD.encode(vec![0; mib << 20]) });
    let mut message = letter("jane@example.com");
    message["attachments"] = json!([file(13), file(13)]);
    assert_eq!(app.key().post("/v1/messages", message).await.summary(), "422 invalid_request /attachments");
    let mut message = letter("jane@example.com");
    message["text"] = json!("x".repeat(41 << 20));
    assert_eq!(app.key().post("/v1/messages", message).await.summary(), "413 payload_too_large");
    let many: Vec<String> = (0..101).map(|n| format!("reader{n}@example.com")).collect();
    let mut message = letter("jane@example.com");
    message["to"] = json!(many);
    assert_eq!(app.key().post("/v1/messages", message).await.summary(), "422 invalid_request /to");
    let batch: Vec<_> = (0..1001).map(|_| letter("jane@example.com")).collect();
    let reply = app.key().post("/v1/messages/batch", json!({ "messages": batch })).await;
    assert_eq!(reply.summary(), "422 invalid_request /messages");
    assert_eq!(app.key().get("/v1/messages").await.rows().len(), 0);
});

story!(messages_are_found_by_what_is_known_of_them, async |app| {
    let (_server, account) = app.mail_server().await;
    let start = app.clock.now();
    let first = send(&app, letter("jane@example.com")).await;
    let sent = becomes(&app, &first, "sent").await;
    app.advance(HOUR).await;
    receive(&app, mail("joe@example.com", "Hi", "joe@example.com", &[], "Hi")).await;
    let half = start.plus(HOUR / 2);
    let word = |field: &str| sent[field].as_str().unwrap();
    for (query, count) in [
        ("state=sent".to_owned(), 1),
        ("state=unknown".to_owned(), 0),
        ("direction=inbound".to_owned(), 1),
        ("channel=email".to_owned(), 2),
        (format!("account={account}"), 1),
        (format!("conversation={}", word("conversation_id")), 1),
        (format!("rfc_message_id={}", word("rfc_message_id")), 1),
        (format!("since={half}"), 1),
        (format!("until={half}"), 1),
        (format!("state=sent&direction=outbound&until={half}&account={account}"), 1),
    ] {
        let found = app.key().get(&format!("/v1/messages?{query}")).await;
        assert_eq!((found.status, found.rows().len()), (200, count), "{query}");
    }
    let wrong = app.key().get("/v1/messages?state=lost").await;
    assert_eq!((wrong.status, wrong.text("code")), (422, "invalid_request"), "{}", wrong.body);
    assert_eq!(app.key().get("/v1/messages?limit=0").await.status, 422);
    assert_eq!(app.key().get("/v1/messages?cursor=nonsense").await.status, 422);
    assert_eq!(app.key().get("/v1/messages/msg_nonsense").await.status, 404);
});
