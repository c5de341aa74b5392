//! While an account cannot send, others take over what waits for it, as far as the messages allow.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::failure::{AttemptOutcome, Words};
use domain::ids::{AccountId, MessageId};
use store::Tx;
use store::deliveries::{self, Delivery, Lane};
use store::messages;

use super::{Link, Sender, place};
use crate::Error;
use crate::core::Core;
use crate::send::reroute::{self, Move};
use crate::send::routing::{self, Bonds, Candidate, Standing};

/// Deliveries that are looked at in one transaction.
const PER_STEP: usize = 200;
/// When what could not be taken over is looked at again: others may work again by then, or more may have fallen due.
const NEXT_LOOK: Duration = Duration::from_secs(30);

/// Where the walk over what waits has come to.
#[derive(Debug, Default)]
pub(super) struct Lending {
    /// Not before; none means at once.
    next_look: Option<Timestamp>,
    lane: usize,
    behind: Option<(Timestamp, MessageId)>,
}

impl Lending {
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.next_look.is_none_or(|at| at <= now)
    }
}

const LANES: [Lane; 2] = [Lane::Prompt, Lane::Bulk];

impl Sender {
    /// Gives what waits here to accounts that work, while this one does not; gives when to look again.
    pub(super) async fn lend(&self, core: &Arc<Core>, link: &Link) -> Option<Timestamp> {
        let now = core.clock.now();
        {
            let mut waiting = self.waiting.lock();
            if !waiting.is_out(link, now) {
                waiting.lending = Lending::default();
                return None;
            }
            if !waiting.lending.is_due(now) {
                return waiting.lending.next_look;
            }
        }
        let mut others = core.senders.candidates(self.tenant, link.account.channel, now);
        others.retain(|one| one.account != self.id && one.standing == Standing::Usable);
        if others.is_empty() {
            return Some(self.look_later(now));
        }
        match self.lend_some(core, link, others, now).await {
            Ok(true) => Some(self.look_later(now)),
            // There is more.
            Ok(false) => Some(now),
            Err(error) => {
                tracing::warn!(account = %self.id, %error, "What waits for an account could not be given to others; trying again.");
                Some(self.look_later(now))
            }
        }
    }

    fn look_later(&self, now: Timestamp) -> Timestamp {
        let at = now.plus(NEXT_LOOK);
        self.waiting.lock().lending = Lending { next_look: Some(at), ..Lending::default() };
        at
    }

    /// One step of the walk; true at its end.
    async fn lend_some(
        &self,
        core: &Arc<Core>,
        link: &Link,
        others: Vec<Candidate>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let (held, lane, behind) = {
            let mut waiting = self.waiting.lock();
            let mut held = Vec::new();
            for lane in LANES {
                // What was marked as started leaves in any case.
                let (started, free): (_, Vec<_>) =
                    waiting.lane(lane).drain(..).partition(|item| item.started_at.is_some());
                *waiting.lane(lane) = started.into();
                held.extend(free.into_iter().map(|item| item.message));
            }
            (held, waiting.lending.lane, waiting.lending.behind)
        };
        let (tenant, id, epoch) = (self.tenant, self.id, core.epoch);
        let (name, writing) = (link.account.name.clone(), Arc::clone(core));
        let why = self.outlook(now).why.unwrap_or_default();
        let held = Arc::new(held);
        let written = core
            .store
            .write(tenant, move |tx| {
                for message in held.iter() {
                    deliveries::release(tx, tenant, *message, epoch)?;
                }
                let rows = deliveries::waiting_behind(tx, (tenant, id, LANES[lane]), now, behind, PER_STEP)?;
                let mut takers = BTreeSet::new();
                for row in &rows {
                    if let Some(taker) = lend_one(tx, &writing, row, &others, (&name, &why), now)? {
                        takers.insert(taker);
                    }
                }
                let last = rows.last().map(|row| (row.due_at, row.message));
                Ok::<_, Error>((takers, last.filter(|_| rows.len() == PER_STEP)))
            })
            .await;
        let mut waiting = self.waiting.lock();
        waiting.suspect_all();
        let (takers, behind) = written?;
        let is_over = match (behind, lane) {
            (Some(_), _) => {
                waiting.lending.behind = behind;
                false
            }
            (None, 0) => {
                waiting.lending = Lending { lane: place(Lane::Bulk), ..Lending::default() };
                false
            }
            (None, _) => true,
        };
        drop(waiting);
        for taker in takers {
            if let Some(sender) = core.senders.get(tenant, taker) {
                sender.look_again();
            }
        }
        core.feed.wake();
        Ok(is_over)
    }
}

/// Gives one delivery to another account, when there is one that may take it.
fn lend_one(
    tx: &mut Tx<'_>,
    core: &Core,
    row: &Delivery,
    others: &[Candidate],
    (name, why): (&str, &str),
    now: Timestamp,
) -> Result<Option<AccountId>, Error> {
    let Some(message) = messages::get(tx, row.tenant, row.message)? else { return Ok(None) };
    let attempts = if message.attempts == 0 {
        Vec::new()
    } else {
        store::attempts::of_message(tx, row.tenant, row.message)?
    };
    if attempts.iter().any(|attempt| attempt.outcome == AttemptOutcome::Unknown) {
        return Ok(None);
    }
    let body = messages::body(tx, row.tenant, row.message)?.unwrap_or_default();
    let bonds = Bonds::of(&message, &body.envelope);
    let lot = |whole| core.chance.below(whole);
    let Some(taker) = routing::stand_in(others, row.account, bonds, &[], lot) else { return Ok(None) };
    let words = Words::plain(format!("{name} cannot send now ({why}); goes on through {}", taker.name));
    let key = format!("rerouted-{}", now.micros());
    let change =
        Move { message: &message, envelope: &body.envelope, from: row.account, to: taker, key: &key };
    reroute::apply(tx, row.tenant, &change, &words, now)?;
    Ok(Some(taker.account))
}
