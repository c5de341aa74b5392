//! The states of a message: events may come late, twice and in any order, and still end in the same state.

use domain::message::{EventKind, MessageState};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn events() -> impl Strategy<Value = Vec<EventKind>> {
    vec(select(EventKind::ALL), 0..12)
}

fn after_all(from: MessageState, events: &[EventKind]) -> MessageState {
    events.iter().fold(from, |state, event| state.after(*event))
}

/// How much is known, from the outside: the order that the page about message states promises.
fn strength(state: MessageState) -> usize {
    use MessageState as S;
    [S::Sent, S::Deferred, S::Delivered, S::Failed, S::Bounced, S::Read]
        .iter()
        .position(|known| *known == state)
        .map_or(0, |place| place + 1)
}

proptest! {
    #[test]
    fn the_order_of_events_does_not_matter(
        from in select(MessageState::ALL),
        (events, shuffled) in events().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        prop_assert_eq!(after_all(from, &events), after_all(from, &shuffled));
    }

    #[test]
    fn repetition_does_not_matter(
        from in select(MessageState::ALL),
        events in events(),
        again in vec(any::<Index>(), 0..12),
    ) {
        let once = after_all(from, &events);
        let mut repeated = events.clone();
        for index in again {
            if !events.is_empty() {
                let event = *index.get(&events);
                repeated.insert(index.index(repeated.len() + 1), event);
            }
        }
        prop_assert_eq!(after_all(from, &repeated), once);
    }

    #[test]
    fn a_stronger_state_is_never_left(from in select(MessageState::ALL), event in select(EventKind::ALL)) {
        let to = from.after(event);
        prop_assert!(strength(to) >= strength(from), "{} became {} by {}", from, to, event);
        prop_assert_eq!(to.after(event), to);
    }

    #[test]
    fn what_came_in_and_what_is_a_draft_never_moves(events in events()) {
        for still in [MessageState::Received, MessageState::Draft] {
            prop_assert_eq!(after_all(still, &events), still);
        }
    }
}
