//! What each account does among the others of its channel, said for people. It ranks by the rule that chooses, and by no
//! other.

use std::cmp::Reverse;

use domain::ids::AccountId;
use schemars::JsonSchema;
use serde::Serialize;

use super::routing::{Candidate, Standing, rank};

/// What an account does among those of its channel that are switched on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ChannelAccountRole")]
pub enum Role {
    /// It is the only one, and can send.
    Only,
    /// New messages go through it, or are shared with its equals.
    First,
    /// It takes what those before it cannot send.
    StandsIn,
    /// It had its pause: the next message tries whether it is back.
    Tried,
    /// It cannot send, and others can.
    LeftOut,
    /// None can send: messages wait for it, because it comes first.
    AwaitedFirst,
}

/// An account's place, what it does there, and that in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub account: AccountId,
    pub role: Role,
    /// Its part of what goes to accounts of its priority, in percent; none when it has no equals.
    pub share: Option<u32>,
    /// The accounts that it stands in for.
    pub after: Vec<String>,
}

/// The accounts of one channel that are switched on, in the order in which a new message would ask them.
pub(crate) fn turns(candidates: &[Candidate]) -> Vec<Turn> {
    let mut ordered: Vec<&Candidate> = candidates.iter().collect();
    ordered.sort_by_key(|one| (rank(one), Reverse(one.weight), one.name.clone(), one.account));
    ordered.iter().map(|one| turn(one, &ordered)).collect()
}

fn turn(one: &Candidate, ordered: &[&Candidate]) -> Turn {
    let plain = |role| Turn { account: one.account, role, share: None, after: Vec::new() };
    let works = |other: &Candidate| other.standing == Standing::Usable;
    let some_work = ordered.iter().any(|other| works(other));
    let is_first = ordered.first().is_some_and(|first| rank(first) == rank(one));
    match one.standing {
        Standing::Probe => return plain(Role::Tried),
        Standing::Unusable if some_work || !is_first => return plain(Role::LeftOut),
        _ => {}
    }
    if ordered.len() == 1 {
        return plain(if works(one) { Role::Only } else { Role::AwaitedFirst });
    }
    // One that is only tried has no part yet in what the others do.
    let peers = || ordered.iter().copied().filter(|other| other.standing == one.standing);
    let share = share(one, peers().filter(|other| other.priority == one.priority).collect());
    let nearest = peers().map(|other| other.priority).filter(|priority| *priority < one.priority).max();
    let Some(nearest) = nearest else {
        let role = if works(one) { Role::First } else { Role::AwaitedFirst };
        return Turn { share, ..plain(role) };
    };
    let before = peers().filter(|other| other.priority == nearest);
    Turn { share, after: before.map(|other| other.name.clone()).collect(), ..plain(Role::StandsIn) }
}

fn share(one: &Candidate, equals: Vec<&Candidate>) -> Option<u32> {
    if equals.len() < 2 {
        return None;
    }
    let weight = |other: &Candidate| u64::from(other.weight.max(1));
    let whole: u64 = equals.iter().map(|other| weight(other)).sum();
    u32::try_from((weight(one) * 100 + whole / 2) / whole).ok()
}

impl Turn {
    /// One line without a full stop.
    pub(crate) fn words(&self) -> String {
        match (self.role, self.share) {
            (Role::Only, _) => "Sends everything".to_owned(),
            (Role::First, None) => "Goes first".to_owned(),
            (Role::First, Some(share)) => format!("Goes first, with {share} % of the messages"),
            (Role::StandsIn, share) => {
                let when = format!("Steps in when {} cannot send", self.after.join(" and "));
                share
                    .map_or_else(|| when.clone(), |share| format!("{when}, with {share} % of those messages"))
            }
            (Role::Tried, _) => "The next message tries whether it is back".to_owned(),
            (Role::LeftOut, _) => "Left out for now".to_owned(),
            (Role::AwaitedFirst, None) => "Messages wait for it".to_owned(),
            (Role::AwaitedFirst, Some(share)) => format!("{share} % of the messages wait for it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::routing::choose;
    use super::*;

    fn candidate(number: u32, standing: Standing, priority: i64, weight: u32) -> Candidate {
        let account = AccountId::from_u128(u128::from(number));
        Candidate { account, name: format!("A{number}"), standing, priority, weight, sender: None }
    }

    fn told(candidates: &[Candidate]) -> Vec<String> {
        let name = |id| candidates.iter().find(|one| one.account == id).map_or("", |one| one.name.as_str());
        turns(candidates).iter().map(|turn| format!("{}: {}", name(turn.account), turn.words())).collect()
    }

    #[test]
    fn each_says_what_it_does_among_the_others() {
        use Standing::{Probe, Unusable, Usable};
        assert_eq!(told(&[candidate(1, Usable, 0, 100)]), ["A1: Sends everything"]);
        assert_eq!(told(&[candidate(1, Unusable, 0, 100)]), ["A1: Messages wait for it"]);
        let all = [candidate(3, Usable, 2, 1), candidate(1, Usable, 0, 1), candidate(2, Usable, 1, 1)];
        assert_eq!(
            told(&all),
            ["A1: Goes first", "A2: Steps in when A1 cannot send", "A3: Steps in when A2 cannot send"]
        );
        let shared = [candidate(1, Usable, 0, 30), candidate(2, Usable, 0, 70), candidate(3, Usable, 5, 1)];
        assert_eq!(
            told(&shared),
            [
                "A2: Goes first, with 70 % of the messages",
                "A1: Goes first, with 30 % of the messages",
                "A3: Steps in when A2 and A1 cannot send"
            ]
        );
        let paused = [candidate(1, Unusable, 0, 1), candidate(2, Usable, 1, 1)];
        assert_eq!(told(&paused), ["A2: Goes first", "A1: Left out for now"]);
        let none = [candidate(1, Unusable, 0, 1), candidate(2, Unusable, 1, 1)];
        assert_eq!(told(&none), ["A1: Messages wait for it", "A2: Left out for now"]);
        let back = [candidate(1, Probe, 0, 1), candidate(2, Usable, 1, 1)];
        assert_eq!(told(&back), ["A1: The next message tries whether it is back", "A2: Goes first"]);
    }

    fn standing() -> impl Strategy<Value = Standing> {
        prop_oneof![Just(Standing::Usable), Just(Standing::Probe), Just(Standing::Unusable)]
    }

    proptest! {
        /// Whatever the lot, the account that a new message gets is one that is said to have its turn.
        #[test]
        fn what_is_said_is_what_is_chosen(
            drawn in prop::collection::vec((standing(), 0_i64..3, 0_u32..5), 1..6),
            lot in 0_u64..1_000,
        ) {
            let all: Vec<Candidate> = (1..).zip(drawn).map(|(number, (standing, priority, weight))| {
                candidate(number, standing, priority, weight)
            }).collect();
            let turns = turns(&all);
            let chosen = choose(&all, |whole| lot % whole).map(|one| one.account);
            let turn = turns.iter().find(|turn| Some(turn.account) == chosen).expect("one is chosen");
            let first = |role| matches!(role, Role::Only | Role::First | Role::Tried | Role::AwaitedFirst);
            // Behind one that is tried, a working one of lower rank is first among those that work.
            let begins = rank(all.iter().find(|one| one.account == turns[0].account).expect("one of them"));
            prop_assert!(first(turn.role), "{turn:?}");
            prop_assert_eq!(begins, rank(all.iter().find(|one| Some(one.account) == chosen).expect("one of them")));
        }
    }
}
