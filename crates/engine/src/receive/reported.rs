//! The reports of one webhook, applied in small transactions behind what somebody waits for; the last one ends the entry.

use std::sync::Arc;

use domain::clock::Timestamp;
use domain::ids::MessageId;
use domain::outgoing::{About, DeliveryReport};
use serde_json::{Value, json};
use store::journal::{self, Entry, JournalState};

use super::work::Ended;
use crate::Error;
use crate::core::Core;
use crate::send::{Applied, apply_report};

/// How often an event is tried whose message is not known: it can overtake the answer to the request that it is about.
const TRIES_FOR_STRANGERS: u32 = 3;
/// Reports in one transaction: a message that is sent meanwhile waits for some of these, not for a whole batch.
const TOGETHER: usize = 10;
/// The numbers of the reports whose messages are waited for, in the context of an entry; the others are done with.
const AWAITED: &str = "awaited";

/// What a webhook told.
pub(super) struct Reported {
    pub entry: Entry,
    /// The provider.
    pub source: String,
    pub reports: Vec<DeliveryReport>,
    /// What else was done of it, in words.
    pub done: Vec<String>,
    pub now: Timestamp,
}

/// What came of reports.
#[derive(Debug, Default)]
struct Tally {
    new: u64,
    known: u64,
    /// About no message of ours, for good.
    strangers: u64,
    about: Option<MessageId>,
    /// About no message that is known yet.
    awaited: Vec<usize>,
}

impl Tally {
    /// After the commit: a transaction may be run again.
    fn count(&self, provider: &str, strangers: u64) {
        for (outcome, count) in [("new", self.new), ("known", self.known), ("stranger", strangers)] {
            if count > 0 {
                let labels = [("provider", provider.to_owned()), ("outcome", outcome.to_owned())];
                metrics::counter!("chancery_reports_total", &labels).increment(count);
            }
        }
    }

    fn and(mut self, next: Tally) -> Tally {
        self.strangers += next.strangers;
        self.about = next.about.or(self.about);
        self.awaited.extend(next.awaited);
        self
    }
}

/// Applies all, and ends the entry. A crash in between is harmless: each report is known by its key.
pub(super) async fn apply(core: &Arc<Core>, reported: Reported) -> Result<Ended, Error> {
    let tenant = reported.entry.tenant;
    let wanted: Vec<usize> =
        (0..reported.reports.len()).filter(|number| is_wanted(&reported.entry, *number)).collect();
    let reported = Arc::new(reported);
    let mut before = Tally::default();
    let mut rest = &wanted[..];
    while let Some((first, later)) = rest.split_at_checked(TOGETHER).filter(|(_, later)| !later.is_empty()) {
        let (working, telling, numbers) = (Arc::clone(core), Arc::clone(&reported), first.to_vec());
        let tally = core.store.write_bulk(tenant, move |tx| some(tx, &working, &telling, &numbers)).await?;
        tally.count(&reported.source, 0);
        before = before.and(tally);
        rest = later;
    }
    let (working, telling, numbers) = (Arc::clone(core), Arc::clone(&reported), rest.to_vec());
    let (ended, tally, strangers) = core
        .store
        .write_bulk(tenant, move |tx| {
            let tally = some(tx, &working, &telling, &numbers)?;
            let (ended, strangers) = end(tx, &telling, &before, &tally)?;
            Ok::<_, Error>((ended, tally, strangers))
        })
        .await?;
    tally.count(&reported.source, strangers);
    Ok(ended)
}

fn is_wanted(entry: &Entry, number: usize) -> bool {
    let again = (1..=TRIES_FOR_STRANGERS).contains(&entry.attempts);
    let awaited = entry.context.get(AWAITED).and_then(Value::as_array).filter(|_| again);
    awaited.is_none_or(|awaited| awaited.iter().any(|one| one.as_u64() == Some(number as u64)))
}

/// Applies the reports with these numbers.
fn some(tx: &mut store::Tx<'_>, core: &Core, reported: &Reported, numbers: &[usize]) -> Result<Tally, Error> {
    let Reported { entry, source, reports, now, .. } = reported;
    let mut tally = Tally::default();
    for number in numbers {
        let report = &reports[*number];
        match apply_report(tx, core, entry.tenant, source, report, *now)? {
            Applied::New(id) => {
                tally.new += 1;
                tally.about = Some(id);
            }
            Applied::Known(id) => {
                tally.known += 1;
                tally.about = Some(id);
            }
            // One that names no message at all will not find one later.
            Applied::Stranger if report.about == About::default() => tally.strangers += 1,
            Applied::Stranger => tally.awaited.push(*number),
        }
    }
    Ok(tally)
}

/// Writes how the entry stands now that all were applied; says also how many were strangers for good. The entry is as it
/// was when this work on it began: whoever ended it meanwhile keeps the last word.
fn end(
    tx: &mut store::Tx<'_>,
    reported: &Reported,
    before: &Tally,
    last: &Tally,
) -> Result<(Ended, u64), Error> {
    let Reported { entry, done, reports, .. } = reported;
    let about = last.about.or(before.about).or(entry.message);
    let awaited: Vec<usize> = before.awaited.iter().chain(&last.awaited).copied().collect();
    if !awaited.is_empty() && entry.attempts < TRIES_FOR_STRANGERS {
        let reason = format!("{} events are about no message that is known (yet)", awaited.len());
        if awaited.len() < reports.len() && entry.attempts == 0 {
            let mut aside = Entry { message: about, ..entry.clone() };
            aside.context[AWAITED] = json!(awaited);
            journal::put_aside(tx, &aside)?;
        }
        return Ok((Ended::Later(reason), 0));
    }
    let strangers = before.strangers + last.strangers + awaited.len() as u64;
    if about.is_none() && done.is_empty() {
        return Ok((Ended::Ignored("it is about no message of ours".to_owned()), strangers));
    }
    let mut said = done.clone();
    if strangers > 0 {
        said.push(format!("{strangers} events were about no message of ours"));
    }
    let ended = Entry {
        state: JournalState::Processed,
        reason: (!said.is_empty()).then(|| said.join("; ")),
        attempts: entry.attempts + 1,
        message: about,
        ..entry.clone()
    };
    journal::finish(tx, &ended)?;
    Ok((Ended::Filed, strangers))
}
