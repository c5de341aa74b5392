//! When accounts heard from their vendors last, so that not every webhook writes it down.

use std::collections::HashMap;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::ids::AccountId;
use parking_lot::Mutex;

/// People who look at an account want to know about minutes.
const WRITTEN_EVERY: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<HashMap<AccountId, Timestamp>>);

impl Heard {
    /// Whether this time is to be written down; the next one of the same minute is not.
    pub(super) fn is_news(&self, account: AccountId, now: Timestamp) -> bool {
        let mut heard = self.0.lock();
        let is_news = heard.get(&account).is_none_or(|last| now.since(*last) >= WRITTEN_EVERY);
        if is_news {
            heard.insert(account, now);
        }
        is_news
    }
}
