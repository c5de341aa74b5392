//! How a server is reached, and who says so.

use std::time::Duration;

use domain::secret::Secret;

/// One server and one identity.
#[derive(Debug, Clone)]
pub struct SmtpConfig {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<Credentials>,
    /// Our name in `EHLO`.
    pub hello_name: String,
    pub timeouts: Timeouts,
    /// Certificate authorities that are trusted beside those of the system, in PEM.
    pub root_ca_pem: Option<String>,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all: for relays on the same machine.
    None,
    /// Begins in the clear and must go over to TLS before anything is said; usual on port 587.
    StartTls,
    /// TLS from the first byte; usual on port 465.
    Tls,
}

/// Who we are to the server.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub mechanism: Mechanism,
    pub user: String,
    /// For XOAUTH2 the access token.
    pub password: Secret,
}

/// How we prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// The best that the server offers and the connection allows: PLAIN, LOGIN, CRAM-MD5.
    Auto,
    Plain,
    Login,
    CramMd5,
    Xoauth2,
}

/// How long to wait for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For TCP and TLS together.
    pub connect: Duration,
    /// For the reply to a command. Shorter than the five minutes of RFC 5321 section 4.5.3.2, because nothing has
    /// been sent at that point and another attempt costs nothing.
    pub command: Duration,
    /// For each piece of the message to be taken by the network.
    pub write: Duration,
    /// For the reply to the final dot. The ten minutes of RFC 5321: giving up early makes an outcome unknown.
    pub last_reply: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(30),
            command: Duration::from_mins(1),
            write: Duration::from_mins(3),
            last_reply: Duration::from_mins(10),
        }
    }
}
