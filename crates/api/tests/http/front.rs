//! Stories of what every answer has: problems, headers, limits, the reference, metrics.

use std::collections::BTreeSet;

use super::house::House;
use axum::http::{Method, StatusCode};
use serde_json::Value;

#[tokio::test]
async fn what_does_not_exist_is_a_problem() {
    let house = House::with_owner().await;
    let nothing = house.get("/v1/nothing", &[]).await;
    assert_eq!((nothing.status, nothing.json()["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));
    let method = house.ask(Method::PUT, "/v1/me", &[], "").await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.json()["code"], "method_not_allowed");
    assert!(method.header("allow").contains("GET"), "{method:?}");
    let key = format!("Bearer {}", house.key(&["*"]).await);
    let id = house.get("/v1/users/msg_01h455vb4pex5vsknk084sn02q", &[("authorization", &key)]).await;
    assert_eq!(id.status, StatusCode::NOT_FOUND);
    let limit = house.get("/v1/users?limit=1000", &[("authorization", &key)]).await;
    assert_eq!(limit.json()["errors"][0]["pointer"], "/limit");
    let cursor = house.get("/v1/users?cursor=nonsense", &[("authorization", &key)]).await;
    assert_eq!(cursor.json()["errors"][0]["pointer"], "/cursor");
    let number = house.get("/v1/users?limit=many", &[("authorization", &key)]).await;
    assert_eq!(number.json()["errors"][0]["pointer"], "/limit", "{}", number.text);
}

#[tokio::test]
async fn bodies_are_checked_before_they_are_read() {
    let house = House::with_owner().await;
    let key = format!("Bearer {}", house.key(&["*"]).await);
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let reply = house.post_json("/v1/users", &[("authorization", &key)], &large).await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, Some("payload_too_large"))
    );
    let headers = [("authorization", key.as_str()), ("idempotency-key", "large")];
    let reply = house.post_json("/v1/users", &headers, &large).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = house.post_form("/v1/users", &[("authorization", &key)], "name=x").await;
    assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let broken = house.post_json("/v1/users", &[("authorization", &key)], "{").await;
    assert_eq!(
        (broken.status, broken.json()["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("malformed_json"))
    );
}

#[tokio::test]
async fn every_answer_has_safe_headers_and_a_number() {
    let house = House::with_owner().await;
    let mut numbers = BTreeSet::new();
    for path in ["/v1/me", "/sign-in", "/app/", "/docs", "/nothing", "/healthz", "/hooks/smtp2go/secret"] {
        let reply = house.get(path, &[]).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src 'unsafe-inline'"), "{path}: {policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "same-origin");
        assert_eq!(reply.header("x-request-id").len(), 16);
        numbers.insert(reply.header("x-request-id").to_owned());
    }
    assert_eq!(numbers.len(), 7);
}

#[tokio::test]
async fn the_dashboard_is_served_with_its_history() {
    let house = House::with_owner().await;
    assert_eq!(house.get("/", &[]).await.header("location"), "/app/");
    let index = house.get("/app/", &[]).await;
    assert!(index.text.to_lowercase().starts_with("<!doctype html>"));
    assert_eq!(index.header("cache-control"), "no-cache");
    let deep = house.get("/app/conversations/cnv_1", &[]).await;
    assert_eq!((deep.status, &deep.text), (StatusCode::OK, &index.text));
    assert_eq!(house.get("/app/assets/gone.js", &[]).await.status, StatusCode::NOT_FOUND);
    let known = house.get("/app/", &[("if-none-match", index.header("etag"))]).await;
    assert_eq!((known.status, known.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
}

#[tokio::test]
async fn operators_learn_whether_it_lives_and_what_it_does() {
    let house = House::with_owner().await;
    assert_eq!(house.get("/healthz", &[]).await.text, "ok\n");
    let ready = house.get("/readyz", &[]).await.json();
    assert_eq!((&ready["ready"], &ready["waiting"]), (&Value::Bool(true), &Value::from(0)));
    house.get("/v1/me", &[]).await;
    let metrics = house.get("/metrics", &[]).await.text;
    let line = r#"chancery_http_requests_total{method="GET",route="/v1/me",status="4xx"}"#;
    assert!(metrics.contains(line), "{metrics}");
    assert!(metrics.contains("chancery_http_request_seconds_bucket"));
}

#[tokio::test]
async fn the_reference_is_complete_and_loads_nothing_from_elsewhere() {
    let house = House::with_owner().await;
    let page = house.get("/docs", &[]).await;
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
    assert!(house.get("/docs/reference.js", &[]).await.text.len() > 1_000_000);
    assert!(house.get("/docs/problems", &[]).await.text.contains("id=\"last_owner\""));
    let served = house.get("/openapi.json", &[]).await.json();
    assert_eq!(served, chancery_api::openapi_json());
    assert_eq!(served["openapi"], "3.1.0");
}

#[test]
fn every_operation_is_described_well_enough_for_a_generated_client() {
    let document = chancery_api::openapi_json();
    let text = document.to_string();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let place = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{place} has no id"));
            assert!(ids.insert(id.to_owned()), "{id} twice");
            assert!(operation["summary"].is_string(), "{place} has no summary");
            assert!(operation["tags"].is_array(), "{place} has no tag");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with('2')), "{place}: {responses:?}");
            assert!(responses.contains_key("default"), "{place} does not tell of problems");
            assert!(
                responses
                    .values()
                    .all(|one| one["description"].as_str().is_some_and(|text| !text.is_empty()))
            );
            for name in path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
            {
                let named = operation["parameters"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one["name"] == name && one["in"] == "path"));
                assert!(named, "{place} does not describe {name}");
            }
        }
    }
    for reference in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"][reference].is_object(), "{reference} is missing");
    }
    assert!(document["components"]["securitySchemes"]["api_key"].is_object());
}
