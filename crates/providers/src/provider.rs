//! What every provider does, whatever its protocol.

use bytes::Bytes;
use domain::clock::Timestamp;
use domain::failure::{LookUp, Outcome};
use domain::ids::MessageId;
use domain::outgoing::{DeliveryReport, Outgoing};
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

    /// Whether a webhook comes from the provider. The secret of the URL was compared before.
    ///
    /// # Errors
    /// When it does not, or cannot be told to.
    fn verify(&self, request: &RawRequest) -> Result<(), Refused> {
        let _ = request;
        Err(Refused("this provider sends no webhooks"))
    }

    /// The facts in a webhook. An event that we do not know is a fact of kind `other`.
    ///
    /// # Errors
    /// When the body is not in the provider's format.
    fn read(&self, request: &RawRequest) -> Result<Vec<DeliveryReport>, Unreadable> {
        let _ = request;
        Err(Unreadable("this provider sends no webhooks".to_owned()))
    }
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
#[error("{0}")]
pub struct Refused(pub &'static str);

/// A webhook in no known format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);
