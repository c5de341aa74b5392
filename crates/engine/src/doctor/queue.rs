//! Work that waits: messages that should have left, mail that should have been filed.

use std::time::Duration;

use store::accounts::{Account, Health};
use store::deliveries::{self, Lane};
use store::journal::{self, Entry, JournalState};

use super::Patient;
use super::report::{Area, Check, Subject, in_words};
use crate::Error;

const LATE: Duration = Duration::from_secs(15 * 60);
const VERY_LATE: Duration = Duration::from_secs(3_600);
const ENTRIES: u32 = 1_000;

pub(super) async fn look(patient: &Patient<'_>) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    for account in &patient.accounts {
        checks.extend(departures(patient, account).await?);
    }
    if checks.is_empty() {
        checks.push(Check::ok(Area::Queue, "departures", "no message is late"));
    }
    checks.extend(journal(patient).await?);
    Ok(checks)
}

async fn departures(patient: &Patient<'_>, account: &Account) -> Result<Option<Check>, Error> {
    let (tenant, id) = (patient.tenant, account.id);
    let due = patient
        .core
        .store
        .read(move |tx| {
            let prompt = deliveries::next_due(tx, tenant, id, Lane::Prompt)?;
            let bulk = deliveries::next_due(tx, tenant, id, Lane::Bulk)?;
            Ok::<_, store::Error>(prompt.into_iter().chain(bulk).min())
        })
        .await?;
    let late = due.map(|due| patient.now().since(due)).unwrap_or_default();
    if late < LATE {
        return Ok(None);
    }
    let detail = format!("the oldest message should have left {} ago", in_words(late));
    let check = if late < VERY_LATE {
        Check::warning(Area::Queue, "departures", detail)
    } else {
        Check::problem(Area::Queue, "departures", detail)
    };
    let advice = match (account.enabled, account.health) {
        (false, _) => {
            "The account is switched off: switch it on, or send its messages again through another."
        }
        (true, Health::Stopped) => "The account has stopped: mend it and check it.",
        _ => "Is `chancery serve` running? If it is: does the account's limit allow as much as is sent?",
    };
    Ok(Some(check.advising(advice).about(Subject::account(account))))
}

async fn journal(patient: &Patient<'_>) -> Result<Vec<Check>, Error> {
    let tenant = patient.tenant;
    let (waiting, failed) = patient
        .core
        .store
        .read(move |tx| {
            let of = |tx: &mut store::Tx<'_>, state| {
                journal::list(tx, tenant, (Some(state), ""), "jrn_z", ENTRIES)
            };
            Ok::<(Vec<Entry>, Vec<Entry>), store::Error>((
                of(tx, JournalState::Received)?,
                of(tx, JournalState::Failed)?,
            ))
        })
        .await?;
    let oldest = waiting.iter().map(|entry| entry.received_at).min();
    let late = oldest.map(|at| patient.now().since(at)).unwrap_or_default();
    let arrivals = if late > LATE {
        let detail = format!("{} wait to be filed, the oldest for {}", many(waiting.len()), in_words(late));
        Check::problem(Area::Queue, "arrivals", detail)
            .advising("Is `chancery serve` running? Its log says what holds it up.")
    } else {
        Check::ok(Area::Queue, "arrivals", "what came in is filed")
    };
    let failures = if failed.is_empty() {
        Check::ok(Area::Queue, "failed arrivals", "none")
    } else {
        Check::warning(
            Area::Queue,
            "failed arrivals",
            format!("{} could not be worked on", many(failed.len())),
        )
        .advising("Look at the journal (state failed): each says why, is kept, and can be replayed.")
    };
    Ok(vec![arrivals, failures])
}

fn many(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count if count >= ENTRIES as usize => format!("{count} entries or more"),
        count => format!("{count} entries"),
    }
}
