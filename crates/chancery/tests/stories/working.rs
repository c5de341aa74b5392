//! What people do with conversations: sleep, tags, teams, many at once, merge and split, forward, call back, answer together.

use domain::access::Role;
use http::Method;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

use crate::scene::*;

/// A first mail of somebody; gives its conversation.
async fn from(app: &TestApp, person: &str, subject: &str) -> String {
    let id = format!("{}.{}@example.com", person.replace('@', "."), subject.replace(' ', "-"));
    let message = receive(app, mail(person, subject, &id, &[], "Hello")).await;
    message["conversation_id"].as_str().unwrap().to_owned()
}

async fn change(actor: &Actor, conversation: &str, change: Value) -> testkit::Reply {
    actor.patch(&format!("/v1/conversations/{conversation}"), change).await
}

/// What stands in the timeline: the text of messages and notes, the sentence of changes.
async fn timeline(actor: &Actor, conversation: &str) -> Vec<String> {
    let reply = actor.get(&format!("/v1/conversations/{conversation}/timeline?limit=200")).await;
    let rows = reply.rows().iter();
    rows.map(|row| match row["type"].as_str().unwrap() {
        "message" => row["message"]["text"].as_str().unwrap().trim().to_owned(),
        "note" => row["note"]["text"].as_str().unwrap().to_owned(),
        _ => row["activity"]["sentence"].as_str().unwrap().to_owned(),
    })
    .collect()
}

async fn id_of(reply: testkit::Reply) -> String {
    assert!([200, 201].contains(&reply.status), "{}", reply.body);
    reply.text("id").to_owned()
}

story!(a_snoozed_conversation_wakes_at_its_time, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = from(&app, "jane@example.com", "Later").await;
    let past = json!({ "snoozed_until": "2001-01-01T00:00:00Z" });
    assert_eq!(change(&sam, &conversation, past).await.summary(), "422 invalid_request /snoozed_until");
    let until = app.clock.now().plus(HOUR * 3).to_string();
    let snoozed = change(&sam, &conversation, json!({ "snoozed_until": until })).await;
    assert_eq!((snoozed.summary().as_str(), snoozed.text("snoozed_until")), ("200 snoozed", until.as_str()));
    app.advance(HOUR * 2).await;
    assert_eq!(conversation_state(&sam, &conversation).await, "snoozed");
    app.advance(HOUR * 2).await;
    wakes(&app, &sam, &conversation).await;
    let lines = timeline(&sam, &conversation).await;
    assert!(lines[1].contains("snoozed this until"), "{lines:?}");
    assert_eq!(lines[2], "Woke up: its time has come");
    let told = sam.get("/v1/notifications?unread=true").await;
    assert_eq!(told.rows()[0]["kind"], "woke", "{}", told.body);
});

story!(a_conversation_snoozed_until_a_reply_wakes_with_it, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = from(&app, "jane@example.com", "Waiting").await;
    assert_eq!(change(&sam, &conversation, json!({ "state": "snoozed" })).await.summary(), "200 snoozed");
    app.advance(DAY * 20).await;
    assert_eq!(conversation_state(&sam, &conversation).await, "snoozed");
    // Who is away has not answered.
    let away = ["Auto-Submitted: auto-replied", "X-Autoreply: yes"];
    receive(&app, mail("jane@example.com", "Re: Waiting", "away@example.com", &away, "I am away.")).await;
    assert_eq!(conversation_state(&sam, &conversation).await, "snoozed");
    receive(&app, mail("jane@example.com", "Re: Waiting", "back@example.com", &[], "Here I am.")).await;
    assert_eq!(conversation_state(&sam, &conversation).await, "open");
    let lines = timeline(&sam, &conversation).await;
    assert_eq!(lines.last().unwrap(), "Woke up: the contact wrote", "{lines:?}");
});

/// Waits until a conversation is open: alarms ring behind everything else.
async fn wakes(app: &TestApp, actor: &Actor, id: &str) {
    app.wait_until("the conversation is open", async || conversation_state(actor, id).await == "open").await;
}

async fn conversation_state(actor: &Actor, id: &str) -> String {
    actor.get(&format!("/v1/conversations/{id}")).await.text("state").to_owned()
}

story!(a_new_time_replaces_the_alarm, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = from(&app, "jane@example.com", "Later").await;
    for hours in [1, 5] {
        let until = app.clock.now().plus(HOUR * hours).to_string();
        assert_eq!(change(&sam, &conversation, json!({ "snoozed_until": until })).await.status, 200);
    }
    app.advance(HOUR * 2).await;
    assert_eq!(conversation_state(&sam, &conversation).await, "snoozed");
    let app = app.kill().await;
    let sam = app.person(Role::Agent).await;
    app.advance(HOUR * 4).await;
    wakes(&app, &sam, &conversation).await;
});

story!(many_are_changed_at_once, async |app| {
    let sam = app.person(Role::Agent).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(from(&app, &format!("person{number}@example.com"), "Bulk").await);
    }
    let tag = id_of(sam.post("/v1/tags", json!({ "name": "Refund", "color": "red" })).await).await;
    let team = id_of(sam.post("/v1/teams", json!({ "name": "Billing" })).await).await;
    let nowhere = "cnv_01h455vb4pex5vsknk084sn02q";
    let mut asked = ids.clone();
    asked.push(nowhere.to_owned());
    let bulk = json!({ "ids": asked, "change": { "state": "resolved", "add_tags": [tag], "team_id": team } });
    let done = sam.post("/v1/conversations/bulk", bulk.clone()).await;
    assert_eq!((done.status, &done.body["changed"]), (200, &json!(3)), "{}", done.body);
    assert_eq!(done.body["skipped"][0]["id"], json!(nowhere));
    let again = sam.post("/v1/conversations/bulk", bulk).await;
    assert_eq!(again.body["unchanged"], json!(3));
    let tagged = sam.get(&format!("/v1/conversations?tag={tag}")).await;
    assert_eq!(tagged.rows().len(), 3);
    assert_eq!(tagged.rows()[0]["tags"][0]["name"], "Refund");
    assert_eq!(tagged.rows()[0]["team"]["name"], "Billing");
    let counts = sam.get("/v1/conversations/counts").await.body;
    assert_eq!((&counts["resolved"], &counts["teams"]), (&json!(3), &json!({})));
    let wrong = json!({ "ids": ids, "change": { "assignee_id": "usr_01h455vb4pex5vsknk084sn02q" } });
    let refused = sam.post("/v1/conversations/bulk", wrong).await;
    assert_eq!(refused.summary(), "422 invalid_request /change/assignee_id");
    let nobody = json!({ "ids": [], "change": {} });
    assert_eq!(sam.post("/v1/conversations/bulk", nobody).await.summary(), "422 invalid_request /ids");
    // What is removed comes off.
    assert_eq!(sam.delete(&format!("/v1/tags/{tag}")).await.status, 204);
    assert_eq!(sam.delete(&format!("/v1/teams/{team}")).await.status, 204);
    let row = sam.get(&format!("/v1/conversations/{}", ids[0])).await.body;
    assert_eq!((&row["tags"], &row["team"]), (&json!([]), &Value::Null));
});

story!(each_change_is_one_line_with_who, async |app| {
    let (sam, kim) = (app.person(Role::Agent).await, app.person(Role::Agent).await);
    let conversation = from(&app, "jane@example.com", "Lines").await;
    let me = |actor: Actor| async move { actor.get("/v1/me").await.body["user"].clone() };
    let (sam_user, kim_user) = (me(sam.clone()).await, me(kim.clone()).await);
    let tag = id_of(sam.post("/v1/tags", json!({ "name": "Refund" })).await).await;
    for step in [
        json!({ "assignee_id": "me" }),
        json!({ "assignee_id": kim_user["id"] }),
        json!({ "priority": "urgent" }),
        json!({ "tags": [tag] }),
        json!({ "subject": "Lines, really" }),
        json!({ "state": "resolved" }),
        // Nothing changes: no line.
        json!({ "state": "resolved" }),
    ] {
        assert_eq!(change(&sam, &conversation, step).await.status, 200);
    }
    let sam_name = sam_user["name"].as_str().unwrap();
    let kim_name = kim_user["name"].as_str().unwrap();
    let lines = timeline(&sam, &conversation).await;
    let expected = [
        "Hello".to_owned(),
        format!("{sam_name} took this"),
        format!("{sam_name} assigned this to {kim_name}"),
        format!("{sam_name} set the priority to urgent"),
        format!("{sam_name} added Refund"),
        format!("{sam_name} changed the subject to “Lines, really”"),
        format!("{sam_name} resolved this"),
    ];
    assert_eq!(lines, expected);
    // The one who got it is told, the one who gave it is not.
    assert_eq!(kim.get("/v1/notifications").await.rows()[0]["kind"], "assigned");
    assert!(sam.get("/v1/notifications").await.rows().is_empty());
    receive(&app, mail("jane@example.com", "Re: Lines", "again@example.com", &[], "Again")).await;
    let lines = timeline(&sam, &conversation).await;
    assert!(lines.contains(&"Opened again by a new message".to_owned()), "{lines:?}");
    assert_eq!(kim.get("/v1/notifications").await.rows()[0]["kind"], "replied");
});

story!(a_timeline_pages_without_gaps, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = from(&app, "jane@example.com", "Pages").await;
    for number in 0..7 {
        let note = json!({ "text": format!("Note {number}") });
        let reply = sam.post(&format!("/v1/conversations/{conversation}/notes"), note).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let priority = if number % 2 == 0 { "high" } else { "low" };
        assert_eq!(change(&sam, &conversation, json!({ "priority": priority })).await.status, 200);
    }
    let whole = timeline(&sam, &conversation).await;
    assert_eq!(whole.len(), 15);
    let mut paged: Vec<Value> = Vec::new();
    let mut path = format!("/v1/conversations/{conversation}/timeline?limit=4");
    loop {
        let page = sam.get(&path).await;
        let mut rows = page.rows().to_vec();
        rows.append(&mut paged);
        paged = rows;
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/v1/conversations/{conversation}/timeline?limit=4&cursor={cursor}");
    }
    let all = sam.get(&format!("/v1/conversations/{conversation}/timeline?limit=200")).await;
    assert_eq!(paged, all.rows());
});

story!(unread_is_of_each_person, async |app| {
    let (sam, kim) = (app.person(Role::Agent).await, app.person(Role::Agent).await);
    let conversation = from(&app, "jane@example.com", "Unread").await;
    let unread = |actor: Actor, id: String| async move {
        let one = actor.get(&format!("/v1/conversations/{id}")).await.body["unread"].as_i64().unwrap();
        (one, actor.get("/v1/conversations/counts").await.body["unread"].as_i64().unwrap())
    };
    assert_eq!(unread(sam.clone(), conversation.clone()).await, (1, 1));
    let path = |word: &str| format!("/v1/conversations/{conversation}/{word}");
    assert_eq!(sam.post(&path("read"), json!({})).await.status, 204);
    assert_eq!(unread(sam.clone(), conversation.clone()).await, (0, 0));
    assert_eq!(unread(kim.clone(), conversation.clone()).await, (1, 1));
    assert_eq!(sam.post(&path("unread"), json!({})).await.status, 204);
    assert_eq!(unread(sam.clone(), conversation.clone()).await, (1, 1));
    assert_eq!(sam.post(&path("read"), json!({})).await.status, 204);
    receive(&app, mail("jane@example.com", "Re: Unread", "more@example.com", &[], "More")).await;
    assert_eq!(unread(sam.clone(), conversation.clone()).await, (1, 1));
    assert_eq!(unread(kim.clone(), conversation.clone()).await, (2, 1));
    // What is resolved does not ask to be read.
    change(&sam, &conversation, json!({ "state": "resolved" })).await;
    assert_eq!(unread(kim.clone(), conversation.clone()).await, (2, 0));
});

/// Everything of a conversation that a merge or split may touch.
async fn picture(actor: &Actor, id: &str) -> Value {
    let row = actor.get(&format!("/v1/conversations/{id}")).await.body;
    let messages = actor.get(&format!("/v1/conversations/{id}/messages?limit=200")).await;
    let messages: Vec<Value> = messages
        .rows()
        .iter()
        .map(|message| json!([message["id"], message["thread_id"], message["threading"]["rule"]]))
        .collect();
    json!({ "state": row["state"], "count": row["message_count"], "unread": row["unread"],
            "last": row["last_message"], "tray": row["in_tray"], "messages": messages })
}

story!(a_merge_is_undone_as_if_it_had_not_been, async |app| {
    let sam = app.person(Role::Agent).await;
    let (one, other) =
        (from(&app, "jane@example.com", "One").await, from(&app, "joe@example.com", "Other").await);
    let note =
        sam.post(&format!("/v1/conversations/{one}/notes"), json!({ "text": "Her boss is Joe" })).await;
    assert_eq!(note.status, 201);
    let before = (picture(&sam, &one).await, picture(&sam, &other).await);
    let counts = sam.get("/v1/conversations/counts").await.body;
    let merged = sam.post(&format!("/v1/conversations/{one}/merge"), json!({ "into": other })).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    assert_eq!(merged.body["conversation"]["message_count"], 2);
    let gone = sam.get(&format!("/v1/conversations/{one}")).await;
    assert_eq!((gone.summary().as_str(), gone.text("merged_into")), ("200 merged", other.as_str()));
    assert_eq!(sam.get("/v1/conversations").await.rows().len(), 1);
    let lines = timeline(&sam, &other).await;
    assert!(lines.contains(&"Her boss is Joe".to_owned()), "{lines:?}");
    // It cannot be worked in any more, and says where to go.
    let refused = change(&sam, &one, json!({ "state": "open" })).await;
    assert_eq!(refused.summary(), "409 conversation_merged");
    let refused = sam.post(&format!("/v1/conversations/{one}/merge"), json!({ "into": other })).await;
    assert_eq!(refused.summary(), "409 conversation_merged");
    let itself = sam.post(&format!("/v1/conversations/{other}/merge"), json!({ "into": other })).await;
    assert_eq!(itself.summary(), "422 invalid_request /into");
    // An answer to what was merged arrives where it is now, and goes back with its thread.
    let raw = mail("jane@example.com", "Re: One", "late@example.com", &[], "Late");
    assert_eq!(receive(&app, raw).await["conversation_id"], json!(other));
    let undo = format!("/v1/rearrangements/{}/undo", merged.text("rearrangement_id"));
    let undone = sam.post(&undo, json!({})).await;
    assert_eq!(undone.status, 200, "{}", undone.body);
    assert_eq!(picture(&sam, &other).await, before.1);
    let again = picture(&sam, &one).await;
    assert_eq!((&again["count"], &again["state"]), (&json!(2), &before.0["state"]));
    assert_eq!(again["messages"][0], before.0["messages"][0]);
    let after = sam.get("/v1/conversations/counts").await.body;
    assert_eq!(after, counts);
    assert_eq!(sam.post(&undo, json!({})).await.summary(), "409 not_undoable");
});

story!(a_split_takes_messages_and_gives_them_back, async |app| {
    let sam = app.person(Role::Agent).await;
    let one = from(&app, "jane@example.com", "Mixed").await;
    let second = receive(&app, mail("jane@example.com", "Re: Mixed", "two@example.com", &[], "Two")).await;
    let third = receive(&app, mail("jane@example.com", "Re: Mixed", "three@example.com", &[], "Three")).await;
    let before = picture(&sam, &one).await;
    let split = json!({ "message_ids": [second["id"]], "subject": "The second thing" });
    let done = sam.post(&format!("/v1/conversations/{one}/split"), split).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let new = done.body["conversation"]["id"].as_str().unwrap().to_owned();
    assert_eq!(done.body["conversation"]["subject"], "The second thing");
    assert_eq!(picture(&sam, &one).await["count"], 2);
    // An answer to the message that was split off follows it.
    let header = "In-Reply-To: <two@example.com>";
    let follow = receive(&app, mail("jane@example.com", "x", "four@example.com", &[header], "Four")).await;
    assert_eq!(follow["conversation_id"], json!(new));
    let header = "In-Reply-To: <three@example.com>";
    let stay = receive(&app, mail("jane@example.com", "y", "five@example.com", &[header], "Five")).await;
    assert_eq!(stay["conversation_id"], json!(one));
    let undo = format!("/v1/rearrangements/{}/undo", done.text("rearrangement_id"));
    assert_eq!(sam.post(&undo, json!({})).await.status, 200);
    let after = picture(&sam, &one).await;
    assert_eq!(after["count"], 5, "{after}");
    assert_eq!(after["messages"][1], before["messages"][1]);
    assert_eq!(sam.get(&format!("/v1/conversations/{new}")).await.summary(), "200 merged");
    for wrong in [json!([]), json!(["msg_01h455vb4pex5vsknk084sn02q"])] {
        let refused =
            sam.post(&format!("/v1/conversations/{one}/split"), json!({ "message_ids": wrong })).await;
        assert!(refused.summary().starts_with("422 invalid_request /message_ids"), "{}", refused.body);
    }
    let home = from(&app, "joe@example.com", "Home").await;
    let moved = json!({ "message_ids": [third["id"]], "into": home });
    let done = sam.post(&format!("/v1/conversations/{one}/move"), moved).await;
    assert_eq!(done.body["conversation"]["message_count"], 2, "{}", done.body);
    assert_eq!(message(&app, third["id"].as_str().unwrap()).await["threading"]["rule"], "moved");
    let undo = format!("/v1/rearrangements/{}/undo", done.text("rearrangement_id"));
    assert_eq!(sam.post(&undo, json!({})).await.status, 200);
    assert_eq!(picture(&sam, &one).await["count"], 5);
});

story!(a_message_waits_to_be_called_back, async |app| {
    let (server, _) = app.mail_server().await;
    let sam = app.person(Role::Agent).await;
    let conversation = from(&app, "jane@example.com", "Undo").await;
    let answer = |text: &str| json!({ "conversation_id": conversation, "text": text, "delay_seconds": 10 });
    let held = sam.post("/v1/messages", answer("Oops")).await;
    assert_eq!(held.summary(), "202 scheduled", "{}", held.body);
    let called_back = sam.post(&format!("/v1/messages/{}/cancellation", held.text("id")), json!({})).await;
    assert_eq!(called_back.summary(), "200 cancelled", "{}", called_back.body);
    let kept = sam.post("/v1/messages", answer("Well")).await;
    app.advance(std::time::Duration::from_secs(11)).await;
    becomes(&app, kept.text("id"), "sent").await;
    assert_eq!(server.count(), 1);
    let late = sam.post(&format!("/v1/messages/{}/cancellation", kept.text("id")), json!({})).await;
    assert_eq!(late.summary(), "409 not_cancellable");
    let both =
        json!({ "to": "x@example.com", "text": "x", "delay_seconds": 5, "send_at": "2030-01-01T00:00:00Z" });
    assert_eq!(sam.post("/v1/messages", both).await.summary(), "422 invalid_request /delay_seconds");
});

story!(two_people_do_not_answer_twice, async |app| {
    let (_server, _) = app.mail_server().await;
    let (sam, kim) = (app.person(Role::Agent).await, app.person(Role::Agent).await);
    let conversation = from(&app, "jane@example.com", "Collision").await;
    let seen = sam.get(&format!("/v1/conversations/{conversation}")).await.body["last_message"]["id"].clone();
    let answer = json!({ "conversation_id": conversation, "text": "Yes", "expected_last_message_id": seen });
    assert_eq!(kim.post("/v1/messages", answer.clone()).await.status, 202);
    let refused = sam.post("/v1/messages", answer).await;
    assert_eq!(refused.summary(), "409 conversation_moved_on", "{}", refused.body);
    let resolving = json!({ "conversation_id": conversation, "text": "And bye", "resolve": true });
    assert_eq!(sam.post("/v1/messages", resolving).await.status, 202);
    assert_eq!(conversation_state(&sam, &conversation).await, "resolved");
});

story!(a_message_is_passed_on_with_its_files, async |app| {
    let (server, _) = app.mail_server().await;
    let sam = app.person(Role::Agent).await;
    let raw = "From: Jane Doe <jane@example.com>\r\nTo: support@company.example.com\r\nSubject: Broken\r\n\
               Message-ID: <broken@example.com>\r\nMIME-Version: 1.0\r\n\
               Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
               <p>See <b>this</b><script>alert(1)</script></p>\r\n--b\r\nContent-Type: image/png; name=a.png\r\n\
               Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n";
    let original = receive(&app, raw).await;
    let conversation = original["conversation_id"].clone();
    let upload =
        sam.send(Method::POST, "/v1/uploads?filename=b.txt", Some("text/plain"), b"more".to_vec()).await;
    let forward = json!({ "conversation_id": conversation, "forward_of": original["id"], "text": "Please look",
                          "to": "supplier@example.net", "attachments": [{ "upload_id": upload.text("id") }] });
    let sent = sam.post("/v1/messages", forward).await;
    assert_eq!(sent.summary(), "202 queued", "{}", sent.body);
    let sent = becomes(&app, sent.text("id"), "sent").await;
    assert_eq!(sent["subject"], "Fwd: Broken");
    assert_eq!(sent["conversation_id"], conversation);
    let text = sent["text"].as_str().unwrap();
    assert!(text.starts_with("Please look\n\n---------- Forwarded message"), "{text}");
    assert!(text.contains("From: Jane Doe <jane@example.com>") && text.contains("See this"), "{text}");
    let html = sent["html"].as_str().unwrap();
    assert!(html.contains("<b>this</b>") && !html.contains("script"), "{html}");
    assert_eq!(texts(&sent["attachments"], "filename"), ["b.txt", "a.png"]);
    assert_eq!(server.count(), 1);
    let one = json!({ "to": "x@example.net", "text": "x",
                      "attachments": [{ "message_id": original["id"], "attachment_id": original["attachments"][0]["id"] }] });
    let reply = sam.post("/v1/messages", one).await;
    assert_eq!(reply.status, 202, "{}", reply.body);
    let nothing = json!({ "to": "x@example.net", "text": "x", "attachments": [{ "filename": "x" }] });
    assert_eq!(sam.post("/v1/messages", nothing).await.summary(), "422 invalid_request /attachments/0");
    let theirs = app.person(Role::Agent).await;
    let not_mine =
        json!({ "to": "x@example.net", "text": "x", "attachments": [{ "upload_id": upload.text("id") }] });
    let refused = theirs.post("/v1/messages", not_mine).await;
    assert_eq!(refused.summary(), "422 invalid_request /attachments/0/upload_id");
});

story!(a_name_is_taken_once, async |app| {
    let sam = app.person(Role::Agent).await;
    let viewer = app.person(Role::Viewer).await;
    assert_eq!(viewer.post("/v1/tags", json!({ "name": "Mine" })).await.summary(), "403 forbidden");
    assert_eq!(viewer.post("/v1/teams", json!({ "name": "Mine" })).await.summary(), "403 forbidden");
    let vip = id_of(sam.post("/v1/tags", json!({ "name": "VIP" })).await).await;
    assert_eq!(sam.post("/v1/tags", json!({ "name": "vip" })).await.summary(), "409 tag_taken");
    assert_eq!(sam.post("/v1/tags", json!({ "name": " " })).await.summary(), "422 invalid_request /name");
    let other = id_of(sam.post("/v1/tags", json!({ "name": "Other" })).await).await;
    let renamed = sam.patch(&format!("/v1/tags/{other}"), json!({ "name": "Vip" })).await;
    assert_eq!(renamed.summary(), "409 tag_taken");
    let recoloured = sam.patch(&format!("/v1/tags/{vip}"), json!({ "color": "teal" })).await;
    assert_eq!((recoloured.text("name"), recoloured.text("color")), ("VIP", "teal"));
    let me = sam.get("/v1/me").await.body["user"]["id"].clone();
    let team = sam.post("/v1/teams", json!({ "name": "Billing", "member_ids": [me] })).await;
    assert_eq!(team.body["members"][0]["id"], me);
    let stranger = json!({ "member_ids": ["usr_01h455vb4pex5vsknk084sn02q"] });
    let refused = sam.patch(&format!("/v1/teams/{}", team.text("id")), stranger).await;
    assert_eq!(refused.summary(), "422 invalid_request /member_ids/0");
});
