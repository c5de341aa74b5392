//! The index of words: both databases find the same documents for the same query, newest first.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::ids::{ConversationId, Ids, MessageId, TenantId};
use domain::search::{fold, parse};
use store::conversations::{self, Conversation};
use store::entries::{self, Entry, EntryKind};
use store::search::{self, Document, Expression, Found, Looked, Mark, Span};
use store::{Error, Tx, attachments, feed, messages, reads};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    words_phrases_prefixes_fields_and_marks_are_found,
    newest_first_within_a_span_of_time,
    what_is_common_and_what_is_rare_is_found_among_many,
    looks_follow_each_other_without_gaps,
    documents_change_and_go,
    a_document_tells_where_it_stands_now,
    nothing_of_another_tenant_is_found,
    the_index_knows_how_far_it_is,
    what_is_looked_up_for_many_at_once,
    what_is_sparse_is_found_over_many_stretches,
    messages_that_lack_the_words_of_a_name_are_told,
}

fn everything(tenant: TenantId) -> Span {
    let (from, to) = (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX));
    Span { from: search::doc_at(tenant, from), below: search::doc_at(tenant, to) }
}

fn expression(query: &str) -> Expression {
    search::expression(&parse(query, at(0)), &[]).unwrap()
}

fn document(source: &str, seconds: i64, subject: &str, body: &str) -> Document {
    Document {
        doc: None,
        source: source.into(),
        at: at(seconds),
        subject: fold(subject).join(" "),
        sender: fold("Jane Doe <jane@example.com>").join(" "),
        recipients: fold("support@example.com").join(" "),
        body: fold(body).join(" "),
        marks: vec![Mark::Inbound],
    }
}

/// One message in the index of a business.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<(), Error> {
    search::put(tx, tenant, &[document(&message.to_string(), 0, "same", "words")])?;
    search::move_cursor(tx, tenant, 1)
}

/// What we find of theirs, and of ours that stands beside it.
pub fn seen_by_us(tx: &mut Tx<'_>, theirs: MessageId) -> Result<String, Error> {
    let matching = whole(tx, OURS, &expression("same"))?;
    let direct = (search::material(tx, OURS, &[theirs])?, search::doc_of(tx, OURS, &theirs.to_string())?);
    Ok(format!("{matching:?} {direct:?}"))
}

/// What we do to the place of theirs.
pub fn meddle(tx: &mut Tx<'_>, theirs: MessageId) -> Result<(), Error> {
    let place = search::doc_of(tx, THEIRS, &theirs.to_string())?.unwrap();
    search::remove(tx, OURS, place)?;
    search::move_cursor(tx, OURS, 99)?;
    assert_eq!(whole(tx, THEIRS, &expression("same"))?.len(), 1);
    Ok(())
}

/// All that matches.
fn whole(tx: &mut Tx<'_>, tenant: TenantId, expression: &Expression) -> Result<Vec<Found>, Error> {
    let looked = search::matching(tx, tenant, expression, everything(tenant), 20, false)?;
    assert_eq!(looked.below, None);
    Ok(looked.found)
}

/// The places of what matches, counted from the first document.
fn places(tx: &mut Tx<'_>, query: &str) -> Result<Vec<i64>, Error> {
    let found = whole(tx, OURS, &expression(query))?;
    let first = search::doc_at(OURS, at(0));
    Ok(found.iter().map(|found| (found.doc - first) / 10_000).collect())
}

async fn words_phrases_prefixes_fields_and_marks_are_found(ground: &Ground) {
    ground
        .write(|tx| {
            let mut documents = vec![
                document("msg_0", 0, "Invoice 7", "Your crème brûlée is late. Payment is due."),
                document("msg_1", 1, "Order", "The late payment of invoice 8, invoices and invoicing"),
                document("msg_2", 2, "東京タワー", "한국어 हिन्दी ไทย"),
                document("msg_3", 3, "", ""),
            ];
            documents[1].sender = "joe roe joe example com".into();
            documents[1].marks = vec![Mark::Outbound, Mark::File];
            documents[3].recipients = String::new();
            documents[3].sender = "invoice robot".into();
            search::put(tx, OURS, &documents)?;
            for (query, found) in [
                ("invoice", vec![3, 1, 0]),
                ("invoice late", vec![1, 0]),
                ("\"late payment\"", vec![1, 0]),
                ("\"payment late\"", vec![]),
                ("Creme BRULEE", vec![0]),
                ("inv* -invoice", vec![]),
                ("invoici*", vec![1]),
                ("\"invoices and\" invoic*", vec![1]),
                ("from:jane", vec![2, 0]),
                ("from:jane@example.com", vec![2, 0]),
                ("from:joe*", vec![1]),
                ("from:example.com.jane", vec![]),
                ("subject:invoice", vec![0]),
                ("to:support@example.com", vec![2, 1, 0]),
                ("to:invoice", vec![]),
                ("invoice -from:jane", vec![3, 1]),
                ("-invoice", vec![2]),
                ("brulee OR invoicing", vec![1, 0]),
                ("(brulee invoicing)", vec![]),
                ("京タ", vec![2]),
                ("京ワ", vec![]),
                ("국어", vec![2]),
                ("हिन्दी", vec![2]),
                ("ไท", vec![2]),
                ("8 -order", vec![]),
                // The last word of the subject and the first of the sender are no phrase.
                ("\"7 jane\"", vec![]),
                ("\"order joe\"", vec![]),
            ] {
                assert_eq!(places(tx, query)?, found, "{query}");
            }
            let query = parse("invoice", at(0));
            for (mark, wanted, count) in
                [(Mark::File, true, 1), (Mark::File, false, 2), (Mark::Outbound, true, 1)]
            {
                let expression = search::expression(&query, &[(mark, wanted)]).unwrap();
                assert_eq!(whole(tx, OURS, &expression)?.len(), count);
            }
            Ok(())
        })
        .await;
}

async fn newest_first_within_a_span_of_time(ground: &Ground) {
    ground
        .write(|tx| {
            // Two of one moment, and one that comes after them with an older time: it stands behind them.
            let documents: Vec<Document> = [5, 5, 2, 9]
                .iter()
                .enumerate()
                .map(|(number, seconds)| document(&format!("msg_{number}"), *seconds, "word", ""))
                .collect();
            search::put(tx, OURS, &documents)?;
            let five = search::doc_at(OURS, at(5));
            let docs = |found: &[Found]| found.iter().map(|found| found.doc - five).collect::<Vec<_>>();
            let all = whole(tx, OURS, &expression("word"))?;
            assert_eq!(docs(&all), [40_000, 2, 1, 0]);
            assert_eq!(search::at_doc(all[0].doc), at(9));
            let span = Span { from: five + 1, below: five + 3 };
            let some = search::matching(tx, OURS, &expression("word"), span, 20, false)?.found;
            assert_eq!(docs(&some), [2, 1]);
            Ok(())
        })
        .await;
}

/// More documents than PostgreSQL looks through one by one at first.
async fn what_is_common_and_what_is_rare_is_found_among_many(ground: &Ground) {
    ground
        .write(|tx| {
            let documents: Vec<Document> = (0..4_000)
                .map(|number| {
                    let word = if number == 17 { "needle hay" } else { "straw" };
                    document(&format!("msg_{number:05}"), number, "hay", &format!("{word} n{number} hay"))
                })
                .collect();
            for some in documents.chunks(500) {
                search::put(tx, OURS, some)?;
            }
            let look = |tx: &mut Tx<'_>, query: &str, walks| {
                let spelled = search::spelled_out(tx, &parse(query, at(0)))?;
                let expression = search::expression(&spelled, &[]).unwrap();
                let Looked { found, below } =
                    search::matching(tx, OURS, &expression, everything(OURS), 20, walks)?;
                Ok::<_, Error>((found.len(), below.is_none()))
            };
            for (query, found) in [
                ("needle", (1, true)),
                ("straw n3999", (1, true)),
                ("straw n10", (1, true)),
                ("hay straw", (100, false)),
                // Common words that hardly ever stand so.
                ("\"needle hay\"", (1, true)),
                ("\"hay n17\"", (1, true)),
                ("\"hay straw\"", (0, true)),
                ("subject:straw", (0, true)),
                ("absent", (0, true)),
                // Few words or many, a beginning finds the same.
                ("straw*", (100, false)),
                ("n399*", (11, true)),
                ("n39*", (100, false)),
                ("needl*", (1, true)),
                ("from:jane*", (100, false)),
            ] {
                assert_eq!(look(tx, query, false)?, found, "{query}");
            }
            assert_eq!(look(tx, "str*", true)?, (500, false));
            Ok(())
        })
        .await;
}

/// Looking again below what was seen finds everything once, in order.
async fn looks_follow_each_other_without_gaps(ground: &Ground) {
    ground
        .write(|tx| {
            let documents: Vec<Document> = (0..7_000)
                .map(|number| {
                    document(
                        &format!("msg_{number:05}"),
                        number,
                        "hay",
                        if number % 9 == 0 { "ninth" } else { "" },
                    )
                })
                .collect();
            search::put(tx, OURS, &documents)?;
            for walks in [false, true] {
                let mut span = everything(OURS);
                let mut all = Vec::new();
                loop {
                    let looked = search::matching(tx, OURS, &expression("ninth"), span, 30, walks)?;
                    all.extend(
                        looked.found.iter().map(|found| (found.doc - search::doc_at(OURS, at(0))) / 10_000),
                    );
                    let Some(below) = looked.below else { break };
                    span.below = below;
                }
                let expected: Vec<i64> = (0..7_000).rev().filter(|number| number % 9 == 0).collect();
                assert_eq!(all, expected);
            }
            Ok(())
        })
        .await;
}

async fn documents_change_and_go(ground: &Ground) {
    ground
        .write(|tx| {
            search::put(
                tx,
                OURS,
                &[document("ent_0", 0, "", "first words"), document("ent_1", 1, "", "others")],
            )?;
            let doc = search::doc_of(tx, OURS, "ent_0")?;
            assert!(doc.is_some());
            search::put(tx, OURS, &[Document { doc, ..document("ent_0", 7, "", "second words") }])?;
            assert_eq!(places(tx, "first")?, [0; 0]);
            assert_eq!(places(tx, "second words")?, [0], "it keeps its place");
            search::remove(tx, OURS, doc.unwrap())?;
            assert_eq!(places(tx, "words")?, [0; 0]);
            assert_eq!(places(tx, "others")?, [1]);
            assert_eq!(search::doc_of(tx, OURS, "ent_0")?, None);
            Ok(())
        })
        .await;
}

fn message_in(tx: &mut Tx<'_>, ids: &Ids, tenant: TenantId) -> Result<(MessageId, Conversation), Error> {
    let contact = sample::contact(ids, "Jane");
    let conversation = sample::conversation(ids, contact.id);
    conversations::insert(tx, tenant, &conversation)?;
    let message = sample::message(ids, conversation.id, ids.next(), contact.id);
    messages::insert(tx, tenant, &message, &sample::body())?;
    Ok((message.id, conversation))
}

fn note(ids: &Ids, conversation: ConversationId) -> Entry {
    Entry {
        id: ids.next(),
        conversation,
        kind: EntryKind::Note,
        at: at(3),
        author: domain::access::Actor::system(),
        body: "A note".into(),
        facts: serde_json::json!({}),
        edited_at: None,
    }
}

async fn a_document_tells_where_it_stands_now(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (message, conversation) = message_in(tx, &ids, OURS)?;
            attachments::insert(tx, OURS, message, &[sample::attachment(&ids, "a.pdf")])?;
            let material = search::material(tx, OURS, &[message])?.remove(&message).unwrap();
            assert_eq!((material.doc, material.files, material.at), (None, 1, at(0)));
            assert_eq!(material.text.as_deref(), Some("Dear Jane"));
            assert_eq!(search::material(tx, THEIRS, &[message])?, HashMap::new());
            assert_eq!(search::material(tx, OURS, &[])?, HashMap::new());
            let note = note(&ids, conversation.id);
            entries::insert(tx, OURS, &note)?;
            search::put(
                tx,
                OURS,
                &[
                    document(&message.to_string(), 0, "word", ""),
                    document(&note.id.to_string(), 3, "word", ""),
                    document(&ids.next::<domain::ids::Message>().to_string(), 4, "word", ""),
                ],
            )?;
            let found = whole(tx, OURS, &expression("word"))?;
            let standing = search::Standing::from(&conversation);
            assert_eq!(found[0].standing, None, "its message is gone");
            assert_eq!((found[1].entry, found[1].standing.clone()), (Some(note.id), Some(standing.clone())));
            assert_eq!((found[2].message, found[2].standing.clone()), (Some(message), Some(standing)));
            assert_eq!(search::material(tx, OURS, &[message])?[&message].doc, Some(found[2].doc));
            Ok(())
        })
        .await;
}

async fn nothing_of_another_tenant_is_found(ground: &Ground) {
    ground
        .write(|tx| {
            search::put(tx, OURS, &[document("msg_0", 0, "ours", "shared")])?;
            search::put(tx, THEIRS, &[document("msg_0", 0, "theirs", "shared")])?;
            assert_eq!(places(tx, "shared")?, [0]);
            assert_eq!(places(tx, "theirs")?, [0; 0]);
            let doc = search::doc_of(tx, THEIRS, "msg_0")?.unwrap();
            let found = whole(tx, THEIRS, &expression("shared"))?;
            assert_eq!(found.iter().map(|found| found.doc).collect::<Vec<_>>(), [doc]);
            Ok(())
        })
        .await;
}

async fn the_index_knows_how_far_it_is(ground: &Ground) {
    ground
        .write(|tx| {
            assert_eq!(search::cursor(tx, OURS)?, 0);
            for tenant in [OURS, OURS, THEIRS] {
                let kind = domain::event::FeedType::MessageQueued;
                feed::append(tx, tenant, kind, at(0), &feed::Facts::default())?;
            }
            assert_eq!(search::behind(tx)?, [(OURS, 2), (THEIRS, 1)]);
            search::move_cursor(tx, OURS, 1)?;
            search::move_cursor(tx, THEIRS, 1)?;
            assert_eq!(search::behind(tx)?, [(OURS, 2)]);
            search::move_cursor(tx, OURS, 2)?;
            assert_eq!((search::cursor(tx, OURS)?, search::behind(tx)?), (2, Vec::new()));
            Ok(())
        })
        .await;
}

async fn what_is_looked_up_for_many_at_once(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (_, one) = message_in(tx, &ids, OURS)?;
            let (_, other) = message_in(tx, &ids, OURS)?;
            let both = [one.id, other.id];
            reads::put(tx, OURS, one.id, "usr_me", 3)?;
            reads::put(tx, OURS, other.id, "usr_you", 1)?;
            assert_eq!(search::seen(tx, OURS, "usr_me", &both)?, HashMap::from([(one.id, 3)]));
            assert_eq!(search::seen(tx, OURS, "usr_me", &[])?, HashMap::new());
            assert_eq!(search::seen(tx, THEIRS, "usr_me", &both)?, HashMap::new());
            entries::insert(tx, OURS, &note(&ids, other.id))?;
            entries::insert(tx, OURS, &Entry { kind: EntryKind::State, ..note(&ids, one.id) })?;
            assert_eq!(search::with_notes(tx, OURS, &both)?.into_iter().collect::<Vec<_>>(), [other.id]);
            assert!(search::with_notes(tx, THEIRS, &both)?.is_empty());
            Ok(())
        })
        .await;
}

/// PostgreSQL looks at one stretch of four thousand documents after the other; nothing is lost or repeated between them.
async fn what_is_sparse_is_found_over_many_stretches(ground: &Ground) {
    ground
        .write(|tx| {
            const COUNT: i64 = 22_000;
            let documents: Vec<Document> = (0..COUNT)
                .map(|number| {
                    let body = match number {
                        _ if number < 3_000 => "former common",
                        _ if number % 700 == 0 => "sparse common",
                        _ if number % 2 == 0 => "common",
                        _ => "",
                    };
                    Document {
                        recipients: String::new(),
                        sender: String::new(),
                        ..document(&format!("msg_{number:05}"), number, "", body)
                    }
                })
                .collect();
            for some in documents.chunks(500) {
                search::put(tx, OURS, some)?;
            }
            let sparse = |number: &i64| *number >= 3_000 && number % 700 == 0;
            let former = |number: &i64| *number < 3_000;
            let none = |_: &i64| false;
            type Belongs<'a> = &'a dyn Fn(&i64) -> bool;
            let cases: [(&str, Belongs<'_>); 6] = [
                ("sparse", &sparse),
                ("\"sparse common\"", &sparse),
                ("former", &former),
                ("former common", &former),
                ("\"common former\"", &none),
                ("former sparse", &none),
            ];
            for (query, belongs) in cases {
                let expected: Vec<i64> = (0..COUNT).rev().filter(belongs).collect();
                for walks in [false, true] {
                    let (mut span, mut found, mut looks) = (everything(OURS), Vec::new(), 0);
                    loop {
                        let looked = search::matching(tx, OURS, &expression(query), span, 20, walks)?;
                        found.extend(
                            looked.found.iter().map(|one| (one.doc - search::doc_at(OURS, at(0))) / 10_000),
                        );
                        looks += 1;
                        let Some(below) = looked.below else { break };
                        assert!(below < span.below, "{query}: a look goes on");
                        span.below = below;
                    }
                    assert_eq!(found, expected, "{query}");
                    assert!(looks <= 40, "{query}: {looks} looks");
                }
            }
            Ok(())
        })
        .await;
}

async fn messages_that_lack_the_words_of_a_name_are_told(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let contact = sample::contact(&ids, "Jane Roe");
            let conversation = sample::conversation(&ids, contact.id);
            conversations::insert(tx, OURS, &conversation)?;
            let mut messages_of = Vec::new();
            for _ in 0..3 {
                let message = sample::message(&ids, conversation.id, ids.next(), contact.id);
                messages::insert(tx, OURS, &message, &sample::body())?;
                messages_of.push(message.id);
            }
            let [one, other, new] = messages_of[..] else { unreachable!() };
            let mut documents =
                [document(&one.to_string(), 0, "", "roe"), document(&other.to_string(), 1, "", "")];
            documents[1].recipients = "jane roe".into();
            search::put(tx, OURS, &documents)?;
            let name = parse("from:jane (from:roe OR to:roe)", at(0));
            let name = search::expression(&name, &[]).unwrap();
            // One is called Jane Doe there, the other has the name, the newest is not in the index.
            let asked = [one, other, new];
            assert_eq!(search::lacking(tx, OURS, contact.id, &asked, &name)?, [one]);
            assert_eq!(search::lacking(tx, OURS, contact.id, &[other], &name)?, []);
            assert_eq!(search::lacking(tx, OURS, ids.next(), &asked, &name)?, []);
            assert_eq!(search::lacking(tx, THEIRS, contact.id, &asked, &name)?, []);
            Ok(())
        })
        .await;
}
