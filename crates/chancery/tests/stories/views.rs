//! Saved views: one's own and everybody's.

use domain::access::Role;
use serde_json::json;

use crate::scene::*;

story!(a_person_keeps_views_and_shares_them, async |app| {
    let agent = app.person(Role::Agent).await;
    let other = app.person(Role::Agent).await;
    let mine = agent.post("/v1/views", json!({ "name": "Mine", "query": "is:mine", "shared": false })).await;
    assert_eq!(mine.status, 201, "{}", mine.body);
    let shared =
        agent.post("/v1/views", json!({ "name": "VIP", "query": "is:open tag:vip", "shared": true })).await;
    assert_eq!((shared.status, &shared.body["position"]), (201, &json!(1)));
    let names = async |actor: &testkit::Actor| {
        texts(&actor.get("/v1/views").await.body["data"], "name")
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&agent).await, ["Mine", "VIP"]);
    assert_eq!(names(&other).await, ["VIP"]);
    let path = format!("/v1/views/{}", mine.text("id"));
    assert_eq!(other.patch(&path, json!({ "name": "Stolen" })).await.summary(), "404 not_found");
    assert_eq!(other.delete(&path).await.status, 404);
    let moved = agent.patch(&path, json!({ "position": 9, "query": "is:mine is:unread" })).await;
    assert_eq!((&moved.body["query"], &moved.body["name"]), (&json!("is:mine is:unread"), &json!("Mine")));
    assert_eq!(names(&agent).await, ["VIP", "Mine"]);
    assert_eq!(agent.patch(&path, json!({ "shared": true })).await.body["shared"], json!(true));
    assert_eq!(names(&other).await, ["VIP", "Mine"]);
    assert_eq!(agent.delete(&path).await.status, 204);
    assert_eq!(names(&agent).await, ["VIP"]);
});

story!(who_may_not_configure_keeps_views_to_themselves, async |app| {
    let viewer = app.person(Role::Viewer).await;
    let own = viewer.post("/v1/views", json!({ "name": "Mine", "query": "is:open" })).await;
    assert_eq!(own.status, 201, "{}", own.body);
    let shared = json!({ "name": "Ours", "query": "is:open", "shared": true });
    assert_eq!(viewer.post("/v1/views", shared.clone()).await.summary(), "403 forbidden");
    let path = format!("/v1/views/{}", own.text("id"));
    assert_eq!(viewer.patch(&path, json!({ "shared": true })).await.summary(), "403 forbidden");
    let ours = app.key().post("/v1/views", shared).await;
    assert_eq!(ours.status, 201);
    assert_eq!(viewer.delete(&format!("/v1/views/{}", ours.text("id"))).await.summary(), "403 forbidden");
    // A key is nobody whose views these could be.
    let of_key = app.key().post("/v1/views", json!({ "name": "Mine", "query": "is:open" })).await;
    assert_eq!(of_key.summary(), "422 invalid_request /shared");
    let empty = viewer.post("/v1/views", json!({ "name": " ", "query": "" })).await;
    assert_eq!(empty.summary(), "422 invalid_request /name /query");
});
