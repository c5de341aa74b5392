//! A message that has not been sent goes on through another account.

use domain::clock::Timestamp;
use domain::failure::Words;
use domain::ids::{AccountId, TenantId};
use domain::message::{EventKind, MessageState};
use store::Tx;
use store::deliveries;
use store::messages::{self, Change, Envelope, Message};

use super::outcome;
use super::routing::Candidate;
use crate::Error;

/// Why a message waits again, as stored with it.
const REROUTED: &str = "rerouted";

/// Which message goes where.
pub(super) struct Move<'a> {
    pub message: &'a Message,
    pub envelope: &'a Envelope,
    pub from: AccountId,
    pub to: &'a Candidate,
    /// Of the step in the message's timeline.
    pub key: &'a str,
}

/// Moves the delivery, due now, and writes down why. The message comes from the new account's address from now on.
pub(super) fn apply(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    change: &Move<'_>,
    words: &Words,
    now: Timestamp,
) -> Result<(), Error> {
    let Move { message, envelope, from, to, key } = change;
    if !deliveries::reroute(tx, (tenant, message.id), *from, to.account, now)? {
        return Ok(());
    }
    messages::set_account(tx, tenant, message.id, to.account, to.other_envelope(envelope).as_ref())?;
    outcome::note(tx, tenant, message.id, key, EventKind::Rerouted, words, now)?;
    let change = Change {
        reason_code: Some(REROUTED.to_owned()),
        reason_detail: Some(words.detail.clone()),
        attempts: message.attempts,
        ..Change::default()
    };
    outcome::move_to(tx, tenant, message, MessageState::Queued, &change, now)
}
