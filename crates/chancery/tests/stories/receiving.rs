//! Receiving: mail is journaled first, read whatever its state, placed by a rule that is shown, and never filed twice.

use domain::address::EmailAddress;
use engine::receive::SmtpOptions;
use net::smtp::client::{Envelope, Pool, Security, SmtpConfig, Timeouts};
use serde_json::{Value, json};
use testkit::TestApp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::scene::*;

const JANE: &str = "Jane Doe <jane@example.com>";

fn from_jane(subject: &str, id: &str, headers: &[&str]) -> String {
    mail(JANE, subject, id, headers, "Where is my order?")
}

/// A message of ours that Jane can answer, as it was sent.
async fn written_to_jane(app: &TestApp) -> Value {
    let id = send(app, letter(JANE)).await;
    becomes(app, &id, "sent").await
}

fn names(parent: &Value) -> String {
    format!("In-Reply-To: <{}>", parent["rfc_message_id"].as_str().unwrap())
}

story!(a_first_mail_opens_a_conversation, async |app| {
    let raw = from_jane("Late order", "one@example.com", &[]);
    let entry = hand_in(&app, raw.clone()).await;
    assert_eq!(
        (&entry["state"], &entry["source"], &entry["size"]),
        (&json!("processed"), &json!("api"), &json!(raw.len()))
    );
    let message = message(&app, entry["message_id"].as_str().unwrap()).await;
    assert_eq!((&message["direction"], &message["state"]), (&json!("inbound"), &json!("received")));
    assert_eq!(message["from"], json!({ "name": "Jane Doe", "address": "jane@example.com" }));
    assert_eq!(message["text"].as_str().unwrap().trim_end(), "Where is my order?");
    assert_eq!(
        (&message["threading"]["rule"], &message["rfc_message_id"]),
        (&json!("new"), &json!("one@example.com"))
    );
    let opened = conversation(&app, &message["conversation_id"]).await;
    assert_eq!(
        (&opened["state"], &opened["unread"], &opened["subject"]),
        (&json!("open"), &json!(1), &json!("Late order"))
    );
    assert_eq!(
        (&opened["contact"]["name"], &opened["contact"]["address"]),
        (&json!("Jane Doe"), &json!("jane@example.com"))
    );
    let id = entry["id"].as_str().unwrap();
    assert_eq!(app.key().get(&format!("/v1/journal/{id}/raw")).await.bytes, raw.as_bytes());
    assert_eq!(app.key().get("/v1/journal?state=processed&source=api").await.rows().len(), 1);
    assert_eq!(app.key().get("/v1/contacts?q=jane").await.rows()[0]["id"], opened["contact"]["id"]);
    let again = app.key().post(&format!("/v1/journal/{id}/replay"), json!({})).await;
    assert_eq!(again.summary(), "409 already_processed");
});

story!(parts_of_a_mail_are_told_apart, async |app| {
    let raw = "From: jane@example.com\r\nTo: support@company.example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
        Message-ID: <parts@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
        --m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n\
        --a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n\
        --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p onclick=\"x()\">Hello</p><script>alert(1)</script>\r\n--a--\r\n\
        --m\r\nContent-Type: image/png; name=photo.png\r\nContent-Disposition: attachment; filename=photo.png\r\n\
        Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--m--\r\n";
    let message = receive(&app, raw).await;
    assert_eq!(
        (&message["subject"], message["text"].as_str().unwrap().trim_end()),
        (&json!("Grüße"), "Hello")
    );
    let html = message["html"].as_str().unwrap();
    assert!(html.contains("Hello") && !html.contains("script") && !html.contains("onclick"), "{html}");
    let file = &message["attachments"][0];
    assert_eq!(
        (&file["filename"], &file["content_type"], &file["size"]),
        (&json!("photo.png"), &json!("image/png"), &json!(8))
    );
    assert_eq!(app.key().get(file["url"].as_str().unwrap()).await.bytes, b"\x89PNG\r\n\x1a\n");
});

story!(the_same_mail_twice_is_one_message, async |app| {
    let raw = from_jane("Late order", "twice@example.com", &[]);
    let first = app.key().hand_in(raw.clone()).await;
    let second = app.key().hand_in(raw.clone()).await;
    assert_eq!((&first.body["duplicate"], &second.body["duplicate"]), (&json!(false), &json!(true)));
    assert_eq!(first.text("journal_id"), second.text("journal_id"));
    worked_on(&app, first.text("journal_id")).await;
    // By another way it has another route in its headers, and the same Message-ID.
    let other_way = hand_in(&app, format!("Received: from elsewhere\r\n{raw}")).await;
    assert_eq!(other_way["state"], "ignored", "{other_way}");
    assert_eq!(app.key().get("/v1/messages").await.rows().len(), 1);
    let replayed =
        app.key().post(&format!("/v1/journal/{}/replay", other_way["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(replayed.status, 202, "{}", replayed.body);
    worked_on(&app, other_way["id"].as_str().unwrap()).await;
    assert_eq!(app.key().get("/v1/messages").await.rows().len(), 1);
});

story!(many_copies_at_once_are_one_message, async |app| {
    let raw = from_jane("Late order", "copies@example.com", &[]);
    let key = app.key();
    let posts = (0..10).map(|_| key.hand_in(raw.clone()));
    let taken = futures_util::future::join_all(posts).await;
    assert!(taken.iter().all(|reply| reply.status == 202));
    app.run_until_idle().await;
    app.wait_until("it is filed", async || app.key().get("/v1/messages").await.rows().len() == 1).await;
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 1);
});

story!(an_answer_finds_its_conversation_by_what_it_names, async |app| {
    let (_server, _) = app.mail_server().await;
    let ours = written_to_jane(&app).await;
    let answer = receive(&app, from_jane("something else", "answer@example.com", &[&names(&ours)])).await;
    assert_eq!(answer["conversation_id"], ours["conversation_id"]);
    assert_eq!(answer["threading"]["rule"], "references");
    let only_references =
        format!("References: <lost@example.com> <{}>", answer["rfc_message_id"].as_str().unwrap());
    let next = receive(&app, from_jane("else again", "next@example.com", &[&only_references])).await;
    assert_eq!(
        (&next["conversation_id"], &next["threading"]["rule"]),
        (&ours["conversation_id"], &json!("references"))
    );
    let whole = conversation(&app, &ours["conversation_id"]).await;
    assert_eq!(
        (&whole["unread"], &whole["message_count"], &whole["state"]),
        (&json!(2), &json!(3), &json!("open"))
    );
});

story!(an_answer_finds_its_conversation_by_the_reply_address, async |app| {
    let (_server, _) = app.mail_server().await;
    let route =
        app.key().post("/v1/inbound-routes", json!({ "address": "support@company.example.com" })).await;
    assert_eq!(route.status, 201, "{}", route.body);
    let ours = written_to_jane(&app).await;
    let tagged = ours["reply_to"]["address"].as_str().expect("a reply address").to_owned();
    assert!(tagged.starts_with("support+"), "{tagged}");
    let raw = from_jane("unrelated words", "token@example.com", &[])
        .replace("support@company.example.com", &tagged);
    let answer = receive(&app, raw).await;
    assert_eq!(
        (&answer["conversation_id"], &answer["threading"]["rule"]),
        (&ours["conversation_id"], &json!("reply_token"))
    );
    let forged = from_jane("forged words", "forged@example.com", &[])
        .replace("support@company.example.com", &tagged.replace('@', "0@"));
    assert_eq!(receive(&app, forged).await["threading"]["rule"], "new");
});

story!(the_same_subject_joins_within_thirty_days, async |app| {
    let first = receive(&app, from_jane("Late order", "first@example.com", &[])).await;
    app.advance(29 * DAY).await;
    let second = receive(&app, from_jane("Re: Late  ORDER", "second@example.com", &[])).await;
    assert_eq!(
        (&second["conversation_id"], &second["threading"]["rule"]),
        (&first["conversation_id"], &json!("same_subject"))
    );
    app.advance(31 * DAY).await;
    let third = receive(&app, from_jane("Re: Late order", "third@example.com", &[])).await;
    assert_eq!(third["threading"]["rule"], "new");
    let joe =
        receive(&app, mail("joe@example.com", "Re: Late order", "joe@example.com", &[], "Me too")).await;
    assert_eq!(joe["threading"]["rule"], "new");
});

/// A stranger's message that names one of ours, and the conversation that it claims.
async fn stray(app: &TestApp) -> (Value, Value) {
    let ours = written_to_jane(app).await;
    let stray = receive(
        app,
        mail("Sam <sam@example.org>", "Fwd: Your order", "stray@example.org", &[&names(&ours)], "Hi"),
    )
    .await;
    assert_ne!(stray["conversation_id"], ours["conversation_id"]);
    let in_tray = conversation(app, &stray["conversation_id"]).await;
    assert_eq!(
        (&in_tray["in_tray"], &in_tray["claims_conversation_id"]),
        (&json!(true), &ours["conversation_id"])
    );
    assert_eq!(app.key().get("/v1/conversations?tray=true").await.rows().len(), 1);
    assert_eq!(app.key().get("/v1/conversations/counts").await.body["tray"], 1);
    (stray, ours)
}

async fn decide(app: &TestApp, stray: &Value, belongs: bool) -> testkit::Reply {
    let path = format!("/v1/conversations/{}/tray-decision", stray["conversation_id"].as_str().unwrap());
    app.key().post(&path, json!({ "belongs": belongs })).await
}

story!(a_stranger_is_let_in_by_a_person, async |app| {
    let (_server, _) = app.mail_server().await;
    let (stray, ours) = stray(&app).await;
    let home = decide(&app, &stray, true).await;
    assert_eq!((home.status, &home.body["id"]), (200, &ours["conversation_id"]));
    assert_eq!(
        message(&app, stray["id"].as_str().unwrap()).await["conversation_id"],
        ours["conversation_id"]
    );
    assert_eq!(app.key().get("/v1/conversations/counts").await.body["tray"], 0);
    let next =
        receive(&app, mail("Sam <sam@example.org>", "More", "more@example.org", &[&names(&ours)], "Hi"))
            .await;
    assert_eq!(next["conversation_id"], ours["conversation_id"], "from then on he belongs");
});

story!(a_stranger_stays_outside, async |app| {
    let (_server, _) = app.mail_server().await;
    let (stray, ours) = stray(&app).await;
    assert_eq!(decide(&app, &stray, false).await.body["in_tray"], false);
    assert_eq!(decide(&app, &stray, false).await.summary(), "409 not_in_tray");
    assert_eq!(conversation(&app, &ours["conversation_id"]).await["message_count"], 1);
    let counts = app.key().get("/v1/conversations/counts").await.body;
    assert_eq!((&counts["tray"], &counts["open"]), (&json!(0), &json!(1)));
});

story!(a_broken_mail_is_kept_with_what_could_be_read, async |app| {
    let broken = [
        b"\xff\xfe\x00\x01 this is no mail at all".to_vec(),
        b"Subject: no sender\r\n\r\nwho am I".to_vec(),
        b"From: jane@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!".to_vec(),
        b"From: jane@example.com\r\nSubject: nul \x00 here\r\nContent-Type: text/plain; name=\"a\x00b\"\r\n\r\nA\x00B".to_vec(),
        b"From: jane@example.com\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n\x00H\x00i\xd8".to_vec(),
        format!("From: jane@example.com\r\nSubject: {}\r\n\r\nlong", "x".repeat(200_000)).into_bytes(),
    ];
    for raw in broken {
        let shown = String::from_utf8_lossy(&raw[..raw.len().min(60)]).into_owned();
        let message = receive(&app, raw.clone()).await;
        assert_eq!(
            app.key().get(&format!("/v1/messages/{}/raw", message["id"].as_str().unwrap())).await.bytes,
            raw,
            "{shown}"
        );
        if !raw.starts_with(b"From:") {
            assert!(message["parse_notice"].is_string(), "{shown}: {message}");
        }
        let list = app
            .key()
            .get(&format!("/v1/conversations/{}/messages", message["conversation_id"].as_str().unwrap()))
            .await;
        assert_eq!(list.status, 200, "{shown}");
    }
    let healthy = receive(&app, from_jane("After all that", "after@example.com", &[])).await;
    assert_eq!(healthy["parse_notice"], Value::Null);
});

story!(an_empty_mail_is_refused, async |app| {
    let reply = app.key().hand_in("").await;
    assert_eq!((reply.status, reply.text("code")), (422, "invalid_request"));
    let unknown = app
        .key()
        .send(
            http::Method::POST,
            "/v1/inbound/email?account=acc_00000000000000000000000000",
            Some("message/rfc822"),
            b"x".to_vec(),
        )
        .await;
    assert_eq!(unknown.summary(), "422 invalid_request /account");
    assert_eq!(app.key().get("/v1/journal").await.rows().len(), 0);
});

story!(a_new_mail_opens_a_resolved_conversation_again, async |app| {
    let first = receive(&app, from_jane("Late order", "open@example.com", &[])).await;
    let path = format!("/v1/conversations/{}", first["conversation_id"].as_str().unwrap());
    assert_eq!(app.key().patch(&path, json!({ "state": "resolved" })).await.summary(), "200 resolved");
    receive(&app, from_jane("Re: Late order", "again@example.com", &["In-Reply-To: <open@example.com>"]))
        .await;
    let reopened = app.key().get(&path).await;
    assert_eq!((reopened.text("state"), &reopened.body["unread"]), ("open", &json!(2)));
});

/// A mail server that hands its mail to us.
fn neighbour(port: u16) -> Pool {
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        credentials: None,
        hello_name: "neighbour.example.org".to_owned(),
        timeouts: Timeouts::default(),
        root_ca_pem: None,
    };
    Pool::new(config, 1)
}

async fn deliver(pool: &Pool, to: &str, raw: &str) -> String {
    let (from, to): (EmailAddress, EmailAddress) = ("jane@example.com".parse().unwrap(), to.parse().unwrap());
    let outcome = pool.send(Envelope { from: Some(&from), to: &[&to], id: None }, raw.as_bytes()).await;
    outcome.class().to_string()
}

story!(the_smtp_listener_takes_mail_for_known_addresses_only, async |app| {
    let (_server, account) = app.mail_server().await;
    for address in ["support@company.example.com", "@shop.example.com"] {
        let route = json!({ "address": address, "account_id": account });
        assert_eq!(app.key().post("/v1/inbound-routes", route).await.status, 201);
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = neighbour(listener.local_addr().unwrap().port());
    let (engine, mut task) = (app.engine().clone(), JoinSet::new());
    task.spawn(async move { engine.serve_smtp(listener, SmtpOptions::default()).await });

    assert_eq!(
        deliver(&pool, "support@company.example.com", &from_jane("One", "smtp1@example.com", &[])).await,
        "sent"
    );
    assert_eq!(
        deliver(&pool, "anybody@shop.example.com", &from_jane("Two", "smtp2@example.com", &[])).await,
        "sent"
    );
    assert_eq!(
        deliver(&pool, "nobody@company.example.com", &from_jane("Three", "smtp3@example.com", &[])).await,
        "rejected"
    );
    assert_eq!(
        deliver(&pool, "jane@elsewhere.example.net", &from_jane("Relay", "relay@example.com", &[])).await,
        "rejected"
    );
    let ours = written_to_jane(&app).await;
    let tagged = ours["reply_to"]["address"].as_str().unwrap();
    assert_eq!(deliver(&pool, tagged, &from_jane("Four", "smtp4@example.com", &[])).await, "sent");
    app.wait_until("all are filed", async || {
        app.key().get("/v1/journal?state=processed&source=smtp").await.rows().len() == 3
    })
    .await;
    let answer = app.key().get("/v1/messages?rfc_message_id=smtp4@example.com").await.rows()[0].clone();
    assert_eq!(
        (&answer["conversation_id"], &answer["threading"]["rule"]),
        (&ours["conversation_id"], &json!("reply_token"))
    );
    assert_eq!(answer["account"]["id"].as_str(), Some(account.as_str()));
});

story!(an_entry_that_fails_is_kept_told_and_replayed, async |app| {
    let (_provider, account) = app.smtp2go().await;
    let path = account["webhook_url"].as_str().unwrap().split_once("example.com").unwrap().1.to_owned();
    assert_eq!(app.anyone().post(&path, json!([1, 2])).await.status, 200);
    app.wait_until("it failed", async || app.key().get("/v1/journal?state=failed").await.rows().len() == 1)
        .await;
    let failed = app.key().get("/v1/journal?state=failed").await.rows()[0].clone();
    assert!(!failed["reason"].as_str().unwrap().is_empty());
    let told = app.key().get("/v1/events?limit=200").await;
    assert!(told.rows().iter().any(|event| event["type"] == "journal.failed"));
    let id = failed["id"].as_str().unwrap();
    assert_eq!(app.key().post(&format!("/v1/journal/{id}/replay"), json!({})).await.status, 202);
    assert_eq!(worked_on(&app, id).await["state"], "failed");
});

story!(answers_to_several_people_stay_in_one_conversation, async |app| {
    let (_server, _) = app.mail_server().await;
    let id = send(&app, json!({ "to": ["jane@example.com", "carl@example.com"], "cc": ["lea@example.com"], "subject": "Party", "text": "Come!" })).await;
    let ours = becomes(&app, &id, "sent").await;
    for from in ["jane@example.com", "Carl <CARL@example.com>", "lea@example.com"] {
        let raw = mail(from, "Re: Party", &format!("{}@x.example.com", from.len()), &[&names(&ours)], "Yes");
        assert_eq!(receive(&app, raw).await["conversation_id"], ours["conversation_id"], "{from}");
    }
});

story!(a_quoted_answer_shows_what_is_new, async |app| {
    let text = "That is fine.\r\n\r\nOn Friday, Support wrote:\r\n> It is on its way.\r\n> Regards";
    let answer =
        receive(&app, mail("jane@example.com", "Re: Your order", "quoted@example.com", &[], text)).await;
    assert_eq!(answer["text"].as_str().unwrap().trim(), "That is fine.");
    assert!(answer["quoted_text"].as_str().unwrap().contains("It is on its way."));
    assert_eq!(answer["preview"].as_str().unwrap().trim(), "That is fine.");
});
