//! A real Postfix hands mail over by LMTP, and reports there what it could not deliver.

use domain::address::EmailAddress;
use net::smtp::client::{Envelope, Pool, Security, SmtpConfig, Timeouts};
use serde_json::{Value, json};
use testkit::TestApp;
use testkit::counterparts::Postfix;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::scene::{becomes, letter, mail, send};

/// A Postfix that hands everything to the app, which takes mail for `support@company.example.com` and no other.
async fn postfix(app: &TestApp, name: &str) -> Option<(Postfix, JoinSet<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (engine, mut task) = (app.engine().clone(), JoinSet::new());
    task.spawn(async move { engine.serve_lmtp(listener).await });
    let route = json!({ "address": "support@company.example.com" });
    assert_eq!(app.key().post("/v1/inbound-routes", route).await.status, 201);
    let postfix = Postfix::start_over_lmtp(name, port).await?;
    Some((postfix, task))
}

/// Gives a mail to Postfix, as the outside does.
async fn submit(postfix: &Postfix, to: &[&str], raw: &str) {
    let config = SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port: postfix.port,
        security: Security::None,
        credentials: None,
        hello_name: "client.example.com".to_owned(),
        timeouts: Timeouts::default(),
        root_ca_pem: None,
    };
    let from: EmailAddress = "jane@example.com".parse().unwrap();
    let to: Vec<EmailAddress> = to.iter().map(|to| to.parse().unwrap()).collect();
    let to: Vec<&EmailAddress> = to.iter().collect();
    let outcome =
        Pool::new(config, 1).send(Envelope { from: Some(&from), to: &to, id: None }, raw.as_bytes()).await;
    assert_eq!(outcome.class().to_string(), "sent", "{outcome:?}");
}

async fn journal(app: &TestApp) -> Vec<Value> {
    app.key().get("/v1/journal?source=lmtp&limit=100").await.rows().to_vec()
}

async fn raw(app: &TestApp, entry: &Value) -> String {
    let reply = app.key().get(&format!("/v1/journal/{}/raw", entry["id"].as_str().unwrap())).await;
    String::from_utf8_lossy(&reply.bytes).into_owned()
}

story!(postfix_delivers_by_lmtp, async |app| {
    let Some((postfix, _task)) = postfix(&app, "lmtp").await else { return };
    let letter = mail("Jane <jane@example.com>", "Hello", "lmtp@example.com", &[], "..dots\r\n.\r\nand more");
    submit(&postfix, &["support@company.example.com", "support+tag@company.example.com"], &letter).await;
    app.wait_until("the mail is there", async || !journal(&app).await.is_empty()).await;
    let entries = journal(&app).await;
    assert_eq!(entries.len(), 1, "one mail for two recipients of one business is one mail");
    let context = &entries[0]["context"];
    assert_eq!(context["envelope_from"], "jane@example.com");
    assert_eq!(context["envelope_to"].as_array().unwrap().len(), 2);
    let kept = raw(&app, &entries[0]).await;
    assert!(kept.starts_with("Received: from relay.example.net ([127.0.0.1])"), "{kept}");
    let prepended = usize::try_from(context["prepended_bytes"].as_u64().unwrap()).unwrap();
    assert!(kept[prepended..].starts_with("Received: from client.example.com"), "{kept}");
    assert!(kept.ends_with(&letter));
    let found =
        async || app.key().get("/v1/messages?rfc_message_id=lmtp@example.com").await.rows().len() == 1;
    app.wait_until("it is filed", found).await;
});

story!(a_refused_recipient_comes_back_as_a_report, async |app| {
    let Some((postfix, _task)) = postfix(&app, "dsn").await else { return };
    let account = json!({
        "name": "Postfix",
        "provider": "smtp",
        "settings": {
            "host": "127.0.0.1",
            "port": postfix.port,
            "security": "none",
            "from": "Support <support@company.example.com>",
        },
    });
    assert_eq!(app.key().post("/v1/channel-accounts", account).await.status, 201);
    // Postfix hands everything to the app, and the app takes mail for nobody at this address.
    let id = send(&app, letter("nobody@elsewhere.example.net")).await;
    app.wait_until("the report is there", async || !journal(&app).await.is_empty()).await;
    let report = journal(&app).await[0].clone();
    assert_eq!(report["context"]["envelope_from"], Value::Null);
    let kept = raw(&app, &report).await;
    assert!(kept.contains("Content-Type: message/delivery-status"), "{kept}");
    assert!(kept.contains("Final-Recipient: rfc822; nobody@elsewhere.example.net"), "{kept}");
    assert!(kept.contains("Status: 5.1.1"), "{kept}");
    becomes(&app, &id, "bounced").await;
});
