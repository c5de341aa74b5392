//! Questions to the domain name system: one resolver, asked over UDP, and over TCP where the answer is long. Nothing is
//! kept: whoever asks wants to know what is published now.

mod config;
mod message;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use domain::chance::Chance;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

pub use config::ResolverChoice;
pub use message::{Answer, Kind, Question, Unreadable, encode_answer, read_question};
use message::{Reply, encode_question, read_reply};

/// How long each try waits.
const PATIENCE: Duration = Duration::from_secs(2);
const TRIES: usize = 2;
/// What we take over UDP; announced to the resolver (RFC 6891).
pub(crate) const UDP_SIZE: usize = 1232;

/// Asks the resolver that was chosen.
#[derive(Debug, Clone)]
pub struct Resolver {
    choice: ResolverChoice,
    chance: Chance,
}

/// Why there is no answer. That a name does not exist is an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsFault {
    #[error("no DNS resolver is to be asked (dns_resolver is off)")]
    Off,
    #[error("this machine names no DNS resolver")]
    NoResolver,
    #[error("the DNS resolver {0} does not answer")]
    Silent(SocketAddr),
    #[error("the DNS resolver {resolver} could not say: {word}")]
    Refused { resolver: SocketAddr, word: &'static str },
    #[error("{0} is no name that can be asked for")]
    BadName(String),
}

impl DnsFault {
    /// Whether nobody could be asked, as opposed to somebody who did not know.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self, DnsFault::Off | DnsFault::NoResolver | DnsFault::Silent(_))
    }
}

impl Resolver {
    #[must_use]
    pub fn new(choice: ResolverChoice, chance: Chance) -> Resolver {
        Resolver { choice, chance }
    }

    /// The texts at a name, each put together from its strings; none when there are none.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, DnsFault> {
        let answers = self.ask(name, Kind::Txt).await?;
        Ok(answers
            .into_iter()
            .filter_map(|answer| match answer {
                Answer::Text(text) => Some(String::from_utf8_lossy(&text).into_owned()),
                _ => None,
            })
            .collect())
    }

    /// The mail servers of a domain with their preference, lower first.
    ///
    /// # Errors
    /// As [`Resolver::texts`].
    pub async fn mail_servers(&self, name: &str) -> Result<Vec<(u16, String)>, DnsFault> {
        let answers = self.ask(name, Kind::Mx).await?;
        let mut servers: Vec<(u16, String)> = answers
            .into_iter()
            .filter_map(|answer| match answer {
                Answer::MailServer(preference, name) => Some((preference, name)),
                _ => None,
            })
            .collect();
        servers.sort();
        Ok(servers)
    }

    /// The addresses of a name.
    ///
    /// # Errors
    /// As [`Resolver::texts`].
    pub async fn addresses(&self, name: &str) -> Result<Vec<std::net::IpAddr>, DnsFault> {
        let mut found = self.ask(name, Kind::A).await?;
        found.extend(self.ask(name, Kind::Aaaa).await?);
        Ok(found
            .into_iter()
            .filter_map(|answer| match answer {
                Answer::Address(address) => Some(address),
                _ => None,
            })
            .collect())
    }

    /// The records of one kind at a name, behind whatever aliases lead there.
    ///
    /// # Errors
    /// As [`Resolver::texts`].
    pub async fn ask(&self, name: &str, kind: Kind) -> Result<Vec<Answer>, DnsFault> {
        let mut name = name.trim_end_matches('.').to_ascii_lowercase();
        // A resolver follows aliases itself; one that serves only its own zones does not.
        for _ in 0..8 {
            let answers = self.ask_once(&name, kind).await?;
            let is_alias = |answer: &&Answer| matches!(answer, Answer::Alias(_));
            match answers.iter().rfind(is_alias) {
                Some(Answer::Alias(target))
                    if answers.iter().all(|answer| is_alias(&answer)) && kind != Kind::Cname =>
                {
                    name.clone_from(target);
                }
                _ => return Ok(answers),
            }
        }
        Ok(Vec::new())
    }

    async fn ask_once(&self, name: &str, kind: Kind) -> Result<Vec<Answer>, DnsFault> {
        let resolvers = self.choice.resolvers()?;
        let mut fault = DnsFault::NoResolver;
        for _ in 0..TRIES {
            for resolver in &resolvers {
                match self.ask_one(*resolver, name, kind).await {
                    Ok(answers) => return Ok(answers),
                    Err(error) => fault = error,
                }
            }
        }
        Err(fault)
    }

    async fn ask_one(&self, resolver: SocketAddr, name: &str, kind: Kind) -> Result<Vec<Answer>, DnsFault> {
        let id = u16::from_be_bytes(self.chance.bytes());
        let question = encode_question(id, name, kind).ok_or_else(|| DnsFault::BadName(name.to_owned()))?;
        let silent = || DnsFault::Silent(resolver);
        let given = |bytes: &[u8]| read_reply(bytes, id, name, kind).ok();
        let short = timeout(PATIENCE, over_udp(resolver, &question, given)).await;
        let reply = match short.map_err(|_| silent())?.map_err(|_| silent())? {
            Reply { is_cut: true, .. } => {
                let whole = timeout(PATIENCE, over_tcp(resolver, &question)).await;
                let whole = whole.map_err(|_| silent())?.map_err(|_| silent())?;
                given(&whole).ok_or_else(silent)?
            }
            reply => reply,
        };
        match reply.code {
            // 3: there is no such name.
            0 | 3 => Ok(reply.answers),
            2 => Err(DnsFault::Refused { resolver, word: "the name's own servers fail" }),
            5 => Err(DnsFault::Refused { resolver, word: "it refuses to answer us" }),
            _ => Err(DnsFault::Refused { resolver, word: "it reports an error" }),
        }
    }
}

/// Waits for the answer to this question; anything else that comes to the port is passed over.
async fn over_udp(
    resolver: SocketAddr,
    question: &[u8],
    read: impl Fn(&[u8]) -> Option<Reply>,
) -> std::io::Result<Reply> {
    let any: SocketAddr = if resolver.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(resolver).await?;
    socket.send(question).await?;
    let mut buffer = [0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(reply) = read(&buffer[..length]) {
            return Ok(reply);
        }
    }
}

async fn over_tcp(resolver: SocketAddr, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(resolver).await?;
    let length = u16::try_from(question.len()).map_err(std::io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}
