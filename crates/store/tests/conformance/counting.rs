//! The counters of the inbox are kept beside the rows; after anything that happens they equal a recount of the rows.

use std::collections::BTreeMap;

use domain::conversation::ConversationState;
use domain::ids::TeamId;
use domain::message::Direction;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use store::conversations::{self, Conversation, Filter};
use store::{Error, Tx, counters, reads};

use crate::ground::{Ground, OURS, THEIRS, at};
use crate::sample;

on_both! {
    counters_equal_a_recount,
}

/// What a person or a mail may do to the conversation with a number.
#[derive(Debug, Clone)]
enum Deed {
    Open {
        in_tray: bool,
        unread: i64,
    },
    State(usize, ConversationState),
    Assign(usize, Option<String>),
    Tray(usize, bool),
    Unread(usize, i64),
    Team(usize, Option<TeamId>),
    /// The contact writes.
    Hear(usize),
    /// A person reads it, or marks its newest message as not read.
    Read(usize, String, bool),
    Merge(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let which = 0..20_usize;
    let person = proptest::option::of(prop_oneof![Just("usr_1".to_owned()), Just("usr_2".to_owned())]);
    prop_oneof![
        (any::<bool>(), 0..3_i64).prop_map(|(in_tray, unread)| Deed::Open { in_tray, unread }),
        (which.clone(), proptest::sample::select(ConversationState::LISTED.to_vec()))
            .prop_map(|(at, state)| Deed::State(at, state)),
        (which.clone(), person).prop_map(|(at, person)| Deed::Assign(at, person)),
        (which.clone(), any::<bool>()).prop_map(|(at, in_tray)| Deed::Tray(at, in_tray)),
        (which.clone(), 0..3_i64).prop_map(|(at, unread)| Deed::Unread(at, unread)),
        (which.clone(), proptest::option::of(1..3_u128))
            .prop_map(|(at, team)| Deed::Team(at, team.map(TeamId::from_u128))),
        which.clone().prop_map(Deed::Hear),
        (which.clone(), proptest::sample::select(vec!["usr_1", "usr_2"]), any::<bool>())
            .prop_map(|(at, user, as_read)| Deed::Read(at, user.to_owned(), as_read)),
        which.prop_map(Deed::Merge),
    ]
}

fn perform(
    tx: &mut Tx<'_>,
    rows: &mut Vec<Conversation>,
    ids: &domain::ids::Ids,
    deed: &Deed,
) -> Result<(), Error> {
    let place = match deed {
        Deed::Open { in_tray, unread } => {
            let row =
                Conversation { in_tray: *in_tray, unread: *unread, ..sample::conversation(ids, ids.next()) };
            conversations::insert(tx, OURS, &row)?;
            rows.push(row);
            return Ok(());
        }
        Deed::State(place, _)
        | Deed::Assign(place, _)
        | Deed::Tray(place, _)
        | Deed::Unread(place, _)
        | Deed::Team(place, _)
        | Deed::Hear(place)
        | Deed::Read(place, _, _)
        | Deed::Merge(place) => *place,
    };
    if rows.is_empty() {
        return Ok(());
    }
    let place = place % rows.len();
    let mut is = rows[place].clone();
    match deed {
        Deed::State(_, state) => is.state = *state,
        Deed::Assign(_, person) => is.assignee.clone_from(person),
        Deed::Tray(_, in_tray) => is.in_tray = *in_tray,
        Deed::Unread(_, unread) => is.unread = *unread,
        Deed::Open { .. } => {}
        Deed::Team(_, team) => is.team = *team,
        Deed::Hear(_) => is = is.with_message(ids.next(), Direction::Inbound, "Hello", at(1)),
        Deed::Read(_, user, as_read) => {
            conversations::mark(tx, OURS, &is, user, *as_read)?;
            return Ok(());
        }
        Deed::Merge(_) => {
            is.state = ConversationState::Merged;
            return conversations::replace(tx, OURS, &rows.swap_remove(place), &is);
        }
    }
    conversations::replace(tx, OURS, &rows[place], &is)?;
    rows[place] = is;
    Ok(())
}

/// The counts that the rows themselves give.
fn recount(tx: &mut Tx<'_>, rows: &[Conversation]) -> Result<BTreeMap<String, i64>, Error> {
    let mut counted = BTreeMap::new();
    let mut count = |name: String| *counted.entry(name).or_insert(0) += 1;
    for row in rows {
        if row.in_tray {
            count("conversations.tray".into());
            continue;
        }
        count(format!("conversations.{}", row.state));
        if row.unread > 0 {
            count("conversations.unread".into());
        }
        if row.state == ConversationState::Open {
            count(
                row.assignee.as_ref().map_or("conversations.unassigned".into(), |user| {
                    format!("conversations.assigned.{user}")
                }),
            );
            if let Some(team) = row.team {
                count(format!("conversations.team.{team}"));
            }
            if row.inbound_count > 0 {
                count("conversations.heard".into());
                for one in reads::of_conversation(tx, OURS, row.id)? {
                    assert_eq!(reads::of_person(tx, OURS, row.id, &one.user)?, one.seen);
                    if one.seen >= row.inbound_count {
                        count(format!("conversations.read.{}", one.user));
                    }
                }
            }
        }
    }
    Ok(counted)
}

async fn counters_equal_a_recount(ground: &Ground) {
    let mut runner = TestRunner::deterministic();
    let deeds = proptest::collection::vec(deed(), 1..60);
    for story in 0..24 {
        let deeds = deeds.new_tree(&mut runner).unwrap().current();
        ground
            .store
            .write(OURS, move |tx| {
                for row in conversations::list(tx, OURS, &Filter::All, &(at(1_000_000), "~".into()), 200)? {
                    let gone = Conversation { state: ConversationState::Merged, ..row.clone() };
                    conversations::replace(tx, OURS, &row, &gone)?;
                }
                // Merged ones stay, so that every story needs ids of its own.
                let mut rows = Vec::new();
                let ids = domain::ids::Ids::new(
                    domain::clock::Clock::manual(at(5_000 + story)),
                    domain::chance::Chance::seeded(2),
                );
                conversations::insert(
                    tx,
                    THEIRS,
                    &sample::conversation(
                        &domain::ids::Ids::new(
                            domain::clock::Clock::manual(at(story)),
                            domain::chance::Chance::seeded(1),
                        ),
                        ids.next(),
                    ),
                )?;
                for deed in &deeds {
                    perform(tx, &mut rows, &ids, deed)?;
                }
                let listed = conversations::list(tx, OURS, &Filter::All, &(at(1_000_000), "~".into()), 200)?;
                let kept = counters::with_prefix(tx, OURS, "conversations.")?;
                let kept: BTreeMap<String, i64> = kept.into_iter().filter(|(_, value)| *value != 0).collect();
                assert_eq!(kept, recount(tx, &listed)?, "after {deeds:?}");
                assert_eq!(listed.len(), rows.len());
                Ok::<(), Error>(())
            })
            .await
            .unwrap();
    }
}
