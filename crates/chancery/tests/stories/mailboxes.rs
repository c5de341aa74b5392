//! Mailboxes that are read by IMAP: each mail is taken in once, whatever happens in between, and whatever is wrong is said.

use std::time::Duration;

use domain::access::Role;
use serde_json::{Value, json};
use testkit::TestApp;
use testkit::counterparts::Dovecot;
use testkit::sim::imap::{Fault, Mailbox};
use testkit::sim::tokens::Tokens;

use crate::scene::{MINUTE, becomes, letter, mail, merged, send};

fn numbered(number: u32) -> String {
    mail(
        "Jane <jane@example.com>",
        &format!("Letter {number}"),
        &format!("{number}@example.com"),
        &[],
        "Hello",
    )
}

fn on_port(port: u16) -> Value {
    json!({
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "username": Dovecot::USER,
        "password": Dovecot::PASSWORD,
    })
}

/// Adds a mailbox and gives its id.
async fn add(app: &TestApp, port: u16, more: Value) -> String {
    let mailbox = json!({ "name": "Support", "settings": merged(on_port(port), more) });
    let reply = app.key().post("/v1/mailboxes", mailbox).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.text("id").to_owned()
}

async fn shown(app: &TestApp, id: &str) -> Value {
    app.key().get(&format!("/v1/mailboxes/{id}")).await.body
}

/// The subjects of all messages that came in, sorted.
async fn subjects(app: &TestApp) -> Vec<String> {
    let reply = app.key().get("/v1/messages?direction=inbound&limit=200").await;
    let mut subjects: Vec<String> =
        reply.rows().iter().map(|message| message["subject"].as_str().unwrap().to_owned()).collect();
    subjects.sort();
    subjects
}

/// Waits until these came in, and nothing else.
async fn have_come(app: &TestApp, numbers: std::ops::RangeInclusive<u32>) {
    let expected: Vec<String> = numbers.map(|number| format!("Letter {number}")).collect();
    app.wait_until("the mails are there", async || subjects(app).await.len() >= expected.len()).await;
    let mut sorted = expected;
    sorted.sort();
    assert_eq!(subjects(app).await, sorted);
}

async fn is_in_state(app: &TestApp, id: &str, state: &str) {
    app.wait_until(&format!("the mailbox is {state}"), async || {
        shown(app, id).await["health"]["state"] == state
    })
    .await;
}

story!(a_mailbox_is_read_to_the_last_mail_across_restarts, async |app| {
    let Some(mut dovecot) = Dovecot::start("read").await else { return };
    dovecot.make_folder("Sales");
    dovecot.deliver("INBOX", numbered(1));
    dovecot.deliver("Sales", numbered(2));
    let id = add(&app, dovecot.port, json!({ "folders": ["INBOX", "Sales"] })).await;
    have_come(&app, 1..=2).await;
    is_in_state(&app, &id, "ok").await;
    // The server tells of the first folder by itself; the clock stands still.
    dovecot.deliver("INBOX", numbered(3));
    have_come(&app, 1..=3).await;
    let entry = app.key().get("/v1/journal?source=imap&limit=1").await.rows()[0].clone();
    let place = &entry["context"]["peer"];
    assert_eq!(
        (&place["folder"], &place["uid"], &place["mailbox_id"]),
        (&json!("INBOX"), &json!(2), &json!(id))
    );
    // The other one is looked into from time to time.
    dovecot.deliver("Sales", numbered(4));
    app.clock.advance(5 * MINUTE);
    have_come(&app, 1..=4).await;

    let app = app.restart().await;
    dovecot.deliver("INBOX", numbered(5));
    have_come(&app, 1..=5).await;
    let app = app.kill().await;
    dovecot.deliver("INBOX", numbered(6));
    dovecot.deliver("INBOX", numbered(7));
    have_come(&app, 1..=7).await;
    app.advance(10 * MINUTE).await;
    have_come(&app, 1..=7).await;
    let mailbox = shown(&app, &id).await;
    assert_eq!(mailbox["folders"][0]["next_uid"], 6);
    assert!(mailbox["health"]["last_mail_at"].is_string() && mailbox["health"]["last_seen_at"].is_string());
    // Nothing was marked, moved or removed.
    assert!(dovecot.files("INBOX").iter().all(|file| !file.contains('S')), "{:?}", dovecot.files("INBOX"));
});

story!(filed_mail_is_moved_or_marked_as_one_wants, async |app| {
    let Some(mut dovecot) = Dovecot::start("tidy").await else { return };
    dovecot.deliver("INBOX", numbered(1));
    let id = add(&app, dovecot.port, json!({ "after_filing": "mark_seen" })).await;
    have_come(&app, 1..=1).await;
    app.wait_until("it is marked", async || dovecot.files("INBOX")[0].ends_with('S')).await;

    let change = json!({ "settings": { "after_filing": "move", "move_to": "Erledigt" } });
    assert_eq!(app.key().patch(&format!("/v1/mailboxes/{id}"), change).await.status, 200);
    dovecot.deliver("INBOX", numbered(2));
    have_come(&app, 1..=2).await;
    app.wait_until("it is moved", async || dovecot.files("Erledigt").len() == 1).await;
    assert_eq!(dovecot.files("INBOX").len(), 1);
    app.advance(10 * MINUTE).await;
    have_come(&app, 1..=2).await;
});

story!(mail_from_before_is_taken_in_as_one_wants, async |app| {
    for (existing, expected) in [("none", 0), ("unseen", 1), ("all", 2)] {
        let Some(mut dovecot) = Dovecot::start(&format!("before-{existing}")).await else { return };
        dovecot.deliver("INBOX", numbered(1));
        let reader =
            add(&app, dovecot.port, json!({ "existing_mail": "none", "after_filing": "mark_seen" })).await;
        is_in_state(&app, &reader, "ok").await;
        assert_eq!(app.key().delete(&format!("/v1/mailboxes/{reader}")).await.status, 204);
        // One of the two is marked as read, as if by a person.
        let marked = dovecot.files("INBOX")[0].clone();
        dovecot.mark_seen("INBOX", &marked);
        dovecot.deliver(
            "INBOX",
            mail("joe@example.com", existing, &format!("{existing}@x.example.com"), &[], "Hi"),
        );
        let id = add(&app, dovecot.port, json!({ "existing_mail": existing })).await;
        is_in_state(&app, &id, "ok").await;
        app.run_until_idle().await;
        let came = app.key().get("/v1/journal?source=imap&limit=200").await.rows().len();
        let here = app
            .key()
            .get("/v1/journal?source=imap&limit=200")
            .await
            .rows()
            .iter()
            .filter(|entry| entry["context"]["peer"]["mailbox_id"] == json!(id))
            .count();
        assert_eq!(here, expected, "{existing}: {came} in all");
        assert_eq!(app.key().delete(&format!("/v1/mailboxes/{id}")).await.status, 204);
    }
});

story!(a_folder_that_was_made_anew_is_read_again_and_nothing_comes_twice, async |app| {
    let Some(mut dovecot) = Dovecot::start("anew").await else { return };
    dovecot.make_folder("Sales");
    for number in 1..=3 {
        dovecot.deliver("Sales", numbered(number));
    }
    // One without an id of its own is known by its content only.
    let nameless = "From: joe@example.com\r\nSubject: Letter 4\r\n\r\nNo id\r\n";
    dovecot.deliver("Sales", nameless);
    let id = add(&app, dovecot.port, json!({ "folders": ["Sales"] })).await;
    have_come(&app, 1..=4).await;
    is_in_state(&app, &id, "ok").await;
    let before = shown(&app, &id).await["folders"][0]["uid_validity"].clone();
    dovecot.remove_folder("Sales");
    dovecot.make_folder("Sales");
    dovecot.deliver("Sales", nameless);
    for number in [5, 3, 2, 1] {
        dovecot.deliver("Sales", numbered(number));
    }
    app.wait_until("the folder is read again", async || {
        app.clock.advance(5 * MINUTE);
        shown(&app, &id).await["folders"][0]["uid_validity"] != before
    })
    .await;
    have_come(&app, 1..=5).await;
    dovecot.deliver("Sales", numbered(6));
    app.wait_until("the next one is there", async || {
        app.clock.advance(MINUTE);
        subjects(&app).await.len() >= 6
    })
    .await;
    have_come(&app, 1..=6).await;
});

story!(no_odd_mail_stops_a_mailbox, async |app| {
    let mailbox = Mailbox::start().await.unwrap();
    for number in 1..=8 {
        mailbox.deliver(numbered(number));
    }
    for (uid, fault) in [(2, Fault::Drop), (3, Fault::Refuse), (5, Fault::LeaveOut), (7, Fault::Huge)] {
        mailbox.fail(uid, Some(fault));
    }
    mailbox.deliver("\u{0}\u{1}no mail at all, \r\n\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--");
    mailbox.deliver("Subject: Letter 9\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\nContent-Type: text/plain; charset=x-none\r\n\r\nhalf");
    mailbox.deliver("");
    let id = add(&app, mailbox.address().port(), json!({ "existing_mail": "all", "poll_seconds": 60 })).await;
    app.wait_until("all folders were looked into", async || {
        app.clock.advance(Duration::from_secs(10));
        shown(&app, &id).await["health"]["state"] == "ok"
    })
    .await;
    let skipped = shown(&app, &id).await["folders"][0]["skipped"].clone();
    let uids: Vec<&Value> = skipped.as_array().unwrap().iter().map(|skipped| &skipped["uid"]).collect();
    assert_eq!(uids, [2, 3, 5, 7, 11], "{skipped}");
    for (place, words) in
        [(0, "broke 3 times"), (1, "it is broken"), (2, "does not give it"), (3, "900 MB"), (4, "empty")]
    {
        let reason = skipped[place]["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{reason}");
    }
    app.wait_until("six are filed", async || {
        app.key().get("/v1/journal?source=imap&state=processed").await.rows().len() == 6
    })
    .await;

    // Mended, they are taken in when somebody asks for what is missing.
    for uid in [2, 3, 5] {
        mailbox.fail(uid, None);
    }
    let path = format!("/v1/mailboxes/{id}/missing-mail-check");
    let found = app.key().post(&path, json!({})).await;
    assert_eq!(found.status, 200, "{}", found.body);
    assert_eq!((&found.body["checked"], &found.body["taken_in"]), (&json!(11), &json!(3)), "{}", found.body);
    assert_eq!(found.body["missing"].as_array().unwrap().len(), 5);
    let again = app.key().post(&path, json!({ "folder": "INBOX" })).await;
    assert_eq!((&again.body["taken_in"], again.body["missing"].as_array().unwrap().len()), (&json!(0), 2));
    let folder = shown(&app, &id).await["folders"][0].clone();
    assert_eq!(folder["skipped"].as_array().unwrap().len(), 2);
    assert!(folder["checked_at"].is_string());
    assert_eq!(app.key().post(&path, json!({ "folder": "Nowhere" })).await.status, 422);
});

story!(mails_that_were_numbered_anew_are_not_fetched_for_ever, async |app| {
    let mailbox = Mailbox::start().await.unwrap();
    for number in 1..=3 {
        mailbox.deliver(numbered(number));
    }
    let id = add(&app, mailbox.address().port(), json!({ "poll_seconds": 60 })).await;
    have_come(&app, 1..=3).await;
    is_in_state(&app, &id, "ok").await;
    let fetched = mailbox.given();
    app.advance(10 * MINUTE).await;
    assert_eq!(mailbox.given(), fetched, "nothing is fetched twice");
    mailbox.renumber(40);
    app.wait_until("they were compared", async || {
        app.clock.advance(MINUTE);
        shown(&app, &id).await["folders"][0]["next_uid"] == 43
    })
    .await;
    have_come(&app, 1..=3).await;
});

story!(a_wrong_password_stops_a_mailbox_and_people_are_told, async |app| {
    let Some(mut dovecot) = Dovecot::start("wrong").await else { return };
    let (owner, agent) = (app.person(Role::Admin).await, app.person(Role::Agent).await);
    dovecot.deliver("INBOX", numbered(1));
    let id = add(&app, dovecot.port, json!({ "password": "wrong" })).await;
    is_in_state(&app, &id, "stopped").await;
    let health = shown(&app, &id).await["health"].clone();
    assert!(health["last_error"].as_str().unwrap().contains("AUTHENTICATIONFAILED"), "{health}");
    let told = owner.get("/v1/notifications?unread=true").await;
    assert_eq!(told.rows()[0]["kind"], "mailbox");
    assert!(told.rows()[0]["detail"].as_str().unwrap().starts_with("The mailbox \"Support\" stopped: "));
    assert!(agent.get("/v1/notifications?unread=true").await.rows().is_empty());
    let events = app.key().get("/v1/events?limit=200").await;
    assert!(events.rows().iter().any(|event| event["type"] == "mailbox.updated"));

    let check = app.key().post(&format!("/v1/mailboxes/{id}/check"), json!({})).await;
    assert_eq!((check.status, &check.body["ok"]), (200, &json!(false)));
    let missing = app.key().post(&format!("/v1/mailboxes/{id}/missing-mail-check"), json!({})).await;
    assert_eq!(missing.summary(), "409 mailbox_unreachable");

    let change = json!({ "settings": { "password": Dovecot::PASSWORD } });
    let changed = app.key().patch(&format!("/v1/mailboxes/{id}"), change).await;
    assert_eq!((changed.status, &changed.body["secrets_set"]), (200, &json!(["password"])));
    assert!(!changed.body.to_string().contains(Dovecot::PASSWORD));
    have_come(&app, 1..=1).await;
    is_in_state(&app, &id, "ok").await;
    let check = app.key().post(&format!("/v1/mailboxes/{id}/check"), json!({})).await;
    assert_eq!(check.body["ok"], true, "{}", check.body);
});

story!(a_server_that_goes_away_and_comes_back_loses_nothing, async |app| {
    let Some(mut dovecot) = Dovecot::start("away").await else { return };
    dovecot.deliver("INBOX", numbered(1));
    let id = add(&app, dovecot.port, json!({})).await;
    have_come(&app, 1..=1).await;
    is_in_state(&app, &id, "ok").await;
    dovecot.go_down();
    is_in_state(&app, &id, "failing").await;
    let error = shown(&app, &id).await["health"]["last_error"].as_str().unwrap().to_owned();
    assert!(error.contains("tried once; the next try is in"), "{error}");
    dovecot.deliver("INBOX", numbered(2));
    for _ in 0..10 {
        app.clock.advance(10 * MINUTE);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    dovecot.go_up().await;
    app.wait_until("it is read again", async || {
        app.clock.advance(10 * MINUTE);
        shown(&app, &id).await["health"]["state"] == "ok"
    })
    .await;
    have_come(&app, 1..=2).await;
    assert_eq!(shown(&app, &id).await["health"]["last_error"], Value::Null);
});

story!(access_tokens_are_fetched_renewed_and_kept, async |app| {
    let tokens = Tokens::start(Dovecot::USER).await.unwrap();
    let Some(mut dovecot) = Dovecot::start_with_tokens("tokens", &tokens.token_info_url()).await else {
        return;
    };
    dovecot.deliver("INBOX", numbered(1));
    let settings = json!({
        "authentication": "xoauth2",
        "password": null,
        "token_url": tokens.token_url(),
        "client_id": Tokens::CLIENT_ID,
        "client_secret": Tokens::CLIENT_SECRET,
        "refresh_token": Tokens::REFRESH_TOKEN,
    });
    let id = add(&app, dovecot.port, settings).await;
    have_come(&app, 1..=1).await;
    assert_eq!(tokens.given(), 1);
    assert_eq!(shown(&app, &id).await["secrets_set"], json!(["client_secret", "refresh_token"]));

    // After a restart the refresh token that the server gave in exchange is used, not the first one.
    let app = app.restart().await;
    dovecot.deliver("INBOX", numbered(2));
    have_come(&app, 1..=2).await;
    assert_eq!((tokens.given(), tokens.refused()), (2, 0));

    // Taken back before its time, a token is renewed once.
    tokens.take_back();
    let check = app.key().post(&format!("/v1/mailboxes/{id}/check"), json!({})).await;
    assert_eq!(check.body["ok"], true, "{}", check.body);
    assert_eq!((tokens.given(), tokens.refused()), (3, 0));
    app.clock.advance(61 * MINUTE);
    let check = app.key().post(&format!("/v1/mailboxes/{id}/check"), json!({})).await;
    assert_eq!((&check.body["ok"], tokens.given(), tokens.refused()), (&json!(true), 4, 0));

    // What was got with other settings is not used with these.
    let change = json!({ "settings": { "refresh_token": "taken back" } });
    assert_eq!(app.key().patch(&format!("/v1/mailboxes/{id}"), change).await.status, 200);
    is_in_state(&app, &id, "stopped").await;
    let error = shown(&app, &id).await["health"]["last_error"].as_str().unwrap().to_owned();
    assert!(error.contains("invalid_grant: Token has been revoked."), "{error}");
});

story!(answers_to_an_account_with_a_mailbox_find_their_conversation, async |app| {
    let Some(mut dovecot) = Dovecot::start("answers").await else { return };
    let (_server, account) = app.mail_server().await;
    let without = becomes(&app, &send(&app, letter("jane@example.com")).await, "sent").await;
    assert_eq!(without["reply_to"], Value::Null);
    let mailbox = json!({ "name": "Support", "account_id": account, "settings": on_port(dovecot.port) });
    let id = app.key().post("/v1/mailboxes", mailbox).await.text("id").to_owned();
    let ours = becomes(&app, &send(&app, letter("jane@example.com")).await, "sent").await;
    let tagged = ours["reply_to"]["address"].as_str().unwrap();
    assert!(tagged.starts_with("support+"), "{tagged}");
    let answer = mail("jane@example.com", "Something else", "answer@example.com", &[], "Thanks")
        .replace("To: support@company.example.com", &format!("To: {tagged}"));
    dovecot.deliver("INBOX", answer);
    let found =
        async || app.key().get("/v1/messages?rfc_message_id=answer@example.com").await.rows().to_vec();
    app.wait_until("the answer is there", async || found().await.len() == 1).await;
    let answer = &found().await[0];
    assert_eq!(answer["conversation_id"], ours["conversation_id"]);
    assert_eq!(
        (&answer["threading"]["rule"], answer["account"]["id"].as_str()),
        (&json!("reply_token"), Some(account.as_str()))
    );

    let change = json!({ "settings": { "plus_addressing": false } });
    assert_eq!(app.key().patch(&format!("/v1/mailboxes/{id}"), change).await.status, 200);
    let ours = becomes(&app, &send(&app, letter("jane@example.com")).await, "sent").await;
    assert_eq!(ours["reply_to"], Value::Null);
});

story!(mailboxes_are_for_those_who_may_and_faults_have_their_place, async |app| {
    let reply = app.key().post("/v1/mailboxes", json!({ "name": "", "settings": {} })).await;
    assert_eq!(reply.summary(), "422 invalid_request /settings/host /settings/username /settings/password");
    let nowhere =
        json!({ "name": "x", "account_id": "acc_00000000000000000000000000", "settings": on_port(1) });
    assert_eq!(app.key().post("/v1/mailboxes", nowhere).await.summary(), "422 invalid_request /account_id");
    let agent = app.person(Role::Agent).await;
    assert_eq!(agent.post("/v1/mailboxes", json!({ "name": "x", "settings": on_port(1) })).await.status, 403);
    let reader = app.key_with(&["channels:read"]).await;
    assert!(reader.get("/v1/mailboxes").await.rows().is_empty());
    assert_eq!(reader.get("/v1/mailboxes/mbx_00000000000000000000000000").await.status, 404);
});
