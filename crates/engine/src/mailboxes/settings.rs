//! What a mailbox is set up with: read from what a person wrote, with every fault named by its place.

use domain::invalid::{Faults, Invalid};
use net::imap::Security;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

domain::words! {
    /// How the server is told who we are.
    pub enum Authentication {
        /// User name and password, or an app password.
        Password = "password",
        /// OAuth 2, as Google and Microsoft ask for it.
        Xoauth2 = "xoauth2",
    }
}

domain::words! {
    /// What becomes of a mail in the mailbox once it is in the journal.
    pub enum AfterFiling {
        /// It stays as it is.
        Leave = "leave",
        /// It is marked as read.
        MarkSeen = "mark_seen",
        /// It is moved to the folder `move_to`.
        Move = "move",
    }
}

domain::words! {
    /// What becomes of mail that is in a folder already when it is read for the first time.
    pub enum ExistingMail {
        /// All of it is taken in.
        All = "all",
        /// What nobody has read is taken in.
        Unseen = "unseen",
        /// It is left alone; only what arrives from now on is taken in.
        None = "none",
    }
}

/// The settings of a mailbox, without secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MailboxSettings {
    pub host: String,
    /// 993 with `tls`, else 143, when it is not given.
    pub port: u16,
    pub security: Security,
    pub username: String,
    pub authentication: Authentication,
    /// The first one is watched all the time, the others every `poll_seconds`.
    pub folders: Vec<String>,
    pub after_filing: AfterFiling,
    pub move_to: Option<String>,
    /// How often all folders are looked into, also when the server tells of new mail by itself.
    pub poll_seconds: u32,
    pub existing_mail: ExistingMail,
    /// Whether mail for `name+anything@…` arrives here too: then answers are known by the address that they go to.
    pub plus_addressing: bool,
    /// With `xoauth2`: where access tokens come from.
    pub token_url: Option<String>,
    pub client_id: Option<String>,
    /// Certificate authorities that are trusted beside those of the system, in PEM.
    pub root_ca_pem: Option<String>,
}

/// As they are written: secrets among them, most of them optional.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(rename = "MailboxSettingsRequest")]
#[expect(dead_code, reason = "the schema of what `read` takes")]
pub(super) struct Written {
    host: Option<String>,
    port: Option<u16>,
    /// `tls` when it is not given.
    security: Option<Security>,
    username: Option<String>,
    /// `password` when it is not given.
    authentication: Option<Authentication>,
    /// With `password`.
    password: Option<String>,
    /// With `xoauth2`.
    token_url: Option<String>,
    /// With `xoauth2`.
    client_id: Option<String>,
    /// With `xoauth2`, where the client has one.
    client_secret: Option<String>,
    /// With `xoauth2`. When the server gives a new one, that one is kept.
    refresh_token: Option<String>,
    /// `["INBOX"]` when it is not given.
    folders: Option<Vec<String>>,
    /// `leave` when it is not given.
    after_filing: Option<AfterFiling>,
    move_to: Option<String>,
    /// 300 when it is not given.
    poll_seconds: Option<u32>,
    /// `unseen` when it is not given.
    existing_mail: Option<ExistingMail>,
    /// `true` when it is not given.
    plus_addressing: Option<bool>,
    root_ca_pem: Option<String>,
}

/// Settings that are sealed and never shown.
pub(super) const SECRETS: &[&str] = &["password", "client_secret", "refresh_token"];

const PLAIN: &[&str] = &[
    "host",
    "port",
    "security",
    "username",
    "authentication",
    "folders",
    "after_filing",
    "move_to",
    "poll_seconds",
    "existing_mail",
    "plus_addressing",
    "token_url",
    "client_id",
    "root_ca_pem",
];

const MOST_FOLDERS: usize = 20;
const USUAL_POLL: u32 = 300;

/// Lays changes over what is set. A secret left empty in a form stays as it is; `null` removes.
pub(super) fn merge(mut all: Map<String, Value>, changes: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in changes {
        let is_untouched_secret = SECRETS.contains(&name.as_str()) && value.as_str() == Some("");
        if value.is_null() {
            all.remove(&name);
        } else if !is_untouched_secret {
            all.insert(name, value);
        }
    }
    all
}

/// Parts settings from secrets, both checked. What is written may have been laid over what was set before.
pub(super) fn read(all: Map<String, Value>) -> Result<(MailboxSettings, Map<String, Value>), Invalid> {
    let (secrets, plain): (Map<_, _>, Map<_, _>) = all
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .partition(|(name, _)| SECRETS.contains(&name.as_str()));
    let mut reader = Reader { plain, faults: Faults::default() };
    let settings = reader.settings();
    let secrets: Map<String, Value> =
        secrets.into_iter().filter(|(_, value)| value.as_str() != Some("")).collect();
    reader.check(&settings, &secrets);
    reader.faults.finish()?;
    Ok((settings, secrets))
}

struct Reader {
    plain: Map<String, Value>,
    faults: Faults,
}

impl Reader {
    fn settings(&mut self) -> MailboxSettings {
        for name in self.plain.keys().filter(|name| !PLAIN.contains(&name.as_str())) {
            self.faults.note(format!("/settings/{name}"), "there is no such setting");
        }
        let security = self.value("security").unwrap_or(Security::Tls);
        let usual_port = if security == Security::Tls { 993 } else { 143 };
        let folders: Vec<String> = self.value("folders").unwrap_or_else(|| vec!["INBOX".to_owned()]);
        MailboxSettings {
            host: self.text("host").unwrap_or_default(),
            port: self.value("port").unwrap_or(usual_port),
            security,
            username: self.text("username").unwrap_or_default(),
            authentication: self.value("authentication").unwrap_or(Authentication::Password),
            folders: folders.iter().map(|folder| one_inbox(folder.trim())).collect(),
            after_filing: self.value("after_filing").unwrap_or(AfterFiling::Leave),
            move_to: self.text("move_to").map(|folder| one_inbox(&folder)),
            poll_seconds: self.value("poll_seconds").unwrap_or(USUAL_POLL),
            existing_mail: self.value("existing_mail").unwrap_or(ExistingMail::Unseen),
            plus_addressing: self.value("plus_addressing").unwrap_or(true),
            token_url: self.text("token_url"),
            client_id: self.text("client_id"),
            root_ca_pem: self.text("root_ca_pem"),
        }
    }

    /// A value as it should be; a value of the wrong kind is a fault and counts as absent.
    fn value<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.plain.get(name)?.clone();
        // The command line writes numbers and lists as text.
        let value = match (&value, name) {
            (Value::String(text), "port" | "poll_seconds" | "plus_addressing") => {
                serde_json::from_str(text).unwrap_or(value)
            }
            (Value::String(text), "folders") => {
                text.split(',').map(|folder| Value::String(folder.trim().to_owned())).collect()
            }
            _ => value,
        };
        match serde_json::from_value(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.note(format!("/settings/{name}"), error.to_string());
                None
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        let text: String = self.value(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn check(&mut self, settings: &MailboxSettings, secrets: &Map<String, Value>) {
        let host_is_whole = !settings.host.is_empty()
            && !settings.host.contains(|character: char| {
                character.is_whitespace() || character.is_control() || character == '/'
            });
        self.require(host_is_whole, "host", "expected the name of the server, such as imap.example.com");
        self.require(settings.port > 0, "port", "expected 1 to 65535");
        self.require(!settings.username.is_empty(), "username", "expected who signs in, often the address");
        let folders = &settings.folders;
        let all_different =
            folders.iter().enumerate().all(|(place, folder)| !folders[..place].contains(folder));
        self.require(
            (1..=MOST_FOLDERS).contains(&folders.len())
                && all_different
                && folders.iter().all(|it| is_folder(it)),
            "folders",
            "expected 1 to 20 different folders, such as INBOX",
        );
        self.require(
            (10..=86_400).contains(&settings.poll_seconds),
            "poll_seconds",
            "expected 10 to 86400 seconds",
        );
        if settings.after_filing == AfterFiling::Move {
            let target =
                settings.move_to.as_ref().filter(|folder| is_folder(folder) && !folders.contains(folder));
            self.require(target.is_some(), "move_to", "expected a folder that is not read itself");
        }
        match settings.authentication {
            Authentication::Password => self.secret(secrets, "password", "expected the password"),
            Authentication::Xoauth2 => {
                let url = settings.token_url.as_deref().unwrap_or_default();
                let is_url = url.starts_with("https://") || url.starts_with("http://");
                let expected =
                    "expected the address of the token server, such as https://oauth2.googleapis.com/token";
                self.require(is_url, "token_url", expected);
                self.require(
                    settings.client_id.is_some(),
                    "client_id",
                    "expected the id of the OAuth client",
                );
                self.secret(secrets, "refresh_token", "expected the refresh token");
            }
        }
        for (name, value) in secrets {
            self.require(value.is_string(), name, "expected text");
        }
    }

    fn secret(&mut self, secrets: &Map<String, Value>, name: &str, expected: &str) {
        self.require(secrets.contains_key(name), name, expected);
    }

    fn require(&mut self, holds: bool, name: &str, expected: &str) {
        if !holds {
            self.faults.note(format!("/settings/{name}"), expected);
        }
    }
}

/// INBOX is the one folder whose name is not told apart by case (RFC 3501 section 5.1).
fn one_inbox(folder: &str) -> String {
    if folder.eq_ignore_ascii_case("inbox") { "INBOX".to_owned() } else { folder.to_owned() }
}

fn is_folder(name: &str) -> bool {
    (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_json(value: Value) -> Result<(MailboxSettings, Map<String, Value>), Vec<String>> {
        let Value::Object(all) = value else { panic!("an object") };
        read(all).map_err(|invalid| invalid.faults.into_iter().map(|fault| fault.pointer).collect())
    }

    #[test]
    fn little_is_enough() {
        let (settings, secrets) =
            read_json(json!({ "host": "imap.example.com", "username": "me", "password": "x", "folders": "inbox, Sales" }))
                .unwrap();
        assert_eq!((settings.port, settings.security), (993, Security::Tls));
        assert_eq!(settings.folders, ["INBOX", "Sales"]);
        assert_eq!(secrets.len(), 1);
        assert!(settings.plus_addressing);
    }

    #[test]
    fn every_fault_has_its_place() {
        for (value, places) in [
            (json!({}), &["/settings/host", "/settings/username", "/settings/password"][..]),
            (json!({ "host": "h", "username": "u", "password": "p", "hots": 1 }), &["/settings/hots"]),
            (json!({ "host": "h", "username": "u", "password": "p", "port": "many" }), &["/settings/port"]),
            (
                json!({ "host": "h", "username": "u", "password": "p", "folders": ["A", "A"] }),
                &["/settings/folders"],
            ),
            (
                json!({ "host": "h", "username": "u", "password": "p", "after_filing": "move", "move_to": "inbox" }),
                &["/settings/move_to"],
            ),
            (
                json!({ "host": "h", "username": "u", "authentication": "xoauth2", "client_id": "c" }),
                &["/settings/token_url", "/settings/refresh_token"],
            ),
        ] {
            assert_eq!(read_json(value.clone()).unwrap_err(), places, "{value}");
        }
    }

    #[test]
    fn an_empty_secret_stays_and_null_removes() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let all = object(json!({ "password": "old", "move_to": "Done" }));
        let merged = merge(all, object(json!({ "password": "", "move_to": null, "host": "h" })));
        assert_eq!(Value::Object(merged), json!({ "password": "old", "host": "h" }));
    }
}
