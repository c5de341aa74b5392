//! What every provider does, whatever its protocol.

use bytes::Bytes;
use domain::address::EmailAddress;
use domain::clock::Timestamp;
use domain::failure::{LookUp, Outcome};
use domain::ids::MessageId;
use domain::outgoing::{DeliveryReport, Outgoing};
use domain::suppression::SuppressionReason;
use futures_util::future::BoxFuture;
use net::check::CheckStep;

use crate::manifest::Manifest;

/// One configured account of a provider.
pub trait Provider: Send + Sync {
    fn manifest(&self) -> &'static Manifest;

    /// Sends one message, once.
    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome>;

    /// Tries the account without sending anything.
    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>>;

    /// Says good-bye on whatever connections are kept. The account works on afterwards, over new ones.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    /// Asks whether the provider has a message whose outcome is unknown.
    fn look_up<'a>(&'a self, request: &'a LookUpRequest) -> BoxFuture<'a, LookUp> {
        let _ = request;
        Box::pin(async { LookUp::Unsupported })
    }

    /// Asks for what happened in a time and may not have been told: events of messages, and mail that the provider keeps.
    /// A fact has the same key as when a webhook tells it, wherever the provider gives both the same marks.
    ///
    /// # Errors
    /// When it cannot be asked, now or ever.
    fn missed<'a>(&'a self, asked: &'a MissedRequest) -> BoxFuture<'a, Result<Missed, NotDone>> {
        let _ = asked;
        Box::pin(async { Err(NotDone::Never("this provider cannot be asked for events".to_owned())) })
    }

    /// Takes an address off the list to which the provider itself delivers nothing. That it is not on it is no error.
    ///
    /// # Errors
    /// When it cannot be taken off, now or ever.
    fn unsuppress<'a>(&'a self, entry: &'a Suppressed) -> BoxFuture<'a, Result<(), NotDone>> {
        let _ = entry;
        Box::pin(async { Err(NotDone::Never("this provider's list cannot be changed from here".to_owned())) })
    }

    /// Whether a webhook comes from the provider. The secret of the URL was compared before.
    ///
    /// # Errors
    /// When it does not, or cannot be told to.
    fn verify<'a>(&'a self, request: &'a RawRequest) -> BoxFuture<'a, Result<(), Refused>> {
        let _ = request;
        Box::pin(async { Err(Refused::unauthorized("this provider sends no webhooks")) })
    }

    /// The facts in a webhook. An event that we do not know is a report of kind `other`.
    ///
    /// # Errors
    /// When the body is not in the provider's format.
    fn read(&self, request: &RawRequest) -> Result<Vec<Fact>, Unreadable> {
        let _ = request;
        Err(Unreadable("this provider sends no webhooks".to_owned()))
    }

    /// The part of a webhook that is good for one use only, such as the token under a signature that does not cover the
    /// body: a second webhook with it is answered like the first and changes nothing, whatever it says.
    fn single_use(&self, request: &RawRequest) -> Option<String> {
        let _ = request;
        None
    }

    /// Brings a mail that the provider received and keeps. Called after the webhook was answered, again while it says
    /// `Later`; bringing it twice is harmless.
    ///
    /// # Errors
    /// When it cannot be brought, now or ever.
    fn fetch<'a>(&'a self, stored: &'a StoredMail) -> BoxFuture<'a, Result<ReceivedMail, NotDone>> {
        let _ = stored;
        Box::pin(async { Err(NotDone::Never("this provider keeps no mail".to_owned())) })
    }

    /// Says yes to a provider that asks whether it may send webhooks here. Called after its question was answered.
    ///
    /// # Errors
    /// When it cannot be said, now or ever.
    fn confirm<'a>(&'a self, asked: &'a Confirmation) -> BoxFuture<'a, Result<(), NotDone>> {
        let _ = asked;
        Box::pin(async { Err(NotDone::Never("this provider asks for no confirmation".to_owned())) })
    }
}

/// What a webhook says.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Something happened to a message of ours.
    Report(DeliveryReport),
    /// A mail came in.
    Mail(ReceivedMail),
    /// A mail came in, and the provider keeps it until it is fetched.
    Stored(StoredMail),
    /// The provider asks whether it may send webhooks here.
    Confirm(Confirmation),
}

impl Fact {
    /// The provider's own id of it: the same fact twice has the same key.
    #[must_use]
    pub fn dedupe_key(&self) -> &str {
        match self {
            Fact::Report(report) => &report.dedupe_key,
            Fact::Mail(mail) => &mail.dedupe_key,
            Fact::Stored(stored) => &stored.dedupe_key,
            Fact::Confirm(asked) => &asked.dedupe_key,
        }
    }
}

/// A mail that a provider received for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMail {
    /// The same mail by another webhook has the same key.
    pub dedupe_key: String,
    pub envelope_from: Option<EmailAddress>,
    pub envelope_to: Vec<EmailAddress>,
    /// As it came, or put together from what the provider says of it (`mail::rebuild`).
    pub raw: Bytes,
}

/// A mail that a provider received for us and keeps.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoredMail {
    pub dedupe_key: String,
    /// A URL or the provider's id of it. It comes from outside: [`Provider::fetch`] checks where it leads.
    pub place: String,
    pub envelope_from: Option<EmailAddress>,
    pub envelope_to: Vec<EmailAddress>,
}

/// A provider's question whether it may send webhooks here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    pub dedupe_key: String,
    /// Visiting it says yes. It comes from outside: [`Provider::confirm`] checks where it leads.
    pub url: String,
    /// What is asked about, such as a topic.
    pub subject: String,
}

/// Why something could not be brought or said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// It may work later.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

/// Which message is asked about, by everything that we know of it.
#[derive(Debug, Clone)]
pub struct LookUpRequest {
    pub message_id: MessageId,
    /// Without angle brackets.
    pub rfc_message_id: String,
    pub provider_id: Option<String>,
    pub recipients: Vec<String>,
    /// When the first attempt with an unknown outcome began.
    pub sent_from: Timestamp,
    /// When the last one ended.
    pub sent_until: Timestamp,
}

/// What is asked for that may not have been told.
#[derive(Debug, Clone)]
pub struct MissedRequest {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Messages that the provider took and of which nothing final is known, with its ids: for providers that can be asked
    /// about one message only.
    pub open: Vec<(MessageId, String)>,
}

/// How the key of a report begins whose vendor, when asked, gives none of the marks that its webhooks have.
pub const ASKED: &str = "asked:";

/// What happened and may not have been told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Missed {
    pub reports: Vec<DeliveryReport>,
    pub stored: Vec<StoredMail>,
    /// There was more than could be asked for at once: everything before this time is here, the rest is asked for next.
    pub more: Option<Timestamp>,
}

/// An address that is to be taken off a provider's list, and why it came onto ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    pub address: EmailAddress,
    pub reason: SuppressionReason,
}

/// A webhook as it came.
#[derive(Debug, Clone, Default)]
pub struct RawRequest {
    pub method: String,
    pub path: String,
    /// Without the question mark.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl RawRequest {
    /// The first header of that name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A webhook that is not the provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    pub reason: &'static str,
    pub answer: Refusal,
}

/// What a refused webhook is answered: providers draw different conclusions from a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 406: it will never be taken, and should not come again.
    Unacceptable,
    /// 503: it cannot be told now whether it is the provider's, and it should come again.
    Later,
}

impl Refused {
    #[must_use]
    pub const fn unauthorized(reason: &'static str) -> Refused {
        Refused { reason, answer: Refusal::Unauthorized }
    }

    #[must_use]
    pub const fn forbidden(reason: &'static str) -> Refused {
        Refused { reason, answer: Refusal::Forbidden }
    }

    #[must_use]
    pub const fn unacceptable(reason: &'static str) -> Refused {
        Refused { reason, answer: Refusal::Unacceptable }
    }

    #[must_use]
    pub const fn later(reason: &'static str) -> Refused {
        Refused { reason, answer: Refusal::Later }
    }
}

/// A webhook in no known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);
