//! The settings of an SMTP account, and what they mean together.

use std::net::IpAddr;

use domain::address::EmailAddress;
use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;
use net::smtp::client::{Credentials, Mechanism, Security, SmtpConfig, Timeouts};

use super::signing;
use crate::settings;

const DEFAULT_CONNECTIONS: u16 = 16;

/// A mail server and an identity there.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct SmtpSettings {
    /// The name of the mail server, for example `mail.example.com`. Its certificate must carry this name.
    #[schemars(title = "Server", extend("x-order" = 1))]
    pub host: String,
    /// The port. When it is not given: 587 for STARTTLS, 465 for TLS, 25 without either.
    #[schemars(title = "Port", extend("x-order" = 2), range(min = 1, max = 65535))]
    pub port: Option<u16>,
    /// How the connection is protected.
    #[schemars(title = "Security", extend("x-order" = 3), default = "default_security")]
    pub security: Option<SecurityWord>,
    /// The name to sign in with; leave it empty where the server asks for none.
    #[schemars(title = "User name", extend("x-order" = 4))]
    pub username: Option<String>,
    /// The password, or the access token when the sign-in method is XOAUTH2. An app password where the mailbox has
    /// two-step sign-in.
    #[schemars(title = "Password", extend("x-order" = 5))]
    pub password: Option<Secret>,
    /// How to sign in.
    #[schemars(title = "Sign-in method", extend("x-order" = 6), default = "default_auth")]
    pub auth: Option<AuthWord>,
    /// The sender of messages that name none, for example `Support <support@example.com>`.
    #[schemars(title = "Sender", extend("x-order" = 7))]
    pub from: Option<String>,
    /// The address that bounces go to (the envelope sender). When it is not given, they go to the sender.
    #[schemars(title = "Bounce address", extend("x-order" = 8))]
    pub envelope_from: Option<String>,
    /// A certificate authority that is trusted beside those of the system, in PEM: for servers with a certificate of
    /// their own.
    #[schemars(title = "Certificate authority", extend("x-order" = 9, "contentMediaType" = "application/x-pem-file"))]
    pub root_ca_pem: Option<String>,
    /// How many connections are used at once.
    #[schemars(title = "Connections", extend("x-order" = 10), range(min = 1, max = 500), default = "default_connections")]
    pub max_connections: Option<u16>,
    /// Messages larger than this, in bytes, are refused before they are sent. The server's own limit holds as well.
    #[schemars(title = "Largest message", extend("x-order" = 11), range(min = 1))]
    pub max_message_bytes: Option<u64>,
    /// The domain in whose name mail is signed with DKIM, usually that of the sender. `chancery dkim new` sets it.
    #[schemars(title = "DKIM domain", extend("x-order" = 12))]
    pub dkim_domain: Option<String>,
    /// Where in that domain the public keys are published, in the order of the private keys, with commas between.
    #[schemars(title = "DKIM selectors", extend("x-order" = 13))]
    pub dkim_selectors: Option<String>,
    /// The private keys in PEM, one after the other: RSA with 2048 to 4096 bits, or Ed25519. Mail is signed with each.
    #[schemars(title = "DKIM private keys", extend("x-order" = 14, "contentMediaType" = "application/x-pem-file"))]
    pub dkim_private_keys: Option<Secret>,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum SecurityWord {
    /// STARTTLS: begins in the clear and goes over to TLS; usual on port 587.
    StartTls,
    /// TLS from the first byte; usual on port 465.
    Tls,
    /// No protection: only for a server on this machine.
    None,
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AuthWord {
    /// The best method that the server offers.
    Auto,
    /// PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// CRAM-MD5: the password is not shown, not even without TLS.
    CramMd5,
    /// XOAUTH2: the password is an access token.
    Xoauth2,
}

fn default_security() -> Option<SecurityWord> {
    Some(SecurityWord::StartTls)
}

fn default_auth() -> Option<AuthWord> {
    Some(AuthWord::Auto)
}

fn default_connections() -> Option<u16> {
    Some(DEFAULT_CONNECTIONS)
}

/// The settings, read and found good.
#[derive(Debug)]
pub(super) struct Account {
    pub server: SmtpConfig,
    pub envelope_from: Option<EmailAddress>,
    pub max_connections: usize,
    pub max_message_bytes: Option<u64>,
    pub dkim: Vec<mail::dkim::Key>,
}

/// Reads the settings.
///
/// # Errors
/// Every fault with its pointer.
pub(super) fn read(given: serde_json::Value, hello_name: &str) -> Result<Account, Invalid> {
    let read: SmtpSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    let host = read.host.trim().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@".contains(c)) {
        faults.note("/settings/host", "expected the name of a server such as mail.example.com");
    }
    let security = read.security.or_else(default_security).map_or(Security::StartTls, Security::from);
    if security == Security::None && !is_loopback(&host) {
        faults.note(
            "/settings/security",
            "expected starttls or tls: only a server on this machine may be used without",
        );
    }
    let envelope_from = read
        .envelope_from
        .and_then(|address| faults.take("/settings/envelope_from", address.parse::<EmailAddress>()));
    let credentials = credentials(read.username, read.password, read.auth, &mut faults);
    let signing = signing::read(
        read.dkim_domain.as_deref(),
        read.dkim_selectors.as_deref(),
        read.dkim_private_keys.as_ref().map_or("", |keys| keys.reveal()),
    );
    let dkim = match signing {
        Ok(keys) => keys,
        Err(invalid) => {
            invalid.faults.into_iter().for_each(|fault| faults.note(&fault.pointer, fault.detail));
            Vec::new()
        }
    };
    faults.finish()?;
    Ok(Account {
        server: SmtpConfig {
            host,
            port: read.port.unwrap_or(default_port(security)),
            security,
            credentials,
            hello_name: hello_name.to_owned(),
            timeouts: Timeouts::default(),
            root_ca_pem: read.root_ca_pem,
        },
        envelope_from,
        max_connections: usize::from(read.max_connections.unwrap_or(DEFAULT_CONNECTIONS)),
        max_message_bytes: read.max_message_bytes,
        dkim,
    })
}

fn credentials(
    user: Option<String>,
    password: Option<Secret>,
    auth: Option<AuthWord>,
    faults: &mut Faults,
) -> Option<Credentials> {
    match (user, password) {
        (Some(user), Some(password)) => {
            let mechanism = auth.unwrap_or(AuthWord::Auto).into();
            Some(Credentials { mechanism, user, password })
        }
        (Some(_), None) => {
            faults.note("/settings/password", "expected the password that belongs to the user name");
            None
        }
        (None, Some(_)) => {
            faults.note("/settings/username", "expected the user name that belongs to the password");
            None
        }
        (None, None) => None,
    }
}

fn default_port(security: Security) -> u16 {
    match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::None => 25,
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl From<SecurityWord> for Security {
    fn from(word: SecurityWord) -> Security {
        match word {
            SecurityWord::StartTls => Security::StartTls,
            SecurityWord::Tls => Security::Tls,
            SecurityWord::None => Security::None,
        }
    }
}

impl From<AuthWord> for Mechanism {
    fn from(word: AuthWord) -> Mechanism {
        match word {
            AuthWord::Auto => Mechanism::Auto,
            AuthWord::Plain => Mechanism::Plain,
            AuthWord::Login => Mechanism::Login,
            AuthWord::CramMd5 => Mechanism::CramMd5,
            AuthWord::Xoauth2 => Mechanism::Xoauth2,
        }
    }
}
