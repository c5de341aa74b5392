//! How an IMAP server is reached, and who says so.

use std::time::Duration;

use domain::secret::Secret;

use crate::http::GuardPolicy;

/// One server and one identity.
#[derive(Debug, Clone)]
pub struct ImapConfig {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub username: String,
    pub sign_in: SignIn,
    /// Where connections may go.
    pub policy: GuardPolicy,
    /// Certificate authorities that are trusted beside those of the system, in PEM.
    pub root_ca_pem: Option<String>,
    /// A mail that is larger is not fetched.
    pub max_mail_bytes: usize,
    pub timeouts: Timeouts,
}

domain::words! {
    /// How the connection is protected.
    pub enum Security {
        /// TLS from the first byte; usual on port 993.
        Tls = "tls",
        /// Begins in the clear and must go over to TLS before anything is said; usual on port 143.
        StartTls = "starttls",
        /// Not at all: for servers on the same machine.
        None = "none",
    }
}

/// How we prove who we are.
#[derive(Debug, Clone)]
pub enum SignIn {
    Password(Secret),
    /// OAuth 2, as Google and Microsoft take it (XOAUTH2).
    AccessToken(Secret),
}

/// How long to wait for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For TCP and TLS together.
    pub connect: Duration,
    /// For the next piece of an answer.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { connect: Duration::from_secs(30), answer: Duration::from_mins(2) }
    }
}
