//! What the doctor says: one check each, in words.

use domain::clock::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use store::accounts::Account;

domain::words! {
    /// What a check is about.
    pub enum Area {
        /// Credentials and health of the channel accounts.
        Accounts = "accounts",
        /// Mailboxes that are read.
        Mailboxes = "mailboxes",
        /// Whether providers can reach this server, and webhooks that go out.
        Webhooks = "webhooks",
        /// What the sender domains publish: SPF, DKIM, DMARC, mail servers.
        Dns = "dns",
        /// The certificate of the SMTP listener.
        Tls = "tls",
        /// Whether the clock is right.
        Clock = "clock",
        /// Work that waits.
        Queue = "queue",
        /// Database and disk.
        Disk = "disk",
        /// The last copy.
        Backup = "backup",
    }
}

domain::words! {
    /// How a check went.
    pub enum CheckState {
        Ok = "ok",
        /// It works, and should be put right.
        Warning = "warning",
        /// Something does not work.
        Problem = "problem",
        /// Could not be looked at, or there is nothing to look at.
        Skipped = "skipped",
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DoctorReport {
    pub ran_at: Timestamp,
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DoctorCheck")]
pub struct Check {
    pub area: Area,
    /// What it is about, when it is about one thing.
    pub subject: Option<Subject>,
    /// A word or two: `credentials`, `SPF`.
    pub name: String,
    pub state: CheckState,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// What a check is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "DoctorSubject")]
pub struct Subject {
    /// `channel_account`, `mailbox`, `webhook` or `domain`.
    pub kind: &'static str,
    /// The id; of a domain, its name.
    pub id: String,
    pub name: String,
}

impl DoctorReport {
    /// How many checks went so.
    #[must_use]
    pub fn count(&self, state: CheckState) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }
}

impl Subject {
    pub(super) fn account(account: &Account) -> Subject {
        Subject { kind: "channel_account", id: account.id.to_string(), name: account.name.clone() }
    }

    pub(super) fn domain(name: &str) -> Subject {
        Subject { kind: "domain", id: name.to_owned(), name: name.to_owned() }
    }
}

impl Check {
    fn new(area: Area, name: &str, state: CheckState, detail: String) -> Check {
        Check { area, subject: None, name: name.to_owned(), state, detail, advice: None }
    }

    pub(super) fn ok(area: Area, name: &str, detail: impl Into<String>) -> Check {
        Check::new(area, name, CheckState::Ok, detail.into())
    }

    pub(super) fn warning(area: Area, name: &str, detail: impl Into<String>) -> Check {
        Check::new(area, name, CheckState::Warning, detail.into())
    }

    pub(super) fn problem(area: Area, name: &str, detail: impl Into<String>) -> Check {
        Check::new(area, name, CheckState::Problem, detail.into())
    }

    pub(super) fn skipped(area: Area, name: &str, detail: impl Into<String>) -> Check {
        Check::new(area, name, CheckState::Skipped, detail.into())
    }

    pub(super) fn about(mut self, subject: Subject) -> Check {
        self.subject = Some(subject);
        self
    }

    pub(super) fn advising(mut self, advice: impl Into<String>) -> Check {
        self.advice = Some(advice.into());
        self
    }
}

/// A length of time as people say it, rounded down.
pub(super) fn in_words(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
