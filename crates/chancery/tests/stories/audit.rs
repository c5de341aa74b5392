//! The audit log: every change has its entry, and whoever touches an entry afterwards is found out.

use domain::ids::TenantId;
use serde_json::json;
use testkit::TestApp;

use crate::scene::*;

/// Several changes by a key.
async fn change_things(app: &TestApp) {
    let (_server, account) = app.mail_server().await;
    let key = app.key().post("/v1/api-keys", json!({ "name": "till", "scopes": ["messages:write"] })).await;
    assert_eq!(app.key().delete(&format!("/v1/api-keys/{}", key.text("id"))).await.status, 204);
    let path = format!("/v1/channel-accounts/{account}");
    assert_eq!(app.key().patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    let route = app.key().post("/v1/inbound-routes", json!({ "address": "@company.example.com" })).await;
    assert_eq!(app.key().delete(&format!("/v1/inbound-routes/{}", route.text("id"))).await.status, 204);
    let asked = receive(app, mail("jane@example.com", "Hello", "hello@example.com", &[], "Hi")).await;
    let path = format!("/v1/conversations/{}", asked["conversation_id"].as_str().unwrap());
    assert_eq!(app.key().patch(&path, json!({ "state": "resolved" })).await.status, 200);
    assert_eq!(app.key().delete(&format!("/v1/channel-accounts/{account}")).await.status, 204);
}

async fn tamper(app: &TestApp, sql: &'static str) {
    let done =
        app.engine().store().write(TenantId(1), move |tx| tx.execute(sql, &store::args![TenantId(1)])).await;
    assert_eq!(done.map_err(|error: store::Error| error.to_string()), Ok(1));
}

story!(every_change_has_its_entry, async |app| {
    change_things(&app).await;
    let log = app.key().get("/v1/audit?limit=200").await;
    let actions: Vec<&str> = log.rows().iter().map(|row| row["action"].as_str().unwrap()).collect();
    for action in [
        "api_key.created",
        "api_key.revoked",
        "channel_account.created",
        "channel_account.changed",
        "channel_account.deleted",
        "inbound_route.created",
        "inbound_route.deleted",
        "conversation.changed",
    ] {
        assert!(actions.contains(&action), "{action} in {actions:?}");
    }
    let newest = &log.rows()[0];
    assert_eq!(
        (&newest["action"], &newest["actor"]["kind"], &newest["actor"]["name"]),
        (&json!("channel_account.deleted"), &json!("key"), &json!("test"))
    );
    let text = log.body.to_string();
    assert!(!text.contains("correct horse battery") && !text.contains("ck_"), "no secrets");
    let verified = app.key().get("/v1/audit/verification").await.body;
    assert_eq!(
        (&verified["ok"], &verified["entries"], &verified["head"]),
        (&json!(true), &newest["seq"], &newest["hash"])
    );
});

story!(a_changed_entry_is_found, async |app| {
    change_things(&app).await;
    tamper(
        &app,
        "UPDATE audit_entries SET detail = '{\"name\":\"innocent\"}' WHERE tenant_id = $1 AND seq = 3",
    )
    .await;
    let verified = app.key().get("/v1/audit/verification").await.body;
    assert_eq!((&verified["ok"], &verified["broken_at"]), (&json!(false), &json!(3)), "{verified}");
    assert!(!verified["explanation"].as_str().unwrap().is_empty());
});

story!(a_missing_entry_is_found, async |app| {
    change_things(&app).await;
    tamper(&app, "DELETE FROM audit_entries WHERE tenant_id = $1 AND seq = 4").await;
    let verified = app.key().get("/v1/audit/verification").await.body;
    assert_eq!((&verified["ok"], &verified["broken_at"]), (&json!(false), &json!(4)), "{verified}");
});

story!(another_actor_is_found, async |app| {
    change_things(&app).await;
    tamper(&app, "UPDATE audit_entries SET actor_id = 'usr_00000000000000000000000000' WHERE tenant_id = $1 AND seq = 5").await;
    assert_eq!(app.key().get("/v1/audit/verification").await.body["broken_at"], 5);
});
