//! A message that waited: loaded, and held against the suppression list once more before it leaves. Weeks may lie between.

use std::sync::Arc;

use domain::failure::{Outcome, RejectReason, Words};
use domain::ids::MessageId;
use domain::message::MessageState;
use domain::outgoing::Outgoing;
use store::deliveries;
use store::messages::{self, Change};

use super::sender::{Item, Link, Sender};
use super::{load, outcome};
use crate::Error;
use crate::core::Core;
use crate::suppression::{Barred, SUPPRESSED};

/// What becomes of a loaded message.
pub(super) enum Ready {
    Go(Arc<Outgoing>),
    /// Nobody is left to send it to; that is written down already.
    Blocked,
    /// It could not be loaded, or not be written down who is left out: nothing has left.
    Not(Outcome),
}

/// Takes the message as it was accepted, or loads it.
pub(super) async fn ready(core: &Arc<Core>, sender: &Sender, link: &Link, item: &Item) -> Ready {
    if let Some(outgoing) = &item.outgoing {
        return Ready::Go(Arc::clone(outgoing));
    }
    match loaded(core, sender, link, item.message).await {
        Ok(ready) => ready,
        Err(Error::Store(error)) => Ready::Not(Outcome::Temporary(Words::plain(error.to_string()))),
        Err(error) => {
            let words = Words::plain(error.to_string());
            Ready::Not(Outcome::Rejected { reason: RejectReason::Invalid, words })
        }
    }
}

async fn loaded(core: &Arc<Core>, sender: &Sender, link: &Link, id: MessageId) -> Result<Ready, Error> {
    let (mut outgoing, barred) = load::load_and_check(core, sender.tenant, id, link).await?;
    if barred.is_empty() {
        return Ok(Ready::Go(Arc::new(outgoing)));
    }
    if barred.stops(&outgoing.to) {
        block(core, sender, id, barred).await?;
        return Ok(Ready::Blocked);
    }
    barred.take_out(&mut outgoing);
    let (tenant, now) = (sender.tenant, core.clock.now());
    core.store.write(tenant, move |tx| barred.note(tx, tenant, id, now)).await?;
    Ok(Ready::Go(Arc::new(outgoing)))
}

/// Ends the delivery: nothing has left, and nothing will unless a person asks for it.
async fn block(core: &Arc<Core>, sender: &Sender, id: MessageId, barred: Barred) -> Result<(), Error> {
    let (tenant, now) = (sender.tenant, core.clock.now());
    core.store
        .write(tenant, move |tx| {
            let message = messages::get(tx, tenant, id)?.ok_or(Error::NotFound("message"))?;
            deliveries::delete(tx, tenant, id)?;
            barred.note(tx, tenant, id, now)?;
            let change = Change {
                reason_code: Some(SUPPRESSED.to_owned()),
                reason_detail: Some(barred.sentence()),
                attempts: message.attempts,
                ..Change::default()
            };
            outcome::move_to(tx, tenant, &message, MessageState::Blocked, &change, now)
        })
        .await?;
    core.feed.wake();
    sender.note_unsent();
    Ok(())
}
