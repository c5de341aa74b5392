//! People and programs: who may do what, how a conversation is worked, and how a wrong request is explained.

use domain::access::Role;
use http::Method;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

use crate::scene::*;

/// Whether the actor was let through, whatever came of it.
async fn may(actor: &Actor, method: &str, path: &str, body: &Value) -> bool {
    let method = method.parse::<Method>().unwrap();
    let reply = match method {
        Method::GET => actor.get(path).await,
        _ => actor.send(method, path, Some("application/json"), body.to_string().into_bytes()).await,
    };
    assert_ne!(reply.status, 401, "{path}: {}", reply.body);
    assert!(reply.status < 500, "{path}: {}", reply.body);
    if reply.status == 403 {
        assert_eq!(reply.text("code"), "forbidden", "{path}");
    }
    reply.status != 403
}

story!(each_role_may_do_its_work_and_no_more, async |app| {
    let (_server, account) = app.mail_server().await;
    let asked = receive(&app, mail("jane@example.com", "Hello", "hello@example.com", &[], "Hi")).await;
    let (conversation, message) = (asked["conversation_id"].as_str().unwrap(), asked["id"].as_str().unwrap());
    let contact = crate::scene::conversation(&app, &asked["conversation_id"]).await["contact"]["id"].clone();
    let entry = app.key().get("/v1/journal").await.rows()[0]["id"].as_str().unwrap().to_owned();
    let people = [
        app.person(Role::Viewer).await,
        app.person(Role::Agent).await,
        app.person(Role::Admin).await,
        app.person(Role::Owner).await,
    ];
    let none = json!({});
    let at = |path: &str| path.replace("{c}", conversation).replace("{m}", message).replace("{a}", &account);
    // The first who may: 0 is the viewer, 1 the agent, 2 the admin.
    for (first, method, path, body) in [
        (0, "GET", "/v1/me", none.clone()),
        (0, "GET", "/v1/conversations", none.clone()),
        (0, "GET", "/v1/conversations/counts", none.clone()),
        (0, "GET", "/v1/conversations/{c}/messages", none.clone()),
        (0, "GET", "/v1/messages", none.clone()),
        (0, "GET", "/v1/messages/{m}/raw", none.clone()),
        (0, "GET", "/v1/contacts", none.clone()),
        (0, "GET", "/v1/channel-accounts", none.clone()),
        (0, "GET", "/v1/events", none.clone()),
        (0, "GET", "/v1/users", none.clone()),
        (1, "GET", "/v1/journal", none.clone()),
        (1, "POST", "/v1/messages", letter("joe@example.com")),
        (1, "POST", "/v1/messages/batch", json!({ "messages": [letter("joe@example.com")] })),
        (1, "POST", "/v1/messages/{m}/cancellation", none.clone()),
        (1, "POST", "/v1/messages/{m}/retry", none.clone()),
        (1, "POST", "/v1/messages/{m}/resolution", json!({ "decision": "arrived" })),
        (1, "POST", "/v1/message-resolutions", json!({ "ids": [message], "decision": "arrived" })),
        (1, "PATCH", "/v1/conversations/{c}", json!({ "state": "open" })),
        (1, "POST", "/v1/conversations/{c}/read", none.clone()),
        (1, "POST", "/v1/conversations/{c}/tray-decision", json!({ "belongs": false })),
        (2, "POST", "/v1/channel-accounts", json!({ "name": "x", "provider": "console", "settings": {} })),
        (2, "PATCH", "/v1/channel-accounts/{a}", json!({ "name": "y" })),
        (2, "POST", "/v1/channel-accounts/{a}/check", none.clone()),
        (2, "POST", "/v1/inbound-routes", json!({ "address": "nobody" })),
        (2, "POST", "/v1/inbound/email", json!({})),
        (2, "GET", "/v1/api-keys", none.clone()),
        (2, "POST", "/v1/api-keys", json!({ "name": "k", "scopes": ["messages:read"] })),
        (
            2,
            "POST",
            "/v1/users",
            json!({ "name": "n", "email": "n@company.example.com", "password": "short", "role": "viewer" }),
        ),
        (2, "GET", "/v1/audit", none.clone()),
        (2, "GET", "/v1/audit/verification", none.clone()),
    ] {
        for (place, person) in people.iter().enumerate() {
            let is_let = may(person, method, &at(path), &body).await;
            assert_eq!(is_let, place >= first, "{method} {path}, role {place}");
        }
    }
    let rename = format!("/v1/contacts/{}", contact.as_str().unwrap());
    assert!(!may(&people[0], "PATCH", &rename, &json!({ "name": "J" })).await);
    assert!(may(&people[1], "PATCH", &rename, &json!({ "name": "J" })).await);
    let replay = format!("/v1/journal/{entry}/replay");
    assert!(!may(&people[1], "POST", &replay, &none).await && may(&people[2], "POST", &replay, &none).await);
});

story!(only_owners_make_owners, async |app| {
    let owner = |email: &str| json!({ "name": "New", "email": email, "password": "a long enough password", "role": "owner" });
    let admin = app.person(Role::Admin).await.post("/v1/users", owner("one@company.example.com")).await;
    let by_owner = app.person(Role::Owner).await.post("/v1/users", owner("two@company.example.com")).await;
    assert_eq!((admin.status, by_owner.status), (403, 201));
});

story!(a_key_may_do_what_its_scopes_say, async |app| {
    let (_server, _) = app.mail_server().await;
    let writer = app.key_with(&["messages:write"]).await;
    let sent = writer.post("/v1/messages", letter("jane@example.com")).await;
    assert_eq!(sent.summary(), "202 queued");
    assert_eq!(writer.get("/v1/messages").await.summary(), "403 forbidden");
    assert_eq!(writer.hand_in("From: a@example.com\r\n\r\nx").await.summary(), "403 forbidden");
    let reader = app.key_with(&["messages:read"]).await;
    assert_eq!(reader.get(&format!("/v1/messages/{}", sent.text("id"))).await.status, 200);
    assert_eq!(reader.post("/v1/messages", letter("jane@example.com")).await.summary(), "403 forbidden");
    let maker = app.key_with(&["keys:write"]).await;
    let greedy = maker.post("/v1/api-keys", json!({ "name": "all", "scopes": ["*"] })).await;
    assert_eq!(greedy.status, 403, "nobody gives more than they have: {}", greedy.body);
});

story!(a_revoked_key_lets_nobody_in, async |app| {
    let made = app.key().post("/v1/api-keys", json!({ "name": "short-lived", "scopes": ["*"] })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let holder = app.anyone().with("authorization", &format!("Bearer {}", made.text("key")));
    assert_eq!(holder.get("/v1/messages").await.status, 200);
    assert_eq!(app.key().delete(&format!("/v1/api-keys/{}", made.text("id"))).await.status, 204);
    assert_eq!(holder.get("/v1/messages").await.summary(), "401 unauthenticated");
    let listed = app.key().get("/v1/api-keys").await.body.to_string();
    assert!(!listed.contains(made.text("key")), "a key is shown once");
});

story!(a_browser_proves_that_it_means_it, async |app| {
    let agent = app.person(Role::Agent).await;
    let without = agent.clone().without("x-csrf-token");
    assert_eq!(without.get("/v1/me").await.status, 200);
    assert_eq!(without.post("/v1/messages", letter("jane@example.com")).await.summary(), "403 csrf_failed");
    let wrong = without.with("x-csrf-token", "guessed");
    assert_eq!(wrong.post("/v1/messages", letter("jane@example.com")).await.summary(), "403 csrf_failed");
    let me = agent.get("/v1/me").await.body;
    assert_eq!((&me["role"], me["csrf_token"].is_string()), (&json!("agent"), true));
});

/// Every operation of the published description of the API.
async fn operations(app: &TestApp) -> Vec<(Method, String)> {
    let described = app.anyone().get("/openapi.json").await.body;
    let mut found = Vec::new();
    for (path, operations) in described["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            if let Ok(method) = method.to_uppercase().parse::<Method>()
                && ["GET", "POST", "PATCH", "DELETE", "PUT"].contains(&method.as_str())
            {
                found.push((method, path.clone()));
            }
        }
    }
    found
}

story!(nothing_of_a_tenant_is_shown_to_a_stranger, async |app| {
    let all = operations(&app).await;
    assert!(all.len() > 40, "{} operations", all.len());
    for (method, path) in all.into_iter().filter(|(_, path)| path.starts_with("/v1/")) {
        let path = path
            .replace("{id}", "msg_00000000000000000000000000")
            .replace("{attachment}", "att_00000000000000000000000000");
        let stranger =
            app.anyone().send(method.clone(), &path, Some("application/json"), b"{}".to_vec()).await;
        assert_eq!(stranger.status, 401, "{method} {path}: {}", stranger.body);
        assert_eq!(stranger.headers["content-type"], "application/problem+json");
        let liar = app
            .anyone()
            .with("authorization", "Bearer ck_wrong")
            .send(method.clone(), &path, Some("application/json"), b"{}".to_vec())
            .await;
        assert_eq!(liar.status, 401, "{method} {path}: {}", liar.body);
    }
});

story!(a_body_that_is_no_json_is_called_so, async |app| {
    let mut asked = 0;
    for (method, path) in operations(&app).await {
        let is_written = [
            "/v1/messages",
            "/v1/messages/batch",
            "/v1/message-resolutions",
            "/v1/users",
            "/v1/api-keys",
            "/v1/channel-accounts",
            "/v1/inbound-routes",
        ]
        .contains(&path.as_str());
        if method != Method::POST || !is_written {
            continue;
        }
        asked += 1;
        let reply = app.key().send(method.clone(), &path, Some("application/json"), b"{]".to_vec()).await;
        assert_eq!(reply.summary(), "400 malformed_json", "{path}");
        let empty = app.key().send(method.clone(), &path, Some("application/json"), Vec::new()).await;
        assert_eq!(empty.summary(), "400 malformed_json", "{path}");
        let typed = app.key().send(method, &path, Some("text/plain"), b"{}".to_vec()).await;
        assert_eq!(typed.summary(), "415 unsupported_media_type", "{path}");
    }
    assert_eq!(asked, 7);
});

story!(a_wrong_field_is_named_with_what_is_expected, async |app| {
    let (_server, account) = app.mail_server().await;
    let asked = receive(&app, mail("jane@example.com", "Hello", "hello@example.com", &[], "Hi")).await;
    let (conversation, message) = (asked["conversation_id"].as_str().unwrap(), asked["id"].as_str().unwrap());
    let letter_with = |field: &str, value: Value| {
        let mut body = letter("jane@example.com");
        body[field] = value;
        body
    };
    let file = |field: &str, value: Value| {
        let mut file = json!({ "filename": "a.txt", "content_type": "text/plain", "content_base64": "aGk=" });
        file[field] = value;
        letter_with("attachments", json!([file]))
    };
    for (path, body, pointer) in [
        ("/v1/messages", json!({ "subject": "x", "text": "x" }), "/to"),
        ("/v1/messages", letter_with("to", json!("jane at example.com")), "/to"),
        ("/v1/messages", letter_with("to", json!(["jane@example.com", "x"])), "/to/1"),
        ("/v1/messages", letter_with("cc", json!("x")), "/cc"),
        ("/v1/messages", letter_with("bcc", json!(["x"])), "/bcc/0"),
        ("/v1/messages", letter_with("reply_to", json!("x")), "/reply_to"),
        ("/v1/messages", letter_with("subject", json!("a\r\nBcc: x@example.com")), "/subject"),
        ("/v1/messages", letter_with("subject", json!(7)), "/subject"),
        ("/v1/messages", letter_with("text", json!(" ")), "/text"),
        ("/v1/messages", letter_with("channel", json!("pigeon")), "/channel"),
        ("/v1/messages", letter_with("send_at", json!("tomorrow")), "/send_at"),
        ("/v1/messages", letter_with("account", json!("acc_x")), "/account"),
        ("/v1/messages", letter_with("account", json!("acc_00000000000000000000000000")), "/account"),
        (
            "/v1/messages",
            letter_with("conversation_id", json!("cnv_00000000000000000000000000")),
            "/conversation_id",
        ),
        ("/v1/messages", letter_with("on_unknown", json!("guess")), "/on_unknown"),
        ("/v1/messages", letter_with("priority", json!("urgent")), "/priority"),
        ("/v1/messages", letter_with("headers", json!({ "Subject": "x" })), "/headers/Subject"),
        ("/v1/messages", letter_with("headers", json!({ "X-A": "a\nB: c" })), "/headers/X-A"),
        ("/v1/messages", letter_with("metadata", json!([])), "/metadata"),
        ("/v1/messages", letter_with("sbuject", json!("x")), "/sbuject"),
        ("/v1/messages", file("content_base64", json!("%%%")), "/attachments/0/content_base64"),
        ("/v1/messages", file("content_type", json!("text")), "/attachments/0/content_type"),
        ("/v1/messages", file("filename", json!("")), "/attachments/0/filename"),
        ("/v1/messages/batch", json!({ "messages": [] }), "/messages"),
        (
            "/v1/messages/batch",
            json!({ "messages": [letter("a@example.com"), letter_with("to", json!(1))] }),
            "/messages/1/to",
        ),
        ("/v1/message-resolutions", json!({ "ids": [], "decision": "arrived" }), "/ids"),
        ("/v1/message-resolutions", json!({ "ids": ["x"], "decision": "arrived" }), "/ids/0"),
        ("/v1/messages/{m}/resolution", json!({ "decision": 1 }), "/decision"),
        ("/v1/conversations/{c}/tray-decision", json!({ "belongs": "yes" }), "/belongs"),
        (
            "/v1/users",
            json!({ "name": "n", "email": "x", "password": "a long enough password", "role": "agent" }),
            "/email",
        ),
        (
            "/v1/users",
            json!({ "name": "n", "email": "n@example.com", "password": "short", "role": "agent" }),
            "/password",
        ),
        (
            "/v1/users",
            json!({ "name": "n", "email": "n@example.com", "password": "a long enough password", "role": "king" }),
            "/role",
        ),
        ("/v1/api-keys", json!({ "name": "k", "scopes": ["messages:eat"] }), "/scopes"),
        ("/v1/api-keys", json!({ "name": "k", "scopes": [] }), "/scopes"),
        ("/v1/api-keys", json!({ "scopes": ["*"] }), "/name"),
        ("/v1/channel-accounts", json!({ "name": "n", "provider": "carrier" }), "/provider"),
        (
            "/v1/channel-accounts",
            json!({ "name": "n", "provider": "smtp", "settings": {} }),
            "/settings/host",
        ),
        (
            "/v1/channel-accounts",
            json!({ "name": "n", "provider": "smtp", "settings": { "host": "mail.example.com", "security": "none" } }),
            "/settings/security",
        ),
        ("/v1/channel-accounts", json!({ "name": "", "provider": "console" }), "/name"),
        ("/v1/inbound-routes", json!({ "address": "nobody" }), "/address"),
    ] {
        let path = path.replace("{m}", message).replace("{c}", conversation).replace("{a}", &account);
        let reply = app.key().post(&path, body.clone()).await;
        let fault = &reply.body["errors"][0];
        assert_eq!(
            (reply.status, reply.body["code"].as_str()),
            (422, Some("invalid_request")),
            "{path} {body}: {}",
            reply.body
        );
        assert_eq!(fault["pointer"].as_str(), Some(pointer), "{path} {body}: {}", reply.body);
        assert!(!fault["detail"].as_str().unwrap().is_empty(), "{}", reply.body);
        assert_eq!(reply.body["errors"].as_array().unwrap().len(), 1, "{path} {body}: {}", reply.body);
    }
    assert_eq!(app.key().get("/v1/messages?direction=outbound").await.rows().len(), 0, "nothing was done");
});

story!(counts_and_lists_agree_while_conversations_are_worked, async |app| {
    let agent = app.person(Role::Agent).await;
    let mut ids = Vec::new();
    for n in 0..4 {
        let from = format!("reader{n}@example.com");
        let asked =
            receive(&app, mail(&from, &format!("Question {n}"), &format!("c{n}@example.com"), &[], "?"))
                .await;
        ids.push(asked["conversation_id"].as_str().unwrap().to_owned());
    }
    let at = |n: usize| format!("/v1/conversations/{}", ids[n]);
    assert_eq!(agent.patch(&at(0), json!({ "state": "resolved" })).await.summary(), "200 resolved");
    assert_eq!(
        agent.patch(&at(1), json!({ "assignee_id": "me" })).await.body["assignee"]["name"],
        "agent of the test"
    );
    assert_eq!(agent.patch(&at(2), json!({ "state": "pending" })).await.summary(), "200 pending");
    assert_eq!(agent.post(&format!("{}/read", at(1)), json!({})).await.status, 204);
    let counts = agent.get("/v1/conversations/counts").await.body;
    for (count, query) in [
        ("open", "state=open"),
        ("pending", "state=pending"),
        ("resolved", "state=resolved"),
        ("snoozed", "state=snoozed"),
        ("unassigned", "assignee=none&state=open"),
        ("mine", "assignee=me&state=open"),
        ("tray", "tray=true"),
    ] {
        let listed = agent.get(&format!("/v1/conversations?{query}")).await.rows().len();
        assert_eq!(counts[count], json!(listed), "{count}: {counts}");
    }
    assert_eq!((&counts["open"], &counts["mine"], &counts["resolved"]), (&json!(2), &json!(1), &json!(1)));
    for (query, wrong) in [
        ("assignee=foo", "/assignee"),
        ("tray=true&assignee=me", "/assignee"),
        ("tag=tag_00000000000000000000000000&team=tem_00000000000000000000000000", "/team"),
        ("tray=true&state=open", "/state"),
    ] {
        let refused = agent.get(&format!("/v1/conversations?{query}")).await;
        assert_eq!(refused.summary(), format!("422 invalid_request {wrong}"), "{query}: {}", refused.body);
    }
    let unread = agent.get("/v1/conversations").await.rows().iter().filter(|row| row["unread"] != 0).count();
    assert_eq!(agent.get(&at(1)).await.body["unread"], 0);
    assert_eq!(unread, 3);
    let nobody = agent.patch(&at(1), json!({ "assignee_id": null })).await;
    assert_eq!(nobody.body["assignee"], Value::Null);
    let stranger = agent.patch(&at(1), json!({ "assignee_id": "usr_00000000000000000000000000" })).await;
    assert_eq!(stranger.summary(), "422 invalid_request /assignee_id");
    let counts = agent.get("/v1/conversations/counts").await.body;
    assert_eq!((&counts["mine"], &counts["unassigned"]), (&json!(0), &json!(2)));
});

story!(pages_of_a_list_have_every_row_once, async |app| {
    for n in 0..7 {
        receive(&app, mail(&format!("r{n}@example.com"), "Hi", &format!("p{n}@example.com"), &[], "?")).await;
    }
    for list in ["/v1/conversations", "/v1/messages", "/v1/contacts", "/v1/journal"] {
        let mut seen = Vec::new();
        let mut path = format!("{list}?limit=3");
        loop {
            let page = app.key().get(&path).await;
            seen.extend(page.rows().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            path = format!("{list}?limit=3&cursor={cursor}");
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((all, seen.len()), (7, 7), "{list}");
    }
});
