//! The event feed: numbers without gaps in the order of commits, and a stream that goes on where it broke off.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use testkit::TestApp;

use crate::scene::*;

/// The whole feed, read in small pages.
async fn feed(app: &TestApp) -> Vec<Value> {
    let mut events = Vec::new();
    let mut path = "/v1/events?limit=3".to_owned();
    loop {
        let page = app.key().get(&path).await;
        events.extend(page.rows().to_vec());
        let Some(cursor) = page.body["next_cursor"].as_str() else { return events };
        path = format!("/v1/events?limit=3&cursor={cursor}");
    }
}

fn numbers(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["seq"].as_i64().unwrap()).collect()
}

story!(what_happens_is_told_in_order, async |app| {
    let (_server, _) = app.mail_server().await;
    let id = send(&app, letter("jane@example.com")).await;
    becomes(&app, &id, "sent").await;
    receive(&app, mail("joe@example.com", "Hello", "hello@example.com", &[], "Hi")).await;
    let events = feed(&app).await;
    assert_eq!(numbers(&events), (1..=events.len() as i64).collect::<Vec<_>>());
    let told: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in [
        "channel_account.created",
        "contact.created",
        "message.queued",
        "message.sent",
        "message.received",
        "conversation.opened",
    ] {
        assert!(told.contains(&kind), "{kind} in {told:?}");
    }
    let place = |kind: &str| told.iter().position(|known| *known == kind);
    assert!(
        place("message.queued") < place("message.sent") && place("message.sent") < place("message.received")
    );
    let sent = &events[place("message.sent").unwrap()];
    assert_eq!((&sent["data"]["message_id"], &sent["data"]["state"]), (&json!(id), &json!("sent")));
    assert!(!json!(events).to_string().contains("example.com"), "ids and small facts only");
});

story!(many_writers_leave_no_gap, async |app| {
    let (server, _) = app.mail_server().await;
    let key = app.key();
    let posts = (0..40).map(|n| key.post("/v1/messages", letter(&format!("reader{n}@example.com"))));
    let mails = (0..20).map(|n| {
        let raw = mail(&format!("writer{n}@example.com"), "Hi", &format!("w{n}@example.com"), &[], "?");
        let key = app.key();
        async move { key.hand_in(raw).await }
    });
    let (sent, received) =
        tokio::join!(futures_util::future::join_all(posts), futures_util::future::join_all(mails));
    assert!(sent.iter().chain(&received).all(|reply| reply.status == 202));
    app.wait_until("all is done", async || {
        server.count() == 40 && app.key().get("/v1/journal?state=processed").await.rows().len() == 20
    })
    .await;
    app.run_until_idle().await;
    let events = feed(&app).await;
    assert_eq!(numbers(&events), (1..=events.len() as i64).collect::<Vec<_>>());
});

/// Reads a stream until it has told so many events; gives the ids and the JSON of their data.
async fn follow(url: &str, key: &str, last: Option<&str>, count: usize) -> Vec<(String, Value)> {
    #[expect(clippy::disallowed_methods, reason = "a client from outside, on loopback")]
    let mut request = reqwest::Client::new().get(url).header("authorization", key);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut chunks, mut text) = (answer.bytes_stream(), String::new());
    let mut told = Vec::new();
    while told.len() < count {
        let chunk = tokio::time::timeout(Duration::from_secs(20), chunks.next()).await;
        let chunk = chunk.unwrap_or_else(|_| panic!("only {} of {count} events came", told.len()));
        text.push_str(std::str::from_utf8(&chunk.expect("the stream goes on").unwrap()).unwrap());
        while let Some((block, rest)) = text.split_once("\n\n") {
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(id), Some(data)) = (field("id: "), field("data: ")) {
                let data: Value = serde_json::from_str(data).unwrap();
                assert_eq!(field("event: "), data["type"].as_str());
                told.push((id.to_owned(), data));
            }
            text = rest.to_owned();
        }
    }
    told
}

story!(a_stream_goes_on_where_it_broke_off, async |app| {
    let (_server, _) = app.mail_server().await;
    let listening = listen(&app).await;
    let url = format!("http://{}/v1/events/stream", listening.address);
    let made = app.key().post("/v1/api-keys", json!({ "name": "stream", "scopes": ["events:read"] })).await;
    let key = format!("Bearer {}", made.text("key"));
    let first = send(&app, letter("jane@example.com")).await;
    becomes(&app, &first, "sent").await;
    let so_far = feed(&app).await;
    let told = follow(&format!("{url}?after=0"), &key, None, so_far.len()).await;
    assert_eq!(told.iter().map(|(_, data)| data.clone()).collect::<Vec<_>>(), so_far);
    // While nobody listens, more happens; and more while somebody does.
    let (last, _) = told.last().unwrap();
    let second = send(&app, letter("joe@example.com")).await;
    becomes(&app, &second, "sent").await;
    let (more, _) = tokio::join!(follow(&url, &key, Some(last), 8), async {
        for n in 0..3 {
            send(&app, letter(&format!("reader{n}@example.com"))).await;
        }
    });
    let ids: Vec<i64> = more.iter().map(|(id, _)| id.parse().unwrap()).collect();
    let from = so_far.len() as i64 + 1;
    assert_eq!(ids[..8], (from..from + 8).collect::<Vec<_>>()[..], "without a gap and without repetition");
});

story!(a_stream_says_where_it_begins, async |app| {
    let listening = listen(&app).await;
    let url = format!("http://{}/v1/events/stream", listening.address);
    let made = app.key().post("/v1/api-keys", json!({ "name": "stream", "scopes": ["events:read"] })).await;
    app.key().post("/v1/tags", json!({ "name": "before" })).await;
    let last = numbers(&feed(&app).await).len();
    #[expect(clippy::disallowed_methods, reason = "a client from outside, on loopback")]
    let request = reqwest::Client::new().get(&url);
    let mut answer =
        request.header("authorization", format!("Bearer {}", made.text("key"))).send().await.unwrap();
    let first = tokio::time::timeout(Duration::from_secs(20), answer.chunk()).await;
    let first = first.expect("it comes without any event").unwrap().unwrap();
    assert_eq!(std::str::from_utf8(&first).unwrap(), format!("id: {last}\n\n"));
});

story!(a_stream_needs_a_key_that_may_read_events, async |app| {
    assert_eq!(app.anyone().get("/v1/events/stream").await.status, 401);
    assert_eq!(app.key_with(&["messages:read"]).await.get("/v1/events/stream").await.status, 403);
    let wrong = app.key().with("last-event-id", "yesterday").get("/v1/events/stream").await;
    assert_eq!((wrong.status, wrong.text("code")), (422, "invalid_request"));
});
