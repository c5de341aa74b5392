//! What the API answers when it was asked something wrong or odd: where the fault is, and what belongs there.

use domain::access::Role;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::scene::*;

/// What the message says it answers, as its recipient reads it.
async fn answered_id(app: &TestApp, message: &str) -> String {
    let raw = app.key().get(&format!("/v1/messages/{message}/raw")).await.bytes;
    let raw = String::from_utf8(raw).unwrap();
    let line = raw.lines().find_map(|line| line.strip_prefix("In-Reply-To: "));
    line.unwrap_or_default().trim_matches(['<', '>']).to_owned()
}

/// The first fault of a refusal.
fn fault(body: &Value) -> (&str, &str) {
    let fault = &body["errors"][0];
    (fault["pointer"].as_str().unwrap(), fault["detail"].as_str().unwrap())
}

story!(a_wrong_value_is_told_by_its_field_and_what_belongs_there, async |app| {
    let key = app.key();
    for (field, value, expected) in [
        ("to", json!(5), "expected an address such as jane@example.com, or a list of such texts"),
        ("cc", json!([7]), "expected an address such as jane@example.com, or a list of such texts"),
        ("priority", json!("fast"), "expected `normal` or `bulk`, not `fast`"),
    ] {
        let mut letter = letter("jane@example.com");
        letter[field] = value;
        let refused = key.post("/v1/messages", letter).await;
        assert_eq!(refused.summary(), format!("422 invalid_request /{field}"));
        assert_eq!(fault(&refused.body).1, expected);
    }
    for (path, pointer, expected) in [
        ("/v1/messages?limit=many", "/limit", "expected a whole number"),
        ("/v1/messages?state=lost", "/state", "expected one of `draft`"),
        ("/v1/suppressions/check", "/address", "expected a value; this field is required"),
    ] {
        let refused = key.get(path).await;
        assert_eq!(refused.summary(), format!("422 invalid_request {pointer}"), "{path}");
        assert!(fault(&refused.body).1.starts_with(expected), "{path}: {}", refused.body);
    }
});

story!(a_list_is_not_taken_for_an_object, async |app| {
    let key = app.key();
    for body in [json!([]), json!([null, null]), json!(["email", "jane@example.com"])] {
        let refused = key.patch("/v1/settings", body.clone()).await;
        assert_eq!(refused.summary(), "422 invalid_request ", "{body}");
        assert_eq!(fault(&refused.body).1, "expected an object, not a list");
        let refused = key.post("/v1/messages", body).await;
        assert_eq!(refused.status, 422);
    }
});

story!(an_answer_names_only_what_can_have_arrived, async |app| {
    let (_server, _) = app.mail_server().await;
    let sam = app.person(Role::Agent).await;
    let question = receive(&app, mail("jane@example.com", "Hours", "hours@example.com", &[], "Open?")).await;
    let conversation = question["conversation_id"].clone();
    let answer = |text: &str| json!({ "conversation_id": conversation, "text": text });
    let mut held = answer("Oops");
    held["delay_seconds"] = json!(10);
    let held = sam.post("/v1/messages", held).await;
    assert_eq!(held.summary(), "202 scheduled", "{}", held.body);
    let back = sam.post(&format!("/v1/messages/{}/cancellation", held.text("id")), json!({})).await;
    assert_eq!(back.status, 200, "{}", back.body);
    let mut later = answer("Did that help?");
    later["send_at"] = json!("2030-01-01T09:00:00Z");
    assert_eq!(sam.post("/v1/messages", later).await.summary(), "202 scheduled");
    let sent = sam.post("/v1/messages", answer("From nine to five.")).await;
    becomes(&app, sent.text("id"), "sent").await;
    assert_eq!(answered_id(&app, sent.text("id")).await, "hours@example.com");
    let more = sam.post("/v1/messages", answer("And on Saturdays.")).await;
    let more = becomes(&app, more.text("id"), "sent").await;
    let first = message(&app, sent.text("id")).await;
    assert_eq!(answered_id(&app, more["id"].as_str().unwrap()).await, first["rfc_message_id"]);
});

story!(a_file_leaves_without_its_path, async |app| {
    let (_server, _) = app.mail_server().await;
    let mut letter = letter("jane@example.com");
    letter["attachments"] = json!([
        { "filename": "../../etc/passwd", "content_base64": "aGk=" },
        { "filename": "invoice\u{202e}fdp.exe", "content_base64": "aGk=" },
    ]);
    let id = send(&app, letter).await;
    let sent = becomes(&app, &id, "sent").await;
    assert_eq!(texts(&sent["attachments"], "filename"), ["passwd", "invoicefdp.exe"]);
});

story!(a_domain_is_the_same_in_both_spellings, async |app| {
    let (server, _) = app.mail_server().await;
    let route = app.key().post("/v1/inbound-routes", json!({ "address": "Hallo@Bücher.example" })).await;
    assert_eq!(route.text("address"), "hallo@xn--bcher-kva.example", "{}", route.body);
    let again =
        app.key().post("/v1/inbound-routes", json!({ "address": "hallo@xn--bcher-kva.example" })).await;
    assert_eq!(again.summary(), "409 route_taken");
    let known =
        json!({ "name": "Jörg", "identities": [{ "channel": "email", "address": "joerg@straße.example" }] });
    let known = app.key().post("/v1/contacts", known).await;
    assert_eq!(known.status, 201, "{}", known.body);
    let wrote = receive(&app, mail("joerg@xn--strae-oqa.example", "Hi", "hi@x.example", &[], "Hi")).await;
    assert_eq!(conversation(&app, &wrote["conversation_id"]).await["contact"]["id"], known.body["id"]);
    // A server without SMTPUTF8 takes it too.
    let id = send(&app, letter("joerg@straße.example")).await;
    becomes(&app, &id, "sent").await;
    assert_eq!(server.count(), 1);
});

story!(what_the_document_says_of_refusals_and_limits_is_true, async |app| {
    let document = app.key().get("/openapi.json").await.body;
    let problem = &document["components"]["schemas"]["Problem"];
    assert!(!problem["required"].as_array().unwrap().contains(&json!("errors")), "{problem}");
    let refused = app.key().get("/v1/messages/msg_01h455vb4pex5vsknk084sn02q").await;
    for field in problem["required"].as_array().unwrap() {
        assert!(refused.body.get(field.as_str().unwrap()).is_some(), "{field}: {}", refused.body);
    }
    let parameters = document["paths"]["/v1/messages"]["get"]["parameters"].as_array().unwrap();
    let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!(
        (&limit["schema"]["minimum"], &limit["schema"]["maximum"]),
        (&json!(1), &json!(200)),
        "{limit}"
    );
    let export = &document["paths"]["/v1/contacts/export"]["get"]["responses"]["200"]["content"];
    assert!(export.get("text/csv").is_some() && export.get("text/vcard").is_some(), "{export}");
});
