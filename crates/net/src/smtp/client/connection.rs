//! Opens a connection up to the point where mail can be given: TCP, TLS, greeting, EHLO, STARTTLS, AUTH.
//! Nothing is sent before that point, so every failure here is known to have sent nothing.

use std::sync::Arc;

use domain::failure::{Outcome, Words};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::classify::words;
use super::config::{Credentials, Mechanism, Security, SmtpConfig};
use super::extensions::Extensions;
use super::sasl;
use super::stream::{Lost, Stream};
use crate::check::CheckStep;
use crate::smtp::Reply;

/// A connection that is ready for mail.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) extensions: Extensions,
    /// Messages that were given over it.
    pub(super) messages: u32,
    pub(super) idle_since: Instant,
    /// Kept for its room: one message after the other is written from it.
    pub(super) buffer: Vec<u8>,
}

impl Connection {
    /// Opens; every step is noted, the failing one last.
    pub(super) async fn open(
        config: &SmtpConfig,
        tls: Option<Arc<rustls::ClientConfig>>,
        steps: &mut Vec<CheckStep>,
    ) -> Result<Connection, Outcome> {
        let mut stream = connect(config, steps).await?;
        if config.security == Security::Tls {
            secure(&mut stream, config, tls.clone(), steps).await?;
        }
        greeted(&mut stream, config, steps).await?;
        let mut extensions = hello(&mut stream, config, steps).await?;
        if config.security == Security::StartTls {
            start_tls(&mut stream, config, &extensions, tls, steps).await?;
            // What was said in the clear may have been said by anybody: ask again.
            extensions = hello(&mut stream, config, steps).await?;
        }
        if let Some(credentials) = &config.credentials {
            authenticate(&mut stream, config, credentials, &extensions, steps).await?;
        }
        Ok(Connection { stream, extensions, messages: 0, idle_since: Instant::now(), buffer: Vec::new() })
    }

    /// Says good-bye and does not insist on an answer.
    pub(super) async fn quit(mut self) -> Result<Reply, Lost> {
        self.stream.command("QUIT\r\n", std::time::Duration::from_secs(2)).await
    }
}

async fn connect(config: &SmtpConfig, steps: &mut Vec<CheckStep>) -> Result<Stream, Outcome> {
    let place = format!("{}:{}", config.host, config.port);
    let connecting = TcpStream::connect((config.host.as_str(), config.port));
    let connected = match timeout(config.timeouts.connect, connecting).await {
        Ok(connected) => connected.and_then(Stream::clear).map_err(|error| error.to_string()),
        Err(_) => Err("no answer in time".to_owned()),
    };
    match connected {
        Ok(stream) => {
            steps.push(CheckStep::passed("connect", format!("connected to {place} ({})", stream.peer.ip())));
            Ok(stream)
        }
        Err(cause) => {
            let detail = format!("no connection to {place}: {cause}");
            Err(failed(steps, "connect", Outcome::Temporary(Words::plain(detail))))
        }
    }
}

async fn secure(
    stream: &mut Stream,
    config: &SmtpConfig,
    tls: Option<Arc<rustls::ClientConfig>>,
    steps: &mut Vec<CheckStep>,
) -> Result<(), Outcome> {
    let Ok(name) = ServerName::try_from(config.host.clone()) else {
        let words = Words::plain(format!("{} is no name that a certificate could carry", config.host));
        return Err(failed(steps, "tls", Outcome::Misconfigured(words)));
    };
    let tls = tls.expect("the pool makes TLS settings for every security but none");
    let connector = TlsConnector::from(tls);
    let secured = match timeout(config.timeouts.connect, stream.secure(&connector, name)).await {
        Ok(secured) => secured,
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time")),
    };
    match secured {
        Ok(()) => {
            steps.push(CheckStep::passed(
                "tls",
                format!("{}, certificate of {}", stream.protocol(), config.host),
            ));
            Ok(())
        }
        Err(error) => {
            let words = Words::plain(format!("TLS failed: {error}"));
            let outcome = if is_certificate_fault(&error) {
                Outcome::Misconfigured(words)
            } else {
                Outcome::Temporary(words)
            };
            Err(failed(steps, "tls", outcome))
        }
    }
}

/// A certificate does not become right by trying again.
fn is_certificate_fault(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

async fn greeted(
    stream: &mut Stream,
    config: &SmtpConfig,
    steps: &mut Vec<CheckStep>,
) -> Result<(), Outcome> {
    match stream.reply(config.timeouts.command).await {
        Ok(reply) if reply.is_positive() => {
            steps.push(CheckStep::passed("greeting", reply.to_string()));
            Ok(())
        }
        // Also a permanent reply speaks of this moment only: the server gives no service now.
        Ok(reply) => Err(failed(steps, "greeting", Outcome::Temporary(words(&reply)))),
        Err(lost) => Err(failed(steps, "greeting", nothing_sent(&lost))),
    }
}

async fn hello(
    stream: &mut Stream,
    config: &SmtpConfig,
    steps: &mut Vec<CheckStep>,
) -> Result<Extensions, Outcome> {
    let limit = config.timeouts.command;
    let name = &config.hello_name;
    let mut reply = stream.command(&format!("EHLO {name}\r\n"), limit).await;
    let mut extended = true;
    if matches!(&reply, Ok(reply) if matches!(reply.code, 500 | 502)) {
        extended = false;
        reply = stream.command(&format!("HELO {name}\r\n"), limit).await;
    }
    match reply {
        Ok(reply) if reply.is_positive() => {
            steps.push(CheckStep::passed("hello", reply.text.replace('\n', ", ")));
            Ok(if extended { Extensions::read(&reply.text) } else { Extensions::default() })
        }
        Ok(reply) if reply.is_permanent() => {
            Err(failed(steps, "hello", Outcome::Misconfigured(words(&reply))))
        }
        Ok(reply) => Err(failed(steps, "hello", Outcome::Temporary(words(&reply)))),
        Err(lost) => Err(failed(steps, "hello", nothing_sent(&lost))),
    }
}

async fn start_tls(
    stream: &mut Stream,
    config: &SmtpConfig,
    extensions: &Extensions,
    tls: Option<Arc<rustls::ClientConfig>>,
    steps: &mut Vec<CheckStep>,
) -> Result<(), Outcome> {
    if !extensions.start_tls {
        let words = Words::plain("the server does not offer STARTTLS, and without it nothing is sent");
        return Err(failed(steps, "starttls", Outcome::Misconfigured(words)));
    }
    match stream.command("STARTTLS\r\n", config.timeouts.command).await {
        Ok(reply) if reply.code == 220 => {}
        Ok(reply) if reply.is_permanent() => {
            return Err(failed(steps, "starttls", Outcome::Misconfigured(words(&reply))));
        }
        Ok(reply) => return Err(failed(steps, "starttls", Outcome::Temporary(words(&reply)))),
        Err(lost) => return Err(failed(steps, "starttls", nothing_sent(&lost))),
    }
    secure(stream, config, tls, steps).await
}

async fn authenticate(
    stream: &mut Stream,
    config: &SmtpConfig,
    credentials: &Credentials,
    extensions: &Extensions,
    steps: &mut Vec<CheckStep>,
) -> Result<(), Outcome> {
    // On this machine's own loopback nobody listens who could not read the password elsewhere.
    let is_private = stream.is_secure() || stream.peer.ip().is_loopback();
    let mechanism = match choose(credentials.mechanism, extensions, is_private) {
        Ok(mechanism) => mechanism,
        Err(detail) => return Err(failed(steps, "auth", Outcome::Misconfigured(Words::plain(detail)))),
    };
    match exchange(stream, config, credentials, mechanism).await {
        Ok(reply) if reply.is_positive() => {
            steps.push(CheckStep::passed("auth", format!("{mechanism:?} as {}", credentials.user)));
            Ok(())
        }
        Ok(reply) if reply.is_temporary() => Err(failed(steps, "auth", Outcome::Temporary(words(&reply)))),
        Ok(reply) => Err(failed(steps, "auth", Outcome::Misconfigured(words(&reply)))),
        Err(lost) => Err(failed(steps, "auth", nothing_sent(&lost))),
    }
}

/// The mechanism to use, or why there is none.
fn choose(wanted: Mechanism, offered: &Extensions, is_private: bool) -> Result<Mechanism, &'static str> {
    if !offered.takes_credentials() {
        return Err("the server offers no way to sign in that we know");
    }
    let mechanism = match wanted {
        Mechanism::Auto if is_private && offered.plain => Mechanism::Plain,
        Mechanism::Auto if is_private && offered.login => Mechanism::Login,
        Mechanism::Auto if offered.cram_md5 => Mechanism::CramMd5,
        Mechanism::Auto => return Err("the server offers no way to sign in that does not show the password"),
        // Said by a person: tried even where the server does not announce it.
        named => named,
    };
    if !is_private && mechanism != Mechanism::CramMd5 {
        return Err("this way to sign in would show the password to everybody on the way: use TLS");
    }
    Ok(mechanism)
}

async fn exchange(
    stream: &mut Stream,
    config: &SmtpConfig,
    credentials: &Credentials,
    mechanism: Mechanism,
) -> Result<Reply, Lost> {
    let limit = config.timeouts.command;
    let (user, password) = (credentials.user.as_str(), credentials.password.reveal().as_str());
    match mechanism {
        Mechanism::Auto | Mechanism::Plain => {
            stream.command(&format!("AUTH PLAIN {}\r\n", sasl::plain(user, password)), limit).await
        }
        Mechanism::Login => {
            let mut reply = stream.command("AUTH LOGIN\r\n", limit).await?;
            for answer in [sasl::login(user), sasl::login(password)] {
                if reply.code != 334 {
                    return Ok(reply);
                }
                reply = stream.command(&format!("{answer}\r\n"), limit).await?;
            }
            Ok(reply)
        }
        Mechanism::CramMd5 => {
            let challenge = stream.command("AUTH CRAM-MD5\r\n", limit).await?;
            if challenge.code != 334 {
                return Ok(challenge);
            }
            // `*` calls the exchange off (RFC 4954 section 4).
            let answer = sasl::cram_md5(user, password, &challenge.text).unwrap_or_else(|| "*".to_owned());
            stream.command(&format!("{answer}\r\n"), limit).await
        }
        Mechanism::Xoauth2 => {
            let line = format!("AUTH XOAUTH2 {}\r\n", sasl::xoauth2(user, password));
            let reply = stream.command(&line, limit).await?;
            if reply.code == 334 {
                // The challenge holds the reason; an empty answer asks for the final reply.
                return stream.command("\r\n", limit).await;
            }
            Ok(reply)
        }
    }
}

fn nothing_sent(lost: &Lost) -> Outcome {
    Outcome::Temporary(Words::plain(lost.to_string()))
}

fn failed(steps: &mut Vec<CheckStep>, step: &str, outcome: Outcome) -> Outcome {
    let words = outcome.words();
    let detail = match &words.code {
        Some(code) => format!("{code}: {}", words.detail),
        None => words.detail.clone(),
    };
    steps.push(CheckStep::failed(step, detail));
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_shown_only_where_nobody_listens() {
        let all = Extensions::read("mx\nAUTH PLAIN LOGIN CRAM-MD5 XOAUTH2");
        assert_eq!(choose(Mechanism::Auto, &all, true), Ok(Mechanism::Plain));
        assert_eq!(choose(Mechanism::Auto, &all, false), Ok(Mechanism::CramMd5));
        assert!(choose(Mechanism::Plain, &all, false).is_err());
        assert!(choose(Mechanism::Login, &all, false).is_err());
        assert!(choose(Mechanism::Xoauth2, &all, false).is_err());
        let login = Extensions::read("mx\nAUTH LOGIN");
        assert_eq!(choose(Mechanism::Auto, &login, true), Ok(Mechanism::Login));
        assert!(choose(Mechanism::Auto, &login, false).is_err());
        assert!(choose(Mechanism::Auto, &Extensions::default(), true).is_err());
    }
}
