//! Opens a connection up to the point where folders can be read: TCP, TLS, greeting, STARTTLS, signing in. Each step is
//! noted for people, the failing one last.

use std::io;

use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::config::{ImapConfig, Security, SignIn};
use super::fault::ImapFault;
use super::response::{Response, Status, StatusWord, Value};
use super::wire::{Heard, Wire, in_words};
use crate::check::CheckStep;
use crate::smtp::client::{sasl, tls};

/// What a server says that it can do, upper case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Capabilities(Vec<String>);

impl Capabilities {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|capability| capability == name)
    }

    fn read(words: &str) -> Capabilities {
        Capabilities(words.split_ascii_whitespace().map(str::to_ascii_uppercase).collect())
    }

    /// Said in passing, with a greeting or after signing in.
    fn of(status: &Status) -> Option<Capabilities> {
        match &status.code {
            Some((code, arguments)) if code == "CAPABILITY" => Some(Capabilities::read(arguments)),
            _ => None,
        }
    }
}

/// Opens and signs in.
pub(super) async fn connect(
    config: &ImapConfig,
    steps: &mut Vec<CheckStep>,
) -> Result<(Wire, Capabilities), ImapFault> {
    let mut wire = noted("connect", reach(config).await, steps, |wire| {
        format!("connected to {}:{} ({})", config.host, config.port, wire.peer.ip())
    })?;
    if config.security == Security::Tls {
        let secured = secure(&mut wire, config).await;
        noted("tls", secured, steps, |protocol| format!("{protocol}, certificate of {}", config.host))?;
    }
    let greeting = noted("greeting", greeted(&mut wire).await, steps, |greeting| greeting.text.clone())?;
    let mut capabilities = match Capabilities::of(&greeting) {
        Some(capabilities) => capabilities,
        None => ask(&mut wire).await?,
    };
    if config.security == Security::StartTls {
        let secured = start_tls(&mut wire, config, &greeting, &capabilities).await;
        noted("starttls", secured, steps, |protocol| format!("{protocol}, certificate of {}", config.host))?;
        // What was said in the clear may have been said by anybody: ask again.
        capabilities = ask(&mut wire).await?;
    }
    if greeting.word != StatusWord::PreAuth {
        let signed_in = sign_in(&mut wire, config, &capabilities).await;
        let end = noted("sign in", signed_in, steps, |_| format!("as {}", config.username))?;
        capabilities = match Capabilities::of(&end) {
            Some(capabilities) => capabilities,
            None => ask(&mut wire).await?,
        };
    }
    Ok((wire, capabilities))
}

fn noted<T>(
    name: &str,
    result: Result<T, ImapFault>,
    steps: &mut Vec<CheckStep>,
    words: impl FnOnce(&T) -> String,
) -> Result<T, ImapFault> {
    steps.push(match &result {
        Ok(value) => CheckStep::passed(name, words(value)),
        Err(fault) => CheckStep::failed(name, fault.to_string()),
    });
    result
}

async fn reach(config: &ImapConfig) -> Result<Wire, ImapFault> {
    let place = format!("{}:{}", config.host, config.port);
    let reaching = async {
        let addresses = config.policy.resolve(&config.host, config.port).await?;
        TcpStream::connect(addresses.as_slice()).await
    };
    let failed = |cause: String| format!("no connection to {place}: {cause}");
    match timeout(config.timeouts.connect, reaching).await {
        Ok(Ok(stream)) => Wire::clear(stream, config.timeouts.answer, config.max_mail_bytes)
            .map_err(|error| ImapFault::Unreachable(failed(error.to_string()))),
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(ImapFault::Setup(failed(error.to_string())))
        }
        Ok(Err(error)) => Err(ImapFault::Unreachable(failed(error.to_string()))),
        Err(_) => Err(ImapFault::Unreachable(failed("no answer in time".to_owned()))),
    }
}

/// Gives the protocol's name.
async fn secure(wire: &mut Wire, config: &ImapConfig) -> Result<String, ImapFault> {
    let name = ServerName::try_from(config.host.clone()).map_err(|_| {
        ImapFault::Setup(format!("{} is no name that a certificate could carry", config.host))
    })?;
    let tls = tls::client_config(config.root_ca_pem.as_deref()).map_err(ImapFault::Setup)?;
    let connector = TlsConnector::from(tls);
    match timeout(config.timeouts.connect, wire.secure(&connector, name)).await {
        Ok(Ok(())) => Ok(wire.protocol()),
        Ok(Err(error)) => {
            let words = format!("TLS failed: {error}");
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            // A certificate does not become right by trying again.
            if matches!(inner, Some(rustls::Error::InvalidCertificate(_))) {
                Err(ImapFault::Setup(words))
            } else {
                Err(ImapFault::Unreachable(words))
            }
        }
        Err(_) => Err(ImapFault::Unreachable("TLS failed: no answer in time".to_owned())),
    }
}

async fn greeted(wire: &mut Wire) -> Result<Status, ImapFault> {
    match wire.prompt_response().await? {
        Response::Status(status) if matches!(status.word, StatusWord::Ok | StatusWord::PreAuth) => Ok(status),
        Response::Status(status) => Err(ImapFault::Unreachable(in_words(&status))),
        _ => Err(ImapFault::Garbled("the server does not greet as IMAP servers do".to_owned())),
    }
}

async fn ask(wire: &mut Wire) -> Result<Capabilities, ImapFault> {
    let mut found = Capabilities::default();
    let listen = |heard| {
        if let Heard::Line(values) = heard
            && values.first().is_some_and(|word| word.is("CAPABILITY"))
        {
            let words: Vec<&str> = values.iter().skip(1).filter_map(Value::atom).collect();
            found = Capabilities::read(&words.join(" "));
        }
    };
    wire.command("CAPABILITY", listen).await?;
    Ok(found)
}

async fn start_tls(
    wire: &mut Wire,
    config: &ImapConfig,
    greeting: &Status,
    capabilities: &Capabilities,
) -> Result<String, ImapFault> {
    if greeting.word == StatusWord::PreAuth || !capabilities.has("STARTTLS") {
        let words = "the server does not offer STARTTLS, and without it nothing is said";
        return Err(ImapFault::Setup(words.to_owned()));
    }
    wire.command("STARTTLS", |_| ()).await?;
    secure(wire, config).await
}

async fn sign_in(
    wire: &mut Wire,
    config: &ImapConfig,
    capabilities: &Capabilities,
) -> Result<Status, ImapFault> {
    // On this machine's own loopback nobody listens who could not read the password elsewhere.
    if !wire.is_secure() && !wire.peer.ip().is_loopback() {
        let words = "signing in would show the password to everybody on the way: use TLS";
        return Err(ImapFault::Setup(words.to_owned()));
    }
    match &config.sign_in {
        SignIn::AccessToken(token) => {
            let answer = sasl::xoauth2(&config.username, token.reveal());
            authenticate(wire, "XOAUTH2", &answer, capabilities).await
        }
        SignIn::Password(password) if capabilities.has("AUTH=PLAIN") => {
            let answer = sasl::plain(&config.username, password.reveal());
            authenticate(wire, "PLAIN", &answer, capabilities).await
        }
        SignIn::Password(_) if capabilities.has("LOGINDISABLED") => {
            Err(ImapFault::Setup("the server takes no password over this connection".to_owned()))
        }
        SignIn::Password(password) => {
            let command = format!("LOGIN {} {}", quoted(&config.username)?, quoted(password.reveal())?);
            let tag = wire.send(&command).await?;
            end_of_sign_in(wire, &tag).await
        }
    }
}

async fn authenticate(
    wire: &mut Wire,
    mechanism: &str,
    answer: &str,
    capabilities: &Capabilities,
) -> Result<Status, ImapFault> {
    let mut answers = vec![answer];
    let tag = if capabilities.has("SASL-IR") {
        answers.clear();
        wire.send(&format!("AUTHENTICATE {mechanism} {answer}")).await?
    } else {
        wire.send(&format!("AUTHENTICATE {mechanism}")).await?
    };
    loop {
        match wire.prompt_response().await? {
            Response::Continue(_) => {
                // Asked once more, the server wants to say why not; an empty line lets it.
                let line = format!("{}\r\n", answers.pop().unwrap_or_default());
                wire.write(&line).await?;
            }
            Response::Status(status) if status.tag.as_deref() == Some(tag.as_str()) => {
                return signed_in(status);
            }
            Response::Status(_) | Response::Line(_) => {}
        }
    }
}

async fn end_of_sign_in(wire: &mut Wire, tag: &str) -> Result<Status, ImapFault> {
    loop {
        if let Response::Status(status) = wire.prompt_response().await?
            && status.tag.as_deref() == Some(tag)
        {
            return signed_in(status);
        }
    }
}

/// Codes of RFC 5530 with which a server says that it only cannot now.
const NOT_NOW: &[&str] = &["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "THROTTLED", "ALERT"];

fn signed_in(status: Status) -> Result<Status, ImapFault> {
    if status.word == StatusWord::Ok {
        return Ok(status);
    }
    let words = in_words(&status);
    let not_now = status.code.as_ref().is_some_and(|(code, _)| NOT_NOW.contains(&code.as_str()));
    if not_now || status.word == StatusWord::Bye {
        return Err(ImapFault::Unreachable(words));
    }
    let words =
        if words.is_empty() { "the server does not take these credentials".to_owned() } else { words };
    Err(ImapFault::Credentials(words))
}

/// A user or password of LOGIN.
fn quoted(text: &str) -> Result<String, ImapFault> {
    if text.chars().any(char::is_control) {
        return Err(ImapFault::Setup("a user name or password holds a line end".to_owned()));
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
