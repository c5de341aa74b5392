//! Taking over from a process that died: what it had started is unknown, the rest goes back to the queue.

use std::sync::Arc;

use domain::failure::{Outcome, Words};
use domain::ids::EpochId;
use store::Tx;
use store::deliveries::{self, Delivery};

use super::outcome::{self, Attempted};
use crate::Error;
use crate::core::Core;

/// Started deliveries that are settled in one transaction.
const PER_STEP: usize = 200;

/// Frees everything that a dead process holds; gives how many of its sends are unknown.
pub(crate) async fn take_over(core: &Arc<Core>, dead: EpochId) -> Result<u64, Error> {
    core.store
        .write_any(move |tx| {
            deliveries::release_unstarted(tx, dead)?;
            store::journal::release(tx, dead)?;
            store::jobs::release(tx, dead)?;
            store::mailboxes::release(tx, dead)?;
            store::webhook_deliveries::release(tx, dead)?;
            Ok::<_, Error>(())
        })
        .await?;
    let mut unknown = 0;
    loop {
        let writing = Arc::clone(core);
        let settled = core.store.write_any(move |tx| settle_some(tx, &writing, dead)).await?;
        unknown += settled;
        if settled < PER_STEP as u64 {
            break;
        }
    }
    core.store.write_any(move |tx| Ok::<_, Error>(store::epochs::end(tx, dead)?)).await?;
    Ok(unknown)
}

fn settle_some(tx: &mut Tx<'_>, core: &Core, dead: EpochId) -> Result<u64, Error> {
    let started = deliveries::leased_by(tx, dead, PER_STEP)?;
    for delivery in &started {
        let attempted = interrupted(tx, core, delivery)?;
        outcome::apply(tx, core, &attempted)?;
    }
    Ok(started.len() as u64)
}

fn interrupted(tx: &mut Tx<'_>, core: &Core, delivery: &Delivery) -> Result<Attempted, Error> {
    let account = store::accounts::get(tx, delivery.tenant, delivery.account)?;
    let now = core.clock.now();
    let capabilities = account
        .as_ref()
        .and_then(|account| providers::find(&account.provider))
        .map(|manifest| manifest.capabilities);
    Ok(Attempted {
        tenant: delivery.tenant,
        message: delivery.message,
        account: delivery.account,
        number: delivery.attempts,
        started_at: delivery.started_at.unwrap_or(now),
        ended_at: now,
        outcome: Outcome::Unknown(Words::plain("the server stopped while this message was being sent")),
        wait: domain::backoff::Backoff::DELIVERY.wait_after(delivery.attempts, &core.chance),
        look_up: capabilities.is_some_and(|can| can.look_up),
        is_repeatable: capabilities.is_some_and(|can| can.idempotency_key),
        remembers_for: capabilities.and_then(|can| can.remembers_for()),
        on_unknown: account.map_or(domain::failure::OnUnknown::Hold, |account| account.on_unknown),
        candidates: Vec::new(),
    })
}
