//! Bounces, complaints and machines: what they say becomes a fact about our message, and no machine is answered.

use domain::access::Role;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::scene::*;

/// A message that left, on an account whose bounces come back here.
async fn sent(app: &TestApp, to: &str) -> (testkit::sim::smtp::Server, Value) {
    let (server, _) = app.mail_server().await;
    let route = json!({ "address": "support@company.example.com" });
    assert_eq!(app.key().post("/v1/inbound-routes", route).await.status, 201);
    let id = send(app, letter(to)).await;
    let message = becomes(app, &id, "sent").await;
    (server, message)
}

/// A delivery report as a server writes it. `original` is what it quotes.
fn dsn(to: &str, recipient: &str, (action, status, words): (&str, &str, &str), original: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\r\nTo: {to}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n\
         Message-ID: <{status}.{action}@mx.example.net>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; {words}\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\n{original}\r\n--b--\r\n"
    )
}

story!(a_bounce_moves_the_message_it_speaks_of, async |app| {
    let (_server, message) = sent(&app, "gone@example.net").await;
    let quoted = format!("Message-ID: <{}>", message["rfc_message_id"].as_str().unwrap());
    let refusal = ("failed", "5.1.1", "550 5.1.1 <gone@example.net>: no such user");
    let raw = dsn("support@company.example.com", "gone@example.net", refusal, &quoted);
    let entry = hand_in(&app, raw).await;
    assert_eq!((&entry["state"], &entry["message_id"]), (&json!("processed"), &message["id"]), "{entry}");
    let bounced = crate::scene::message(&app, message["id"].as_str().unwrap()).await;
    assert_eq!(bounced["state"], "bounced");
    assert_eq!(bounced["state_reason"]["code"], "bounced_hard");
    let events = bounced["events"].as_array().unwrap();
    let told = events.iter().find(|event| event["kind"] == "bounced_hard").expect("the bounce");
    assert_eq!((&told["recipient"], &told["code"]), (&json!("gone@example.net"), &json!("550 5.1.1")));
    assert!(told["detail"].as_str().unwrap().contains("no such user"), "{told}");
    // It is no conversation of its own.
    assert_eq!(app.key().get("/v1/conversations").await.rows().len(), 1);
});

story!(a_bounce_is_found_by_its_return_address, async |app| {
    let (server, message) = sent(&app, "full@example.net").await;
    let envelope_from = server.taken()[0].from.clone().expect("an envelope sender");
    assert!(envelope_from.starts_with("support+"), "{envelope_from}");
    // Nothing is quoted: the address alone says which message it was.
    let full = ("failed", "5.2.2", "552 5.2.2 mailbox full");
    let entry = hand_in(&app, dsn(&envelope_from, "full@example.net", full, "Subject: x")).await;
    assert_eq!(entry["message_id"], message["id"], "{entry}");
    let bounced = crate::scene::message(&app, message["id"].as_str().unwrap()).await;
    assert_eq!(bounced["state_reason"]["code"], "bounced_soft", "{bounced}");
    assert!(bounced["state_reason"]["detail"].as_str().unwrap().contains("mailbox is full"));
    // A token that somebody made up is nobody's.
    let forged = envelope_from.replace('@', "0@");
    let strange = dsn(&forged, "full@example.net", ("failed", "5.0.0", "x"), "Subject: x");
    let entry = hand_in(&app, strange).await;
    assert_ne!(entry["message_id"], message["id"], "{entry}");
});

story!(a_delay_is_no_bounce_and_a_vacation_is_mail, async |app| {
    let (_server, message) = sent(&app, "slow@example.net").await;
    let quoted = format!("Message-ID: <{}>", message["rfc_message_id"].as_str().unwrap());
    let delay = ("delayed", "4.4.1", "421 4.4.1 try later");
    hand_in(&app, dsn("support@company.example.com", "slow@example.net", delay, &quoted)).await;
    let id = message["id"].as_str().unwrap();
    assert_eq!(state_of(&app, id).await, "deferred");
    let reply = format!("In-Reply-To: <{}>", message["rfc_message_id"].as_str().unwrap());
    let headers = [reply.as_str(), "Auto-Submitted: auto-replied"];
    let away =
        mail("slow@example.net", "Out of office: Your order", "ooo@example.net", &headers, "I am away.");
    let received = receive(&app, away).await;
    assert_eq!(received["conversation_id"], message["conversation_id"]);
    assert_eq!(received["automatic"]["mark"], "auto_submitted", "{received}");
    assert_eq!(state_of(&app, id).await, "deferred");
});

story!(a_complaint_stands_in_the_timeline, async |app| {
    let (_server, message) = sent(&app, "angry@example.net").await;
    let raw = format!(
        "From: complaints@isp.example.net\r\nTo: abuse@company.example.com\r\nSubject: FW: Your order\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSomebody complained.\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Isp/1.0\r\n\
         Version: 1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{}>\r\nSubject: Your order\r\n\r\nx\r\n\
         --b--\r\n",
        message["rfc_message_id"].as_str().unwrap()
    );
    let entry = hand_in(&app, raw).await;
    assert_eq!(entry["message_id"], message["id"], "{entry}");
    let message = crate::scene::message(&app, message["id"].as_str().unwrap()).await;
    let kinds = texts(&message["events"], "kind");
    assert!(kinds.contains(&"complained"), "{kinds:?}");
});

story!(a_report_about_nothing_of_ours_is_mail, async |app| {
    let (_server, message) = sent(&app, "jane@example.net").await;
    let refusal = ("failed", "5.1.1", "550 no such user");
    let raw = dsn("support@company.example.com", "x@example.net", refusal, "Message-ID: <other@example.org>");
    let received = receive(&app, raw).await;
    assert_eq!(received["automatic"]["mark"], "report", "{received}");
    assert_eq!(state_of(&app, message["id"].as_str().unwrap()).await, "sent");
});

story!(machines_are_known_by_their_marks, async |app| {
    let (_server, _) = app.mail_server().await;
    let list = mail("news@example.org", "News", "1@example.org", &["List-Id: <news.example.org>"], "x");
    assert_eq!(receive(&app, list).await["automatic"]["mark"], "list");
    let bulk = mail("shop@example.org", "Offer", "2@example.org", &["Precedence: bulk"], "x");
    assert_eq!(receive(&app, bulk).await["automatic"]["mark"], "bulk");
    let own = mail("Support@company.example.com", "Loop", "3@example.org", &[], "x");
    assert_eq!(receive(&app, own).await["automatic"]["mark"], "own_address");
    let person = mail("jane@example.org", "Hello", "4@example.org", &["Auto-Submitted: no"], "x");
    assert_eq!(receive(&app, person).await["automatic"], Value::Null);
    let mut last = Value::Null;
    for number in 0..21 {
        let id = format!("loop{number}@example.org");
        last = receive(&app, mail("loop@example.org", "Again", &id, &[], "x")).await["automatic"].clone();
    }
    assert_eq!(last["mark"], "too_many");
    app.advance(HOUR * 2).await;
    let later = mail("loop@example.org", "Again", "later@example.org", &[], "x");
    assert_eq!(receive(&app, later).await["automatic"], Value::Null);
});

story!(what_went_out_from_here_does_not_come_in, async |app| {
    let (server, message) = sent(&app, "jane@example.net").await;
    let copy = server.taken()[0].bytes.clone();
    let entry = hand_in(&app, copy.to_vec()).await;
    assert_eq!(entry["state"], "ignored", "{entry}");
    assert!(entry["reason"].as_str().unwrap().contains(message["id"].as_str().unwrap()), "{entry}");
});

story!(old_entries_of_the_journal_leave_when_the_house_says_so, async |app| {
    let admin = app.person(Role::Admin).await;
    let agent = app.person(Role::Agent).await;
    let message = receive(&app, mail("jane@example.com", "Old", "old@example.com", &[], "Hi")).await;
    let raw = format!("/v1/messages/{}/raw", message["id"].as_str().unwrap());
    assert_eq!(
        agent.patch("/v1/settings", json!({ "undo_send_seconds": 5 })).await.summary(),
        "403 forbidden"
    );
    let wrong = json!({ "journal_retention_days": 0 });
    assert_eq!(
        admin.patch("/v1/settings", wrong).await.summary(),
        "422 invalid_request /journal_retention_days"
    );
    app.advance(DAY * 40).await;
    let (admin, agent) = (app.key(), app.key());
    assert_eq!(agent.get(&raw).await.status, 200, "kept for ever unless the house says otherwise");
    let changed = admin.patch("/v1/settings", json!({ "journal_retention_days": 30 })).await;
    assert_eq!(changed.body["journal_retention_days"], 30, "{}", changed.body);
    app.advance(HOUR).await;
    app.wait_until("the old entry is gone", async || app.key().get("/v1/journal").await.rows().is_empty())
        .await;
    assert_eq!(agent.get(&raw).await.status, 404);
    let id = message["id"].as_str().unwrap();
    assert_eq!(crate::scene::message(&app, id).await["text"], "Hi\n".trim());
    assert_eq!(agent.get("/v1/settings").await.body["journal_retention_days"], 30);
});

story!(the_same_bounce_by_two_ways_is_one_event, async |app| {
    let (_server, message) = sent(&app, "gone@example.net").await;
    let quoted = format!("Message-ID: <{}>", message["rfc_message_id"].as_str().unwrap());
    let refusal = ("failed", "5.1.1", "550 5.1.1 no such user");
    let raw = dsn("support@company.example.com", "gone@example.net", refusal, &quoted);
    hand_in(&app, raw.clone()).await;
    let relayed = hand_in(&app, format!("Received: from relay.example.net by mx\r\n{raw}")).await;
    assert_eq!(relayed["state"], "processed", "{relayed}");
    let message = crate::scene::message(&app, message["id"].as_str().unwrap()).await;
    let bounces =
        texts(&message["events"], "kind").into_iter().filter(|kind| *kind == "bounced_hard").count();
    assert_eq!(bounces, 1);
});
