//! Calling a message back before it leaves, and sending one again that did not arrive.

use std::sync::Arc;

use domain::access::{Permission, Principal};
use domain::clock::Timestamp;
use domain::failure::Words;
use domain::ids::{AccountId, MessageId, TenantId};
use domain::message::{EventKind, MessageState};
use store::Tx;
use store::deliveries::{self, Delivery, Lane};
use store::messages::{self, Change, Message};

use super::outcome;
use super::routing::{self, Bonds};
use crate::core::Core;
use crate::{Engine, Error, suppression};

/// The account that a message goes through again: its own, or while that one is gone or switched off, one that may
/// step in for it.
fn account_for(
    tx: &mut Tx<'_>,
    core: &Core,
    tenant: TenantId,
    message: &Message,
    now: Timestamp,
) -> Result<AccountId, Error> {
    let own = message.account.ok_or(Error::NotFound("channel account"))?;
    let candidates = core.senders.candidates(tenant, message.channel, now);
    if candidates.iter().any(|one| one.account == own) {
        return Ok(own);
    }
    let envelope = messages::body(tx, tenant, message.id)?.unwrap_or_default().envelope;
    let bonds = Bonds::of(message, &envelope);
    let Some(to) = routing::stand_in(&candidates, own, bonds, &[], |whole| core.chance.below(whole)) else {
        return Ok(own);
    };
    messages::set_account(tx, tenant, message.id, to.account, to.other_envelope(&envelope).as_ref())?;
    Ok(to.account)
}

impl Engine {
    /// Calls a message back.
    ///
    /// # Errors
    /// `not_cancellable` when it is being sent or has left.
    pub async fn cancel_message(&self, principal: &Principal, id: MessageId) -> Result<(), Error> {
        principal.require(Permission::MessagesWrite)?;
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let words = Words::plain(format!("called back by {}", principal.name));
        self.core
            .store
            .write(tenant, move |tx| {
                let message = messages::get(tx, tenant, id)?.ok_or(Error::NotFound("message"))?;
                // The delivery row decides: a sender may have started it in this very moment.
                if !message.state.is_cancellable() || !deliveries::cancel(tx, tenant, id)? {
                    let detail =
                        format!("this message is {} and cannot be called back any more", message.state);
                    return Err(Error::conflict("not_cancellable", detail));
                }
                outcome::note(tx, tenant, id, "cancelled", EventKind::Cancelled, &words, now)?;
                let change = Change { attempts: message.attempts, ..Change::default() };
                outcome::move_to(tx, tenant, &message, MessageState::Cancelled, &change, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }

    /// Sends a message again of which it is known that it did not arrive, or at once instead of later.
    ///
    /// # Errors
    /// `not_retryable` when it arrived, may have arrived, or is on its way; `still_suppressed` when its recipients are on
    /// the suppression list.
    pub async fn retry_message(&self, principal: &Principal, id: MessageId) -> Result<(), Error> {
        principal.require(Permission::MessagesWrite)?;
        let words = Words::plain(format!("sent again by {}", principal.name));
        self.requeue(principal, id, EventKind::Retried, words, |state| {
            if state.is_retryable() {
                return Ok(());
            }
            let detail = format!(
                "this message is {state}; only one that failed, bounced, was blocked or is held can be sent again"
            );
            Err(Error::conflict("not_retryable", detail))
        })
        .await
    }

    /// Puts a message back into the queue, due now, when its state allows it.
    pub(crate) async fn requeue(
        &self,
        principal: &Principal,
        id: MessageId,
        kind: EventKind,
        words: Words,
        allowed: impl Fn(MessageState) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let core = Arc::clone(&self.core);
        let account = self
            .core
            .store
            .write(tenant, move |tx| {
                let message = messages::get(tx, tenant, id)?.ok_or(Error::NotFound("message"))?;
                allowed(message.state)?;
                if kind == EventKind::Retried {
                    suppression::refuse_while_suppressed(tx, tenant, &message)?;
                }
                let account = account_for(tx, &core, tenant, &message, now)?;
                deliveries::delete(tx, tenant, id)?;
                let delivery = Delivery {
                    tenant,
                    message: id,
                    account,
                    lane: Lane::Prompt,
                    due_at: now,
                    attempts: message.attempts,
                    lease: None,
                    started_at: None,
                };
                deliveries::insert(tx, &delivery)?;
                outcome::note(tx, tenant, id, &format!("{kind}-{}", now.micros()), kind, &words, now)?;
                let change = Change { attempts: message.attempts, ..Change::default() };
                outcome::move_to(tx, tenant, &message, MessageState::Queued, &change, now)?;
                Ok::<_, Error>(account)
            })
            .await?;
        if let Some(sender) = self.core.senders.get(tenant, account) {
            sender.note_due(Lane::Prompt, now, now);
        }
        self.core.feed.wake();
        Ok(())
    }
}
