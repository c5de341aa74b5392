//! Mailboxes that are read: has one stopped, is one still looked into.

use std::time::Duration;

use store::accounts::Health;
use store::mailboxes;

use super::Patient;
use super::report::{Area, Check, Subject, in_words};
use crate::Error;

/// A mailbox is looked into every few minutes.
const OVERDUE: Duration = Duration::from_secs(3_600);

pub(super) async fn look(patient: &Patient<'_>) -> Result<Vec<Check>, Error> {
    let tenant = patient.tenant;
    let all = patient.core.store.read(move |tx| mailboxes::list(tx, tenant)).await?;
    let mut checks = Vec::with_capacity(all.len());
    for mailbox in all {
        let words = mailbox.last_error.as_deref().unwrap_or("no reason is known");
        let silence = mailbox.last_seen_at.map(|at| patient.now().since(at));
        let check = match (mailbox.enabled, mailbox.health, silence) {
            (false, ..) => Check::skipped(Area::Mailboxes, "reading", "switched off"),
            (true, Health::Stopped, _) => {
                Check::problem(Area::Mailboxes, "reading", format!("stopped: {words}"))
                    .advising("Mend its settings or sign in again, then check it; nothing is lost meanwhile.")
            }
            (true, Health::Failing, _) => {
                Check::warning(Area::Mailboxes, "reading", format!("the last look failed: {words}"))
                    .advising("It is tried again by itself. Should it stay so, check the mailbox.")
            }
            (true, _, None) => Check::warning(Area::Mailboxes, "reading", "not looked into yet")
                .advising("Mailboxes are read by the running server: is `chancery serve` running?"),
            (true, _, Some(silence)) if silence > OVERDUE => {
                let detail = format!("last looked into {} ago", in_words(silence));
                Check::warning(Area::Mailboxes, "reading", detail)
                    .advising("Mailboxes are read by the running server: is `chancery serve` running?")
            }
            (true, _, Some(silence)) => {
                let detail = format!("last looked into {} ago", in_words(silence));
                Check::ok(Area::Mailboxes, "reading", detail)
            }
        };
        checks.push(check.about(Subject { kind: "mailbox", id: mailbox.id.to_string(), name: mailbox.name }));
    }
    Ok(checks)
}
