//! Why a mailbox cannot be read: what it means for trying again, and words for the person who looks after it.

/// One failure. Words never hold credentials or anything of a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImapFault {
    /// The server could not be reached, or the connection broke: it may work later.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not take the credentials: a person must mend them, or a fresh token.
    #[error("{0}")]
    Credentials(String),
    /// It cannot work as it is set up: a person must change it.
    #[error("{0}")]
    Setup(String),
    /// The server did not do what it was asked to.
    #[error("{0}")]
    Refused(String),
    /// The server said something that is no IMAP. The connection is of no use any more.
    #[error("{0}")]
    Garbled(String),
}

impl ImapFault {
    /// Whether trying again by itself can help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, ImapFault::Credentials(_) | ImapFault::Setup(_))
    }

    /// Whether the connection can be used on: the server answered, and said no.
    #[must_use]
    pub fn leaves_connection(&self) -> bool {
        matches!(self, ImapFault::Refused(_))
    }
}
