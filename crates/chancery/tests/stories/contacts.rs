//! Contacts: found, changed, merged and taken apart again. Nothing about a person gets lost on the way.

mod export;
mod import;
mod merging;

use domain::access::Role;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

use crate::scene::*;

/// Adds a contact and gives it.
pub async fn add(app: &TestApp, contact: Value) -> Value {
    let reply = app.key().post("/v1/contacts", contact).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.body
}

pub async fn get(app: &TestApp, id: &Value) -> Value {
    app.key().get(&format!("/v1/contacts/{}", id.as_str().unwrap())).await.body
}

/// The names of all contacts that a query gives, page by page.
pub async fn names(actor: &Actor, query: &str) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = actor.get(&format!("/v1/contacts?limit=2&{query}&cursor={cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        names.extend(page.rows().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return names,
        }
    }
}

fn email(address: &str) -> Value {
    json!({ "channel": "email", "address": address })
}

story!(a_contact_holds_what_people_know_of_it, async |app| {
    let agent = app.person(Role::Agent).await;
    let me = agent.get("/v1/me").await.body["user"]["id"].clone();
    let new = json!({
        "name": " Jane Doe ",
        "identities": [email("Jane@Example.com"), { "channel": "sms", "address": "+1 (555) 010-0123" }],
        "attributes": { "company": "Acme", "orders": 12, "vip": true },
        "owner_id": "me",
        "time_zone": "europe/berlin",
        "locale": "de_at",
    });
    let made = agent.post("/v1/contacts", new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.text("id");
    assert_eq!(made.text("name"), "Jane Doe");
    assert_eq!(texts(&made.body["identities"], "address"), ["Jane@example.com", "+15550100123"]);
    assert_eq!(made.body["attributes"], json!({ "company": "Acme", "orders": 12, "vip": true }));
    assert_eq!((made.text("time_zone"), made.text("locale")), ("Europe/Berlin", "de-AT"));
    assert_eq!(made.body["owner"]["id"], me, "{}", made.body);

    let path = format!("/v1/contacts/{id}");
    let changed = agent
        .patch(
            &path,
            json!({ "attributes": { "vip": null, "plan": "gold" }, "owner_id": null, "locale": null }),
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["attributes"], json!({ "company": "Acme", "orders": 12, "plan": "gold" }));
    assert_eq!((&changed.body["owner"], &changed.body["locale"]), (&Value::Null, &Value::Null));
    assert_eq!(changed.text("name"), "Jane Doe");
    let all = json!([email("jane@example.com"), { "channel": "sms", "address": "+15550100123" }]);
    let bare = agent.patch(&path, json!({ "remove_identities": all })).await;
    assert_eq!(bare.body["identities"], json!([]), "the last address may go");
    let events = app.key().get("/v1/events?limit=200").await;
    let told: Vec<&str> =
        texts(&events.body["data"], "type").into_iter().filter(|t| t.starts_with("contact.")).collect();
    assert_eq!(told, ["contact.created", "contact.updated", "contact.updated"]);
});

story!(what_is_wrong_is_said_at_its_place, async |app| {
    let wrong = json!({
        "name": "two\nlines",
        "identities": [email("jane"), { "channel": "sms", "address": "555" }],
        "attributes": { "Company": "x", "list": [1] },
        "time_zone": "Mars/Olympus",
        "locale": "?",
        "owner_id": "somebody",
    });
    let refused = app.key().post("/v1/contacts", wrong).await;
    assert_eq!(
        refused.summary(),
        "422 invalid_request /name /attributes/Company /attributes/list /owner_id /time_zone /locale \
         /identities/0/address /identities/1/address"
    );
    assert_eq!(app.key().post("/v1/contacts", json!({})).await.summary(), "422 invalid_request ");
    let jane = add(&app, json!({ "name": "Jane", "identities": [email("jane@example.com")] })).await;
    let taken = app.key().post("/v1/contacts", json!({ "identities": [email("JANE@example.com")] })).await;
    assert_eq!(taken.summary(), "409 identity_taken");
    let id = jane["id"].as_str().unwrap();
    assert!(taken.text("detail").contains(&format!("Jane ({id})")), "{}", taken.body);
    let many: serde_json::Map<String, Value> = (0..101).map(|n| (format!("k{n}"), json!(n))).collect();
    let path = format!("/v1/contacts/{id}");
    assert_eq!(
        app.key().patch(&path, json!({ "attributes": many })).await.summary(),
        "422 invalid_request /attributes"
    );
    assert_eq!(
        app.key().patch(&path, json!({ "owner_id": "usr_01h455vb4pex5vsknk084sn02q" })).await.summary(),
        "422 invalid_request /owner_id"
    );
    let viewer = app.person(Role::Viewer).await;
    assert_eq!(viewer.patch(&path, json!({ "name": "x" })).await.summary(), "403 forbidden");
    assert_eq!(viewer.get(&path).await.status, 200);
});

story!(contacts_are_found_by_whatever_is_known_of_them, async |app| {
    let agent = app.person(Role::Agent).await;
    for (name, address, company) in [
        ("Jane Doe", "jane@acme.example.com", "Acme"),
        ("Joe O'Brien", "joe@example.com", "Other"),
        ("Ann Janssen", "ann@example.com", "ACME"),
        ("", "zoe@janet.example.com", "Third"),
        ("Müller", "m@example.com", "Acme Ltd"),
    ] {
        let new =
            json!({ "name": name, "identities": [email(address)], "attributes": { "company": company } });
        add(&app, new).await;
        app.clock.advance(MINUTE);
    }
    let phone = json!({ "name": "Phone", "identities": [{ "channel": "sms", "address": "+4930123456" }] });
    add(&app, phone).await;
    let key = app.key();
    for (query, found) in [
        ("q=jan", vec!["", "Ann Janssen", "Jane Doe"]),
        ("q=doe%20JAN", vec!["Jane Doe"]),
        ("q=o%27brien", vec!["Joe O'Brien"]),
        ("q=brien", vec!["Joe O'Brien"]),
        ("q=acme", vec!["Jane Doe"]),
        ("q=m%C3%BCll", vec!["Müller"]),
        ("q=%2B49%2030%2012", vec!["Phone"]),
        ("q=ane", vec![]),
        ("q=jan&sort=name", vec!["Ann Janssen", "Jane Doe", ""]),
        ("sort=name", vec!["Ann Janssen", "Jane Doe", "Joe O'Brien", "Müller", "Phone", ""]),
        ("", vec!["Phone", "Müller", "", "Ann Janssen", "Joe O'Brien", "Jane Doe"]),
        ("attribute=company:acme", vec!["Ann Janssen", "Jane Doe"]),
        ("attribute=company:acme&q=ann", vec!["Ann Janssen"]),
        ("channel=sms", vec!["Phone"]),
        ("channel=whatsapp", vec![]),
    ] {
        assert_eq!(names(&key, query).await, found, "{query}");
    }
    let jane = key.get("/v1/contacts?q=doe").await.rows()[0]["id"].clone();
    let path = format!("/v1/contacts/{}", jane.as_str().unwrap());
    assert_eq!(agent.patch(&path, json!({ "owner_id": "me", "name": "Jane Roe" })).await.status, 200);
    assert_eq!(names(&agent, "owner=me").await, ["Jane Roe"]);
    assert_eq!(names(&agent, "owner=me&channel=sms").await, Vec::<String>::new());
    assert_eq!(names(&agent, "owner=none").await.len(), 5);
    assert_eq!(names(&agent, "q=doe").await, Vec::<String>::new(), "the old name finds nobody");
    let before = app.clock.now().to_string();
    app.clock.advance(MINUTE);
    receive(&app, mail("joe@example.com", "Hello", "hello@example.com", &[], "Hi")).await;
    assert_eq!(names(&key, &format!("seen_after={before}")).await, ["Joe O'Brien"]);
    assert_eq!(names(&key, &format!("seen_before={before}")).await, Vec::<String>::new());
    for (wrong, place) in [("attribute=x", "/attribute"), ("owner=me", "/owner"), ("sort=age", "/sort")] {
        let refused = key.get(&format!("/v1/contacts?{wrong}")).await;
        assert_eq!(refused.summary(), format!("422 invalid_request {place}"), "{wrong}");
    }
    let by_name = key.get("/v1/contacts?limit=1&sort=name").await;
    let cursor = by_name.text("next_cursor");
    let other_order = key.get(&format!("/v1/contacts?cursor={cursor}")).await;
    assert_eq!(other_order.summary(), "422 invalid_request /cursor");
});

story!(a_contact_has_one_line_of_time, async |app| {
    let (_server, _) = app.mail_server().await;
    let agent = app.person(Role::Agent).await;
    let first = receive(&app, mail("jane@example.com", "One", "one@example.com", &[], "First")).await;
    app.clock.advance(HOUR);
    receive(&app, mail("jane@example.com", "Two", "two@example.com", &[], "Second")).await;
    receive(&app, mail("joe@example.com", "Other", "three@example.com", &[], "Not hers")).await;
    app.clock.advance(HOUR);
    let conversation = first["conversation_id"].as_str().unwrap();
    let path = format!("/v1/conversations/{conversation}");
    assert_eq!(agent.patch(&path, json!({ "priority": "high" })).await.status, 200);
    app.clock.advance(HOUR);
    let reply = json!({ "conversation_id": conversation, "text": "An answer" });
    assert_eq!(agent.post("/v1/messages", reply).await.status, 202);
    let jane = agent.get("/v1/contacts?q=jane").await.rows()[0]["id"].as_str().unwrap().to_owned();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = agent.get(&format!("/v1/contacts/{jane}/timeline?limit=2&cursor={cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for row in page.rows() {
            let what = row["message"]["text"].as_str().or(row["activity"]["kind"].as_str()).unwrap();
            seen.push(format!(
                "{}: {}: {}",
                row["subject"].as_str().unwrap(),
                row["type"].as_str().unwrap(),
                what.trim()
            ));
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(
        seen,
        ["One: message: An answer", "One: activity: priority", "Two: message: Second", "One: message: First",]
    );
    let conversations = agent.get(&format!("/v1/contacts/{jane}/conversations")).await;
    assert_eq!(texts(&conversations.body["data"], "subject"), ["One", "Two"]);
});

story!(who_may_be_the_same_is_suggested_with_the_reason, async |app| {
    for (name, addresses) in [
        ("Jane Doe", vec!["jane@acme.example.com"]),
        ("", vec!["jane+shop@acme.example.com"]),
        ("jane doe", vec!["other@acme.example.com"]),
        ("JANE DOE", vec!["x@example.com"]),
        ("Jay", vec!["jane@example.org"]),
        ("Somebody", vec!["joe@acme.example.com"]),
        ("Office", vec!["info@acme.example.com"]),
        ("Another office", vec!["info@example.org"]),
    ] {
        let identities: Vec<Value> = addresses.into_iter().map(email).collect();
        add(&app, json!({ "name": name, "identities": identities })).await;
    }
    let duplicates = async |q: &str| {
        let id = app.key().get(&format!("/v1/contacts?q={q}")).await.rows()[0]["id"].clone();
        let reply = app.key().get(&format!("/v1/contacts/{}/duplicates", id.as_str().unwrap())).await;
        let rows = reply.rows().iter();
        let shown = |row: &Value| {
            let name = row["contact"]["name"].as_str().unwrap();
            format!("{name}: {}", row["reason"].as_str().unwrap())
        };
        rows.map(shown).collect::<Vec<_>>()
    };
    assert_eq!(
        duplicates("jane@acme").await,
        [
            ": Their addresses are jane@acme.example.com but for what stands behind a plus.",
            "jane doe: Both are called Jane Doe and write from acme.example.com.",
            "JANE DOE: Both are called Jane Doe.",
            "Jay: Both have an address that begins with jane@.",
        ]
    );
    assert_eq!(duplicates("info@acme").await, Vec::<String>::new());
});
