//! What was said is found again: by words in any writing, by operators, newest first, with the hits marked.

use domain::access::Role;
use serde_json::{Value, json};
use testkit::{Actor, Reply, TestApp};

use crate::scene::*;

/// A query as it stands in an address.
fn encoded(query: &str) -> String {
    query.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn ask(actor: &Actor, query: &str) -> Reply {
    let reply = actor.get(&format!("/v1/search?q={}", encoded(query))).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.body);
    reply
}

/// The subjects of the conversations that a query finds.
async fn subjects(actor: &Actor, query: &str) -> Vec<String> {
    let reply = ask(actor, query).await;
    let rows = reply.rows().iter();
    rows.map(|row| row["conversation"]["subject"].as_str().unwrap().to_owned()).collect()
}

/// A snippet as one line with `[hits]` in brackets.
fn shown(pieces: &Value) -> String {
    let piece = |piece: &Value| {
        let text = piece["text"].as_str().unwrap();
        if piece["hit"] == true { format!("[{text}]") } else { text.to_owned() }
    };
    pieces.as_array().unwrap().iter().map(piece).collect()
}

/// Mail that comes in, a minute after what came before; gives its conversation.
async fn hears(app: &TestApp, from: &str, subject: &str, text: &str) -> String {
    app.advance(MINUTE).await;
    let id = format!("{}@example.com", app.clock.now().micros());
    let message = receive(app, mail(from, subject, &id, &[], text)).await;
    app.run_until_idle().await;
    message["conversation_id"].as_str().unwrap().to_owned()
}

async fn change(app: &TestApp, conversation: &str, change: Value) {
    let reply = app.key().patch(&format!("/v1/conversations/{conversation}"), change).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

story!(words_are_found_however_they_are_written, async |app| {
    hears(&app, "Jane Doe <jane@example.com>", "Invoice 7", "The crème brûlée was late. Please pay.").await;
    hears(&app, "Joe <joe@example.org>", "Crema", "Invoices and late payments, dear Jane").await;
    hears(&app, "Yuki <yuki@example.net>", "東京", "東京タワーで会いましょう").await;
    let key = app.key();
    for (query, found) in [
        ("CREME brulee", vec!["Invoice 7"]),
        ("late", vec!["Crema", "Invoice 7"]),
        ("invoice*", vec!["Crema", "Invoice 7"]),
        ("invoice", vec!["Invoice 7"]),
        ("\"late payments\"", vec!["Crema"]),
        ("\"payments late\"", vec![]),
        ("late -payments", vec!["Invoice 7"]),
        ("brulee OR payments", vec!["Crema", "Invoice 7"]),
        ("タワー", vec!["東京"]),
        ("京会", vec![]),
        ("from:jane", vec!["Invoice 7"]),
        ("from:jane@example.com", vec!["Invoice 7"]),
        ("from:example.org late", vec!["Crema"]),
        ("subject:crema", vec!["Crema"]),
        ("to:support@company.example.com late", vec!["Crema", "Invoice 7"]),
        ("jane", vec!["Crema", "Invoice 7"]),
    ] {
        assert_eq!(subjects(&key, query).await, found, "{query}");
    }
});

story!(hits_are_marked_where_they_stand, async |app| {
    let filler = "More words here. ".repeat(30);
    let text = format!("Dear support, {filler} the Brûlée was <b>late</b> again. {filler}");
    let conversation = hears(&app, "Jane Doe <jane@example.com>", "A late dessert", &text).await;
    let reply = ask(&app.key(), "late brulee").await;
    let row = &reply.rows()[0];
    assert_eq!(row["conversation"]["id"], json!(conversation));
    assert_eq!(row["from"], json!({ "name": "Jane Doe", "address": "jane@example.com" }));
    assert_eq!(shown(&row["subject"]), "A [late] dessert");
    let snippet = shown(&row["snippet"]);
    assert!(snippet.contains("the [Brûlée] was <b>[late]</b> again."), "{snippet}");
    assert!(snippet.starts_with('…') && snippet.ends_with('…') && snippet.len() < 300, "{snippet}");
    let message = message(&app, row["message_id"].as_str().unwrap()).await;
    assert_eq!((&message["created_at"], &row["entry_id"]), (&row["at"], &Value::Null));
});

story!(operators_ask_of_the_conversation, async |app| {
    let (_server, _) = app.mail_server().await;
    let agent = app.person(Role::Agent).await;
    let me = agent.get("/v1/me").await.body["user"]["id"].clone();
    let one = hears(&app, "jane@example.com", "One", "The word").await;
    let two = hears(&app, "joe@example.com", "Two", "The word").await;
    hears(&app, "jim@example.com", "Three", "The word").await;
    let tag = app.key().post("/v1/tags", json!({ "name": "Très Important" })).await;
    let team = app.key().post("/v1/teams", json!({ "name": "Sales", "member_ids": [] })).await;
    change(&app, &one, json!({ "tags": [tag.text("id")], "team_id": team.text("id") })).await;
    change(&app, &two, json!({ "assignee_id": me, "priority": "urgent" })).await;
    change(&app, &one, json!({ "state": "resolved" })).await;
    agent.post(&format!("/v1/conversations/{two}/read"), json!({})).await;
    app.advance(MINUTE).await;
    app.key()
        .post("/v1/messages", json!({ "conversation_id": two, "text": "An answer, word by word" }))
        .await;
    app.run_until_idle().await;
    for (query, found) in [
        ("is:open", vec!["Two", "Three"]),
        ("is:resolved", vec!["One"]),
        ("is:open is:resolved", vec!["Two", "Three", "One"]),
        ("-is:open", vec!["One"]),
        ("tag:\"tres important\"", vec!["One"]),
        ("-tag:très-important", vec!["Two", "Three"]),
        ("team:sales", vec!["One"]),
        ("is:mine", vec!["Two"]),
        ("assignee:me", vec!["Two"]),
        ("assignee:agent", vec!["Two"]),
        ("is:unassigned", vec!["Three", "One"]),
        ("is:unread", vec!["Three", "One"]),
        ("is:read", vec!["Two"]),
        ("priority:urgent", vec!["Two"]),
        ("channel:email -priority:urgent is:open", vec!["Three"]),
        ("is:snoozed", vec![]),
    ] {
        assert_eq!(subjects(&agent, query).await, found, "{query}");
        // The same with a word, by the newest document of each.
        let with_word = subjects(&agent, &format!("word {query}")).await;
        let newest_first: Vec<&str> =
            ["Two", "Three", "One"].into_iter().filter(|name| found.contains(name)).collect();
        assert_eq!(with_word, newest_first, "word {query}");
    }
    assert_eq!(subjects(&agent, "word in:notes").await, [""; 0]);
    // One row for a conversation, with its newest hit.
    let reply = ask(&agent, "word is:mine").await;
    assert_eq!(shown(&reply.rows()[0]["snippet"]), "An answer, [word] by [word]");
});

story!(what_does_not_exist_is_told_and_not_found, async |app| {
    hears(&app, "jane@example.com", "One", "The word").await;
    let key = app.key();
    for (query, note, count) in [
        ("tag:foo", "There is no tag 'foo'.", 0),
        ("-tag:foo", "There is no tag 'foo'.", 1),
        ("team:\"no one\" word", "There is no team 'no one'.", 0),
        ("assignee:nobodyhere", "There is nobody called 'nobodyhere' here.", 0),
        ("is:mine", "Only a person who is signed in is 'me'.", 0),
        (
            "before:soon word",
            "'before:soon' has no date: write 2026-11-20, 2026-11, 2026, 7d, today or yesterday.",
            1,
        ),
        ("wo*", "'wo*' was looked for as a word: a beginning has at least 3 letters.", 0),
    ] {
        let reply = ask(&key, query).await;
        assert_eq!(
            (&reply.body["understood"]["notes"], reply.rows().len()),
            (&json!([note]), count),
            "{query}"
        );
    }
    let reply = ask(&key, "from:jane \"the word\" -absent is:open").await;
    assert_eq!(
        reply.body["understood"],
        json!({
            "words": ["the word", "-absent"],
            "filters": [
                { "operator": "from", "value": "jane", "negated": false },
                { "operator": "is", "value": "open", "negated": false },
            ],
            "notes": [],
        })
    );
    assert_eq!(key.get("/v1/search").await.rows().len(), 1, "nothing asked is everything");
    assert_eq!(app.anyone().get("/v1/search?q=word").await.status, 401);
    let narrow = app.key_with(&["contacts:read"]).await;
    assert_eq!(narrow.get("/v1/search?q=word").await.summary(), "403 forbidden");
});

story!(dates_and_files_narrow, async |app| {
    let (_server, _) = app.mail_server().await;
    hears(&app, "jane@example.com", "Old", "The word").await;
    app.advance(3 * DAY).await;
    hears(&app, "joe@example.com", "New", "The word").await;
    app.advance(MINUTE).await;
    let file = json!({ "filename": "rechnung-7.pdf", "content_base64": "JVBERg==" });
    let sent =
        json!({ "to": "jim@example.com", "subject": "Sent", "text": "The word", "attachments": [file] });
    send(&app, sent).await;
    app.run_until_idle().await;
    let key = app.key();
    for (query, found) in [
        ("word", vec!["Sent", "New", "Old"]),
        ("word before:1d", vec!["Old"]),
        ("word after:2026-11-21", vec!["Sent", "New"]),
        ("word after:2026-11-21 before:2026-11-23", vec![]),
        ("word -after:1d", vec!["Old"]),
        ("before:1d", vec!["Old"]),
        ("is:open after:1d", vec!["New"]),
        ("after:1d", vec!["Sent", "New"]),
        ("has:attachment", vec!["Sent"]),
        ("word -has:attachment", vec!["New", "Old"]),
        ("rechnung", vec!["Sent"]),
        ("to:jim", vec!["Sent"]),
    ] {
        assert_eq!(subjects(&key, query).await, found, "{query}");
    }
});

story!(pages_follow_each_other_without_gaps, async |app| {
    for number in 0..7 {
        hears(&app, &format!("customer{number}@example.com"), &format!("Subject {number}"), "The word").await;
    }
    for query in ["word", "is:open", "word is:open -subject:3"] {
        let whole = subjects(&app.key(), query).await;
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/search?limit=2&q={}&cursor={cursor}", encoded(query));
            let page = app.key().get(&path).await;
            assert!(page.rows().len() <= 2);
            paged.extend(
                page.rows().iter().map(|row| row["conversation"]["subject"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page.body["next_cursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        assert_eq!(paged, whole, "{query}");
        assert_eq!(whole.len(), if query.contains('3') { 6 } else { 7 }, "{query}");
    }
});

story!(notes_are_found_and_forgotten, async |app| {
    let conversation = hears(&app, "jane@example.com", "Question", "Hello").await;
    hears(&app, "joe@example.com", "Other", "Hello").await;
    let agent = app.person(Role::Agent).await;
    let note = agent
        .post(&format!("/v1/conversations/{conversation}/notes"), json!({ "text": "She is a plumber" }))
        .await;
    assert_eq!(note.status, 201, "{}", note.body);
    app.run_until_idle().await;
    let reply = ask(&agent, "plumber").await;
    assert_eq!(
        (&reply.rows()[0]["entry_id"], &reply.rows()[0]["message_id"]),
        (&note.body["id"], &Value::Null)
    );
    assert_eq!(shown(&reply.rows()[0]["snippet"]), "She is a [plumber]");
    assert_eq!(subjects(&agent, "from:agent in:notes").await, ["Question"]);
    assert_eq!(subjects(&agent, "from:me").await, ["Question"]);
    assert_eq!(subjects(&agent, "has:note").await, ["Question"]);
    assert_eq!(subjects(&agent, "hello has:note").await, ["Question"]);
    assert_eq!(subjects(&agent, "hello -has:note").await, ["Other"]);
    let path = format!("/v1/notes/{}", note.text("id"));
    assert_eq!(agent.patch(&path, json!({ "text": "She is a painter" })).await.status, 200);
    app.run_until_idle().await;
    assert_eq!(subjects(&agent, "plumber").await, [""; 0]);
    assert_eq!(subjects(&agent, "painter").await, ["Question"]);
    assert_eq!(agent.delete(&path).await.status, 204);
    app.run_until_idle().await;
    assert_eq!(subjects(&agent, "painter").await, [""; 0]);
    assert_eq!(subjects(&agent, "in:notes").await, [""; 0]);
});

story!(what_was_said_is_found_where_it_is_now, async |app| {
    let one = hears(&app, "jane@example.com", "One", "The unicorn").await;
    let other = hears(&app, "joe@example.com", "Other", "Hello").await;
    let merged = app.key().post(&format!("/v1/conversations/{one}/merge"), json!({ "into": other })).await;
    assert_eq!(merged.status, 200, "{}", merged.body);
    app.run_until_idle().await;
    assert_eq!(subjects(&app.key(), "unicorn").await, ["Other"]);
    assert_eq!(subjects(&app.key(), "is:open").await, ["Other"], "a merged one is in no list");
    let undo = format!("/v1/rearrangements/{}/undo", merged.text("rearrangement_id"));
    assert_eq!(app.key().post(&undo, json!({})).await.status, 200);
    assert_eq!(subjects(&app.key(), "unicorn").await, ["One"]);
});

story!(the_tray_is_found_by_words_and_by_name, async |app| {
    let question =
        receive(&app, mail("jane@example.com", "Question", "q@example.com", &[], "The word")).await;
    let parent = format!("In-Reply-To: <{}>", question["rfc_message_id"].as_str().unwrap());
    receive(
        &app,
        mail("stranger@example.net", "Re: Question", "s@example.net", &[&parent], "A strange word"),
    )
    .await;
    app.run_until_idle().await;
    let key = app.key();
    for (query, found) in [
        ("word", vec!["Re: Question", "Question"]),
        ("in:tray", vec!["Re: Question"]),
        ("word is:tray", vec!["Re: Question"]),
        ("word in:inbox", vec!["Question"]),
        ("is:open", vec!["Question"]),
        ("is:open word", vec!["Question"]),
    ] {
        assert_eq!(subjects(&key, query).await, found, "{query}");
    }
});

story!(everything_is_found_after_a_kill, async |app| {
    for number in 0..30 {
        let raw = mail(
            "jane@example.com",
            &format!("Subject {number}"),
            &format!("{number}@example.com"),
            &[],
            "The word",
        );
        assert_eq!(app.key().hand_in(raw).await.status, 202);
    }
    let app = app.kill().await;
    app.run_until_idle().await;
    let found = app.key().get("/v1/search?limit=200&q=word").await;
    assert_eq!(found.rows().len(), 30);
    let app = app.restart().await;
    hears(&app, "joe@example.com", "Later", "The word").await;
    let found = app.key().get("/v1/search?limit=200&q=word").await;
    assert_eq!(found.rows().len(), 31);
});

// As after an update from a version without an index: all of it is made anew from the feed.
story!(what_was_there_before_the_index_is_taken_in, async |app| {
    for number in 0..5 {
        hears(&app, "jane@example.com", &format!("Subject {number}"), "The word").await;
    }
    app.engine()
        .store()
        .write(domain::ids::TenantId(1), |tx| {
            let tenant = domain::ids::TenantId(1);
            let every = domain::search::parse("word", domain::clock::Timestamp::from_micros(0));
            let expression = store::search::expression(&every, &[]).unwrap();
            let span = store::search::Span { from: 0, below: i64::MAX };
            let found = store::search::matching(tx, tenant, &expression, span, 20, true)?.found;
            for found in &found {
                store::search::remove(tx, tenant, found.doc)?;
            }
            store::search::move_cursor(tx, tenant, 0)?;
            assert_eq!(found.len(), 5);
            Ok::<_, store::Error>(())
        })
        .await
        .unwrap();
    assert_eq!(subjects(&app.key(), "word").await, [""; 0]);
    let app = app.restart().await;
    app.run_until_idle().await;
    assert_eq!(subjects(&app.key(), "word").await.len(), 5);
});

// People are looked for by the name that they have now, and by the one that stands in their letters.
story!(somebody_with_another_name_is_found_by_both, async |app| {
    let (_server, _) = app.mail_server().await;
    let conversation = hears(&app, "Jane Doe <jane@example.com>", "Invoice 7", "The first").await;
    hears(&app, "Joe Doe <joe@example.com>", "Another", "Of somebody else").await;
    let key = app.key();
    let answer = json!({ "conversation_id": conversation, "text": "Dear Jane" });
    assert_eq!(key.post("/v1/messages", answer).await.status, 202);
    app.run_until_idle().await;
    let contact = key.get(&format!("/v1/conversations/{conversation}")).await.body["contact"]["id"].clone();
    let contact = format!("/v1/contacts/{}", contact.as_str().unwrap());
    assert_eq!(subjects(&key, "from:roe").await, [""; 0]);

    assert_eq!(key.patch(&contact, json!({ "name": "Jane Roe" })).await.status, 200);
    app.run_until_idle().await;
    for query in ["from:roe", "from:doe from:jane", "to:roe", "roe first", "from:roe first"] {
        assert_eq!(subjects(&key, query).await, ["Invoice 7"], "{query}");
    }
    assert_eq!(subjects(&key, "from:doe").await, ["Another", "Invoice 7"]);
    assert_eq!(subjects(&key, "from:roe dear").await, [""; 0], "what we wrote is not from her");

    // What comes later is found by both as well, and nothing of it is in the way of a third name.
    hears(&app, "Jane Doe <jane@example.com>", "Invoice 8", "The second").await;
    assert_eq!(subjects(&key, "from:roe from:doe").await, ["Invoice 8", "Invoice 7"]);
    assert_eq!(key.patch(&contact, json!({ "name": "Jane Poe" })).await.status, 200);
    app.run_until_idle().await;
    assert_eq!(subjects(&key, "from:poe").await, ["Invoice 8", "Invoice 7"]);
    assert_eq!(subjects(&key, "from:doe second").await, ["Invoice 8"]);
    assert_eq!(key.patch(&contact, json!({ "name": "" })).await.status, 200);
    app.run_until_idle().await;
    assert_eq!(subjects(&key, "from:doe first").await, ["Invoice 7"]);
});
