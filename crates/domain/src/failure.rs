//! What came of an attempt to send. The queue looks at nothing else.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The provider's own code and words, kept for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Words {
    /// The provider's code, such as `550 5.1.1` or `E_ApiResponseCodes.REQ_LIMIT_EXCEEDED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The provider's words, or ours when it said nothing.
    pub detail: String,
}

impl Words {
    #[must_use]
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Words {
        Words { code: Some(code.into()), detail: detail.into() }
    }

    #[must_use]
    pub fn plain(detail: impl Into<String>) -> Words {
        Words { code: None, detail: detail.into() }
    }
}

/// The outcome of one attempt, by what may be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has taken it.
    Sent {
        /// The provider's id of the message, when it gives one.
        provider_id: Option<String>,
        words: Words,
        /// Recipients that were refused although the message as a whole was taken.
        refused: Vec<(String, Words)>,
    },
    /// Nothing was sent; later it may work.
    Temporary(Words),
    /// Nothing was sent; the provider asks to wait.
    RateLimited { after: Option<Duration>, words: Words },
    /// Nothing was sent and never will be: this message is wrong for this provider.
    Rejected { reason: RejectReason, words: Words },
    /// Nothing was sent: the account itself is wrong (credentials, permissions). Stop it and tell a person.
    Misconfigured(Words),
    /// The request left and no answer came: it may have been sent.
    Unknown(Words),
}

impl Outcome {
    /// The word for this class, as stored with the attempt.
    #[must_use]
    pub fn class(&self) -> AttemptOutcome {
        match self {
            Outcome::Sent { .. } => AttemptOutcome::Sent,
            Outcome::Temporary(_) => AttemptOutcome::Temporary,
            Outcome::RateLimited { .. } => AttemptOutcome::RateLimited,
            Outcome::Rejected { .. } => AttemptOutcome::Rejected,
            Outcome::Misconfigured(_) => AttemptOutcome::Misconfigured,
            Outcome::Unknown(_) => AttemptOutcome::Unknown,
        }
    }

    #[must_use]
    pub fn words(&self) -> &Words {
        match self {
            Outcome::Sent { words, .. }
            | Outcome::RateLimited { words, .. }
            | Outcome::Rejected { words, .. }
            | Outcome::Temporary(words)
            | Outcome::Misconfigured(words)
            | Outcome::Unknown(words) => words,
        }
    }
}

crate::words! {
    /// How an attempt ended, as stored.
    pub enum AttemptOutcome {
        InFlight = "in_flight",
        Sent = "sent",
        Temporary = "temporary",
        RateLimited = "rate_limited",
        Rejected = "rejected",
        Misconfigured = "misconfigured",
        Unknown = "unknown",
    }
}

crate::words! {
    /// Why a message was refused for good.
    pub enum RejectReason {
        /// The address does not exist or takes no mail.
        BadRecipient = "bad_recipient",
        /// The sender may not be used at this provider.
        BadSender = "bad_sender",
        /// Too large, or content the provider refuses.
        Content = "content",
        /// Policy, reputation or spam.
        Policy = "policy",
        /// The provider's own suppression list.
        Suppressed = "suppressed",
        /// The request was wrong in itself.
        Invalid = "invalid",
        /// Every attempt that the back-off allows was used up.
        Exhausted = "exhausted",
    }
}

crate::words! {
    /// What to do when an outcome is unknown and nobody can be asked.
    pub enum OnUnknown {
        /// A person decides.
        Hold = "hold",
        /// Send again, at the risk of a second copy.
        Resend = "resend",
    }
}

/// What the provider says when it is asked about a message whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// The provider has it.
    Found { provider_id: Option<String>, words: Words },
    /// The provider is sure that it never got it.
    NotFound,
    /// The provider offers no look-up.
    Unsupported,
    /// The question itself failed; ask again later.
    Failed(Words),
}
