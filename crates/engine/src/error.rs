//! What a use case can refuse, as a class that the API turns into one problem each.

use domain::access::Forbidden;
use domain::invalid::Invalid;

/// Why a use case did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The input is wrong; each fault names its place.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Nobody is signed in, or the key, password or link is not valid (any more).
    #[error("{0}")]
    NotSignedIn(&'static str),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// What was named does not exist, or not for this tenant.
    #[error("there is no {0} with this id")]
    NotFound(&'static str),
    /// It exists, but its state does not allow this now. The code is one of the API's problem codes.
    #[error("{detail}")]
    Conflict { code: &'static str, detail: String },
    /// Too many attempts; come back later.
    #[error("too many attempts; try again in {0} seconds")]
    TooMany(u32),
    /// The database cannot take it now. Nothing was kept; the same request may be sent again.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// A [`Error::Conflict`].
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Error {
        Error::Conflict { code, detail: detail.into() }
    }

    /// The same, seen from an enclosing document: see [`Invalid::under`].
    #[must_use]
    pub fn under(self, place: &str) -> Error {
        match self {
            Error::Invalid(invalid) => Error::Invalid(invalid.under(place)),
            other => other,
        }
    }

    /// Whether the database could not take it now, so that the same request may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        use store::Error as Fault;
        matches!(self, Error::Store(Fault::Busy | Fault::Unavailable(_) | Fault::Collision(_)))
    }
}
