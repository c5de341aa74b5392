//! The sender of one channel account: what waits in memory, how much may leave at once, and the loop that lets it leave.

mod departures;
mod lending;
mod reservation;
mod standing;
mod waiting;

use std::sync::Arc;

use domain::address::Mailbox;
use domain::clock::Timestamp;
use domain::ids::{AccountId, MessageId, TenantId};
use domain::outgoing::Outgoing;
use parking_lot::{Mutex, RwLock};
use providers::Provider;
use store::accounts::{Account, Health};
use store::deliveries::Lane;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::circuit::{Circuit, Gate};
use super::pacing::Pacing;
use lending::Lending;
use waiting::{Waiting, place};

pub(crate) use reservation::Reservation;

/// How many deliveries an account holds in memory; the rest waits in the database.
const WINDOW: usize = 16_384;
/// How many of them are claimed from the database at once. A claimed one is only a row; what came straight from its
/// acceptance has its message with it.
const CLAIM: usize = 1_024;
/// Above so many that wait, slots that come free are gathered for a moment: one commit then starts many.
const CROWD: usize = 32;
const GATHERING: std::time::Duration = std::time::Duration::from_millis(1);
/// Attempts per connection that may wait for their outcome to be committed. More of them hide the commit's time, and each
/// of them is unknown after a crash.
const SLOTS_PER_CONNECTION: usize = 4;

/// How often the count of sent messages is written down.
const COUNTED_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// An account with its connected provider, as of its last change.
pub(crate) struct Link {
    pub account: Account,
    /// The provider, or what is wrong with the settings.
    pub provider: Result<Arc<dyn Provider>, String>,
    /// Whether answers to the sender address come in here, so that a reply token finds its way back.
    pub takes_replies: bool,
    /// Who its messages come from.
    pub sender: Option<Mailbox>,
    slots: Arc<Semaphore>,
    slot_count: usize,
    pub connections: Semaphore,
}

impl Link {
    pub(crate) fn new(
        account: Account,
        provider: Result<Arc<dyn Provider>, String>,
        takes_replies: bool,
    ) -> Link {
        let connections = account.concurrency.max(1) as usize;
        let slot_count = connections * SLOTS_PER_CONNECTION;
        let address = account.sender_address.as_deref().and_then(|address| address.parse().ok());
        let sender = address.map(|address| Mailbox { name: account.sender_name.clone(), address });
        Link {
            account,
            provider,
            takes_replies,
            sender,
            slots: Arc::new(Semaphore::new(slot_count)),
            slot_count,
            connections: Semaphore::new(connections),
        }
    }

    fn is_usable(&self, health: Health) -> bool {
        self.account.enabled && health != Health::Stopped && self.provider.is_ok()
    }
}

/// The sender of one account.
pub(crate) struct Sender {
    pub tenant: TenantId,
    pub id: AccountId,
    link: RwLock<Arc<Link>>,
    waiting: Mutex<Waiting>,
    wake: Notify,
    /// Whether [`Sender::run`] is at work in this process; otherwise everything is left to one where it is.
    runs: bool,
}

/// A delivery that this process holds.
pub(crate) struct Item {
    pub message: MessageId,
    pub lane: Lane,
    /// Attempts that were begun, with this one when it is started.
    pub attempts: u32,
    /// Since when the database says that its bytes may leave.
    pub started_at: Option<Timestamp>,
    /// The place among those under way, once it has one.
    pub slot: Option<OwnedSemaphorePermit>,
    /// The message itself, when it came straight from its acceptance.
    pub outgoing: Option<Arc<Outgoing>>,
}

impl Sender {
    /// `sent_today` is what the account has sent on this day (UTC) so far.
    pub(crate) fn new(link: Link, runs: bool, sent_today: u64, now: Timestamp) -> Arc<Sender> {
        let waiting = Waiting::new(&link.account, sent_today, now);
        Arc::new(Sender {
            tenant: link.account.tenant,
            id: link.account.id,
            link: RwLock::new(Arc::new(link)),
            waiting: Mutex::new(waiting),
            wake: Notify::new(),
            runs,
        })
    }

    pub(crate) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link.read())
    }

    /// Takes changed settings into use; what was failing gets a fresh start.
    pub(crate) fn relink(&self, link: Link, now: Timestamp) {
        let rate = link.account.rate_per_second;
        let is_other_rate = self.link().account.rate_per_second != rate;
        let mut waiting = self.waiting.lock();
        if is_other_rate {
            waiting.pacing = Pacing::new(rate, now);
        }
        waiting.allowance.set_limit(link.account.daily_limit);
        waiting.circuit = Circuit::default();
        waiting.health = link.account.health;
        waiting.lending = Lending::default();
        waiting.suspect_all();
        drop(waiting);
        *self.link.write() = Arc::new(link);
        self.wake.notify_one();
    }

    pub(crate) fn is_usable(&self) -> bool {
        let waiting = self.waiting.lock();
        self.link.read().is_usable(waiting.health) && !waiting.circuit.is_failing()
    }

    /// Takes over what all processes together have sent today.
    pub(crate) fn note_sent_today(&self, sent: u64, now: Timestamp) {
        self.waiting.lock().allowance.at_least(sent, now);
    }

    /// The account's health as it was last written down.
    pub(crate) fn health(&self) -> Health {
        self.waiting.lock().health
    }

    /// Takes a change of health into use. One that works again, or is to be tried again, looks at what waits.
    pub(crate) fn set_health(&self, health: Health) {
        let mut waiting = self.waiting.lock();
        if waiting.health == Health::Stopped && health != Health::Stopped {
            waiting.circuit = Circuit::default();
            waiting.suspect_all();
        }
        waiting.health = health;
        drop(waiting);
        self.wake.notify_one();
    }

    /// Makes the loop look again.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// The database holds something of this account that is due at a time.
    pub(crate) fn note_due(&self, lane: Lane, due_at: Timestamp, now: Timestamp) {
        let mut waiting = self.waiting.lock();
        if due_at <= now {
            waiting.suspect(lane);
        } else {
            waiting.next_due = Some(waiting.next_due.map_or(due_at, |next| next.min(due_at)));
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// Nothing is known any more of what the database holds: look.
    pub(crate) fn look_again(&self) {
        self.waiting.lock().suspect_all();
        self.wake.notify_one();
    }

    /// At the end of the process: takes what was marked as started and never left out of memory.
    pub(crate) fn give_up_started(&self) -> Vec<MessageId> {
        let mut waiting = self.waiting.lock();
        let Waiting { prompt, bulk, .. } = &mut *waiting;
        let all = prompt.drain(..).chain(bulk.drain(..));
        all.filter(|item| item.started_at.is_some()).map(|item| item.message).collect()
    }

    /// An attempt sent nothing: it does not count against the day's limit.
    pub(crate) fn note_unsent(&self) {
        self.waiting.lock().allowance.give_back(1);
    }

    /// Learns from an attempt what it says about the account.
    pub(crate) fn note_attempt(&self, said: Said, now: Timestamp) {
        let mut waiting = self.waiting.lock();
        match said {
            Said::Works => waiting.circuit.succeeded(),
            Said::Fails => waiting.circuit.failed(now),
            Said::WaitUntil(until) => waiting.circuit.pause_until(until),
            Said::Nothing => {}
        }
    }

    /// Counts a sent message; gives the count to write down when it is time to.
    pub(crate) fn note_sent(&self, now: Timestamp) -> Option<i64> {
        let mut waiting = self.waiting.lock();
        waiting.sent += 1;
        if now.since(waiting.last_sent_noted) < COUNTED_EVERY {
            return None;
        }
        waiting.last_sent_noted = now;
        Some(std::mem::take(&mut waiting.sent))
    }

    /// Whether nothing is under way and nothing can begin at this time: what waits, waits for a time or for a person.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        let link = self.link();
        let waiting = self.waiting.lock();
        if waiting.reserved > 0 || link.slots.available_permits() != link.slot_count {
            return false;
        }
        let is_closed = matches!(waiting.circuit.gate(now), Gate::ClosedUntil(_));
        let is_spent = waiting.allowance.spent_until(now).is_some();
        let is_hindered = !link.is_usable(waiting.health)
            || !self.runs
            || is_closed
            || is_spent
            || waiting.pacing.is_spent(now);
        let is_due = waiting.backlog != [false, false] || waiting.next_due.is_some_and(|due| due <= now);
        let is_quiet = waiting.len() == 0 && !is_due;
        let may_lend = self.runs && waiting.lending.is_due(now) && waiting.is_out(&link, now);
        is_quiet || (is_hindered && !may_lend)
    }
}

/// Adds to the count of messages that an account sent today.
pub(super) fn write_sent(
    tx: &mut store::Tx<'_>,
    tenant: TenantId,
    account: AccountId,
    count: i64,
    now: Timestamp,
) -> Result<(), store::Error> {
    store::accounts::set_last_sent(tx, tenant, account, now)?;
    store::counters::add(tx, tenant, &sent_counter(account, now), count)
}

/// The counter of what an account sent on a day.
pub(crate) fn sent_counter(account: AccountId, now: Timestamp) -> String {
    format!("sent.{account}.{}", now.day())
}

/// What an attempt says about its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Works,
    Fails,
    WaitUntil(Timestamp),
    Nothing,
}
