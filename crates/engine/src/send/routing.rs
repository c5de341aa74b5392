//! Which account a message goes through, and which one steps in when that cannot send: decided purely.

use std::collections::HashSet;

use domain::address::{EmailAddress, Mailbox};
use domain::failure::{AttemptOutcome, Outcome, RejectReason};
use domain::ids::AccountId;
use domain::threading::Rule;
use store::attempts::Attempt;
use store::messages::{Envelope, Message};

/// Whether an account can send at the moment, as far as this process knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Usable,
    /// It failed and had its pause: one message may try whether it is back.
    Probe,
    /// It fails, was stopped, was asked to wait, or has sent all that it may send today.
    Unusable,
}

/// An enabled account of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub account: AccountId,
    pub name: String,
    pub standing: Standing,
    /// Lower goes first.
    pub priority: i64,
    pub weight: u32,
    /// Who its messages come from.
    pub sender: Option<Mailbox>,
}

impl Candidate {
    /// Whether it sends as this address.
    pub(crate) fn speaks_as(&self, address: Option<&EmailAddress>) -> bool {
        self.sender.as_ref().map(|sender| sender.address.key()) == address.map(EmailAddress::key)
    }

    /// The envelope of a message that goes through this account from now on, when it is not the one that it has: it comes
    /// from this account's address then.
    pub(crate) fn other_envelope(&self, envelope: &Envelope) -> Option<Envelope> {
        let sender = self.sender.as_ref()?;
        let is_other = !self.speaks_as(envelope.from.as_ref().map(|from| &from.address));
        is_other.then(|| Envelope { from: Some(sender.clone()), ..envelope.clone() })
    }
}

/// Where an account stands among the others, the lowest first: one that can send before one that cannot, then by priority.
pub(super) fn rank(candidate: &Candidate) -> (bool, i64) {
    (candidate.standing == Standing::Unusable, candidate.priority)
}

/// The best account for a message: one that can send before one that cannot, then the lowest priority number, then by lot
/// among equals, each as likely as its weight says.
///
/// `lot` gives a number below its argument.
pub(crate) fn choose(candidates: &[Candidate], lot: impl FnOnce(u64) -> u64) -> Option<&Candidate> {
    let best = candidates.iter().map(rank).min()?;
    let mut equals: Vec<&Candidate> = candidates.iter().filter(|one| rank(one) == best).collect();
    // In the order of their making, whatever order they came in.
    equals.sort_by_key(|one| one.account);
    if let [only] = equals[..] {
        return Some(only);
    }
    let whole = equals.iter().map(|one| u64::from(one.weight.max(1))).sum();
    let mut place = lot(whole);
    for one in &equals {
        let weight = u64::from(one.weight.max(1));
        if place < weight {
            return Some(one);
        }
        place -= weight;
    }
    equals.last().copied()
}

/// Whether an outcome proves that nothing was sent, and says something about the account and not about the message: then
/// another account may do better.
pub(crate) fn may_move(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Temporary(_) | Outcome::RateLimited { .. } | Outcome::Misconfigured(_) => true,
        Outcome::Rejected { reason, .. } => *reason == RejectReason::BadSender,
        Outcome::Sent { .. } | Outcome::Unknown(_) => false,
    }
}

/// What a message allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bonds<'a> {
    /// Whether its writer chose the account.
    pub account_chosen: bool,
    /// Whether its address must stay: in a conversation the other side knows it, or its writer chose it.
    pub keeps_sender: bool,
    /// The address that it comes from.
    pub sender: Option<&'a EmailAddress>,
}

impl<'a> Bonds<'a> {
    pub(crate) fn of(message: &Message, envelope: &'a Envelope) -> Bonds<'a> {
        Bonds {
            account_chosen: envelope.account_chosen,
            keeps_sender: message.rule != Rule::New || envelope.sender_chosen,
            sender: envelope.from.as_ref().map(|mailbox| &mailbox.address),
        }
    }
}

/// The account that steps in for one that cannot send this message, if any may.
///
/// `attempts` are all attempts so far, oldest first, the newest among them. Every account is asked once before any is
/// asked again; and a message that may have been sent stays where it is, because only that provider can tell.
pub(crate) fn stand_in<'a>(
    candidates: &'a [Candidate],
    present: AccountId,
    bonds: Bonds<'_>,
    attempts: &[Attempt],
    lot: impl FnOnce(u64) -> u64,
) -> Option<&'a Candidate> {
    if bonds.account_chosen || attempts.iter().any(|attempt| attempt.outcome == AttemptOutcome::Unknown) {
        return None;
    }
    let tried = last_round(attempts);
    let mut fitting: Vec<Candidate> = Vec::new();
    for candidate in candidates {
        let same_sender = candidate.speaks_as(bonds.sender);
        let fits = candidate.account != present
            && candidate.standing != Standing::Unusable
            && !tried.contains(&candidate.account)
            && (same_sender || !bonds.keeps_sender);
        if fits {
            // One that speaks with the same address steps in before one that does not.
            let priority =
                candidate.priority.saturating_add(if same_sender { 0 } else { i64::from(u32::MAX) });
            fitting.push(Candidate { priority, ..candidate.clone() });
        }
    }
    let chosen = choose(&fitting, lot)?.account;
    candidates.iter().find(|candidate| candidate.account == chosen)
}

/// The accounts that were asked since one of them was asked a second time.
fn last_round(attempts: &[Attempt]) -> HashSet<AccountId> {
    let mut round = HashSet::new();
    for attempt in attempts {
        if !round.insert(attempt.account) {
            round = HashSet::from([attempt.account]);
        }
    }
    round
}

/// How often the message went through all its accounts, counted from 1: the waits between rounds grow by it. With one
/// account it is the number of attempts.
pub(crate) fn rounds(attempts: &[Attempt]) -> u32 {
    let mut round = HashSet::new();
    let mut count = 1;
    for attempt in attempts {
        if !round.insert(attempt.account) {
            round = HashSet::from([attempt.account]);
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use domain::clock::Timestamp;
    use domain::failure::Words;
    use proptest::prelude::*;

    use super::*;

    fn account(number: u128) -> AccountId {
        AccountId::from_u128(number)
    }

    fn candidate(number: u128, priority: i64, weight: u32) -> Candidate {
        Candidate {
            account: account(number),
            name: number.to_string(),
            standing: Standing::Usable,
            priority,
            weight,
            sender: Some(Mailbox::bare("hello@example.com".parse().expect("an address"))),
        }
    }

    fn attempt(number: u32, by: u128, outcome: AttemptOutcome) -> Attempt {
        let at = Timestamp::from_micros(i64::from(number));
        Attempt {
            number,
            account: account(by),
            started_at: at,
            ended_at: Some(at),
            outcome,
            code: None,
            detail: String::new(),
        }
    }

    fn free() -> Bonds<'static> {
        Bonds { account_chosen: false, keeps_sender: false, sender: None }
    }

    #[test]
    fn priority_goes_before_weight_and_a_working_account_before_both() {
        let all = [candidate(1, 1, 1000), candidate(2, 0, 1), candidate(3, 2, 1)];
        assert_eq!(choose(&all, |_| 0).map(|one| one.account), Some(account(2)));
        let broken = Candidate { standing: Standing::Unusable, ..candidate(2, 0, 1) };
        let all = [candidate(1, 1, 1000), broken.clone(), candidate(3, 2, 1)];
        assert_eq!(choose(&all, |_| 0).map(|one| one.account), Some(account(1)));
        assert_eq!(choose(&[broken], |_| 0).map(|one| one.account), Some(account(2)), "it waits there");
    }

    #[test]
    fn weights_share_the_messages_out() {
        let all = [candidate(1, 0, 70), candidate(2, 0, 30)];
        let first =
            (0..100).filter(|lot| choose(&all, |_| *lot).is_some_and(|one| one.account == account(1)));
        assert_eq!(first.count(), 70);
    }

    #[test]
    fn every_account_is_asked_once_before_any_is_asked_again() {
        let all = [candidate(1, 0, 1), candidate(2, 1, 1), candidate(3, 2, 1)];
        let mut attempts = vec![attempt(1, 1, AttemptOutcome::Temporary)];
        let next = |attempts: &[Attempt]| {
            let present = attempts.last().map_or(account(1), |last| last.account);
            stand_in(&all, present, free(), attempts, |_| 0).map(|one| one.account)
        };
        assert_eq!(next(&attempts), Some(account(2)));
        attempts.push(attempt(2, 2, AttemptOutcome::RateLimited));
        assert_eq!(next(&attempts), Some(account(3)));
        attempts.push(attempt(3, 3, AttemptOutcome::Temporary));
        assert_eq!(next(&attempts), None, "all were asked: now it waits");
        attempts.push(attempt(4, 3, AttemptOutcome::Temporary));
        assert_eq!((next(&attempts), rounds(&attempts)), (Some(account(1)), 2));
    }

    #[test]
    fn a_message_that_may_have_been_sent_stays() {
        let all = [candidate(1, 0, 1), candidate(2, 0, 1)];
        let attempts = [attempt(1, 1, AttemptOutcome::Unknown), attempt(2, 1, AttemptOutcome::Temporary)];
        assert_eq!(stand_in(&all, account(1), free(), &attempts, |_| 0), None);
        assert!(!may_move(&Outcome::Unknown(Words::default())));
    }

    #[test]
    fn an_answer_comes_from_the_address_that_the_other_side_knows() {
        let sales = "sales@example.com".parse().expect("an address");
        let other = Candidate { sender: Some(Mailbox::bare(sales)), ..candidate(2, 0, 1) };
        let all = [candidate(1, 0, 1), other, candidate(3, 9, 1)];
        let sender = "hello@example.com".parse().expect("an address");
        let attempts = [attempt(1, 1, AttemptOutcome::Temporary)];
        let bonds = |keeps_sender| Bonds { keeps_sender, sender: Some(&sender), ..free() };
        let name = |bonds| stand_in(&all, account(1), bonds, &attempts, |_| 0).map(|one| one.account);
        assert_eq!(name(bonds(true)), Some(account(3)));
        assert_eq!(name(bonds(false)), Some(account(3)), "the same address first");
        let without = &all[..2];
        assert_eq!(stand_in(without, account(1), bonds(true), &attempts, |_| 0), None);
        assert!(stand_in(without, account(1), bonds(false), &attempts, |_| 0).is_some());
    }

    proptest! {
        #[test]
        fn nothing_moves_that_may_have_been_sent_and_nothing_moves_to_where_it_was(
            words in prop::collection::vec((1..4_u128, 0..5_usize), 1..12),
            account_chosen in any::<bool>(),
        ) {
            let outcomes = [
                AttemptOutcome::Temporary, AttemptOutcome::RateLimited, AttemptOutcome::Misconfigured,
                AttemptOutcome::Rejected, AttemptOutcome::Unknown,
            ];
            let attempts: Vec<Attempt> = (1..).zip(&words)
                .map(|(number, (by, outcome))| attempt(number, *by, outcomes[*outcome]))
                .collect();
            let all = [candidate(1, 0, 1), candidate(2, 0, 5), candidate(3, 1, 1)];
            let present = attempts.last().expect("one at least").account;
            let bonds = Bonds { account_chosen, ..free() };
            let found = stand_in(&all, present, bonds, &attempts, |whole| whole / 2);
            if let Some(found) = found {
                prop_assert!(!account_chosen);
                prop_assert!(found.account != present);
                prop_assert!(attempts.iter().all(|attempt| attempt.outcome != AttemptOutcome::Unknown));
            }
            prop_assert!(rounds(&attempts) as usize <= attempts.len());
        }
    }
}
