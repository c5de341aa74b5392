//! How deliveries depart: claimed when due, marked as started in batches, let go one by one.

use std::sync::Arc;

use domain::clock::Timestamp;
use domain::ids::MessageId;
use domain::outgoing::Outgoing;
use store::deliveries::{self, Lane};
use store::suppressions::{self, Suppression};

use super::{CLAIM, COUNTED_EVERY, CROWD, GATHERING, Item, Link, Sender, place, write_sent};
use crate::core::Core;
use crate::send::attempt;
use crate::send::circuit::Gate;

impl Sender {
    /// Lets deliveries leave until the engine stops.
    pub(crate) async fn run(self: Arc<Sender>, core: Arc<Core>) {
        loop {
            let next = self.step(&core).await;
            tokio::select! {
                () = self.wake.notified() => if self.is_crowded() { tokio::time::sleep(GATHERING).await },
                () = core.sleep_until(next) => {}
                () = core.stopping.cancelled() => break,
            }
            if core.senders.get(self.tenant, self.id).is_none() {
                break;
            }
        }
    }

    fn is_crowded(&self) -> bool {
        self.waiting.lock().len() >= CROWD
    }

    /// Does all that can be done now; gives when to look again, if time alone will change something.
    async fn step(self: &Arc<Sender>, core: &Arc<Core>) -> Option<Timestamp> {
        let link = self.link();
        if let Err(error) = self.refill(core, &link).await {
            tracing::warn!(account = %self.id, %error, "Deliveries could not be claimed; trying again in a second.");
            return Some(core.clock.now().plus(std::time::Duration::from_secs(1)));
        }
        let now = core.clock.now();
        let lent = self.lend(core, &link).await;
        let (ready, wait) = self.take_ready(&link, now);
        let again = self.start(core, &link, ready).await;
        let uncounted = self.count_rest(core, &link).await;
        let waiting = self.waiting.lock();
        let due = if link.is_usable(waiting.health) { waiting.next_due } else { None };
        [wait, again, uncounted, due, lent].into_iter().flatten().min()
    }

    /// Writes down the count of what was sent since the last time, when nothing is under way that will do it; gives when
    /// to look again, because this is done once a second.
    async fn count_rest(&self, core: &Arc<Core>, link: &Link) -> Option<Timestamp> {
        let now = core.clock.now();
        let count = {
            let mut waiting = self.waiting.lock();
            let is_calm = waiting.len() == 0 && link.slots.available_permits() == link.slot_count;
            if waiting.sent == 0 || !is_calm {
                return None;
            }
            let next = waiting.last_sent_noted.plus(COUNTED_EVERY);
            if now < next {
                return Some(next);
            }
            waiting.last_sent_noted = now;
            std::mem::take(&mut waiting.sent)
        };
        let (tenant, account) = (self.tenant, self.id);
        let written = core.store.write(tenant, move |tx| write_sent(tx, tenant, account, count, now)).await;
        if let Err(error) = written {
            tracing::warn!(account = %self.id, %error, "The count of sent messages could not be written.");
            self.waiting.lock().sent += count;
            return Some(now.plus(COUNTED_EVERY));
        }
        None
    }

    /// Claims what is due in the database, while there is room for it.
    async fn refill(&self, core: &Arc<Core>, link: &Link) -> Result<(), store::Error> {
        let now = core.clock.now();
        let (room, lanes, suspicions) = {
            let mut waiting = self.waiting.lock();
            if waiting.next_due.is_some_and(|due| due <= now) {
                waiting.next_due = None;
                waiting.backlog = [true, true];
            }
            let closed = matches!(waiting.circuit.gate(now), Gate::ClosedUntil(_));
            let room = CLAIM.saturating_sub(waiting.len());
            if !link.is_usable(waiting.health)
                || closed
                || room < CLAIM / 2
                || waiting.backlog == [false, false]
            {
                return Ok(());
            }
            (room, waiting.backlog, waiting.suspicions)
        };
        let (tenant, account, epoch) = (self.tenant, self.id, core.epoch);
        let (claimed, more, next_due) = core
            .store
            .write_any(move |tx| {
                let mut claimed = Vec::new();
                let mut more = [false, false];
                let mut next_due: Option<Timestamp> = None;
                for lane in [Lane::Prompt, Lane::Bulk] {
                    let left = room - claimed.len();
                    if !lanes[place(lane)] || left == 0 {
                        more[place(lane)] = lanes[place(lane)];
                        continue;
                    }
                    let rows = deliveries::claim(tx, epoch, (tenant, account, lane), now, left)?;
                    if rows.len() == left {
                        more[place(lane)] = true;
                    } else if let Some(due) = deliveries::next_due(tx, tenant, account, lane)? {
                        next_due = Some(next_due.map_or(due, |next| next.min(due)));
                    }
                    claimed.extend(rows);
                }
                Ok::<_, store::Error>((claimed, more, next_due))
            })
            .await?;
        let mut waiting = self.waiting.lock();
        if waiting.suspicions == suspicions {
            waiting.backlog = more;
        }
        if let Some(due) = next_due {
            waiting.next_due = Some(waiting.next_due.map_or(due, |next| next.min(due)));
        }
        for row in claimed {
            let (message, lane, attempts) = (row.message, row.lane, row.attempts);
            let item = Item { message, lane, attempts, started_at: None, slot: None, outgoing: None };
            waiting.lane(lane).push_back(item);
        }
        Ok(())
    }

    /// Takes what may begin now, each with its slot; and when to look again if time alone opens the way.
    fn take_ready(&self, link: &Link, now: Timestamp) -> (Vec<Item>, Option<Timestamp>) {
        let mut ready = Vec::new();
        let mut waiting = self.waiting.lock();
        // What was marked as started when it was accepted has its slot and goes in any case.
        for lane in [Lane::Prompt, Lane::Bulk] {
            let queue = waiting.lane(lane);
            while let Some(item) = queue.pop_front_if(|item| item.started_at.is_some()) {
                ready.push(item);
            }
        }
        if !link.is_usable(waiting.health) {
            return (ready, None);
        }
        let free = link.slots.available_permits();
        let most = match waiting.circuit.gate(now) {
            Gate::Open => free,
            Gate::OneAtATime => usize::from(free == link.slot_count && ready.is_empty()),
            Gate::ClosedUntil(until) => return (ready, Some(until)),
        };
        let wanted = most.min(waiting.prompt.len() + waiting.bulk.len());
        let granted = waiting.grant(wanted, now);
        let mut left = granted;
        while left > 0 {
            let Ok(slot) = Arc::clone(&link.slots).try_acquire_owned() else { break };
            let Some(mut item) = waiting.prompt.pop_front().or_else(|| waiting.bulk.pop_front()) else {
                break;
            };
            item.slot = Some(slot);
            ready.push(item);
            left -= 1;
        }
        waiting.give_back(left);
        let opens = waiting.allowance.spent_until(now).unwrap_or_else(|| waiting.pacing.next(now));
        let wait = (granted < wanted).then_some(opens);
        (ready, wait)
    }

    /// Marks as started what is not yet, in one transaction, and lets all of it go; gives when to try again what could
    /// not be marked.
    async fn start(
        self: &Arc<Sender>,
        core: &Arc<Core>,
        link: &Arc<Link>,
        ready: Vec<Item>,
    ) -> Option<Timestamp> {
        let (marked, unmarked): (Vec<Item>, Vec<Item>) =
            ready.into_iter().partition(|item| item.started_at.is_some());
        for item in marked {
            attempt::spawn(core, self, link, item);
        }
        if unmarked.is_empty() {
            return None;
        }
        let (now, tenant, epoch) = (core.clock.now(), self.tenant, core.epoch);
        let messages: Vec<MessageId> = unmarked.iter().map(|item| item.message).collect();
        let mut recipients: Vec<String> =
            unmarked.iter().filter_map(|item| item.outgoing.as_deref()).flat_map(recipients_of).collect();
        recipients.sort_unstable();
        recipients.dedup();
        let channel = link.account.channel;
        let started = core
            .store
            .write(tenant, move |tx| {
                let mut started = Vec::with_capacity(messages.len());
                for message in &messages {
                    let is_ours = deliveries::start(tx, tenant, *message, now, epoch)?;
                    if is_ours {
                        store::messages::set_sending(tx, tenant, *message)?;
                    }
                    started.push(is_ours);
                }
                let suppressed = suppressions::of_addresses(tx, tenant, channel, &recipients)?;
                let suppressed: Vec<String> = suppressed.iter().map(Suppression::key).collect();
                Ok::<_, store::Error>((started, suppressed))
            })
            .await;
        match started {
            Ok((started, suppressed)) => {
                // One that is not ours any more was cancelled meanwhile.
                for (mut item, _) in unmarked.into_iter().zip(started).filter(|(_, is_ours)| *is_ours) {
                    item.attempts += 1;
                    item.started_at = Some(now);
                    // It waited in memory, and somebody was suppressed meanwhile: it is loaded and looked at again.
                    item.outgoing = item.outgoing.filter(|outgoing| {
                        suppressed.is_empty() || !recipients_of(outgoing).any(|key| suppressed.contains(&key))
                    });
                    attempt::spawn(core, self, link, item);
                }
                None
            }
            Err(error) => {
                tracing::warn!(account = %self.id, %error, "Deliveries could not be marked as started; they wait.");
                self.put_back(unmarked);
                Some(now.plus(std::time::Duration::from_secs(1)))
            }
        }
    }

    /// Puts items back in front of their lanes, in their order.
    fn put_back(&self, items: Vec<Item>) {
        let mut waiting = self.waiting.lock();
        for mut item in items.into_iter().rev() {
            item.slot = None;
            waiting.lane(item.lane).push_front(item);
        }
    }
}

/// The keys of everybody to whom a message goes.
fn recipients_of(outgoing: &Outgoing) -> impl Iterator<Item = String> {
    let everybody = outgoing.to.iter().chain(&outgoing.cc).chain(&outgoing.bcc);
    everybody.map(|mailbox| mailbox.address.key())
}
