//! Lists in pages: the order is the promised one, every row comes once, and only rows that fit the filter come.

use domain::access::Role;
use domain::channel::Channel;
use domain::conversation::ConversationState;
use domain::message::{Direction, MessageState};
use domain::page::{Cursor, Page, PageRequest};
use store::journal::JournalState;
use store::{Error, Tx, api_keys, audit, contacts, conversations, feed, journal, messages, users};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    people_and_keys_come_oldest_first,
    the_audit_log_comes_newest_first,
    contacts_come_newest_first,
    conversations_come_by_activity,
    what_stands_beside_conversations_comes_at_once,
    messages_come_newest_first,
    journal_entries_come_newest_first,
    the_feed_is_numbered_without_gaps,
}

type Fits<'a> = &'a dyn Fn(&conversations::Conversation) -> bool;

/// Follows the cursors to the end.
fn all_pages<T>(mut page_of: impl FnMut(&PageRequest) -> Result<Page<T>, Error>) -> Result<Vec<T>, Error> {
    let mut rows = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = page_of(&PageRequest { limit: 3, after: after.take() })?;
        assert!(page.rows.len() == 3 || page.next.is_none(), "only the last page is short");
        rows.extend(page.rows);
        // As a client sends it back.
        after = page.next.map(|cursor| Cursor::decode(&cursor.encode()).unwrap());
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// Lists that take the id of the row before; the greatest text stands for the begin.
fn all_before<T>(
    id_of: impl Fn(&T) -> String,
    mut page_before: impl FnMut(&str) -> Result<Vec<T>, Error>,
) -> Result<Vec<T>, Error> {
    let (mut rows, mut before) = (Vec::new(), "~".to_owned());
    loop {
        let page = page_before(&before)?;
        let Some(last) = page.last() else { return Ok(rows) };
        before = id_of(last);
        rows.extend(page);
    }
}

fn list_conversations(
    tx: &mut Tx<'_>,
    filter: &conversations::Filter,
) -> Result<Vec<conversations::Conversation>, Error> {
    let (mut rows, mut before) = (Vec::new(), (at(1_000_000), "~".to_owned()));
    loop {
        let page = conversations::list(tx, OURS, filter, &before, 3)?;
        let Some(last) = page.last() else { return Ok(rows) };
        before = (last.last_activity_at, last.id.to_string());
        rows.extend(page);
    }
}

async fn people_and_keys_come_oldest_first(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (mut people, mut keys) = (Vec::new(), Vec::new());
            for number in 0..11 {
                for tenant in [OURS, THEIRS] {
                    let member = sample::member(&ids, &format!("P{number}T{}", tenant.0), Role::Agent);
                    assert!(users::insert(tx, tenant, &member, &member.email.to_lowercase(), "hash")?);
                    let key = sample::api_key(&ids, tenant, "key");
                    api_keys::insert(tx, &key, &sample::hash(&key.id.to_string()))?;
                    if tenant == OURS {
                        people.push(member);
                        keys.push(key);
                    }
                }
            }
            assert_eq!(all_pages(|page| users::list(tx, OURS, page))?, people);
            assert_eq!(all_pages(|page| api_keys::list(tx, OURS, page))?, keys);
            Ok(())
        })
        .await;
}

async fn the_audit_log_comes_newest_first(ground: &Ground) {
    ground
        .write(|tx| {
            for seq in 1..=11 {
                for tenant in [OURS, THEIRS] {
                    let actor = domain::access::Actor::system();
                    let entry = audit::Entry {
                        seq,
                        at: at(seq),
                        actor,
                        action: "x".into(),
                        subject: "y".into(),
                        detail: "{}".into(),
                        hash: format!("{seq}"),
                    };
                    audit::append(tx, tenant, &entry)?;
                }
            }
            let seqs: Vec<i64> =
                all_pages(|page| audit::list(tx, OURS, page))?.iter().map(|(entry, _)| entry.seq).collect();
            assert_eq!(seqs, (1..=11).rev().collect::<Vec<_>>());
            let behind: Vec<i64> = audit::after(tx, OURS, 4, 3)?.iter().map(|entry| entry.seq).collect();
            assert_eq!(behind, [5, 6, 7]);
            Ok(())
        })
        .await;
}

async fn contacts_come_newest_first(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let mut expected = Vec::new();
            for number in 0..10 {
                for tenant in [OURS, THEIRS] {
                    let name = if number % 2 == 0 { "Jane" } else { "joe" };
                    let contact = sample::contact(&ids, name);
                    let address = format!("{name}{number}@example.com").to_lowercase();
                    contacts::insert(tx, tenant, &sample::known(&contact, &address))?;
                    if tenant == OURS {
                        expected.insert(0, contact);
                    }
                }
            }
            let id_of = |contact: &contacts::Contact| contact.id.to_string();
            assert_eq!(all_before(id_of, |before| contacts::newest(tx, OURS, before, 3))?, expected);
            Ok(())
        })
        .await;
}

/// Rows with one activity time are told apart by their id, so that a page boundary between them loses none.
async fn conversations_come_by_activity(ground: &Ground) {
    use conversations::Filter;
    ground
        .write(|tx| {
            let ids = ids();
            let (jane, joe) = (ids.next(), ids.next());
            let mut all = Vec::new();
            for number in 0..24_i64 {
                for tenant in [OURS, THEIRS] {
                    let mut row = sample::conversation(&ids, if number % 5 == 0 { joe } else { jane });
                    row.last_activity_at = at(number / 4);
                    row.state =
                        if number % 3 == 0 { ConversationState::Resolved } else { ConversationState::Open };
                    row.assignee = (number % 4 == 0).then(|| "usr_1".to_owned());
                    row.in_tray = number % 7 == 0;
                    conversations::insert(tx, tenant, &row)?;
                    if tenant == OURS {
                        all.push(row);
                    }
                }
            }
            all.sort_by_key(|row| std::cmp::Reverse((row.last_activity_at, row.id)));
            let open = ConversationState::Open;
            let fits: [(Filter, Fits<'_>); 6] = [
                (Filter::All, &|_| true),
                (Filter::State(open), &|row| row.state == ConversationState::Open && !row.in_tray),
                (Filter::Assignee("usr_1".into(), open), &|row| {
                    row.assignee.is_some() && row.state == ConversationState::Open
                }),
                (Filter::Unassigned(open), &|row| {
                    row.assignee.is_none() && row.state == ConversationState::Open && !row.in_tray
                }),
                (Filter::Contact(joe), &|row| row.contact == joe),
                (Filter::Tray, &|row| row.in_tray),
            ];
            for (filter, fits) in fits {
                let expected: Vec<_> = all.iter().filter(|row| fits(row)).cloned().collect();
                assert!(!expected.is_empty());
                assert_eq!(list_conversations(tx, &filter)?, expected, "{filter:?}");
            }
            Ok(())
        })
        .await;
}

async fn messages_come_newest_first(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (jane, joe, account) = (ids.next(), ids.next(), ids.next());
            let (one, two) = (ids.next(), ids.next());
            let mut all = Vec::new();
            for number in 0..60 {
                for tenant in [OURS, THEIRS] {
                    let (conversation, contact) = if number % 4 == 0 { (one, jane) } else { (two, joe) };
                    let mut row = sample::message(&ids, conversation, ids.next(), contact);
                    row.state = MessageState::ALL[number % MessageState::ALL.len()];
                    row.account = (number % 3 == 0).then_some(account);
                    if number % 5 == 0 {
                        row.direction = Direction::Inbound;
                        row.rfc_message_id = Some(format!("{}@example.com", number % 10));
                    }
                    row.channel = if number % 6 == 0 { Channel::Console } else { Channel::Email };
                    row.created_at = at(i64::try_from(number).unwrap());
                    messages::insert(tx, tenant, &row, &sample::body())?;
                    if tenant == OURS {
                        all.insert(0, row);
                    }
                }
            }
            let mut filters: Vec<messages::Filter> = MessageState::ALL
                .iter()
                .map(|state| messages::Filter { state: Some(*state), ..Default::default() })
                .collect();
            filters.extend([
                messages::Filter::default(),
                messages::Filter { direction: Some(Direction::Inbound), ..Default::default() },
                messages::Filter {
                    channel: Some(Channel::Console),
                    account: Some(account),
                    ..Default::default()
                },
                messages::Filter {
                    conversation: Some(one),
                    state: Some(MessageState::Held),
                    ..Default::default()
                },
                messages::Filter { conversation: Some(two), ..Default::default() },
                messages::Filter {
                    contact: Some(jane),
                    state: Some(MessageState::Sent),
                    ..Default::default()
                },
                messages::Filter { rfc_message_id: Some("5@example.com".into()), ..Default::default() },
                messages::Filter { since: Some(at(10)), until: Some(at(20)), ..Default::default() },
                messages::Filter {
                    state: Some(MessageState::Failed),
                    contact: Some(joe),
                    since: Some(at(1)),
                    ..Default::default()
                },
            ]);
            let id_of = |message: &messages::Message| message.id.to_string();
            for filter in filters {
                let expected: Vec<_> = all.iter().filter(|row| fits(&filter, row)).cloned().collect();
                let found = all_before(id_of, |before| messages::list(tx, OURS, &filter, before, 3))?;
                assert_eq!(found, expected, "{filter:?}");
            }
            let of_one = all_before(id_of, |before| messages::of_conversation(tx, OURS, one, before, 3))?;
            assert_eq!(of_one, all.iter().filter(|row| row.conversation == one).cloned().collect::<Vec<_>>());
            Ok(())
        })
        .await;
}

async fn journal_entries_come_newest_first(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let mut all = Vec::new();
            for number in 0..24 {
                for tenant in [OURS, THEIRS] {
                    let mut entry = sample::entry(&ids, tenant, &format!("key {number}"), 0);
                    entry.state = JournalState::ALL[number % 4];
                    entry.source = if number % 3 == 0 { "api".into() } else { "smtp".into() };
                    assert!(journal::insert(tx, &entry, None, b"bytes")?);
                    if tenant == OURS {
                        all.insert(0, entry);
                    }
                }
            }
            let states = std::iter::once(None).chain(JournalState::ALL.iter().copied().map(Some));
            for (state, source) in states.flat_map(|state| [(state, ""), (state, "api"), (state, "none")]) {
                let expected: Vec<_> = all
                    .iter()
                    .filter(|entry| {
                        state.is_none_or(|state| entry.state == state)
                            && (source.is_empty() || entry.source == source)
                    })
                    .cloned()
                    .collect();
                let id_of = |entry: &journal::Entry| entry.id.to_string();
                assert_eq!(
                    all_before(id_of, |before| journal::list(tx, OURS, (state, source), before, 3))?,
                    expected
                );
            }
            Ok(())
        })
        .await;
}

async fn the_feed_is_numbered_without_gaps(ground: &Ground) {
    let other = ground.another_store().await;
    let appending = (0..200_i64).map(|number| {
        let store = if number % 2 == 0 { ground.store.clone() } else { other.clone() };
        async move {
            let tenant = if number % 4 < 2 { OURS } else { THEIRS };
            store
                .write(tenant, move |tx| {
                    let facts = feed::Facts { state: Some(number.to_string()), ..Default::default() };
                    feed::append(tx, tenant, domain::event::FeedType::MessageQueued, at(number), &facts)?;
                    if number % 5 == 0 { Err(Error::Unexpected("given up".into())) } else { Ok(()) }
                })
                .await
        }
    });
    let kept = futures_util::future::join_all(appending).await.iter().filter(|done| done.is_ok()).count();
    assert_eq!(kept, 160);
    for tenant in [OURS, THEIRS] {
        let (events, last) =
            ground.read(move |tx| Ok((feed::after(tx, tenant, 0, 500)?, feed::last(tx, tenant)?))).await;
        let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..=last).collect::<Vec<_>>());
        assert_eq!(last, 80);
    }
}

fn fits(filter: &messages::Filter, row: &messages::Message) -> bool {
    filter.state.is_none_or(|state| row.state == state)
        && filter.direction.is_none_or(|direction| row.direction == direction)
        && filter.channel.is_none_or(|channel| row.channel == channel)
        && filter.account.is_none_or(|account| row.account == Some(account))
        && filter.conversation.is_none_or(|conversation| row.conversation == conversation)
        && filter.contact.is_none_or(|contact| row.contact == contact)
        && filter.rfc_message_id.as_ref().is_none_or(|id| row.rfc_message_id.as_ref() == Some(id))
        && filter.since.is_none_or(|since| row.created_at >= since)
        && filter.until.is_none_or(|until| row.created_at <= until)
}

async fn what_stands_beside_conversations_comes_at_once(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let jane = sample::contact(&ids, "Jane");
            let mut known = sample::known(&jane, "jane@example.com");
            let older = contacts::Identity {
                address: "old@example.com".into(),
                since: at(-9),
                ..known.identities[0].clone()
            };
            known.identities.push(older);
            contacts::insert(tx, OURS, &known)?;
            let bare = sample::conversation(&ids, ids.next());
            conversations::insert(tx, OURS, &bare)?;
            let message = sample::message(&ids, ids.next(), ids.next(), jane.id);
            messages::insert(tx, OURS, &message, &sample::body())?;
            let full = conversations::Conversation {
                last_message: Some(message.id),
                ..sample::conversation(&ids, jane.id)
            };
            conversations::insert(tx, OURS, &full)?;
            store::reads::put(tx, OURS, full.id, "usr_me", 3)?;
            store::reads::put(tx, OURS, full.id, "usr_you", 9)?;
            let asked = [full.id, ids.next(), bare.id];

            let newest = conversations::Newest {
                id: message.id,
                direction: message.direction,
                state: message.state,
                preview: message.preview.clone(),
                at: message.created_at,
            };
            let beside = conversations::beside(tx, OURS, Some("usr_me"), &asked)?;
            assert_eq!(beside.len(), 2);
            assert_eq!(beside[&bare.id], conversations::Beside::default());
            let expected = conversations::Beside {
                contact_name: "Jane".into(),
                address: Some("old@example.com".into()),
                seen: 3,
                newest: Some(newest),
            };
            assert_eq!(beside[&full.id], expected);
            assert_eq!(conversations::beside(tx, OURS, None, &asked)?[&full.id].seen, 0);
            assert!(conversations::beside(tx, OURS, None, &[])?.is_empty());
            assert!(conversations::beside(tx, THEIRS, Some("usr_me"), &asked)?.is_empty());

            assert_eq!(conversations::many(tx, OURS, &asked)?, [full.clone(), bare.clone()]);
            assert_eq!(conversations::many(tx, OURS, &[bare.id, full.id])?, [bare, full]);
            assert!(conversations::many(tx, OURS, &[])?.is_empty());
            assert!(conversations::many(tx, THEIRS, &asked)?.is_empty());
            Ok(())
        })
        .await;
}
