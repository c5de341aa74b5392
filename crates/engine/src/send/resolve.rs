//! What a person decides about messages of which nobody knows whether they were sent.

use domain::access::{Permission, Principal};
use domain::failure::Words;
use domain::ids::MessageId;
use domain::message::{EventKind, MessageState};
use schemars::JsonSchema;
use serde::Serialize;
use store::messages::{self, Change};

use super::outcome;
use crate::{Engine, Error};

domain::words! {
    /// What is decided about an unknown message.
    pub enum Decision {
        /// It reached the provider: it counts as sent.
        Arrived = "arrived",
        /// It did not: it is sent again.
        SendAgain = "send_again",
    }
}

/// What came of a decision about several messages.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Resolved {
    pub resolved: u32,
    /// Messages that are not unknown (any more).
    pub skipped: Vec<MessageId>,
}

impl Engine {
    /// Settles one unknown message as a person says.
    ///
    /// # Errors
    /// `not_unknown` when the message is not unknown (any more).
    pub async fn resolve_message(
        &self,
        principal: &Principal,
        id: MessageId,
        decision: Decision,
    ) -> Result<(), Error> {
        principal.require(Permission::MessagesWrite)?;
        match decision {
            Decision::Arrived => self.settle_as_sent(principal, id).await,
            Decision::SendAgain => {
                let words =
                    Words::plain(format!("{} said: it did not arrive, send it again", principal.name));
                self.requeue(principal, id, EventKind::Resent, words, refuse_known).await
            }
        }
    }

    /// Settles many.
    ///
    /// # Errors
    /// Only for what concerns all of them; a message that is not unknown is skipped.
    pub async fn resolve_messages(
        &self,
        principal: &Principal,
        ids: Vec<MessageId>,
        decision: Decision,
    ) -> Result<Resolved, Error> {
        let mut outcome = Resolved::default();
        for id in ids {
            match self.resolve_message(principal, id, decision).await {
                Ok(()) => outcome.resolved += 1,
                Err(Error::Conflict { .. } | Error::NotFound(_)) => outcome.skipped.push(id),
                Err(other) => return Err(other),
            }
        }
        Ok(outcome)
    }

    async fn settle_as_sent(&self, principal: &Principal, id: MessageId) -> Result<(), Error> {
        let (tenant, now) = (principal.tenant, self.core.clock.now());
        let words = Words::plain(format!("{} said: it arrived", principal.name));
        self.core
            .store
            .write(tenant, move |tx| {
                let message = messages::get(tx, tenant, id)?.ok_or(Error::NotFound("message"))?;
                refuse_known(message.state)?;
                let key = format!("resolved-{}", now.micros());
                outcome::note(tx, tenant, id, &key, EventKind::Reconciled, &words, now)?;
                let change = Change { attempts: message.attempts, sent_at: Some(now), ..Change::default() };
                outcome::move_to(tx, tenant, &message, MessageState::Sent, &change, now)
            })
            .await?;
        self.core.feed.wake();
        Ok(())
    }
}

fn refuse_known(state: MessageState) -> Result<(), Error> {
    if state == MessageState::Unknown {
        return Ok(());
    }
    Err(Error::conflict("not_unknown", format!("this message is {state}: there is nothing to decide")))
}
