//! Whether a message may be a bounce in a server's own words. Looks at sender and subject only: it is asked of every mail.

use super::subjects;
use crate::parse::Parsed;

/// How much speaks for it before the text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// The sender is a mail server.
    Server,
    /// The sender may be a person as well: the text must prove it.
    Subject,
}

/// Local parts that only servers use.
const SERVERS: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "maildaemon",
    "mailer_daemon",
    "mail-delivery-subsystem",
    "mdaemon",
    "microsoftexchange",
    "bounce-notification",
    "mail.delivery.subsystem",
    "daemon-mailer",
];

/// Local parts behind which people may sit.
const DOORS: &[&str] = &[
    "postmaster",
    "bounce",
    "no-reply",
    "noreply",
    "delivery",
    "mail-delivery",
    "symantec",
    "exchange",
    "root",
    "mailmaster",
    "mail",
];

pub(super) fn suspicion(message: &Parsed) -> Option<Suspicion> {
    let header = |name: &str| message.headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name));
    let sender = message.from.as_ref().or(message.sender.as_ref());
    let local = sender.map(|mailbox| mailbox.address.local().to_ascii_lowercase()).unwrap_or_default();
    let is_server = is_server(&local);
    let has_no_address = sender.is_none();
    let subject = message.subject.as_deref().unwrap_or_default().to_lowercase();
    if message.auto.vacation || (is_vacation(&subject) && !is_server) {
        return None;
    }
    if is_server || header("X-Failed-Recipients") {
        return Some(Suspicion::Server);
    }
    let is_bounce = subjects::BOUNCES.iter().any(|phrase| subject.starts_with(phrase));
    let is_door = DOORS.iter().any(|door| local.starts_with(door));
    // `MAILER-DAEMON` without a domain is no address.
    let is_marked = message.auto.null_sender
        || message.auto.report
        || message.auto.auto_submitted
        || is_door
        || has_no_address;
    (is_bounce && is_marked).then_some(Suspicion::Subject)
}

/// Whether only servers have such a local part, given in lower case.
pub(crate) fn is_server(local: &str) -> bool {
    SERVERS.iter().any(|server| local.starts_with(server))
}

/// Whether the subject is that of somebody who is away.
pub(crate) fn is_vacation(subject_in_lower_case: &str) -> bool {
    let subject = subject_in_lower_case.trim_start();
    subjects::VACATIONS.iter().any(|phrase| subject.starts_with(phrase))
}
