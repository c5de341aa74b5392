//! Accepting a message: one transaction that writes everything, an answer after its commit, then the hand-over.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::address::Mailbox;
use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::{ContactId, ConversationId, EpochId, MessageId, TenantId, ThreadId};
use domain::invalid::Invalid;
use domain::message::{Direction, MessageState};
use domain::outgoing::Outgoing;
use domain::suppression::Letter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::Tx;
use store::conversations;
use store::deliveries::{self, Delivery, Lane};
use store::feed::{self, Facts};
use store::messages::{self, Body, Envelope, Message};

use super::idempotent::{self, IdempotencyKey, Stop};
use super::load;
use super::order::Order;
use super::place;
use super::request::{MessageRequest, NewMessage};
use super::sender::{Link, Reservation};
use crate::core::Core;
use crate::suppression::{Barred, SUPPRESSED};
use crate::{Engine, Error};

/// What the caller is told of an accepted message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    pub id: MessageId,
    /// `queued`; `scheduled` when it waits for its time; `blocked` when nobody may be written to of those it is addressed
    /// to.
    pub state: MessageState,
    pub conversation_id: ConversationId,
}

/// Answers to accepted requests, and whether they are an earlier request's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub accepted: Vec<Accepted>,
    pub replayed: bool,
}

/// The most messages of one batch.
pub const LARGEST_BATCH: usize = 1_000;

impl Engine {
    /// Accepts one message. When this returns, the message survives a power cut.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the fields that are wrong; nothing was kept then.
    pub async fn accept_message(
        &self,
        principal: &Principal,
        request: MessageRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Error> {
        principal.require(Permission::MessagesWrite)?;
        let order = self.prepare(principal, request, "").await?;
        self.commit(principal.clone(), vec![order], key).await
    }

    /// Accepts all messages of a batch, or none.
    ///
    /// # Errors
    /// As [`Engine::accept_message`]; the place of a fault begins with `/messages/n`.
    pub async fn accept_batch(
        &self,
        principal: &Principal,
        requests: Vec<MessageRequest>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Error> {
        principal.require(Permission::MessagesWrite)?;
        if requests.is_empty() || requests.len() > LARGEST_BATCH {
            let detail = format!("expected 1 to {LARGEST_BATCH} messages");
            return Err(Invalid::at("/messages", detail).into());
        }
        let mut orders = Vec::with_capacity(requests.len());
        let mut faults = Vec::new();
        for (place, request) in requests.into_iter().enumerate() {
            match self.prepare(principal, request, &format!("/messages/{place}")).await {
                Ok(order) => orders.push(order),
                Err(Error::Invalid(invalid)) => faults.extend(invalid.faults),
                Err(other) => return Err(other),
            }
        }
        if !faults.is_empty() {
            return Err(Invalid { faults }.into());
        }
        self.commit(principal.clone(), orders, key).await
    }

    /// Commits and hands over, in a task of its own: a caller that goes away must not keep a message from its sender.
    async fn commit(
        &self,
        principal: Principal,
        orders: Vec<Order>,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, Error> {
        let core = Arc::clone(&self.core);
        let task = self.core.tasks.spawn(async move { commit(&core, principal, orders, key).await });
        task.await.map_err(|error| store::Error::Unexpected(error.to_string()))?
    }
}

async fn commit(
    core: &Arc<Core>,
    principal: Principal,
    orders: Vec<Order>,
    key: Option<IdempotencyKey>,
) -> Result<Answer, Error> {
    let now = core.clock.now();
    let tenant = principal.tenant;
    let reservations: Vec<Option<Reservation>> = orders
        .iter()
        .map(|order| is_due(&order.new, now).then(|| order.sender.reserve(order.new.lane, now)))
        .collect();
    let marks: Vec<Mark> = reservations.iter().map(Mark::of).collect();
    let orders = Arc::new(orders);
    let (writing, taken) = (Arc::clone(core), Arc::clone(&orders));
    // A campaign waits behind what somebody waits for, in the database's queue too.
    let is_bulk = orders.iter().all(|order| order.new.lane == Lane::Bulk);
    let closure = move |tx: &mut Tx<'_>| {
        let mut written = Vec::with_capacity(taken.len());
        for (order, mark) in taken.iter().zip(&marks) {
            written.push(write(tx, &writing, &principal, order, *mark, now)?);
        }
        let accepted: Vec<&Accepted> = written.iter().map(|one| &one.accepted).collect();
        let answer =
            if key.is_some() { serde_json::to_vec(&accepted).unwrap_or_default() } else { Vec::new() };
        idempotent::record(tx, tenant, key.as_ref(), now, &answer)?;
        Ok::<_, Stop>(written)
    };
    let written = if is_bulk {
        core.store.write_bulk(tenant, closure).await
    } else {
        core.store.write(tenant, closure).await
    };
    let written = match written {
        Ok(written) => written,
        Err(Stop::Seen(answer)) => {
            let accepted = serde_json::from_slice(&answer).map_err(|_| {
                Error::conflict(
                    "idempotency_mismatch",
                    "this Idempotency-Key came before with another request",
                )
            })?;
            return Ok(Answer { accepted, replayed: true });
        }
        Err(Stop::Failed(error)) => return Err(error),
    };
    let mut accepted = Vec::with_capacity(written.len());
    for ((order, one), reservation) in orders.iter().zip(written).zip(reservations) {
        match reservation {
            // Nothing leaves: the place is given back, and somebody else may have waited for it.
            Some(reservation) if one.accepted.state == MessageState::Blocked => {
                drop(reservation);
                order.sender.wake();
            }
            None if one.accepted.state == MessageState::Blocked => {}
            Some(reservation) => {
                let outgoing = reservation.is_leased().then(|| one.outgoing(core, tenant, order)).flatten();
                reservation.hand_over(order.id, outgoing);
            }
            None => order.sender.note_due(order.new.lane, order.new.send_at.unwrap_or(now), now),
        }
        accepted.push(one.accepted);
    }
    core.feed.wake();
    metrics::counter!("chancery_messages_accepted_total").increment(accepted.len() as u64);
    Ok(Answer { accepted, replayed: false })
}

fn is_due(new: &NewMessage, now: Timestamp) -> bool {
    new.send_at.is_none_or(|at| at <= now)
}

/// How the delivery row is written, decided by its reservation.
#[derive(Debug, Clone, Copy)]
struct Mark {
    leased: bool,
    started_at: Option<Timestamp>,
}

impl Mark {
    fn of(reservation: &Option<Reservation>) -> Mark {
        match reservation {
            Some(reservation) => {
                Mark { leased: reservation.is_leased(), started_at: reservation.started_at() }
            }
            None => Mark { leased: false, started_at: None },
        }
    }
}

struct Written {
    accepted: Accepted,
    message: Message,
    body: Body,
    barred: Barred,
}

impl Written {
    fn outgoing(&self, core: &Core, tenant: TenantId, order: &Order) -> Option<Arc<Outgoing>> {
        let files = order.files.contents.clone();
        let mut outgoing =
            load::outgoing(core, tenant, &self.message, &self.body, files, &order.link).ok()?;
        self.barred.take_out(&mut outgoing);
        Some(Arc::new(outgoing))
    }
}

fn write(
    tx: &mut Tx<'_>,
    core: &Core,
    principal: &Principal,
    order: &Order,
    mark: Mark,
    now: Timestamp,
) -> Result<Written, Error> {
    let tenant = principal.tenant;
    let new = &order.new;
    let preview = preview(new);
    let mut to = new.to.clone();
    let (place, barred) = match new.conversation {
        Some(id) => {
            let place = place::reply(tx, core, tenant, order, id, &mut to, &preview, now)?;
            let letter = Letter::of(principal.actor.kind, place.rule);
            let everybody = to.iter().chain(&new.cc).chain(&new.bcc);
            (place, Barred::among(tx, tenant, new.channel, letter, everybody)?)
        }
        None => {
            let (known, barred) = at_the_door(tx, tenant, order)?;
            (place::open(tx, core, principal, order, known, &preview, now)?, barred)
        }
    };
    let is_blocked = barred.stops(&to);
    let state = match (is_due(new, now), mark.started_at) {
        _ if is_blocked => MessageState::Blocked,
        (false, _) => MessageState::Scheduled,
        (true, Some(_)) => MessageState::Sending,
        (true, None) => MessageState::Queued,
    };
    // The name is the caller's to choose; the address is one of the account's in any case.
    let from = new.from.clone().filter(|from| from.name.is_some()).or_else(|| order.link.sender.clone());
    let domain = from.as_ref().map_or("chancery.invalid", |mailbox| mailbox.address.domain());
    let reply_to = new.reply_to.clone().or_else(|| token_address(core, tenant, &order.link, place.thread));
    let message = Message {
        id: order.id,
        conversation: place.conversation,
        thread: place.thread,
        contact: place.contact,
        direction: Direction::Outbound,
        channel: new.channel,
        state,
        reason_code: is_blocked.then(|| SUPPRESSED.to_owned()),
        reason_detail: is_blocked.then(|| barred.sentence()),
        account: Some(order.sender.id),
        subject: place.subject,
        preview,
        rule: place.rule,
        rfc_message_id: Some(format!("{}@{domain}", order.id.suffix())),
        provider_message_id: None,
        journal: None,
        author: principal.actor.clone(),
        attempts: 0,
        file_count: u32::try_from(order.files.rows.len()).unwrap_or(u32::MAX),
        automatic: None,
        on_unknown: new.on_unknown,
        send_at: new.send_at,
        created_at: now,
        sent_at: None,
        delivered_at: None,
    };
    let envelope = Envelope {
        from,
        to,
        cc: new.cc.clone(),
        bcc: new.bcc.clone(),
        reply_to,
        headers: new.headers.clone(),
        in_reply_to: place.in_reply_to,
        references: place.references,
        metadata: new.metadata.clone(),
        forward_of: new.forward_of,
        account_chosen: new.account.is_some(),
        sender_chosen: new.from.is_some(),
        ..Envelope::default()
    };
    let body = Body { envelope, text: new.text.clone(), html: new.html.clone() };
    messages::insert(tx, tenant, &message, &body)?;
    store::attachments::insert(tx, tenant, order.id, &order.files.rows)?;
    barred.note(tx, tenant, order.id, now)?;
    if !is_blocked {
        deliveries::insert(tx, &delivery(tenant, core.epoch, order, mark, now))?;
    }
    let told = if state == MessageState::Sending { MessageState::Queued } else { state };
    let facts = Facts {
        message_id: Some(order.id.to_string()),
        conversation_id: Some(place.conversation.to_string()),
        contact_id: Some(place.contact.to_string()),
        state: Some(told.to_string()),
        direction: Some(Direction::Outbound.to_string()),
        ..Facts::default()
    };
    feed::append(tx, tenant, FeedType::of_state(told), now, &facts)?;
    // What could not be said has resolved nothing.
    if let Some(resolve) = order.resolve.as_ref().filter(|_| !is_blocked)
        && let Some(row) = conversations::get(tx, tenant, place.conversation)?
    {
        resolve.apply(tx, &row)?;
    }
    let accepted = Accepted { id: order.id, state: told, conversation_id: place.conversation };
    Ok(Written { accepted, message, body, barred })
}

/// Who is known behind the first recipient of a message that opens a conversation, and who of all may not be written to.
fn at_the_door(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    order: &Order,
) -> Result<(Option<ContactId>, Barred), Error> {
    let new = &order.new;
    let Some((first, others)) = new.to.split_first() else { return Ok((None, Barred::default())) };
    let others: Vec<&Mailbox> = others.iter().chain(&new.cc).chain(&new.bcc).collect();
    Ok(Barred::at_the_door(tx, tenant, new.channel, (first, &others))?)
}

fn delivery(tenant: TenantId, epoch: EpochId, order: &Order, mark: Mark, now: Timestamp) -> Delivery {
    Delivery {
        tenant,
        message: order.id,
        account: order.sender.id,
        lane: order.new.lane,
        due_at: order.new.send_at.filter(|at| *at > now).unwrap_or(now),
        attempts: u32::from(mark.started_at.is_some()),
        lease: mark.leased.then_some(epoch),
        started_at: mark.started_at,
    }
}

/// The first words of a message, for lists.
fn preview(new: &NewMessage) -> String {
    crate::inbox::preview(new.text.as_deref(), new.html.as_deref())
}

fn token_address(core: &Core, tenant: TenantId, link: &Link, thread: ThreadId) -> Option<Mailbox> {
    if !link.takes_replies {
        return None;
    }
    let sender = link.sender.as_ref()?;
    let token = load::reply_token(&core.vault, tenant, thread);
    let address = mail::address::plus_tag(&sender.address, &token).ok()?;
    Some(Mailbox { name: sender.name.clone(), address })
}
