//! Two contacts become one, and are two again when that was wrong.

use domain::access::Role;
use domain::chance::Chance;
use serde_json::{Value, json};
use testkit::TestApp;

use super::{add, email, get};
use crate::scene::*;

/// Everything that a merge touches, as the API shows it.
async fn picture(app: &TestApp, contacts: &[Value]) -> Value {
    let key = app.key();
    let mut shown = Vec::new();
    for id in contacts {
        let path = format!("/v1/contacts/{}", id.as_str().unwrap());
        let conversations = key.get(&format!("{path}/conversations?limit=200")).await;
        let mut messages = Vec::new();
        for row in conversations.rows() {
            let id = row["id"].as_str().unwrap();
            let list = key.get(&format!("/v1/messages?conversation={id}&limit=200")).await;
            let of_each: Vec<Value> = list.rows().iter().map(|message| message["id"].clone()).collect();
            let mine = format!(
                "/v1/messages?conversation={id}&contact={}&limit=200",
                path.rsplit('/').next().unwrap()
            );
            messages.push(json!([of_each, key.get(&mine).await.rows().len()]));
        }
        let brief: Vec<Value> =
            conversations.rows().iter().map(|row| json!([row["id"], row["contact"]])).collect();
        shown.push(json!([key.get(&path).await.body, brief, messages]));
    }
    let found = key.get("/v1/contacts?limit=200&sort=name").await.body;
    json!([shown, found])
}

async fn merge(app: &TestApp, source: &Value, target: &Value) -> Value {
    let path = format!("/v1/contacts/{}/merge", source.as_str().unwrap());
    let merged = app.key().post(&path, json!({ "into": target })).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    merged.body
}

async fn undo(app: &TestApp, rearrangement: &Value) -> testkit::Reply {
    let path = format!("/v1/rearrangements/{}/undo", rearrangement.as_str().unwrap());
    app.key().post(&path, json!({})).await
}

async fn two(app: &TestApp) -> (Value, Value) {
    let jane = json!({
        "name": "Jane Doe",
        "identities": [email("jane@example.com")],
        "attributes": { "company": "Acme", "plan": "gold" },
        "time_zone": "Europe/Berlin",
    });
    let jenny = json!({
        "name": "Jenny",
        "identities": [email("jenny@example.com"), email("j@example.com"), { "channel": "sms", "address": "+15550100123" }],
        "attributes": { "company": "Other", "size": 7 },
        "locale": "de",
    });
    (add(app, jane).await["id"].clone(), add(app, jenny).await["id"].clone())
}

story!(what_two_had_one_has, async |app| {
    let agent = app.person(Role::Agent).await;
    let (jane, jenny) = two(&app).await;
    let letter = receive(&app, mail("jenny@example.com", "Invoice", "one@example.com", &[], "Hello")).await;
    let merged = merge(&app, &jenny, &jane).await;
    let contact = &merged["contact"];
    assert_eq!((&contact["id"], &contact["name"]), (&jane, &json!("Jane Doe")));
    assert_eq!(
        texts(&contact["identities"], "address"),
        ["jane@example.com", "jenny@example.com", "j@example.com", "+15550100123"]
    );
    assert_eq!(contact["attributes"], json!({ "company": "Acme", "plan": "gold", "size": 7 }));
    assert_eq!((&contact["time_zone"], &contact["locale"]), (&json!("Europe/Berlin"), &json!("de")));
    let gone = get(&app, &jenny).await;
    assert_eq!((&gone["merged_into"], &gone["identities"]), (&jane, &json!([])));
    assert_eq!(app.key().get("/v1/contacts").await.rows().len(), 1);
    // An answer by the old address finds its thread and its one contact.
    let next = mail(
        "jenny@example.com",
        "Re: Invoice",
        "two@example.com",
        &["In-Reply-To: <one@example.com>"],
        "More",
    );
    assert_eq!(receive(&app, next).await["conversation_id"], letter["conversation_id"]);
    let shown = conversation(&app, &letter["conversation_id"]).await;
    assert_eq!(shown["contact"]["id"], jane);
    let path = format!("/v1/conversations/{}/timeline", letter["conversation_id"].as_str().unwrap());
    let lines = agent.get(&path).await;
    let line = lines.rows().iter().find(|row| row["type"] == "activity").unwrap();
    assert_eq!(line["activity"]["kind"], "contact_merged");
    let id = jenny.as_str().unwrap();
    let refused = app.key().patch(&format!("/v1/contacts/{id}"), json!({ "name": "x" })).await;
    assert_eq!(refused.summary(), "409 contact_merged");
    let itself = app
        .key()
        .post(&format!("/v1/contacts/{}/merge", jane.as_str().unwrap()), json!({ "into": jane }))
        .await;
    assert_eq!(itself.summary(), "422 invalid_request /into");
    let again = app.key().post(&format!("/v1/contacts/{id}/merge"), json!({ "into": jane })).await;
    assert_eq!(again.summary(), "409 contact_merged");
    let types = app.key().get("/v1/events?limit=200").await;
    assert!(texts(&types.body["data"], "type").contains(&"contact.merged"));
});

story!(a_merge_that_is_undone_leaves_no_trace, async |app| {
    let chance = Chance::seeded(5);
    let (jane, jenny) = two(&app).await;
    let joe = add(&app, json!({ "identities": [email("joe@example.com")] })).await["id"].clone();
    let all = [jane.clone(), jenny.clone(), joe];
    let mut parents: Vec<String> = Vec::new();
    for turn in 0..12 {
        let from = ["jane@example.com", "jenny@example.com", "j@example.com", "joe@example.com"]
            [usize::try_from(chance.below(4)).unwrap()];
        let id = format!("turn{turn}@example.com");
        // Some answer in a conversation of the other, where their address was copied in.
        let parent = parents.get(usize::try_from(chance.below(6)).unwrap());
        let headers = parent.map(|parent| format!("In-Reply-To: <{parent}>"));
        let headers: Vec<&str> =
            headers.iter().map(String::as_str).chain(["Cc: jane@example.com, jenny@example.com"]).collect();
        receive(&app, mail(from, &format!("Subject {}", turn % 5), &id, &headers, "Hello")).await;
        parents.push(id);
        app.clock.advance(MINUTE);
    }
    let before = picture(&app, &all).await;
    for (source, target) in [(&jenny, &jane), (&jane, &jenny), (&jenny, &all[2]), (&all[2], &jane)] {
        let merged = merge(&app, source, target).await;
        assert_ne!(picture(&app, &all).await, before);
        let undone = undo(&app, &merged["rearrangement_id"]).await;
        assert_eq!(undone.status, 200, "{}", undone.body);
        assert_eq!(&undone.body["contact"]["id"], source);
        assert_eq!(picture(&app, &all).await, before);
    }
    let (one, other) = (merge(&app, &jenny, &jane).await, merge(&app, &jane, &all[2]).await);
    let too_early = undo(&app, &one["rearrangement_id"]).await;
    assert_eq!(too_early.summary(), "409 not_undoable");
    assert!(too_early.text("detail").contains("undo that first"), "{}", too_early.body);
    for each in [&other, &one] {
        assert_eq!(undo(&app, &each["rearrangement_id"]).await.status, 200);
    }
    assert_eq!(picture(&app, &all).await, before);
    let twice = undo(&app, &one["rearrangement_id"]).await;
    assert_eq!(twice.summary(), "409 not_undoable");
});

story!(what_came_since_a_merge_stays_where_it_was_filed, async |app| {
    let (jane, jenny) = two(&app).await;
    let old = receive(&app, mail("jenny@example.com", "Old", "old@example.com", &[], "Hello")).await;
    let merged = merge(&app, &jenny, &jane).await;
    app.clock.advance(HOUR);
    let answer = mail(
        "jenny@example.com",
        "Re: Old",
        "answer@example.com",
        &["In-Reply-To: <old@example.com>"],
        "More",
    );
    receive(&app, answer).await;
    let new = receive(&app, mail("jenny@example.com", "New", "new@example.com", &[], "Something else")).await;
    let (one, other) = (jane.as_str().unwrap(), jenny.as_str().unwrap());
    let path = format!("/v1/contacts/{one}");
    let change = json!({
        "remove_identities": [email("j@example.com")],
        "attributes": { "size": 8 },
        "name": "Jane Roe",
    });
    assert_eq!(app.key().patch(&path, change).await.status, 200);
    assert_eq!(undo(&app, &merged["rearrangement_id"]).await.status, 200);
    let (jane_now, jenny_now) = (get(&app, &jane).await, get(&app, &jenny).await);
    assert_eq!(texts(&jane_now["identities"], "address"), ["jane@example.com"]);
    assert_eq!(texts(&jenny_now["identities"], "address"), ["jenny@example.com", "+15550100123"]);
    assert_eq!(jane_now["attributes"]["size"], 8, "what was changed since is not taken away");
    assert_eq!((&jane_now["name"], &jenny_now["name"]), (&json!("Jane Roe"), &json!("Jenny")));
    let subjects = async |id: &str| {
        let list = app.key().get(&format!("/v1/contacts/{id}/conversations")).await;
        texts(&list.body["data"], "subject").iter().map(|subject| (*subject).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(subjects(one).await, ["New"]);
    assert_eq!(subjects(other).await, ["Old"]);
    assert_eq!(conversation(&app, &old["conversation_id"]).await["message_count"], 2);
    assert_eq!(conversation(&app, &new["conversation_id"]).await["contact"]["id"], jane);
});
