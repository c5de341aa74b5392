//! What people share in the inbox: teams, tags, entries between messages, and what each has read.

use domain::access::{Actor, ActorKind};
use domain::conversation::{ConversationState, TagColor};
use domain::ids::{Ids, TenantId, UserId};
use domain::message::Direction;
use serde_json::json;
use store::conversations::{self, Conversation, Filter};
use store::entries::{self, Entry, EntryKind};
use store::reads::{self, Seen};
use store::tags::{self, Tag};
use store::teams::{self, Team};
use store::{Error, Tx, journal, tenants, threads};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    teams_have_members,
    tags_are_one_by_name_in_any_case,
    conversations_are_listed_by_team_and_tag,
    entries_stand_in_order,
    reading_is_of_each_person,
    settled_entries_of_the_journal_leave,
    a_thread_waits_for_what_its_mail_names,
}

async fn teams_have_members(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let team = Team { id: ids.next(), name: "Billing".into(), created_at: at(1) };
            let (sam, kim): (UserId, UserId) = (ids.next(), ids.next());
            teams::insert(tx, OURS, &team)?;
            teams::set_members(tx, OURS, team.id, &[sam, kim, sam])?;
            assert_eq!(teams::members(tx, OURS, team.id)?, [sam, kim]);
            teams::set_members(tx, OURS, team.id, &[kim])?;
            assert_eq!(teams::of_user(tx, OURS, &kim.to_string())?, [team.id]);
            assert!(teams::of_user(tx, OURS, &sam.to_string())?.is_empty());
            assert!(teams::of_user(tx, THEIRS, &kim.to_string())?.is_empty());
            assert!(teams::rename(tx, OURS, team.id, "Accounts")?);
            assert!(!teams::rename(tx, THEIRS, team.id, "Theirs")?);
            assert_eq!(teams::list(tx, OURS)?, [Team { name: "Accounts".into(), ..team.clone() }]);
            assert!(teams::list(tx, THEIRS)?.is_empty());
            assert!(!teams::delete(tx, THEIRS, team.id)?);
            assert_eq!(teams::members(tx, OURS, team.id)?, [kim]);
            assert!(teams::delete(tx, OURS, team.id)?);
            assert!(teams::members(tx, OURS, team.id)?.is_empty());
            Ok(())
        })
        .await;
}

async fn tags_are_one_by_name_in_any_case(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let vip = Tag { id: ids.next(), name: "VIP".into(), color: TagColor::Red, created_at: at(1) };
            assert!(tags::insert(tx, OURS, &vip)?);
            let again = Tag { id: ids.next(), name: " vip".into(), ..vip.clone() };
            assert!(!tags::insert(tx, OURS, &again)?);
            assert!(tags::insert(tx, THEIRS, &again)?);
            assert_eq!(tags::by_name(tx, OURS, "Vip ")?, Some(vip.clone()));
            let renamed = Tag { name: "Key account".into(), color: TagColor::Blue, ..vip.clone() };
            tags::replace(tx, OURS, &renamed)?;
            assert_eq!(tags::list(tx, OURS)?, [renamed]);
            assert_eq!(tags::by_name(tx, OURS, "vip")?, None);
            assert!(!tags::delete(tx, THEIRS, vip.id)?);
            assert!(tags::delete(tx, OURS, vip.id)?);
            assert!(tags::list(tx, OURS)?.is_empty());
            assert_eq!(tags::list(tx, THEIRS)?.len(), 1);
            Ok(())
        })
        .await;
}

async fn conversations_are_listed_by_team_and_tag(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (team, tag, other) = (ids.next(), ids.next(), ids.next());
            let mut rows = Vec::new();
            for second in 0..4 {
                let row = Conversation {
                    team: (second % 2 == 0).then_some(team),
                    tags: if second == 3 { vec![other] } else { vec![tag, other] },
                    last_activity_at: at(second),
                    ..sample::conversation(&ids, ids.next())
                };
                conversations::insert(tx, OURS, &row)?;
                rows.push(row);
            }
            let newest = (at(1_000), "~".to_owned());
            let mut listed = |filter: Filter, before: &conversations::Before, limit| {
                let found = conversations::list(tx, OURS, &filter, before, limit)?;
                Ok::<_, store::Error>(found.into_iter().map(|row| row.id).collect::<Vec<_>>())
            };
            assert_eq!(listed(Filter::Team(team, None), &newest, 9)?, [rows[2].id, rows[0].id]);
            assert_eq!(listed(Filter::Tag(tag, None), &newest, 2)?, [rows[2].id, rows[1].id]);
            let behind = (rows[1].last_activity_at, rows[1].id.to_string());
            assert_eq!(listed(Filter::Tag(tag, None), &behind, 9)?, [rows[0].id]);
            let resolved = Conversation {
                state: ConversationState::Resolved,
                tags: vec![other],
                last_activity_at: at(9),
                ..rows[2].clone()
            };
            conversations::replace(tx, OURS, &rows[2], &resolved)?;
            let filter = |filter: Filter| conversations::list(tx, OURS, &filter, &newest, 9);
            let mut ids_of = {
                let mut filter = filter;
                move |which| {
                    Ok::<_, store::Error>(filter(which)?.into_iter().map(|row| row.id).collect::<Vec<_>>())
                }
            };
            assert_eq!(ids_of(Filter::Tag(tag, None))?, [rows[1].id, rows[0].id]);
            let open = Some(ConversationState::Open);
            assert_eq!(ids_of(Filter::Tag(other, open))?, [rows[3].id, rows[1].id, rows[0].id]);
            assert_eq!(ids_of(Filter::Tag(other, None))?, [rows[2].id, rows[3].id, rows[1].id, rows[0].id]);
            assert_eq!(ids_of(Filter::Team(team, open))?, [rows[0].id]);
            let waiting = Conversation { in_tray: true, ..rows[3].clone() };
            conversations::replace(tx, OURS, &rows[3], &waiting)?;
            assert_eq!(tags::some_conversations(tx, OURS, other, 9)?.len(), 3);
            assert!(tags::some_conversations(tx, THEIRS, other, 9)?.is_empty());
            assert_eq!(conversations::of_team(tx, OURS, team, 9)?.len(), 2);
            assert!(conversations::of_team(tx, THEIRS, team, 9)?.is_empty());
            Ok(())
        })
        .await;
}

async fn entries_stand_in_order(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (conversation, other) = (ids.next(), ids.next());
            let entry = |kind, body: &str| Entry {
                id: ids.next(),
                conversation,
                kind,
                at: at(1),
                author: Actor { kind: ActorKind::User, id: Some("usr_1".into()) },
                body: body.into(),
                facts: json!({ "to": "open" }),
                edited_at: None,
            };
            let (note, line) = (entry(EntryKind::Note, "Call her"), entry(EntryKind::State, ""));
            for one in [&note, &line] {
                entries::insert(tx, OURS, one)?;
                assert_eq!(entries::get(tx, OURS, one.id)?.as_ref(), Some(one));
                assert_eq!(entries::get(tx, THEIRS, one.id)?, None);
            }
            assert_eq!(
                entries::of_conversation(tx, OURS, conversation, "ent_z", 9)?,
                [line.clone(), note.clone()]
            );
            let before = line.id.to_string();
            assert_eq!(
                entries::of_conversation(tx, OURS, conversation, &before, 9)?,
                std::slice::from_ref(&note)
            );
            let edited = Entry {
                kind: EntryKind::NoteRemoved,
                body: String::new(),
                facts: json!({}),
                edited_at: Some(at(5)),
                ..note.clone()
            };
            entries::replace(tx, THEIRS, &edited)?;
            assert_eq!(entries::get(tx, OURS, note.id)?, Some(note.clone()));
            entries::replace(tx, OURS, &edited)?;
            assert_eq!(entries::get(tx, OURS, note.id)?, Some(edited));
            entries::move_to(tx, THEIRS, note.id, other)?;
            assert!(entries::of_conversation(tx, OURS, other, "ent_z", 9)?.is_empty());
            entries::move_to(tx, OURS, note.id, other)?;
            assert_eq!(entries::of_conversation(tx, OURS, other, "ent_z", 9)?.len(), 1);
            Ok(())
        })
        .await;
}

async fn reading_is_of_each_person(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let begun = sample::conversation(&ids, ids.next());
            let heard = begun.with_message(ids.next(), Direction::Inbound, "One", at(1));
            conversations::insert(tx, OURS, &heard)?;
            assert!(conversations::mark(tx, OURS, &heard, "usr_1", true)?);
            assert!(!conversations::mark(tx, OURS, &heard, "usr_1", true)?);
            assert_eq!(reads::of_person(tx, OURS, heard.id, "usr_1")?, 1);
            assert_eq!(reads::of_person(tx, OURS, heard.id, "usr_2")?, 0);
            assert_eq!(reads::of_person(tx, THEIRS, heard.id, "usr_1")?, 0);
            assert!(conversations::mark(tx, OURS, &heard, "usr_1", false)?);
            assert_eq!(reads::of_conversation(tx, OURS, heard.id)?, [Seen { user: "usr_1".into(), seen: 0 }]);
            let more = heard.with_message(ids.next(), Direction::Inbound, "Two", at(2));
            let seen = [Seen { user: "usr_2".into(), seen: 2 }];
            conversations::replace_with_reads(tx, OURS, &heard, &more, &seen)?;
            assert_eq!(reads::of_conversation(tx, OURS, heard.id)?, seen);
            reads::put(tx, OURS, heard.id, "usr_3", 1)?;
            assert_eq!(reads::of_person(tx, OURS, heard.id, "usr_3")?, 1);
            Ok(())
        })
        .await;
}

async fn settled_entries_of_the_journal_leave(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            assert!(tenants::all(tx)?.is_sorted());
            let mut entries = Vec::new();
            for (place, state) in [
                journal::JournalState::Processed,
                journal::JournalState::Failed,
                journal::JournalState::Ignored,
            ]
            .into_iter()
            .enumerate()
            {
                let entry = journal::Entry { state, ..sample::entry(&ids, OURS, &format!("old {place}"), 0) };
                journal::insert(tx, &entry, None, b"raw")?;
                entries.push(entry);
            }
            let long_ago = domain::clock::Timestamp::from_micros(0);
            assert_eq!(journal::delete_settled(tx, OURS, long_ago, 9)?, 0);
            let later = domain::clock::Timestamp::from_micros(i64::MAX / 4);
            assert_eq!(journal::delete_settled(tx, THEIRS, later, 9)?, 0);
            assert_eq!(journal::delete_settled(tx, OURS, later, 1)?, 1);
            assert_eq!(journal::get(tx, OURS, entries[0].id)?, None);
            assert_eq!(journal::delete_settled(tx, OURS, later, 9)?, 1);
            assert!(journal::get(tx, OURS, entries[1].id)?.is_some());
            Ok(())
        })
        .await;
}

async fn a_thread_waits_for_what_its_mail_names(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let (old, new) =
                (sample::thread(&ids, ids.next(), ids.next()), sample::thread(&ids, ids.next(), ids.next()));
            for thread in [&new, &old] {
                threads::insert(tx, OURS, thread)?;
                for _ in 0..2 {
                    threads::await_message(tx, OURS, thread.id, "late@example.com")?;
                }
            }
            assert_eq!(threads::awaiting(tx, OURS, "late@example.com")?, Some(old));
            assert_eq!(threads::awaiting(tx, THEIRS, "late@example.com")?, None);
            assert_eq!(threads::awaiting(tx, OURS, "other@example.com")?, None);
            Ok(())
        })
        .await;
}

/// What a business shares, for the tests of isolation.
#[derive(Debug, Clone)]
pub struct Shared {
    team: Team,
    tag: Tag,
    entry: Entry,
    conversation: Conversation,
}

/// Writes one of everything.
pub fn found(tx: &mut Tx<'_>, tenant: TenantId, ids: &Ids, user: UserId) -> Result<Shared, Error> {
    let team = Team { id: ids.next(), name: "Billing".into(), created_at: at(1) };
    let tag = Tag { id: ids.next(), name: "VIP".into(), color: TagColor::Red, created_at: at(1) };
    teams::insert(tx, tenant, &team)?;
    teams::set_members(tx, tenant, team.id, &[user])?;
    tags::insert(tx, tenant, &tag)?;
    let begun = sample::conversation(ids, ids.next());
    let conversation = Conversation {
        team: Some(team.id),
        tags: vec![tag.id],
        ..begun.with_message(ids.next(), Direction::Inbound, "Hello", at(1))
    };
    conversations::insert(tx, tenant, &conversation)?;
    conversations::mark(tx, tenant, &conversation, &user.to_string(), true)?;
    let entry = Entry {
        id: ids.next(),
        conversation: conversation.id,
        kind: EntryKind::Note,
        at: at(1),
        author: Actor::system(),
        body: "Call her".into(),
        facts: json!({}),
        edited_at: None,
    };
    entries::insert(tx, tenant, &entry)?;
    threads::await_message(tx, tenant, ids.next(), "late@example.com")?;
    Ok(Shared { team, tag, entry, conversation })
}

/// Tries to change what another business shares.
pub fn meddle(tx: &mut Tx<'_>, theirs: &Shared) -> Result<(), Error> {
    let Shared { team, tag, entry, conversation } = theirs;
    teams::rename(tx, OURS, team.id, "Ours")?;
    teams::set_members(tx, OURS, team.id, &[])?;
    teams::delete(tx, OURS, team.id)?;
    tags::replace(tx, OURS, &Tag { name: "Ours".into(), ..tag.clone() })?;
    tags::delete(tx, OURS, tag.id)?;
    entries::replace(tx, OURS, &Entry { body: "Ours".into(), ..entry.clone() })?;
    entries::move_to(tx, OURS, entry.id, conversation.id)?;
    let is = Conversation { tags: Vec::new(), team: None, ..conversation.clone() };
    conversations::replace_with_reads(tx, OURS, conversation, &is, &[])?;
    Ok(())
}
