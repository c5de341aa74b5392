//! Stories of people and programs at the door, over HTTP.

use super::house::House;
use axum::http::{Method, StatusCode};
use serde_json::json;

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

#[tokio::test]
async fn nobody_is_let_in_without_a_key_or_a_session() {
    let house = House::with_owner().await;
    for headers in [
        vec![],
        vec![("authorization", "Bearer ck_0123456789012345678901234567890123456789")],
        vec![("authorization", "Basic b2xnYQ==")],
        vec![("cookie", "chancery_session=guess")],
    ] {
        let reply = house.get("/v1/me", &headers).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.json()["code"], "unauthenticated");
        assert_eq!(reply.json()["type"], "/docs/problems#unauthenticated");
    }
}

#[tokio::test]
async fn a_key_learns_who_it_is_and_what_it_may_do() {
    let house = House::with_owner().await;
    let key = bearer(&house.key(&["messages:write", "audit:read"]).await);
    let me = house.get("/v1/me", &[("authorization", &key)]).await.json();
    assert_eq!(me["user"], json!(null));
    assert_eq!(me["key"]["name"], "program");
    assert_eq!(me["tenant"]["name"], "Example Ltd");
    assert_eq!(me["permissions"], json!(["messages:write", "audit:read"]));
    assert_eq!(me["csrf_token"], json!(null));
    let refused = house.get("/v1/users", &[("authorization", &key)]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.json()["detail"], "this needs the permission users:read");
}

#[tokio::test]
async fn the_first_owner_comes_by_the_printed_link() {
    let house = House::new();
    let sign_in = house.get("/sign-in", &[]).await;
    assert!(sign_in.text.contains("set-up link"), "{}", sign_in.text);
    let link = house.engine.set_up_link().await.expect("asked").expect("a link");
    let page = house.get(&link, &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("<script"), "the page works without JavaScript");
    let token = link.split_once('=').expect("a token").1;
    let form = |password: &str| {
        format!("token={token}&business=&name=Olga&email=olga%40example.com&password={password}")
    };

    let short = house.post_form("/setup", &[], &form("short")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(short.text.contains("Password: expected at least 10 characters."), "{}", short.text);
    assert!(short.text.contains("olga@example.com") && !short.text.contains("value=\"short\""));
    let foreign = house.post_form("/setup", &[("origin", "http://evil.example")], &form("0123456789")).await;
    assert_eq!(foreign.json()["code"], "csrf_failed");

    let done = house.post_form("/setup", &[], &form("0123456789")).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/app/"));
    let cookie = done.cookie();
    let set = done.header("set-cookie");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Secure"), "{set}");
    let me = house.get("/v1/me", &[("cookie", &cookie)]).await.json();
    assert_eq!((&me["user"]["email"], &me["role"]), (&json!("olga@example.com"), &json!("owner")));
    let again = house.get(&link, &[]).await;
    assert!(again.text.contains("has an owner already"), "{}", again.text);
}

#[tokio::test]
async fn a_session_changes_things_only_with_its_csrf_token() {
    let house = House::with_owner().await;
    let (cookie, csrf) = house.sign_in().await;
    let body = r#"{"name":"Ann","email":"ann@example.com","password":"0123456789","role":"agent"}"#;
    let without = house.post_json("/v1/users", &[("cookie", &cookie)], body).await;
    assert_eq!(
        (without.status, without.json()["code"].clone()),
        (StatusCode::FORBIDDEN, json!("csrf_failed"))
    );
    let wrong = house.post_json("/v1/users", &[("cookie", &cookie), ("x-csrf-token", "no")], body).await;
    assert_eq!(wrong.json()["code"], "csrf_failed");

    let with = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let made = house.post_json("/v1/users", &with, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/users/{id}");
    let headers = [with[0], with[1], ("content-type", "application/json")];
    let changed = house.ask(Method::PATCH, &path, &headers, r#"{"disabled":true}"#).await;
    assert_eq!(changed.json()["disabled"], json!(true));
    let wrong = house.ask(Method::PATCH, &path, &headers, r#"{"role":"king"}"#).await;
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/role");
    let list = house.get("/v1/users?limit=1", &with).await.json();
    assert_eq!(list["data"][0]["name"], "Olga Owner");
    let next = format!("/v1/users?limit=1&cursor={}", list["next_cursor"].as_str().expect("more"));
    let rest = house.get(&next, &with).await.json();
    assert_eq!((&rest["data"][0]["name"], &rest["next_cursor"]), (&json!("Ann"), &json!(null)));

    let out = house.post_form("/sign-out", &with, "").await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert_eq!(house.get("/v1/me", &with).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_is_shown_once_and_the_same_request_shows_it_again() {
    let house = House::with_owner().await;
    let admin = bearer(&house.key(&["*"]).await);
    let body = r#"{"name":"shop","scopes":["messages:write"]}"#;
    let headers = [("authorization", admin.as_str()), ("idempotency-key", "one")];
    let first = house.post_json("/v1/api-keys", &headers, body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = house.post_json("/v1/api-keys", &headers, body).await;
    assert_eq!((again.status, &again.text), (StatusCode::CREATED, &first.text));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("content-type"), "application/json");
    let other = house.post_json("/v1/api-keys", &headers, r#"{"name":"x","scopes":["*"]}"#).await;
    assert_eq!(other.json()["code"], "idempotency_mismatch");

    let key = first.json()["key"].as_str().expect("the key").to_owned();
    let list = house.get("/v1/api-keys", &[("authorization", &admin)]).await;
    assert_eq!(list.json()["data"].as_array().expect("keys").len(), 2);
    assert!(!list.text.contains(&key));
    let path = format!("/v1/api-keys/{}", first.json()["id"].as_str().expect("an id"));
    let gone = house.ask(Method::DELETE, &path, &[("authorization", &admin)], "").await;
    assert_eq!((gone.status, gone.text.as_str()), (StatusCode::NO_CONTENT, ""));
    let me = house.get("/v1/me", &[("authorization", &bearer(&key))]).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refused_request_may_come_again_put_right_under_the_same_key() {
    let house = House::with_owner().await;
    let admin = bearer(&house.key(&["*"]).await);
    let headers = [("authorization", admin.as_str()), ("idempotency-key", "two")];
    let wrong = house.post_json("/v1/api-keys", &headers, r#"{"name":"x","scopes":["nonsense"]}"#).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/scopes");
    let right = house.post_json("/v1/api-keys", &headers, r#"{"name":"x","scopes":["*"]}"#).await;
    assert_eq!(right.status, StatusCode::CREATED);
    let long = "k".repeat(256);
    let headers = [("authorization", admin.as_str()), ("idempotency-key", long.as_str())];
    let refused = house.post_json("/v1/api-keys", &headers, "{}").await;
    assert_eq!(refused.json()["code"], "invalid_request");
}

#[tokio::test]
async fn the_audit_log_tells_and_proves_what_happened() {
    let house = House::with_owner().await;
    let admin = bearer(&house.key(&["*"]).await);
    let list = house.get("/v1/audit?limit=1", &[("authorization", &admin)]).await.json();
    assert_eq!(list["data"][0]["action"], "api_key.created");
    assert_eq!(list["data"][0]["actor"], json!({"kind": "system", "id": null, "name": null}));
    assert_eq!(list["data"][0]["detail"], json!({"scopes": ["*"]}));
    let found = house.get("/v1/audit/verification", &[("authorization", &admin)]).await.json();
    assert_eq!((&found["ok"], &found["entries"]), (&json!(true), &json!(2)));
    assert_eq!(found["head"], list["data"][0]["hash"]);
}

#[tokio::test]
async fn a_sign_in_link_needs_a_click() {
    let house = House::with_owner().await;
    let by = domain::access::Principal::system(domain::ids::TenantId(1));
    let page = domain::page::PageRequest { limit: 1, after: None };
    let olga = house.engine.users(&by, page).await.expect("users").rows[0].id;
    let hour = std::time::Duration::from_secs(3600);
    let token = house.engine.create_sign_in_link(&by, olga, hour).await.expect("a link");
    let path = format!("/sign-in/link?token={}", token.reveal());
    assert!(house.get(&path, &[]).await.text.contains("<button"));
    let form = format!("token={}", token.reveal());
    let done = house.post_form("/sign-in/link", &[], &form).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/app/"));
    let again = house.post_form("/sign-in/link", &[], &form).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get(&path, &[]).await.status, StatusCode::NOT_FOUND);
}
