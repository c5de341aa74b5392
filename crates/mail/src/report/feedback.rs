//! RFC 5965: complaints. The recipient is often hidden; then the quoted message is the way back.

use domain::address::EmailAddress;
use domain::clock::Timestamp;

use super::fields::{self, Fields};
use super::{OriginalHeaders, one_line, original};
use crate::parse::Parsed;

domain::words! {
    /// Why somebody reports a message.
    pub enum FeedbackType {
        Abuse = "abuse",
        Fraud = "fraud",
        Virus = "virus",
        /// He says that it was wrongly taken for spam.
        NotSpam = "not-spam",
        /// A signature did not fit; nobody complains.
        AuthFailure = "auth-failure",
        Other = "other",
    }
}

/// A complaint about a message of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Complaint {
    pub kind: FeedbackType,
    pub user_agent: Option<String>,
    /// Those who complained; several are possible, and none when the reporter hides them.
    pub recipients: Vec<EmailAddress>,
    /// Whether a recipient was named in a way that hides him.
    pub redacted: bool,
    /// The envelope sender, which carries our token.
    pub mail_from: Option<EmailAddress>,
    pub envelope_id: Option<String>,
    pub reporting_mta: Option<String>,
    pub source_ip: Option<String>,
    pub arrived_at: Option<Timestamp>,
    /// How many complaints this one stands for.
    pub incidents: u32,
    pub original: OriginalHeaders,
}

impl Complaint {
    /// Whether somebody does not want our mail. Failed signatures and corrections are no complaints.
    #[must_use]
    pub fn is_against_us(&self) -> bool {
        matches!(self.kind, FeedbackType::Abuse | FeedbackType::Fraud | FeedbackType::Virus)
    }
}

pub(super) fn read(bytes: &[u8], message: &Parsed) -> Complaint {
    let blocks = Fields::blocks(bytes);
    let first = |name| blocks.iter().find_map(|block| block.get(name));
    let named = || {
        blocks.iter().flat_map(|block| block.all("original-rcpt-to").chain(block.all("removal-recipient")))
    };
    let mut recipients: Vec<EmailAddress> = Vec::new();
    for address in named().filter_map(visible) {
        if !recipients.contains(&address) {
            recipients.push(address);
        }
    }
    let original = original::of_parts(message);
    Complaint {
        kind: first("feedback-type").map_or(FeedbackType::Other, kind),
        user_agent: first("user-agent").map(one_line),
        redacted: named().any(|value| visible(value).is_none())
            || (recipients.is_empty() && original.to.is_empty()),
        recipients,
        mail_from: first("original-mail-from").and_then(fields::address),
        envelope_id: first("original-envelope-id").map(one_line),
        reporting_mta: first("reporting-mta").map(fields::untyped).map(one_line),
        source_ip: first("source-ip").map(one_line),
        arrived_at: blocks
            .iter()
            .find_map(|block| block.time("arrival-date").or_else(|| block.time("received-date"))),
        incidents: first("incidents").and_then(|number| number.parse().ok()).unwrap_or(1),
        original,
    }
}

fn kind(word: &str) -> FeedbackType {
    word.trim().to_ascii_lowercase().replace('_', "-").parse().unwrap_or(FeedbackType::Other)
}

/// An address that names somebody. `redacted@example.com` and `x@example.com` do not.
fn visible(value: &str) -> Option<EmailAddress> {
    let address = fields::address(value)?;
    let local = address.local().to_ascii_lowercase();
    let is_hidden =
        ["redacted", "hidden", "undisclosed", "privacy", "anonymous"].iter().any(|word| local.contains(word))
            || local.bytes().all(|byte| matches!(byte, b'x' | b'*'));
    (!is_hidden).then_some(address)
}
