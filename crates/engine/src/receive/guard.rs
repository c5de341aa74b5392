//! Loop guards: by which mark a mail counts as written by a machine, from its headers, its sender and its frequency.

use std::collections::{HashMap, VecDeque};

use domain::address::EmailAddress;
use domain::automatic::{Automatic, MOST_IN_WINDOW, RATE_WINDOW};
use domain::clock::Timestamp;
use domain::ids::TenantId;
use mail::{AutoMark, AutoMarks, Parsed};
use parking_lot::Mutex;
use store::journal::Entry;

use crate::core::Core;

/// Senders of whom frequencies are remembered; beyond it all are forgotten.
const MOST_SENDERS: usize = 20_000;

/// When senders wrote lately. In memory: after a restart a loop is noticed again within [`RATE_WINDOW`].
#[derive(Default)]
pub(crate) struct Frequencies(Mutex<HashMap<(TenantId, String), VecDeque<Timestamp>>>);

impl Frequencies {
    /// Notes a mail, and gives whether there were more within the window than people write.
    fn is_too_many(&self, tenant: TenantId, sender: &str, now: Timestamp) -> bool {
        let key = (tenant, sender.to_owned());
        let mut senders = self.0.lock();
        if senders.len() >= MOST_SENDERS && !senders.contains_key(&key) {
            senders.retain(|_, times| times.back().is_some_and(|last| now.since(*last) < RATE_WINDOW));
            if senders.len() >= MOST_SENDERS {
                // So many at once are no loop. To begin anew is cheaper than to find out who matters, and a loop goes on.
                senders.clear();
            }
        }
        let times = senders.entry(key).or_default();
        times.push_back(now);
        while times.len() > MOST_IN_WINDOW as usize + 1 {
            times.pop_front();
        }
        times.len() > MOST_IN_WINDOW as usize
            && times.front().is_some_and(|first| now.since(*first) < RATE_WINDOW)
    }
}

/// The mark by which a mail counts as automatic; none when a person seems to have written it.
pub(super) fn judge(core: &Core, entry: &Entry, parsed: &Parsed, from: &EmailAddress) -> Option<Automatic> {
    // Counted whatever else is found: a loop may begin with marks and go on without.
    let is_too_many = core.frequencies.is_too_many(entry.tenant, &from.key(), core.clock.now());
    let is_own = || {
        let key = from.key();
        core.senders.all().iter().any(|sender| {
            sender.tenant == entry.tenant
                && sender
                    .link()
                    .account
                    .sender_address
                    .as_deref()
                    .is_some_and(|own| own.to_lowercase() == key)
        })
    };
    let has_no_sender = || {
        ["smtp", "lmtp"].contains(&entry.source.as_str())
            && entry.context.get("envelope_from").is_some_and(serde_json::Value::is_null)
    };
    let by_headers = parsed.auto.strongest().map(|mark| match mark {
        AutoMark::Report => Automatic::Report,
        AutoMark::NullSender => Automatic::NullSender,
        AutoMark::AutoSubmitted => Automatic::AutoSubmitted,
        AutoMark::List => Automatic::List,
        AutoMark::Bulk => Automatic::Bulk,
    });
    by_headers
        .or_else(|| has_no_sender().then_some(Automatic::NullSender))
        .or_else(|| is_own().then_some(Automatic::OwnAddress))
        .or_else(|| is_too_many.then_some(Automatic::TooMany))
}

/// Whether nobody of the contact has written just now: such a mail neither opens what is resolved nor wakes what sleeps.
/// What only says that a machine sent it does: ticket systems mark the answers of their people so.
pub(super) fn is_no_reply(marks: &AutoMarks) -> bool {
    marks.report || marks.vacation || marks.null_sender
}
