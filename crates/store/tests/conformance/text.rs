//! Values that one of the two databases might treat in its own way: NUL, odd Unicode, long text, the ends of the numbers.

use domain::clock::Timestamp;
use store::{Error, Tx, contacts, counters, journal, messages, settings};

use crate::ground::{Ground, OURS, ids};
use crate::sample;

on_both! {
    text_comes_back_as_it_went_in,
    nul_is_shown_as_a_replacement,
    bytes_are_any_bytes,
    text_may_be_very_long,
    what_rows_are_found_by_may_be_very_long,
    numbers_reach_to_their_ends,
    text_is_ordered_by_its_bytes,
}

fn there_and_back(tx: &mut Tx<'_>, text: &str) -> Result<String, Error> {
    settings::put(tx, OURS, "text", text)?;
    Ok(settings::get(tx, OURS, "text")?.unwrap())
}

async fn text_comes_back_as_it_went_in(ground: &Ground) {
    ground
        .write(|tx| {
            for text in [
                "",
                " ",
                "\t\r\n",
                "'; DROP TABLE messages; --",
                "\"quoted\" \\x00 $1 ?1 %_",
                "Grüße, 你好, здравствуйте",
                "👩‍👩‍👧‍👦 e\u{301} \u{202e}backwards\u{202c}",
                "\u{1}\u{8}\u{1b}[31m\u{7f}\u{80}\u{9f}",
                "\u{feff}bom",
                "\u{fffe}\u{ffff}\u{10ffff}",
                "\u{fffd}",
                "\u{d7ff}\u{e000}",
            ] {
                assert_eq!(there_and_back(tx, text)?, text, "{text:?}");
            }
            Ok(())
        })
        .await;
}

/// PostgreSQL refuses NUL in text, so it is replaced, on both, wherever it comes from; also in what is looked for.
async fn nul_is_shown_as_a_replacement(ground: &Ground) {
    ground
        .write(|tx| {
            assert_eq!(there_and_back(tx, "a\0b\0\0")?, "a\u{fffd}b\u{fffd}\u{fffd}");
            settings::put(tx, OURS, "na\0me", "x")?;
            assert_eq!(settings::get(tx, OURS, "na\0me")?.as_deref(), Some("x"));
            let ids = ids();
            let (jane, conversation, thread) = (ids.next(), ids.next(), ids.next());
            let mut message = sample::message(&ids, conversation, thread, jane);
            message.subject = "Invoice\0".into();
            let mut body = sample::body();
            body.text = Some("\0".into());
            body.html = Some("<b>\0</b>".into());
            body.envelope.headers.insert("X-Odd".into(), "\0".into());
            messages::insert(tx, OURS, &message, &body)?;
            assert_eq!(messages::get(tx, OURS, message.id)?.unwrap().subject, "Invoice\u{fffd}");
            let kept = messages::body(tx, OURS, message.id)?.unwrap();
            assert_eq!(kept.text.as_deref(), Some("\u{fffd}"));
            assert_eq!(kept.html.as_deref(), Some("<b>\u{fffd}</b>"));
            assert_eq!(kept.envelope.headers["X-Odd"], "\0", "JSON writes it as an escape, so it may stay");
            Ok(())
        })
        .await;
}

async fn bytes_are_any_bytes(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            for (number, body) in
                [vec![], vec![0], (0..=255).collect(), vec![0xff; 3_000_000]].into_iter().enumerate()
            {
                let entry = sample::entry(&ids, OURS, &number.to_string(), 0);
                journal::insert(tx, &entry, None, &body)?;
                assert_eq!(journal::body(tx, OURS, entry.id)?.unwrap(), body);
            }
            Ok(())
        })
        .await;
}

async fn text_may_be_very_long(ground: &Ground) {
    ground
        .write(|tx| {
            let long = "Ä🙂 ".repeat(2_000_000);
            assert!(there_and_back(tx, &long)? == long);
            Ok(())
        })
        .await;
}

async fn numbers_reach_to_their_ends(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            for (number, micros) in [i64::MIN, -1, 0, 1, i64::MAX].into_iter().enumerate() {
                let mut jane = sample::contact(&ids, "Jane");
                jane.created_at = Timestamp::from_micros(micros);
                jane.last_seen_at = Some(Timestamp::from_micros(micros));
                let address = format!("{number}@example.com");
                contacts::insert(tx, OURS, &sample::known(&jane, &address))?;
                assert_eq!(contacts::get(tx, OURS, jane.id)?, Some(jane));
            }
            counters::add(tx, OURS, "most", i64::MAX)?;
            counters::add(tx, OURS, "least", i64::MIN)?;
            let counted = counters::with_prefix(tx, OURS, "")?;
            assert!(
                counted.contains(&("most".into(), i64::MAX)) && counted.contains(&("least".into(), i64::MIN))
            );
            Ok(())
        })
        .await;
}

/// By bytes, not by any language: the order of lists and the bounds of prefix searches depend on it.
async fn text_is_ordered_by_its_bytes(ground: &Ground) {
    const NAMES: &str = "SELECT name FROM counters WHERE tenant_id = $1 ORDER BY name";
    let names = ["B", "a", "ab", "a b", "á", "Z", "_", "z", "ﬀ", "🙂", "~", "", "a\u{301}"];
    let ordered: Vec<String> = ground
        .write(move |tx| {
            for name in names {
                counters::add(tx, OURS, name, 1)?;
            }
            tx.query(NAMES, &store::args![OURS], store::db::only)
        })
        .await;
    let mut expected = names.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(ordered, expected);
}

/// An index of PostgreSQL takes no long entries, and strangers choose how long a subject or a name is.
async fn what_rows_are_found_by_may_be_very_long(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            // Of chance, because text that repeats itself would be packed and fit. NUL is replaced by something longer.
            let chance = domain::chance::Chance::seeded(3);
            let mut long: String = (0..9_000)
                .filter_map(|_| char::from_u32(u32::try_from(chance.below(3_000)).unwrap()))
                .collect();
            long.push_str(&"\0".repeat(3_000));
            let reversed: String = long.to_lowercase().chars().rev().collect();
            for text in [long, reversed] {
                let jane = sample::contact(&ids, &text);
                let address = format!("{}@example.com", jane.id);
                contacts::insert(tx, OURS, &sample::known(&jane, &address))?;
                assert_eq!(contacts::ids_named(tx, OURS, &text, 9)?.len(), 1);
                let known = contacts::known(tx, OURS, jane.id)?.unwrap();
                for word in known.words() {
                    assert!(contacts::ids_with_word(tx, OURS, &word, 99)?.contains(&jane.id));
                }
                let thread = store::threads::Thread {
                    subject_key: text.clone(),
                    ..sample::thread(&ids, ids.next(), jane.id)
                };
                store::threads::insert(tx, OURS, &thread)?;
                let found = store::threads::by_subject(tx, OURS, jane.id, &text)?.unwrap();
                assert_eq!(found.id, thread.id);
                let mut message = sample::message(&ids, thread.conversation, thread.id, jane.id);
                message.subject.clone_from(&text);
                message.provider_message_id = Some(text.clone());
                messages::insert(tx, OURS, &message, &sample::body())?;
                assert_eq!(messages::by_provider_id(tx, OURS, &text)?, Some(message.id));
                assert_eq!(
                    messages::get(tx, OURS, message.id)?.unwrap().subject,
                    text.replace('\0', "\u{fffd}")
                );
                let event = sample::event(&text, 0, domain::message::EventKind::Sent);
                assert!(store::message_events::insert(tx, OURS, message.id, &event)?);
                assert!(!store::message_events::insert(tx, OURS, message.id, &event)?);
            }
            Ok(())
        })
        .await;
}
