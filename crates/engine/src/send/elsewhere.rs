//! What other accounts mean for a message that one could not send: it goes on through one of them at once, or waits for the
//! next round.

use std::time::Duration;

use domain::backoff::Backoff;
use domain::failure::{Outcome, Words};
use domain::ids::AccountId;
use store::Tx;
use store::attempts;
use store::messages::{self, Message};

use super::outcome::Attempted;
use super::reroute::{self, Move};
use super::routing::{self, Bonds};
use crate::Error;
use crate::core::Core;

/// What other accounts mean for a message that this one could not send.
pub(super) struct Elsewhere {
    /// The account that it went to.
    pub moved: Option<AccountId>,
    /// How long it waits otherwise: with several accounts the waits grow by the round, not by the attempt.
    pub wait: Option<Duration>,
}

/// Gives the message to another account, when one may take it.
pub(super) fn look(
    tx: &mut Tx<'_>,
    core: &Core,
    attempted: &Attempted,
    message: &Message,
) -> Result<Elsewhere, Error> {
    let stays = Elsewhere { moved: None, wait: attempted.wait };
    let is_alone = attempted.candidates.iter().all(|one| one.account == attempted.account);
    if is_alone || message.state.is_reported() || !routing::may_move(&attempted.outcome) {
        return Ok(stays);
    }
    let (tenant, id, now) = (attempted.tenant, attempted.message, attempted.ended_at);
    let attempts = attempts::of_message(tx, tenant, id)?;
    let envelope = messages::body(tx, tenant, id)?.unwrap_or_default().envelope;
    let bonds = Bonds::of(message, &envelope);
    let lot = |whole| core.chance.below(whole);
    let rounds = routing::rounds(&attempts);
    let within_limits = rounds < Backoff::DELIVERY.attempts;
    let stand_in = routing::stand_in(&attempted.candidates, attempted.account, bonds, &attempts, lot);
    let Some(to) = stand_in.filter(|_| within_limits) else {
        let is_shared = attempts.iter().any(|attempt| attempt.account != attempted.account);
        let wait = match attempted.outcome {
            Outcome::Temporary(_) if is_shared => Backoff::DELIVERY.wait_after(rounds, &core.chance),
            _ => attempted.wait,
        };
        return Ok(Elsewhere { wait, ..stays });
    };
    let words = attempted.outcome.words();
    let name = attempted.candidates.iter().find(|one| one.account == attempted.account);
    let name = name.map_or("the account", |one| one.name.as_str());
    let detail = format!("{name} did not take it: {}; goes on through {}", words.detail, to.name);
    let words = Words { code: words.code.clone(), detail };
    let key = format!("attempt-{}", attempted.number);
    let change = Move { message, envelope: &envelope, from: attempted.account, to, key: &key };
    reroute::apply(tx, tenant, &change, &words, now)?;
    Ok(Elsewhere { moved: Some(to.account), wait: None })
}
