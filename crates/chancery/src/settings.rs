//! Settings: command line before environment before `chancery.toml` before defaults.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use net::dns::ResolverChoice;
use serde::{Deserialize, Serialize};

/// Every setting, each an option, an environment variable and a key of `chancery.toml` of the same name.
#[derive(Debug, Clone, Default, Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// The data folder: database, keys, attachments. Created when it is not there [default: ./chancery-data]
    #[arg(long, global = true, env = "CHANCERY_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The configuration file [default: chancery.toml in the data folder, when it is there]
    #[arg(long, global = true, env = "CHANCERY_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// PostgreSQL instead of the database in the data folder: postgres://user:password@host/name
    #[arg(long, global = true, env = "CHANCERY_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The address of the HTTP server [default: 127.0.0.1:8420]
    #[arg(long, global = true, env = "CHANCERY_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// How the outside reaches this server; webhook addresses and signatures are made with it [default: http:// and the listening address]
    #[arg(long, global = true, env = "CHANCERY_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// The address of the SMTP listener that takes mail in; none when absent
    #[arg(long, global = true, env = "CHANCERY_SMTP_LISTEN", value_name = "ADDRESS")]
    pub smtp_listen: Option<SocketAddr>,
    /// Certificate chain (PEM) with which the SMTP listener offers STARTTLS
    #[arg(long, global = true, env = "CHANCERY_SMTP_TLS_CERTIFICATE", value_name = "FILE")]
    pub smtp_tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(long, global = true, env = "CHANCERY_SMTP_TLS_KEY", value_name = "FILE")]
    pub smtp_tls_key: Option<PathBuf>,
    /// The address of the LMTP listener, for a mail server that hands mail on: ADDRESS, or unix:/path of a socket; none when absent
    #[arg(long, global = true, env = "CHANCERY_LMTP_LISTEN", value_name = "ADDRESS")]
    pub lmtp_listen: Option<LmtpAddress>,
    /// The name that this server gives itself in SMTP [default: the host of the public URL]
    #[arg(long, global = true, env = "CHANCERY_HOSTNAME", value_name = "NAME")]
    pub hostname: Option<String>,
    /// The master key, 32 bytes as base64 or hex; a file in the data folder when absent
    #[arg(long, global = true, env = "CHANCERY_MASTER_KEY", hide_env_values = true, value_name = "KEY")]
    #[serde(skip_serializing)]
    pub master_key: Option<String>,
    /// Lets providers be at private addresses: for tests and for providers in your own network
    #[arg(long, global = true, env = "CHANCERY_ALLOW_PRIVATE", value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub allow_private: Option<bool>,
    /// Whom `chancery doctor` asks for DNS records: system, off, or an address such as 192.0.2.53:53 [default: system]
    #[arg(long, global = true, env = "CHANCERY_DNS_RESOLVER", value_name = "ADDRESS")]
    pub dns_resolver: Option<String>,
    /// A web server whose clock `chancery doctor` believes, such as https://example.com [default: those of the providers]
    #[arg(long, global = true, env = "CHANCERY_CLOCK_SOURCE", value_name = "URL")]
    pub clock_source: Option<String>,
    /// What is logged: error, warn, info, debug, or a filter such as info,engine=debug [default: info]
    #[arg(long, global = true, env = "CHANCERY_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How it is logged: text or json [default: text]
    #[arg(long, global = true, env = "CHANCERY_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Where LMTP is listened for: a port, or a socket in the file system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum LmtpAddress {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl std::str::FromStr for LmtpAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<LmtpAddress, String> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(LmtpAddress::Unix(PathBuf::from(path))),
            Some(_) => {
                Err("expected unix: and the whole path of a socket, such as unix:/run/chancery/lmtp.sock"
                    .to_owned())
            }
            None => text.parse().map(LmtpAddress::Tcp).map_err(|_| {
                "expected an address such as 127.0.0.1:2424, or unix: and the whole path of a socket"
                    .to_owned()
            }),
        }
    }
}

impl TryFrom<String> for LmtpAddress {
    type Error = String;

    fn try_from(text: String) -> Result<LmtpAddress, String> {
        text.parse()
    }
}

impl From<LmtpAddress> for String {
    fn from(address: LmtpAddress) -> String {
        match address {
            LmtpAddress::Tcp(address) => address.to_string(),
            LmtpAddress::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

/// Settings with nothing left open.
#[derive(Debug, Clone)]
pub struct Settings {
    pub data: PathBuf,
    /// Whether somebody named the data folder.
    pub data_was_given: bool,
    pub database_url: Option<String>,
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub smtp_listen: Option<SocketAddr>,
    pub smtp_tls: Option<(PathBuf, PathBuf)>,
    pub lmtp_listen: Option<LmtpAddress>,
    pub hostname: Option<String>,
    pub master_key: Option<String>,
    pub allow_private: bool,
    pub dns_resolver: ResolverChoice,
    pub clock_source: Option<String>,
    pub log: String,
    pub log_format: LogFormat,
}

impl Given {
    /// Lays the file below what was given and fills in defaults.
    pub fn settle(self) -> anyhow::Result<Settings> {
        let data = self.data.clone().unwrap_or_else(|| PathBuf::from("chancery-data"));
        let file = read_file(self.config.as_deref(), &data)?;
        let given = self.over(file);
        let smtp_tls = match (given.smtp_tls_certificate, given.smtp_tls_key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => anyhow::bail!("smtp_tls_certificate and smtp_tls_key belong together: give both or neither"),
        };
        let public_url = given.public_url.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &public_url
            && !url.starts_with("http://")
            && !url.starts_with("https://")
        {
            anyhow::bail!("public_url: expected an address such as https://chancery.example.com, not {url}");
        }
        let dns_resolver = match given.dns_resolver.as_deref().map(str::parse::<ResolverChoice>) {
            Some(Err(error)) => anyhow::bail!("dns_resolver: {error}"),
            Some(Ok(choice)) => choice,
            None => ResolverChoice::System,
        };
        Ok(Settings {
            dns_resolver,
            clock_source: given.clock_source,
            data_was_given: given.data.is_some(),
            data: given.data.unwrap_or(data),
            database_url: given.database_url,
            listen: given.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8420))),
            public_url,
            smtp_listen: given.smtp_listen,
            smtp_tls,
            lmtp_listen: given.lmtp_listen,
            hostname: given.hostname,
            master_key: given.master_key,
            allow_private: given.allow_private.unwrap_or(false),
            log: given.log.unwrap_or_else(|| "info".to_owned()),
            log_format: given.log_format.unwrap_or(LogFormat::Text),
        })
    }

    fn over(self, file: Given) -> Given {
        Given {
            data: self.data.or(file.data),
            config: self.config,
            database_url: self.database_url.or(file.database_url),
            listen: self.listen.or(file.listen),
            public_url: self.public_url.or(file.public_url),
            smtp_listen: self.smtp_listen.or(file.smtp_listen),
            smtp_tls_certificate: self.smtp_tls_certificate.or(file.smtp_tls_certificate),
            smtp_tls_key: self.smtp_tls_key.or(file.smtp_tls_key),
            lmtp_listen: self.lmtp_listen.or(file.lmtp_listen),
            hostname: self.hostname.or(file.hostname),
            master_key: self.master_key.or(file.master_key),
            allow_private: self.allow_private.or(file.allow_private),
            dns_resolver: self.dns_resolver.or(file.dns_resolver),
            clock_source: self.clock_source.or(file.clock_source),
            log: self.log.or(file.log),
            log_format: self.log_format.or(file.log_format),
        }
    }
}

fn read_file(named: Option<&Path>, data: &Path) -> anyhow::Result<Given> {
    let path = named.map_or_else(|| data.join("chancery.toml"), Path::to_path_buf);
    match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("{} cannot be read", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(Given::default()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be opened", path.display())),
    }
}

impl Settings {
    /// The effective settings as `chancery.toml`, secrets hidden.
    pub fn shown(&self) -> anyhow::Result<String> {
        let given = Given {
            data: Some(self.data.clone()),
            config: None,
            database_url: self.database_url.as_deref().map(hide_password),
            listen: Some(self.listen),
            public_url: self.public_url.clone(),
            smtp_listen: self.smtp_listen,
            smtp_tls_certificate: self.smtp_tls.as_ref().map(|(certificate, _)| certificate.clone()),
            smtp_tls_key: self.smtp_tls.as_ref().map(|(_, key)| key.clone()),
            lmtp_listen: self.lmtp_listen.clone(),
            hostname: self.hostname.clone(),
            master_key: None,
            allow_private: Some(self.allow_private),
            dns_resolver: Some(self.dns_resolver.to_string()),
            clock_source: self.clock_source.clone(),
            log: Some(self.log.clone()),
            log_format: Some(self.log_format),
        };
        let mut text = toml::to_string(&given)?;
        if self.master_key.is_some() {
            text.push_str("# master_key is set and not shown\n");
        }
        Ok(text)
    }
}

/// `postgres://user:password@host/name` with the password hidden.
fn hide_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let Some((user_info, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = user_info.split_once(':').map_or(user_info, |(user, _)| user);
    if user.len() == user_info.len() { url.to_owned() } else { format!("{scheme}://{user}:…@{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_goes_before_the_file() {
        let file: Given = toml::from_str("log = \"debug\"\nlisten = \"127.0.0.1:9000\"\n").unwrap();
        let given = Given { log: Some("warn".to_owned()), ..Given::default() };
        let both = given.over(file);
        assert_eq!(both.log.as_deref(), Some("warn"));
        assert_eq!(both.listen, Some("127.0.0.1:9000".parse().unwrap()));
    }

    #[test]
    fn an_lmtp_address_is_a_port_or_a_path() {
        for text in ["127.0.0.1:2424", "[::1]:24", "unix:/run/chancery/lmtp.sock"] {
            assert_eq!(String::from(text.parse::<LmtpAddress>().unwrap()), text);
        }
        for wrong in ["localhost", "unix:lmtp.sock", "/run/lmtp.sock"] {
            assert!(wrong.parse::<LmtpAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_key_of_the_file_is_named() {
        let error = toml::from_str::<Given>("lsten = 1\n").unwrap_err();
        assert!(error.to_string().contains("lsten"), "{error}");
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(hide_password("postgres://me:secret@localhost/db"), "postgres://me:…@localhost/db");
        assert_eq!(hide_password("postgres://me@localhost/db"), "postgres://me@localhost/db");
    }
}
