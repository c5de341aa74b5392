//! Who is asked before whom: the accounts of each channel in their order, as the rule that chooses has it.

use std::collections::HashMap;

use domain::ids::AccountId;
use store::accounts::Account;

use super::view::TurnView;
use crate::core::Core;
use crate::send::{Candidate, Standing, Turn, turns};

/// The place of each account among those of its channel, counted from 1, and what it does there.
pub(super) struct Places(HashMap<AccountId, (u32, Option<TurnView>)>);

impl Places {
    /// `rows` are all accounts of a tenant.
    pub(super) fn of(core: &Core, rows: &[Account]) -> Places {
        let mut places = HashMap::new();
        let mut channels: Vec<_> = rows.iter().map(|row| row.channel).collect();
        channels.dedup();
        for channel in channels {
            let peers: Vec<&Account> = rows.iter().filter(|row| row.channel == channel).collect();
            let candidates: Vec<Candidate> =
                peers.iter().filter(|row| row.enabled).map(|row| candidate(core, row)).collect();
            let mut off: Vec<&Account> = peers.into_iter().filter(|row| !row.enabled).collect();
            off.sort_by(|one, other| one.name.cmp(&other.name));
            let on = turns(&candidates).into_iter().map(|turn| (turn.account, Some(turn.into())));
            places.extend(
                (1..)
                    .zip(on.chain(off.into_iter().map(|row| (row.id, None))))
                    .map(|(place, (account, turn))| (account, (place, turn))),
            );
        }
        Places(places)
    }

    pub(super) fn of_account(&self, id: AccountId) -> (u32, Option<TurnView>) {
        self.0.get(&id).cloned().unwrap_or((1, None))
    }
}

/// An account that this process has not connected yet cannot send.
fn candidate(core: &Core, row: &Account) -> Candidate {
    let sender = core.senders.get(row.tenant, row.id);
    Candidate {
        account: row.id,
        name: row.name.clone(),
        standing: sender.map_or(Standing::Unusable, |sender| sender.standing(core.clock.now())),
        priority: row.priority,
        weight: row.weight,
        sender: None,
    }
}

impl From<Turn> for TurnView {
    fn from(turn: Turn) -> TurnView {
        let words = turn.words();
        TurnView { role: turn.role, share: turn.share, after: turn.after, words }
    }
}
