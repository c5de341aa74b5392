//! The order in which mail arrives does not matter where its headers tell what belongs together.

use std::collections::BTreeMap;

use domain::chance::Chance;
use serde_json::json;
use testkit::TestApp;

use crate::scene::*;

/// One mail of a thread: its parent, and all mails above it, by number.
struct Planned {
    thread: usize,
    number: usize,
    above: Vec<usize>,
}

/// Threads as people make them: each mail answers one that was there before.
fn plan(chance: &Chance) -> Vec<Planned> {
    let mut mails: Vec<Planned> = Vec::new();
    for thread in 0..6 {
        let size = 1 + chance.below(6);
        let first = mails.len();
        for _ in 0..size {
            let number = mails.len();
            let above = if number == first {
                Vec::new()
            } else {
                let among = u64::try_from(number - first).unwrap();
                let parent = first + usize::try_from(chance.below(among)).unwrap();
                let mut above = mails[parent].above.clone();
                above.push(parent);
                above
            };
            mails.push(Planned { thread, number, above });
        }
    }
    mails
}

fn written(mail: &Planned, round: u64, with_references: bool) -> String {
    let id = |number: &usize| format!("<r{round}.m{number}@example.com>");
    let mut headers = Vec::new();
    if let Some(parent) = mail.above.last() {
        headers.push(format!("In-Reply-To: {}", id(parent)));
    }
    if with_references && !mail.above.is_empty() {
        let all: Vec<String> = mail.above.iter().map(id).collect();
        headers.push(format!("References: {}", all.join(" ")));
    }
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    // Subjects that connect nothing.
    let subject = format!("Round {round} mail {}", mail.number);
    let own = id(&mail.number);
    crate::scene::mail("jane@example.com", &subject, own.trim_matches(['<', '>']), &headers, "Hello")
}

async fn arrive(app: &TestApp, chance: &Chance, round: u64) {
    let mut mails = plan(chance);
    for place in (1..mails.len()).rev() {
        let other = usize::try_from(chance.below(place as u64 + 1)).unwrap();
        mails.swap(place, other);
    }
    let mut homes: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for mail in &mails {
        let message = receive(app, written(mail, round, true)).await;
        let home = message["conversation_id"].as_str().unwrap().to_owned();
        homes.entry(mail.thread).or_default().push(home);
    }
    let order: Vec<usize> = mails.iter().map(|mail| mail.number).collect();
    let mut all = Vec::new();
    for (thread, mut homes) in homes {
        homes.dedup();
        assert_eq!(homes.len(), 1, "round {round}: thread {thread} fell apart, in the order {order:?}");
        all.append(&mut homes);
    }
    let threads = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), threads, "round {round}: two threads became one, in the order {order:?}");
}

story!(mail_finds_its_thread_in_whatever_order_it_comes, async |app| {
    let chance = Chance::seeded(77);
    for round in 0..4 {
        arrive(&app, &chance, round).await;
    }
});

story!(what_is_answered_may_come_after_its_answer, async |app| {
    let answer = ["In-Reply-To: <first@example.com>"];
    let second = receive(&app, mail("jane@example.com", "Re: A", "second@example.com", &answer, "Two")).await;
    let third = receive(&app, mail("jane@example.com", "Re: B", "third@example.com", &answer, "Three")).await;
    let first = receive(&app, mail("jane@example.com", "C", "first@example.com", &[], "One")).await;
    assert_eq!(second["conversation_id"], third["conversation_id"]);
    assert_eq!(second["conversation_id"], first["conversation_id"]);
    assert_eq!(first["threading"]["rule"], "references");
    // Who was never part of it is asked about, also so.
    let named = ["In-Reply-To: <theirs@example.net>"];
    receive(&app, mail("jane@example.com", "Re: D", "fourth@example.com", &named, "Four")).await;
    let stranger = receive(&app, mail("joe@example.net", "D", "theirs@example.net", &[], "D")).await;
    let home = conversation(&app, &stranger["conversation_id"]).await;
    assert_eq!(home["in_tray"], json!(true), "{home}");
});
