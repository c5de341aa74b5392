//! Reads what mail servers report about mail that was sent: bounces, complaints and receipts. A report is a claim of a
//! stranger: whoever acts on it checks first that the message it speaks of is his own.

mod class;
mod disposition;
mod feedback;
mod fields;
mod free_form;
mod original;
mod sender;
mod status;
mod subjects;

use domain::address::EmailAddress;
use domain::clock::Timestamp;

pub use class::{BounceClass, EnhancedStatus};
pub use disposition::Disposition;
pub use feedback::{Complaint, FeedbackType};
pub use original::OriginalHeaders;
pub(crate) use sender::{is_server, is_vacation};

use crate::parse::Parsed;

/// What a report is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// What became of a message on its way: a bounce, a delay, a confirmation.
    Delivery(DeliveryStatus),
    /// A recipient pressed "this is spam", or his provider thinks so.
    Complaint(Complaint),
    /// A read receipt; never a bounce.
    Disposition(Disposition),
}

/// RFC 3464, or what could be understood of a report in a server's own words.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryStatus {
    /// The `ENVID` of RFC 3461 that we gave when sending.
    pub envelope_id: Option<String>,
    /// The server that reports.
    pub reporting_mta: Option<String>,
    pub arrived_at: Option<Timestamp>,
    /// Never empty. A report that names nobody has one entry without addresses.
    pub recipients: Vec<RecipientStatus>,
    /// What is quoted of the message that the report is about.
    pub original: OriginalHeaders,
    /// Whether it had to be read out of a text for people: less to be trusted.
    pub free_form: bool,
}

/// What became of one recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct RecipientStatus {
    /// The address that failed in the end; behind a forward not the one we wrote to.
    pub address: Option<EmailAddress>,
    /// The address that we wrote to, when the server says so.
    pub original: Option<EmailAddress>,
    pub action: Action,
    pub status: Option<EnhancedStatus>,
    /// The three digits of SMTP.
    pub reply: Option<u16>,
    pub class: BounceClass,
    /// What the server said, on one line.
    pub words: Option<String>,
    /// The server that said it.
    pub remote_mta: Option<String>,
    pub retried_until: Option<Timestamp>,
}

impl RecipientStatus {
    /// The address by which to find our recipient: the one we wrote to before the one that failed.
    #[must_use]
    pub fn best_address(&self) -> Option<&EmailAddress> {
        self.original.as_ref().or(self.address.as_ref())
    }

    /// Reply and status as people know them: `550 5.1.1`.
    #[must_use]
    pub fn code(&self) -> Option<String> {
        match (self.reply, self.status) {
            (Some(reply), Some(status)) => Some(format!("{reply} {status}")),
            (Some(reply), None) => Some(reply.to_string()),
            (None, Some(status)) => Some(status.to_string()),
            (None, None) => None,
        }
    }
}

domain::words! {
    /// What the reporting server did with the message (RFC 3464 section 2.3.3).
    pub enum Action {
        Failed = "failed",
        Delayed = "delayed",
        Delivered = "delivered",
        /// Handed to a server that sends no reports.
        Relayed = "relayed",
        /// Delivered to a list; reports about its members may follow.
        Expanded = "expanded",
    }
}

/// The report that a message is; `None` for ordinary mail, and for the automatic answers of people who are away.
#[must_use]
pub fn read(message: &Parsed) -> Option<Report> {
    let has = |kinds: &[&str]| {
        message
            .parts
            .iter()
            .find(|part| kinds.contains(&part.content_type.as_str()))
            .map(|part| &part.bytes[..])
    };
    if let Some(fields) = has(&["message/feedback-report"]) {
        return Some(Report::Complaint(feedback::read(fields, message)));
    }
    if let Some(fields) = has(&["message/delivery-status", "message/global-delivery-status"])
        && let Some(report) = status::read(fields, message)
    {
        return Some(Report::Delivery(report));
    }
    if let Some(fields) =
        has(&["message/disposition-notification", "message/global-disposition-notification"])
    {
        return Some(Report::Disposition(disposition::read(fields)));
    }
    let suspicion = sender::suspicion(message)?;
    free_form::read(message, suspicion).map(Report::Delivery)
}

/// One line of bounded length, as a log or a page can take it.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 500;
    let mut line = String::new();
    for word in text.split(|character: char| character.is_whitespace() || character.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|end| line.is_char_boundary(*end)).unwrap_or(0);
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests;
