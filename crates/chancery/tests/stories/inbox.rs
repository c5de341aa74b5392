//! The inbox over a long day: whatever people and customers do, counts and lists agree and nothing disappears.

use domain::access::Role;
use domain::chance::Chance;
use serde_json::{Value, json};
use testkit::{Actor, TestApp};

use crate::scene::*;

/// Does something that happens in an inbox.
async fn do_something(app: &TestApp, agent: &Actor, chance: &Chance, turn: u64) {
    let listed = agent.get("/v1/conversations?limit=200").await;
    let tray = agent.get("/v1/conversations?tray=true&limit=200").await;
    let pick = |rows: &[Value]| {
        let place = usize::try_from(chance.below(rows.len().max(1) as u64)).unwrap();
        rows.get(place).map(|row| row["id"].as_str().unwrap().to_owned())
    };
    let any = pick(listed.rows());
    let stray = pick(tray.rows());
    let person = format!("customer{}@example.com", chance.below(6));
    let id = format!("turn{turn}@example.com");
    match (chance.below(10), any, stray) {
        (0 | 1, _, _) => {
            let subject = format!("Subject {}", chance.below(4));
            receive(app, mail(&person, &subject, &id, &[], "?")).await;
        }
        (2 | 3, Some(conversation), _) => {
            // An answer to something in there; from a stranger it goes to the tray.
            let messages = agent.get(&format!("/v1/conversations/{conversation}/messages")).await;
            let parent = messages.rows().last().unwrap()["rfc_message_id"].as_str().unwrap().to_owned();
            receive(app, mail(&person, "Re: that", &id, &[&format!("In-Reply-To: <{parent}>")], "!")).await;
        }
        (4, _, _) => drop(agent.post("/v1/messages", letter(&person)).await),
        (5, Some(conversation), _) => {
            let reply =
                agent.post("/v1/messages", json!({ "conversation_id": conversation, "text": "So." })).await;
            assert_eq!(reply.status, 202, "{}", reply.body);
        }
        (6, Some(conversation), _) => {
            let state = ["open", "pending", "snoozed", "resolved"][usize::try_from(chance.below(4)).unwrap()];
            let reply =
                agent.patch(&format!("/v1/conversations/{conversation}"), json!({ "state": state })).await;
            assert_eq!(reply.summary(), format!("200 {state}"));
        }
        (7, Some(conversation), _) => {
            let who = if chance.below(2) == 0 { json!("me") } else { Value::Null };
            let reply = agent
                .patch(&format!("/v1/conversations/{conversation}"), json!({ "assignee_id": who }))
                .await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        (8, Some(conversation), _) => {
            assert_eq!(
                agent.post(&format!("/v1/conversations/{conversation}/read"), json!({})).await.status,
                204
            );
        }
        (9, _, Some(stray)) => {
            let belongs = json!({ "belongs": chance.below(2) == 0 });
            let reply = agent.post(&format!("/v1/conversations/{stray}/tray-decision"), belongs).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        _ => {}
    }
    app.clock.advance(MINUTE);
}

/// Every count is the length of its list, and every message is in the conversation that counts it.
async fn assert_consistent(agent: &Actor, turn: u64) {
    let counts = agent.get("/v1/conversations/counts").await.body;
    for (count, query) in [
        ("open", "state=open"),
        ("pending", "state=pending"),
        ("snoozed", "state=snoozed"),
        ("resolved", "state=resolved"),
        ("unassigned", "assignee=none&state=open"),
        ("mine", "assignee=me&state=open"),
        ("tray", "tray=true"),
    ] {
        let listed = agent.get(&format!("/v1/conversations?limit=200&{query}")).await;
        assert_eq!(counts[count], json!(listed.rows().len()), "turn {turn}: {count}: {counts}");
    }
    let mut found = 0;
    let all = agent.get("/v1/conversations?limit=200").await;
    let tray = agent.get("/v1/conversations?tray=true&limit=200").await;
    let mut unread = 0;
    for (is_tray, row) in
        all.rows().iter().map(|row| (false, row)).chain(tray.rows().iter().map(|row| (true, row)))
    {
        if is_tray && all.rows().iter().any(|known| known["id"] == row["id"]) {
            continue;
        }
        let id = row["id"].as_str().unwrap();
        let messages = agent.get(&format!("/v1/conversations/{id}/messages?limit=200")).await;
        assert_eq!(row["message_count"], json!(messages.rows().len()), "turn {turn}: {row}");
        let last = messages.rows().last().unwrap();
        assert_eq!(row["last_message"]["id"], last["id"], "turn {turn}: {row}");
        assert!(
            row["unread"].as_i64().unwrap() <= row["message_count"].as_i64().unwrap(),
            "turn {turn}: {row}"
        );
        unread += i64::from(row["unread"] != 0 && row["in_tray"] == false && row["state"] == "open");
        found += messages.rows().len();
    }
    assert_eq!(counts["unread"], json!(unread), "turn {turn}: {counts}");
    let mut known = 0;
    let mut path = "/v1/messages?limit=200".to_owned();
    loop {
        let page = agent.get(&path).await;
        known += page.rows().len();
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/v1/messages?limit=200&cursor={cursor}");
    }
    assert_eq!(found, known, "turn {turn}: every message is in a conversation");
}

story!(counts_and_lists_agree_over_a_long_day, async |app| {
    let (_server, _) = app.mail_server().await;
    let agent = app.person(Role::Agent).await;
    let chance = Chance::seeded(12);
    for turn in 0..120 {
        do_something(&app, &agent, &chance, turn).await;
        if turn % 10 == 9 {
            assert_consistent(&agent, turn).await;
        }
    }
});
