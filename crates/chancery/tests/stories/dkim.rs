//! DKIM: keys that never show, signatures that third parties can check, and keys that follow each other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::scene::*;

async fn signing(app: &TestApp, algorithms: Value) -> (testkit::sim::smtp::Server, String) {
    let (server, id) = app.mail_server().await;
    let new = json!({ "domain": "company.example.com", "selector": "s1", "algorithms": algorithms });
    let made = app.key().post(&format!("/v1/channel-accounts/{id}/dkim"), new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    (server, id)
}

async fn records(app: &TestApp, id: &str) -> Value {
    let shown = app.key().get(&format!("/v1/channel-accounts/{id}/dkim")).await;
    let records = shown.body["records"].as_array().unwrap().iter();
    records.map(|record| (record["name"].as_str().unwrap().to_owned(), record["value"].clone())).collect()
}

fn signatures(mail: &[u8]) -> usize {
    String::from_utf8_lossy(mail).matches("DKIM-Signature:").count()
}

/// Every kind of mail that trips signatures, really sent; the check of `cargo xtask test --only sdk` reads them.
async fn sends_every_kind(app: &TestApp, server: &testkit::sim::smtp::Server, id: &str, name: &str) {
    let mut letters = vec![
        json!({ "subject": "Your order", "text": "It is on its way." }),
        json!({ "subject": "Grüße aus Köln 🎉", "text": "Äpfel\n\n\n" }),
        json!({ "subject": "No words", "attachments": [
            { "filename": "empty.txt", "content_type": "text/plain", "content_base64": "" },
        ] }),
        json!({ "subject": "Trailing", "text": "a  b \t \n\n \n\n\n" }),
        json!({ "subject": "Long", "text": "long ".repeat(2_000), "html": format!("<p>{}</p>", "x".repeat(3_000)) }),
        json!({ "subject": "File", "text": "See the file.", "attachments": [
            { "filename": "übersicht.bin", "content_type": "application/octet-stream", "content_base64": STANDARD.encode([7_u8; 5_000]) },
        ] }),
        json!({ "subject": "A subject that is so long that it has to be folded over several lines of the header, as some are",
                "text": "Hi", "headers": { "List-Unsubscribe": "<https://example.com/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" } }),
    ];
    for letter in &mut letters {
        letter["to"] = json!("Jäne Dœ <jane@example.com>");
        letter["account"] = json!(id);
        let sent = app.key().post("/v1/messages", letter.clone()).await;
        assert_eq!(sent.status, 202, "{} {letter}", sent.body);
        becomes(app, sent.text("id"), "sent").await;
    }
    let records = records(app, id).await;
    assert_eq!(server.taken().len(), letters.len());
    for (number, taken) in server.taken().iter().enumerate() {
        assert_eq!(signatures(&taken.bytes), records.as_object().unwrap().len());
        let sample = json!({ "mail": STANDARD.encode(&taken.bytes), "records": records });
        testkit::sdk::give("dkim", &format!("{name}-{number}"), &sample);
    }
}

story!(sdk_mail_is_signed_with_both_kinds_of_keys, async |app| {
    let (server, id) = signing(&app, json!(["rsa", "ed25519"])).await;
    sends_every_kind(&app, &server, &id, "both").await;
});

story!(sdk_mail_is_signed_with_ed25519, async |app| {
    let (server, id) = signing(&app, json!(["ed25519"])).await;
    sends_every_kind(&app, &server, &id, "ed25519").await;
});

story!(a_second_attempt_has_the_same_signature, async |app| {
    use testkit::sim::smtp::{At, Fault};
    let (server, _) = signing(&app, json!(["rsa"])).await;
    server.faults().plan(At::Dot, Fault::TakeAndDrop, 1);
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "unknown").await;
    let again =
        app.key().post(&format!("/v1/messages/{id}/resolution"), json!({ "decision": "send_again" })).await;
    assert!(again.status < 300, "{} {}", again.status, again.body);
    becomes(&app, &id, "sent").await;
    let taken = server.taken();
    assert_eq!((taken.len(), &taken[0].bytes), (2, &taken[1].bytes));
});

story!(a_key_never_shows, async |app| {
    let (_server, id) = signing(&app, json!(["rsa", "ed25519"])).await;
    let account = app.key().get(&format!("/v1/channel-accounts/{id}")).await;
    assert_eq!(account.body["secrets_set"], json!(["dkim_private_keys"]));
    assert_eq!(account.body["settings"]["dkim_selectors"], "s1,s1-ed25519");
    let shown = app.key().get(&format!("/v1/channel-accounts/{id}/dkim")).await;
    let audit = app.key().get("/v1/audit").await;
    for reply in [&account, &shown, &audit] {
        assert!(!String::from_utf8_lossy(&reply.bytes).contains("PRIVATE"), "{}", reply.body);
    }
    let record = &shown.body["records"][0];
    assert_eq!(
        (&record["type"], &record["name"]),
        (&json!("TXT"), &json!("s1._domainkey.company.example.com"))
    );
    let strings = record["strings"].as_array().unwrap();
    assert_eq!(strings.len(), 2, "an RSA key is longer than one string");
    assert!(
        record["zone"]
            .as_str()
            .unwrap()
            .starts_with("s1._domainkey.company.example.com. IN TXT ( \"v=DKIM1; k=rsa; p=")
    );
    let reader = app.key_with(&["channels:read"]).await;
    assert_eq!(reader.get(&format!("/v1/channel-accounts/{id}/dkim")).await.status, 200);
    let new = json!({ "domain": "company.example.com", "selector": "s9" });
    assert_eq!(reader.post(&format!("/v1/channel-accounts/{id}/dkim"), new).await.status, 403);
});

story!(keys_follow_each_other, async |app| {
    let (server, id) = signing(&app, json!(["ed25519"])).await;
    let path = format!("/v1/channel-accounts/{id}/dkim");
    let again = json!({ "domain": "company.example.com", "selector": "S1", "algorithms": ["ed25519"] });
    assert_eq!(app.key().post(&path, again).await.summary(), "422 invalid_request /selector");
    let elsewhere = json!({ "domain": "example.com", "selector": "s2", "algorithms": ["ed25519"] });
    assert_eq!(app.key().post(&path, elsewhere).await.summary(), "422 invalid_request /domain");
    let wrong = json!({ "domain": "nowhere", "selector": "a b", "algorithms": ["ed25519"] });
    assert_eq!(app.key().post(&path, wrong).await.summary(), "422 invalid_request /domain /selector");
    let next = json!({ "domain": "company.example.com", "selector": "s2", "algorithms": ["ed25519"] });
    let both = app.key().post(&path, next).await;
    assert_eq!((both.status, both.body["records"].as_array().unwrap().len()), (201, 2), "{}", both.body);
    let first = send(&app, letter("jane@example.com")).await;
    becomes(&app, &first, "sent").await;
    let left = app.key().delete(&format!("{path}/s1")).await;
    assert_eq!((left.status, &left.body["records"][0]["selector"]), (200, &json!("s2")), "{}", left.body);
    assert_eq!(left.body["records"][0]["value"], both.body["records"][1]["value"], "the right one was kept");
    assert_eq!(app.key().delete(&format!("{path}/s1")).await.summary(), "404 not_found");
    let second = send(&app, letter("jane@example.com")).await;
    becomes(&app, &second, "sent").await;
    assert_eq!(app.key().delete(&format!("{path}/s2")).await.body["domain"], Value::Null);
    let third = send(&app, letter("jane@example.com")).await;
    becomes(&app, &third, "sent").await;
    let counts: Vec<usize> = server.taken().iter().map(|taken| signatures(&taken.bytes)).collect();
    assert_eq!(counts, [2, 1, 0]);
});

story!(providers_that_sign_themselves_need_no_keys, async |app| {
    let (_provider, account) = app.smtp2go().await;
    let path = format!("/v1/channel-accounts/{}/dkim", account["id"].as_str().unwrap());
    let new = json!({ "domain": "company.example.com", "selector": "s1" });
    assert_eq!(app.key().post(&path, new).await.summary(), "409 conflict");
    assert_eq!(app.key().get(&path).await.body["records"], json!([]));
});
