//! Working together: notes with mentions, notifications, drafts, canned responses, and who is there.

use std::time::Duration;

use domain::access::Role;
use futures_util::StreamExt as _;
use http::Method;
use serde_json::{Value, json};
use testkit::{Actor, Reply, TestApp};
use tokio::sync::watch;

use crate::scene::*;

/// A conversation that a customer has opened.
async fn conversation_of(app: &TestApp, from: &str, subject: &str) -> String {
    let id = format!("{}@example.com", subject.replace(' ', "-").to_lowercase());
    let message = receive(app, mail(from, subject, &id, &[], "Where is it?")).await;
    message["conversation_id"].as_str().unwrap().to_owned()
}

async fn me(actor: &Actor) -> (String, String) {
    let reply = actor.get("/v1/me").await;
    let user = &reply.body["user"];
    let user = if user.is_null() { &reply.body } else { user };
    (user["id"].as_str().unwrap().to_owned(), user["name"].as_str().unwrap().to_owned())
}

/// A person of this name.
async fn called(app: &TestApp, role: Role, name: &str) -> (Actor, String) {
    let actor = app.person(role).await;
    let (id, _) = me(&actor).await;
    let reply = app.key().patch(&format!("/v1/users/{id}"), json!({ "name": name })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    // What the session knows of its person is a few seconds old at most.
    app.clock.advance(Duration::from_secs(10));
    (actor, id)
}

async fn unread(actor: &Actor) -> i64 {
    actor.get("/v1/notifications/count").await.body["unread"].as_i64().unwrap()
}

async fn put(actor: &Actor, path: &str, body: Value) -> Reply {
    actor.send(Method::PUT, path, Some("application/json"), body.to_string().into_bytes()).await
}

story!(a_note_tells_those_whom_it_mentions, async |app| {
    let (sam, sam_id) = called(&app, Role::Agent, "Sam Lee").await;
    let (kim, kim_id) = called(&app, Role::Agent, "Kim Doe").await;
    let (ann, ann_id) = called(&app, Role::Admin, "Ann Doe").await;
    let team = app
        .key()
        .post("/v1/teams", json!({ "name": "Billing", "member_ids": [kim_id, ann_id, sam_id] }))
        .await;
    assert_eq!(team.status, 201, "{}", team.body);
    let conversation = conversation_of(&app, "Jane <jane@example.com>", "Invoice 7").await;
    let text = "@kim doe and @Billing, please look. Not ann@Ann Doe.";
    let note = sam.post(&format!("/v1/conversations/{conversation}/notes"), json!({ "text": text })).await;
    assert_eq!(note.status, 201, "{}", note.body);
    assert_eq!(note.text("text"), text);
    assert_eq!(texts(&note.body["mentions"], "name"), ["Kim Doe", "Billing"]);
    assert_eq!((&note.body["author"]["name"], &note.body["edited_at"]), (&json!("Sam Lee"), &Value::Null));
    // Kim once, although named twice; Ann as a member; Sam not by himself.
    assert_eq!((unread(&kim).await, unread(&ann).await, unread(&sam).await), (1, 1, 0));
    let told = kim.get("/v1/notifications?unread=true").await;
    let row = &told.rows()[0];
    assert_eq!(row["detail"], "Sam Lee mentioned you in “Invoice 7”.");
    assert_eq!((&row["kind"], &row["conversation_id"]), (&json!("mention"), &json!(conversation)));
    assert_eq!((&row["subject_id"], &row["actor"]["name"]), (&note.body["id"], &json!("Sam Lee")));
    let of_ann = ann.get("/v1/notifications").await;
    assert_eq!(of_ann.rows()[0]["detail"], "Sam Lee mentioned Billing in “Invoice 7”.");
    // A second mention before the first was read is one notification still.
    let again = json!({ "text": "And again.", "mentions": [kim_id] });
    assert_eq!(sam.post(&format!("/v1/conversations/{conversation}/notes"), again).await.status, 201);
    assert_eq!(unread(&kim).await, 1);
    let read = kim.post("/v1/notifications/read", json!({ "conversation_id": conversation })).await;
    assert_eq!(read.body, json!({ "read": 1 }));
    assert_eq!(unread(&kim).await, 0);
    assert_eq!(kim.get("/v1/notifications?unread=true").await.rows().len(), 0);
    assert!(kim.get("/v1/notifications").await.rows()[0]["read_at"].is_string());
    // The contact learns nothing of it, and the conversation is as long as before.
    let messages = sam.get(&format!("/v1/conversations/{conversation}/messages")).await;
    assert_eq!(messages.rows().len(), 1);
});

story!(a_note_is_changed_and_removed_by_its_author_and_by_admins, async |app| {
    let (sam, _) = called(&app, Role::Agent, "Sam Lee").await;
    let (kim, _) = called(&app, Role::Agent, "Kim Doe").await;
    let (ann, _) = called(&app, Role::Admin, "Ann Admin").await;
    let conversation = conversation_of(&app, "jane@example.com", "Invoice 7").await;
    let notes = format!("/v1/conversations/{conversation}/notes");
    let note = sam.post(&notes, json!({ "text": "The customer is secretly cross." })).await;
    let path = format!("/v1/notes/{}", note.text("id"));
    for refused in [kim.patch(&path, json!({ "text": "No." })).await, kim.delete(&path).await] {
        assert_eq!(refused.summary(), "403 not_the_author");
    }
    app.clock.advance(MINUTE);
    let changed = sam.patch(&path, json!({ "text": "@Kim Doe, take over?" })).await;
    assert_eq!((changed.status, changed.text("text")), (200, "@Kim Doe, take over?"));
    assert!(changed.body["edited_at"].is_string());
    assert_eq!(unread(&kim).await, 1);
    kim.post("/v1/notifications/read", json!({ "all": true })).await;
    // Only those whom the new text adds are told.
    assert_eq!(ann.patch(&path, json!({ "text": "@Kim Doe, take over, please?" })).await.status, 200);
    assert_eq!(unread(&kim).await, 0);
    assert_eq!(ann.delete(&path).await.status, 204);
    assert_eq!(sam.get(&path).await.summary(), "404 not_found");
    assert_eq!(sam.delete(&path).await.summary(), "404 not_found");
    let timeline = sam.get(&format!("/v1/conversations/{conversation}/timeline")).await;
    let lines: Vec<&Value> = timeline.rows().iter().filter(|row| row["type"] != "message").collect();
    assert_eq!(lines.len(), 1, "{}", timeline.body);
    assert_eq!(lines[0]["activity"]["sentence"], "Ann Admin removed a note");
    assert!(!timeline.body.to_string().contains("take over"));
    let feed = app.key().get("/v1/events?limit=200").await;
    let notes = feed.rows().iter().filter(|event| event["type"] == "note.changed").count();
    assert_eq!(notes, 4);
    assert!(!feed.body.to_string().contains("cross"), "ids and small facts only");
    let audit = app.key().get("/v1/audit?limit=100").await;
    let actions = texts(&audit.body["data"], "action");
    for action in ["note.created", "note.changed", "note.deleted"] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }
    assert!(!audit.body.to_string().contains("cross"));
});

story!(a_note_that_cannot_be_is_refused_with_the_place, async |app| {
    let sam = app.person(Role::Agent).await;
    let conversation = conversation_of(&app, "jane@example.com", "Invoice 7").await;
    let notes = format!("/v1/conversations/{conversation}/notes");
    for (body, summary) in [
        (json!({ "text": " \n" }), "422 invalid_request /text"),
        (json!({ "text": "x".repeat(50_001) }), "422 invalid_request /text"),
        (
            json!({ "text": "Hi", "mentions": ["usr_01h455vb4pex5vsknk084sn02q"] }),
            "422 invalid_request /mentions/0",
        ),
        (json!({ "text": "Hi", "mentions": ["everybody"] }), "422 invalid_request /mentions/0"),
        (
            json!({ "text": "Hi", "attachments": [{ "upload_id": "upl_01h455vb4pex5vsknk084sn02q" }] }),
            "422 invalid_request /attachments/0/upload_id",
        ),
        (json!({ "text": "Hi", "colour": "red" }), "422 invalid_request /colour"),
    ] {
        let reply = sam.post(&notes, body).await;
        assert_eq!(reply.summary(), summary, "{}", reply.body);
    }
    let once = sam.clone().with("idempotency-key", "note-1");
    let (first, again) = (
        once.post(&notes, json!({ "text": "Once" })).await,
        once.post(&notes, json!({ "text": "Once" })).await,
    );
    assert_eq!((first.status, &first.body), (201, &again.body));
    let long = "ü".repeat(50_000);
    let reply = sam.post(&notes, json!({ "text": long })).await;
    assert_eq!((reply.status, reply.text("text").len()), (201, 100_000));
    let timeline = sam.get(&format!("/v1/conversations/{conversation}/timeline")).await;
    let notes_there = timeline.rows().iter().filter(|row| row["type"] == "note").count();
    assert_eq!(notes_there, 2, "the one that came twice is there once");
    let nowhere = "/v1/conversations/cnv_01h455vb4pex5vsknk084sn02q/notes";
    assert_eq!(sam.post(nowhere, json!({ "text": "Hi" })).await.summary(), "404 not_found");
});

story!(nobody_works_in_the_inbox_without_permission, async |app| {
    let (viewer, reader) = (app.person(Role::Viewer).await, app.key_with(&["conversations:read"]).await);
    let conversation = conversation_of(&app, "jane@example.com", "Invoice 7").await;
    let note = format!("/v1/conversations/{conversation}/notes");
    for actor in [&viewer, &reader] {
        assert_eq!(actor.post(&note, json!({ "text": "Hi" })).await.summary(), "403 forbidden");
        let new = json!({ "shortcut": "hi", "name": "Hi", "text": "Hi" });
        assert_eq!(actor.post("/v1/canned-responses", new).await.summary(), "403 forbidden");
        let file =
            actor.send(Method::POST, "/v1/uploads?filename=a.txt", Some("text/plain"), b"hi".to_vec()).await;
        assert_eq!(file.summary(), "403 forbidden");
        assert_eq!(actor.get("/v1/canned-responses").await.status, 200);
    }
    let draft = json!({ "kind": "new", "content": {} });
    assert_eq!(viewer.post("/v1/drafts", draft.clone()).await.summary(), "403 forbidden");
    assert_eq!(viewer.get("/v1/drafts").await.status, 200);
    // What belongs to people is not for keys.
    let presence = format!("/v1/conversations/{conversation}/presence");
    for refused in [
        app.key().post("/v1/drafts", draft).await,
        app.key().get("/v1/drafts").await,
        app.key().get("/v1/notifications").await,
        app.key().get("/v1/notifications/count").await,
        app.key().post("/v1/notifications/read", json!({ "all": true })).await,
        app.key().post(&presence, json!({ "doing": "viewing" })).await,
    ] {
        assert_eq!(refused.summary(), "403 person_only");
    }
    assert_eq!(viewer.post(&presence, json!({ "doing": "viewing" })).await.status, 200);
    assert_eq!(viewer.post(&presence, json!({ "doing": "typing" })).await.summary(), "403 forbidden");
    for path in ["/v1/notifications", "/v1/drafts", "/v1/canned-responses"] {
        assert_eq!(app.anyone().get(path).await.summary(), "401 unauthenticated");
        assert_eq!(app.key_with(&["messages:read"]).await.get(path).await.summary(), "403 forbidden");
    }
});

story!(people_are_told_of_what_becomes_theirs, async |app| {
    let (sam, sam_id) = called(&app, Role::Agent, "Sam Lee").await;
    let (kim, kim_id) = called(&app, Role::Agent, "Kim Doe").await;
    let members = json!({ "name": "Billing", "member_ids": [sam_id, kim_id] });
    let team = app.key().post("/v1/teams", members).await.text("id").to_owned();
    let conversation = conversation_of(&app, "Jane <jane@example.com>", "Invoice 7").await;
    let path = format!("/v1/conversations/{conversation}");
    assert_eq!(sam.patch(&path, json!({ "team_id": team })).await.status, 200);
    assert_eq!(sam.patch(&path, json!({ "assignee_id": kim_id })).await.status, 200);
    assert_eq!(kim.patch(&path, json!({ "priority": "high" })).await.status, 200);
    let answer = mail(
        "jane@example.com",
        "Re: Invoice 7",
        "again@example.com",
        &["In-Reply-To: <invoice-7@example.com>"],
        "?",
    );
    receive(&app, answer).await;
    let told = kim.get("/v1/notifications?unread=true").await;
    let mut kinds = texts(&told.body["data"], "kind");
    kinds.sort_unstable();
    assert_eq!(kinds, ["assigned", "replied", "team_assigned"], "{}", told.body);
    assert_eq!((unread(&kim).await, unread(&sam).await), (3, 0), "nobody is told of his own doing");
    let answer = mail(
        "jane@example.com",
        "Re: Invoice 7",
        "more@example.com",
        &["In-Reply-To: <invoice-7@example.com>"],
        "!",
    );
    let newest = receive(&app, answer).await;
    let told = kim.get("/v1/notifications?unread=true").await;
    assert_eq!((unread(&kim).await, told.rows().len()), (3, 3), "a second reply is folded into the first");
    let replied = &told.rows()[0];
    assert_eq!((&replied["kind"], &replied["subject_id"]), (&json!("replied"), &newest["id"]));
    assert_eq!(replied["actor"], Value::Null);
    let ids = json!([replied["id"]]);
    assert_eq!(kim.post("/v1/notifications/read", json!({ "ids": ids })).await.body, json!({ "read": 1 }));
    assert_eq!(kim.post("/v1/notifications/read", json!({ "all": true })).await.body, json!({ "read": 2 }));
    let page = kim.get("/v1/notifications?limit=2").await;
    let next = kim.get(&format!("/v1/notifications?limit=2&cursor={}", page.text("next_cursor"))).await;
    assert_eq!((page.rows().len(), next.rows().len()), (2, 1));
    let feed = app.key().get("/v1/events?limit=200").await;
    let created = feed.rows().iter().find(|event| event["type"] == "notification.created").unwrap();
    assert_eq!(
        (&created["data"]["user_id"], &created["data"]["conversation_id"]),
        (&json!(kim_id), &json!(conversation))
    );
});

story!(a_choice_of_notifications_is_one_of_three, async |app| {
    let sam = app.person(Role::Agent).await;
    for body in [json!({}), json!({ "all": false }), json!({ "all": true, "ids": [] })] {
        assert_eq!(sam.post("/v1/notifications/read", body).await.summary(), "422 invalid_request ");
    }
    assert_eq!(sam.post("/v1/notifications/read", json!({ "ids": [] })).await.body, json!({ "read": 0 }));
});

story!(a_draft_is_kept_for_its_writer_alone, async |app| {
    let (sam, kim) = (app.person(Role::Agent).await, app.person(Role::Owner).await);
    let conversation = conversation_of(&app, "jane@example.com", "Invoice 7").await;
    let content = json!({ "to": ["jane@exa", { "name": "Joe", "address": "joe@example.com" }], "subject": "Re: Invoice 7", "text": "Dear J" });
    let new = json!({ "conversation_id": conversation, "kind": "reply", "content": content });
    let draft = sam.post("/v1/drafts", new).await;
    assert_eq!(draft.status, 201, "{}", draft.body);
    let to = json!(["jane@exa", { "name": "Joe", "address": "joe@example.com" }]);
    assert_eq!(draft.body["content"]["to"], to, "half typed is kept as it is");
    let path = format!("/v1/drafts/{}", draft.text("id"));
    for hidden in [kim.get(&path).await, kim.delete(&path).await] {
        assert_eq!(hidden.summary(), "404 not_found");
    }
    assert_eq!(put(&kim, &path, json!({ "content": {} })).await.summary(), "404 not_found");
    let of_conversation = format!("/v1/drafts?conversation={conversation}");
    assert_eq!(kim.get(&of_conversation).await.rows().len(), 0);
    // Many windows write at once: one of them was first, and the others learn of it.
    let seen = draft.text("updated_at");
    let writes = (0..8).map(|window| {
        put(&sam, &path, json!({ "content": { "text": format!("window {window}") }, "if_updated_at": seen }))
    });
    let written = futures_util::future::join_all(writes).await;
    let won: Vec<&Reply> = written.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(written.iter().all(|reply| reply.status == 200 || reply.summary() == "409 draft_changed"));
    assert_eq!(sam.get(&path).await.body, won[0].body);
    let draft = won[0].clone();
    // Two windows write: the second learns that it did not see the first.
    let seen = draft.text("updated_at");
    let first = json!({ "content": { "text": "Dear Jane" }, "if_updated_at": seen });
    let first = put(&sam, &path, first).await;
    assert_eq!((first.status, first.body["content"]["text"].as_str()), (200, Some("Dear Jane")));
    let second = json!({ "content": { "text": "Dear Joe" }, "if_updated_at": seen });
    assert_eq!(put(&sam, &path, second.clone()).await.summary(), "409 draft_changed");
    assert_eq!(sam.get(&path).await.body, first.body, "what the other window wrote is still there");
    let last = merged(second, json!({ "if_updated_at": first.body["updated_at"] }));
    assert_eq!(put(&sam, &path, last).await.status, 200);
    assert_eq!(sam.get(&path).await.body["content"]["text"], "Dear Joe");
    assert_eq!(sam.get(&of_conversation).await.rows().len(), 1);
    assert_eq!(sam.delete(&path).await.status, 204);
    assert_eq!(sam.delete(&path).await.summary(), "404 not_found");
    assert_eq!(sam.get("/v1/drafts").await.rows().len(), 0);
});

story!(drafts_page_and_come_once_with_a_key, async |app| {
    let sam = app.person(Role::Agent).await;
    let new = |text: &str| json!({ "kind": "new", "content": { "text": text } });
    let once = sam.clone().with("idempotency-key", "draft-1");
    let (first, again) = (once.post("/v1/drafts", new("a")).await, once.post("/v1/drafts", new("a")).await);
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    for text in ["b", "c"] {
        assert_eq!(sam.post("/v1/drafts", new(text)).await.status, 201);
    }
    let page = sam.get("/v1/drafts?limit=2").await;
    let text = |row: &Value| row["content"]["text"].as_str().unwrap().to_owned();
    assert_eq!(page.rows().iter().map(text).collect::<Vec<_>>(), ["c", "b"]);
    let next = sam.get(&format!("/v1/drafts?limit=2&cursor={}", page.text("next_cursor"))).await;
    assert_eq!(next.rows().iter().map(text).collect::<Vec<_>>(), ["a"]);
    let nowhere =
        json!({ "conversation_id": "cnv_01h455vb4pex5vsknk084sn02q", "kind": "reply", "content": {} });
    assert_eq!(sam.post("/v1/drafts", nowhere).await.summary(), "422 invalid_request /conversation_id");
    let odd = json!({ "kind": "reply", "content": { "attachments": [{ "filename": "a.pdf" }] } });
    assert_eq!(sam.post("/v1/drafts", odd).await.summary(), "422 invalid_request /content/attachments/0");
    assert_eq!(sam.post("/v1/drafts", json!({ "kind": "poem", "content": {} })).await.status, 422);
});

story!(a_canned_response_is_filled_in_for_the_conversation, async |app| {
    let (sam, _) = called(&app, Role::Agent, "Sam Lee").await;
    let conversation = conversation_of(&app, "Doe Jane <jane@example.com>", "Invoice 7").await;
    let text = "Dear {{contact.first_name|there}},\n\n{{ conversation.subject }} is on its way to {{contact.email}} \
                ({{contact.attributes.plan}}, {{contact.attributes.city|your town}}).\n\n{{agent.first_name}}, {{business.name}}";
    let new = json!({ "shortcut": "on-its-way", "name": "On its way", "text": text });
    let made = sam.post("/v1/canned-responses", new.clone()).await;
    assert_eq!((made.status, made.body["used_count"].as_i64()), (201, Some(0)), "{}", made.body);
    assert_eq!(sam.post("/v1/canned-responses", new).await.summary(), "409 shortcut_taken");
    let path = format!("/v1/canned-responses/{}", made.text("id"));
    let filled = sam.post(&format!("{path}/render"), json!({ "conversation_id": conversation })).await;
    assert_eq!(
        filled.body,
        json!({
            "text": "Dear Doe,\n\nInvoice 7 is on its way to jane@example.com ({{contact.attributes.plan}}, \
                     your town).\n\nSam, Test Company",
            "missing": ["contact.attributes.plan"],
        })
    );
    let bare = sam.post(&format!("{path}/render"), json!({})).await;
    assert!(bare.text("text").starts_with("Dear there,"), "{}", bare.body);
    assert_eq!(bare.body["missing"][0], "conversation.subject");
    assert_eq!(sam.get(&path).await.body["used_count"], 2);
    let changed = sam.patch(&path, json!({ "shortcut": "sent" })).await;
    assert_eq!((changed.status, changed.text("shortcut"), changed.text("name")), (200, "sent", "On its way"));
    assert_eq!(sam.delete(&path).await.status, 204);
    assert_eq!(sam.post(&format!("{path}/render"), json!({})).await.summary(), "404 not_found");
});

story!(a_canned_response_that_cannot_be_is_refused_with_the_place, async |app| {
    let sam = app.person(Role::Agent).await;
    let new =
        |shortcut: &str, name: &str, text: &str| json!({ "shortcut": shortcut, "name": name, "text": text });
    for (body, summary) in [
        (new("Hi there", "Hi", "Hi"), "422 invalid_request /shortcut"),
        (new("", "Hi", "Hi"), "422 invalid_request /shortcut"),
        (new(&"x".repeat(41), "Hi", "Hi"), "422 invalid_request /shortcut"),
        (new("hi", "", " "), "422 invalid_request /name /text"),
        (new("hi", "H\ni", "Hi"), "422 invalid_request /name"),
        (new("hi", "Hi", &"x".repeat(50_001)), "422 invalid_request /text"),
    ] {
        assert_eq!(sam.post("/v1/canned-responses", body).await.summary(), summary);
    }
    let unknown = sam.post("/v1/canned-responses", new("hi", "Hi", "{{contact.fist_name}} {{x}}")).await;
    assert_eq!(unknown.summary(), "422 invalid_request /text");
    assert!(unknown.text("detail").contains("no variable contact.fist_name, x"), "{}", unknown.body);
    for (shortcut, name, text) in [
        ("bye", "Good bye", "See you"),
        ("thanks", "Thanks", "Thank you"),
        ("sorry", "Regrets", "We are sorry, bye"),
    ] {
        assert_eq!(sam.post("/v1/canned-responses", new(shortcut, name, text)).await.status, 201);
    }
    let found = sam.get("/v1/canned-responses?q=BYE").await;
    assert_eq!(texts(&found.body["data"], "shortcut"), ["bye", "sorry"]);
    let page = sam.get("/v1/canned-responses?limit=2").await;
    assert_eq!(texts(&page.body["data"], "shortcut"), ["bye", "sorry"]);
    let next = sam.get(&format!("/v1/canned-responses?limit=2&cursor={}", page.text("next_cursor"))).await;
    assert_eq!(texts(&next.body["data"], "shortcut"), ["thanks"]);
    let id = next.rows()[0]["id"].as_str().unwrap().to_owned();
    let taken = sam.patch(&format!("/v1/canned-responses/{id}"), json!({ "shortcut": "bye" })).await;
    assert_eq!(taken.summary(), "409 shortcut_taken");
    let odd = sam.patch(&format!("/v1/canned-responses/{id}"), json!({ "text": "{{nobody}}" })).await;
    assert_eq!(odd.summary(), "422 invalid_request /text");
});

story!(people_see_who_else_is_there, async |app| {
    let (sam, sam_id) = called(&app, Role::Agent, "Sam Lee").await;
    let (kim, kim_id) = called(&app, Role::Agent, "Kim Doe").await;
    let conversation = conversation_of(&app, "jane@example.com", "Invoice 7").await;
    let path = format!("/v1/conversations/{conversation}/presence");
    let say = async |actor: &Actor, doing: &str| actor.post(&path, json!({ "doing": doing })).await.body;
    assert_eq!(say(&sam, "viewing").await, json!({ "others": [] }));
    let others = say(&kim, "typing").await;
    assert_eq!(others, json!({ "others": [{ "id": sam_id, "name": "Sam Lee", "doing": "viewing" }] }));
    app.advance(Duration::from_secs(20)).await;
    let others = say(&sam, "viewing").await;
    assert_eq!(others, json!({ "others": [{ "id": kim_id, "name": "Kim Doe", "doing": "typing" }] }));
    // Kim gives no further sign, Sam does.
    app.advance(Duration::from_secs(11)).await;
    assert_eq!(say(&sam, "viewing").await, json!({ "others": [] }));
    assert_eq!(say(&kim, "viewing").await["others"][0]["name"], "Sam Lee");
    assert_eq!(say(&sam, "away").await["others"][0]["name"], "Kim Doe");
    assert_eq!(say(&kim, "viewing").await, json!({ "others": [] }));
    let elsewhere = "/v1/conversations/cnv_01h455vb4pex5vsknk084sn02q/presence";
    assert_eq!(sam.post(elsewhere, json!({ "doing": "viewing" })).await.summary(), "404 not_found");
    assert_eq!(sam.post(&path, json!({ "doing": "sleeping" })).await.status, 422);
});

/// Reads a stream until `count` blocks of presence have come; gives them, and the ids of all other blocks. Meanwhile it says
/// how many of both have come.
async fn follow_presence(
    url: String,
    key: String,
    count: usize,
    came: watch::Sender<(usize, usize)>,
) -> (Vec<Value>, Vec<String>) {
    #[expect(clippy::disallowed_methods, reason = "a client from outside, on loopback")]
    let answer = reqwest::Client::new().get(url).header("authorization", key).send().await.unwrap();
    let (mut chunks, mut text) = (answer.bytes_stream(), String::new());
    let (mut presence, mut ids) = (Vec::new(), Vec::new());
    while presence.len() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(20), chunks.next()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("only {presence:?} of {count} came"));
        text.push_str(std::str::from_utf8(&chunk.expect("the stream goes on").unwrap()).unwrap());
        while let Some((block, rest)) = text.split_once("\n\n") {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if field("event: ") == Some("presence") {
                assert_eq!(field("id: "), None, "it must not move the place of a resume");
                presence.push(serde_json::from_str(field("data: ").unwrap()).unwrap());
            } else if let Some(id) = field("id: ") {
                ids.push(id.to_owned());
            }
            text = rest.to_owned();
        }
        came.send_replace((presence.len(), ids.len()));
    }
    (presence, ids)
}

story!(the_stream_tells_who_is_there_without_moving_its_place, async |app| {
    let (sam, sam_id) = called(&app, Role::Agent, "Sam Lee").await;
    let conversation = conversation_of(&app, "jane@example.com", "Invoice 7").await;
    let path = format!("/v1/conversations/{conversation}/presence");
    let listening = listen(&app).await;
    let url = format!("http://{}/v1/events/stream", listening.address);
    let scopes = json!(["events:read", "conversations:read"]);
    let made = app.key().post("/v1/api-keys", json!({ "name": "stream", "scopes": scopes })).await;
    let key = format!("Bearer {}", made.text("key"));
    sam.post(&path, json!({ "doing": "viewing" })).await;
    let (came, mut coming) = watch::channel((0, 0));
    let ((presence, ids), ()) = tokio::join!(follow_presence(url, key, 3, came), async {
        coming.wait_for(|(presence, _)| *presence == 1).await.unwrap();
        sam.post(&path, json!({ "doing": "typing" })).await;
        // The same again is no news.
        sam.post(&path, json!({ "doing": "typing" })).await;
        sam.post(&format!("/v1/conversations/{conversation}/notes"), json!({ "text": "Between." })).await;
        coming.wait_for(|(presence, ids)| *presence == 2 && *ids == 2).await.unwrap();
        app.clock.advance(Duration::from_secs(31));
    });
    let people = |doing: &str| json!([{ "id": sam_id, "name": "Sam Lee", "doing": doing }]);
    let told: Vec<&Value> = presence.iter().map(|news| &news["people"]).collect();
    assert_eq!(told, [&people("viewing"), &people("typing"), &json!([])]);
    assert!(presence.iter().all(|news| news["conversation_id"] == json!(conversation)));
    assert_eq!(ids.len(), 2, "where the stream began, and the note with its number");
});
