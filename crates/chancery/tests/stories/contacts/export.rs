//! Contacts go out as files, and what went out comes in again as it was.

use domain::access::Role;
use http::Method;
use serde_json::{Value, json};
use testkit::TestApp;

use super::{add, email};
use crate::scene::*;

async fn file(app: &TestApp, query: &str) -> String {
    let reply = app.key().get(&format!("/v1/contacts/export?{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    String::from_utf8(reply.bytes).unwrap()
}

async fn people(app: &TestApp) {
    let odd = json!({
        "name": "=cmd|' /C calc'!A0",
        "identities": [email("odd@example.com"), { "channel": "sms", "address": "+15550100123" }],
        "attributes": { "note": "a, \"b\"\nc;", "minus": -5, "vip": true, "plain": "@x" },
        "time_zone": "Europe/Berlin",
        "locale": "de-AT",
    });
    add(app, odd).await;
    add(
        app,
        json!({ "name": "Jane Doe", "identities": [email("jane@example.com"), email("j@example.com")] }),
    )
    .await;
    add(app, json!({ "name": "", "identities": [email("zoe@example.com")], "attributes": { "company": "Acme, Inc." } })).await;
}

story!(no_cell_of_an_export_is_a_formula, async |app| {
    people(&app).await;
    let text = file(&app, "format=csv").await;
    assert!(text.starts_with("\u{feff}id,name,email,phone,"), "{text}");
    assert!(text.contains(",'=cmd|' /C calc'!A0,odd@example.com,'+15550100123,"), "{text}");
    assert!(text.contains(",'-5,") && text.contains(",'@x,"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("con_")).count(), 3);
    let some = file(&app, "format=csv&q=jane").await;
    assert_eq!(some.lines().count(), 2, "{some}");
    let refused = app.key().get("/v1/contacts/export?attribute=x").await;
    assert_eq!(refused.summary(), "422 invalid_request /attribute");
});

story!(what_went_out_comes_in_unchanged, async |app| {
    people(&app).await;
    for format in ["csv", "vcard"] {
        let before = app.key().get("/v1/contacts").await.body;
        let bytes = file(&app, &format!("format={format}")).await.into_bytes();
        let made = app.key().send(Method::POST, "/v1/uploads?filename=x", Some("text/plain"), bytes).await;
        let request = json!({ "upload_id": made.text("id") });
        let begun = app.key().post(&format!("/v1/contact-imports?format={format}"), request).await;
        let path = format!("/v1/contact-imports/{}", begun.text("id"));
        app.wait_until("the import has ended", async || app.key().get(&path).await.text("state") == "done")
            .await;
        let done = app.key().get(&path).await.body;
        // Whoever has no name is called by the address on a card, which has to have one.
        let renamed = i64::from(format == "vcard");
        assert_eq!((&done["unchanged"], &done["updated"]), (&json!(3 - renamed), &json!(renamed)), "{done}");
        if format == "csv" {
            assert_eq!(app.key().get("/v1/contacts").await.body, before);
        }
    }
});

story!(everything_about_a_person_is_one_document, async |app| {
    let (_server, _) = app.mail_server().await;
    let agent = app.person(Role::Agent).await;
    let letter =
        receive(&app, mail("jane@example.com", "Invoice", "one@example.com", &[], "Where is it?")).await;
    receive(&app, mail("joe@example.com", "Private", "two@example.com", &[], "Not hers")).await;
    let id = letter["conversation_id"].clone();
    let note = agent
        .post(&format!("/v1/conversations/{}/notes", id.as_str().unwrap()), json!({ "text": "Called her" }))
        .await;
    assert_eq!(note.status, 201, "{}", note.body);
    let reply = json!({ "conversation_id": id, "text": "It is on its way." });
    assert_eq!(agent.post("/v1/messages", reply).await.status, 202);
    let jane = app.key().get("/v1/contacts?q=jane").await.rows()[0]["id"].clone();
    let old = add(&app, json!({ "name": "Old Jane", "identities": [email("old@example.com")] })).await["id"]
        .clone();
    let path = format!("/v1/contacts/{}/merge", old.as_str().unwrap());
    assert_eq!(app.key().post(&path, json!({ "into": jane })).await.status, 200);
    let document = app.key().get(&format!("/v1/contacts/{}/export", jane.as_str().unwrap())).await;
    let body = &document.body;
    assert_eq!(body["contact"]["id"], jane);
    assert_eq!(texts(&body["merged_contacts"], "name"), ["Old Jane"]);
    let conversations = body["conversations"].as_array().unwrap();
    assert_eq!(conversations.len(), 1, "{body}");
    let said: Vec<&str> = conversations[0]["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item: &Value| item["message"]["text"].as_str().or(item["note"]["text"].as_str()))
        .map(str::trim)
        .collect();
    assert_eq!(said, ["Where is it?", "Called her", "It is on its way."]);
    assert!(!String::from_utf8_lossy(&document.bytes).contains("Not hers"));
    let narrow = app.key_with(&["contacts:read"]).await;
    let path = format!("/v1/contacts/{}/export", jane.as_str().unwrap());
    assert_eq!(narrow.get(&path).await.summary(), "403 forbidden");
});
