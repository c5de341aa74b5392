//! What a sender knows of what waits for its account, and how much of it may leave.

use std::collections::VecDeque;

use domain::clock::Timestamp;
use store::accounts::{Account, Health};
use store::deliveries::Lane;

use super::lending::Lending;
use super::{Item, Link};
use crate::send::allowance::Allowance;
use crate::send::circuit::{Circuit, Gate};
use crate::send::pacing::Pacing;

/// A provider that asks for a shorter pause than this keeps what waits for it.
const LONG_PAUSE: std::time::Duration = std::time::Duration::from_secs(30);

pub(super) struct Waiting {
    pub prompt: VecDeque<Item>,
    pub bulk: VecDeque<Item>,
    /// Places promised to deliveries whose transaction is not committed yet.
    pub reserved: usize,
    /// Whether the database may hold free deliveries that are due, by lane.
    pub backlog: [bool; 2],
    /// How often that was suspected: what is suspected while the database is asked is not in its answer.
    pub suspicions: u64,
    /// When the next free delivery falls due.
    pub next_due: Option<Timestamp>,
    /// As it was last written down; settings do not change with it, so it is kept apart from them.
    pub health: Health,
    pub circuit: Circuit,
    pub pacing: Pacing,
    pub allowance: Allowance,
    pub lending: Lending,
    pub last_sent_noted: Timestamp,
    /// Sent since it was last noted in the database.
    pub sent: i64,
}

pub(super) const fn place(lane: Lane) -> usize {
    match lane {
        Lane::Prompt => 0,
        Lane::Bulk => 1,
    }
}

impl Waiting {
    /// `sent_today` is what the account has sent on this day (UTC) so far.
    pub(super) fn new(account: &Account, sent_today: u64, now: Timestamp) -> Waiting {
        Waiting {
            prompt: VecDeque::new(),
            bulk: VecDeque::new(),
            reserved: 0,
            // At the start nobody knows what the database holds.
            backlog: [true, true],
            suspicions: 0,
            next_due: None,
            health: account.health,
            circuit: Circuit::default(),
            pacing: Pacing::new(account.rate_per_second, now),
            allowance: Allowance::new(account.daily_limit, sent_today, now),
            lending: Lending::default(),
            last_sent_noted: Timestamp::from_micros(0),
            sent: 0,
        }
    }

    pub(super) fn lane(&mut self, lane: Lane) -> &mut VecDeque<Item> {
        match lane {
            Lane::Prompt => &mut self.prompt,
            Lane::Bulk => &mut self.bulk,
        }
    }

    /// The database may hold something of this lane.
    pub(super) fn suspect(&mut self, lane: Lane) {
        self.backlog[place(lane)] = true;
        self.suspicions += 1;
    }

    pub(super) fn suspect_all(&mut self) {
        self.suspect(Lane::Prompt);
        self.suspect(Lane::Bulk);
    }

    /// How many of `wanted` may leave now, by the rate and by the day's limit; they are taken.
    pub(super) fn grant(&mut self, wanted: usize, now: Timestamp) -> usize {
        let paced = self.pacing.take(wanted, now);
        let granted = self.allowance.take(paced, now);
        self.pacing.give_back(paced - granted);
        granted
    }

    /// Puts back what was granted and did not leave.
    pub(super) fn give_back(&mut self, unused: usize) {
        self.pacing.give_back(unused);
        self.allowance.give_back(unused);
    }

    /// Whether the account cannot send for longer than a moment, so that others should take over what waits for it.
    pub(super) fn is_out(&self, link: &Link, now: Timestamp) -> bool {
        let is_closed = match self.circuit.gate(now) {
            Gate::ClosedUntil(until) => self.circuit.is_failing() || until.since(now) >= LONG_PAUSE,
            Gate::Open | Gate::OneAtATime => false,
        };
        !link.is_usable(self.health) || self.allowance.spent_until(now).is_some() || is_closed
    }

    pub(super) fn len(&self) -> usize {
        self.prompt.len() + self.bulk.len() + self.reserved
    }
}
