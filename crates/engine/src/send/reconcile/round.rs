//! A round every few minutes for messages that nobody has in hand: of unknown outcome and not asked about, or being sent
//! by nobody.

use std::sync::Arc;
use std::time::Duration;

use domain::failure::Words;
use domain::ids::TenantId;
use domain::message::{EventKind, MessageState};
use store::Tx;
use store::inquiries;
use store::messages::{self, Change};

use super::super::{outcome, take_over};
use super::{enqueue, next};
use crate::Error;
use crate::core::Core;

/// Messages that are taken up in one transaction.
const PER_STEP: usize = 200;
/// How long after its time an inquiry counts as forgotten: its job may be waiting behind others.
const FORGOTTEN: Duration = Duration::from_mins(15);

/// Takes up what nobody has in hand.
pub(crate) async fn round(core: &Arc<Core>) -> Result<(), Error> {
    for dead in core.store.read(inquiries::orphaned).await? {
        let unknown = take_over(core, dead).await?;
        tracing::warn!(unknown, "Took over from a process that nobody knows any more.");
    }
    let senders = core.senders.all();
    let mut tenants: Vec<TenantId> = senders.iter().map(|sender| sender.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    for tenant in tenants {
        let writing = Arc::clone(core);
        if !core.store.read(move |tx| inquiries::abandoned(tx, tenant, 1)).await?.is_empty() {
            core.store.write(tenant, move |tx| doubt(tx, &writing, tenant)).await?;
            core.feed.wake();
        }
        core.store.write(tenant, move |tx| inquiries::forget_settled(tx, tenant)).await?;
    }
    for sender in senders {
        let can_ask = providers::find(&sender.link().account.provider)
            .is_some_and(|manifest| manifest.capabilities.look_up);
        if can_ask {
            let (tenant, account, writing) = (sender.tenant, sender.id, Arc::clone(core));
            let overdue = core.clock.now().minus(FORGOTTEN);
            let place = (tenant, account);
            if !core.store.read(move |tx| inquiries::unasked(tx, place, overdue, 1)).await?.is_empty() {
                core.store.write(tenant, move |tx| ask(tx, &writing, place)).await?;
                core.jobs.look_again();
            }
        }
    }
    Ok(())
}

/// What counts as being sent and is not in the queue may have been sent.
fn doubt(tx: &mut Tx<'_>, core: &Core, tenant: TenantId) -> Result<(), Error> {
    let now = core.clock.now();
    for id in inquiries::abandoned(tx, tenant, PER_STEP)? {
        let Some(message) = messages::get(tx, tenant, id)? else { continue };
        let words = Words::plain("it was being sent, and nothing is left that says what came of it");
        let key = format!("abandoned-{}", now.micros());
        outcome::note(tx, tenant, id, &key, EventKind::Unknown, &words, now)?;
        let change = Change {
            reason_code: Some("no_answer".to_owned()),
            reason_detail: Some(words.detail),
            attempts: message.attempts,
            ..Change::default()
        };
        outcome::move_to(tx, tenant, &message, MessageState::Unknown, &change, now)?;
    }
    Ok(())
}

fn ask(
    tx: &mut Tx<'_>,
    core: &Core,
    (tenant, account): (TenantId, domain::ids::AccountId),
) -> Result<(), Error> {
    let now = core.clock.now();
    for id in inquiries::unasked(tx, (tenant, account), now.minus(FORGOTTEN), PER_STEP)? {
        let known = inquiries::get(tx, tenant, id)?;
        let (since, asked) = known.map_or((now, 0), |inquiry| (inquiry.since, inquiry.asked));
        let due_at = next(since, asked, now);
        inquiries::put(tx, tenant, &inquiries::Inquiry { message: id, since, asked, due_at })?;
        if let Some(due_at) = due_at {
            enqueue(tx, core, tenant, id, due_at, now)?;
        }
    }
    Ok(())
}
