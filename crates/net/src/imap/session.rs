//! A connection that is signed in, and what can be asked of it. Fetching never marks anything as read.

use bytes::Bytes;

use super::config::ImapConfig;
use super::connect::{self, Capabilities};
use super::fault::ImapFault;
use super::response::{Response, Status, StatusWord, Value};
use super::wire::{Heard, Wire};
use super::{folder, set};
use crate::check::CheckStep;

/// One connection to one mailbox.
#[derive(Debug)]
pub struct Imap {
    wire: Wire,
    capabilities: Capabilities,
    /// The tag of the IDLE that is under way.
    idling: Option<String>,
    /// Whether the server told of new mail since the folder was last searched.
    grown: bool,
}

/// A folder that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// UIDs mean the same mails as long as this stays the same.
    pub uid_validity: u32,
    /// The UID of the next mail that will arrive, when the server says it.
    pub uid_next: Option<u32>,
    /// Mails in it.
    pub exists: u32,
}

/// A mail in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    pub uid: u32,
    /// In bytes, as the server says.
    pub size: u64,
}

/// What a server gave for a UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub uid: u32,
    /// `None`: the server has nothing for it, or more than the limit.
    pub mail: Option<Bytes>,
    /// When the server took it in, in its own words.
    pub internal_date: Option<String>,
}

impl Imap {
    /// Connects and signs in; notes every step, the failing one last.
    ///
    /// # Errors
    /// Says whether it may work later, or needs a person.
    pub async fn connect(config: &ImapConfig, steps: &mut Vec<CheckStep>) -> Result<Imap, ImapFault> {
        let (wire, capabilities) = connect::connect(config, steps).await?;
        Ok(Imap { wire, capabilities, idling: None, grown: false })
    }

    /// Whether the server tells of new mail by itself.
    #[must_use]
    pub fn can_idle(&self) -> bool {
        self.capabilities.has("IDLE")
    }

    /// Opens a folder.
    ///
    /// # Errors
    /// `Refused` when there is no such folder.
    pub async fn select(&mut self, folder: &str) -> Result<Selected, ImapFault> {
        let mut selected = Selected { uid_validity: 0, uid_next: None, exists: 0 };
        let listen = |heard: Heard| match &heard {
            Heard::Status(status) => note_code(&mut selected, status),
            Heard::Line(values) => {
                if let [number, word, ..] = values.as_slice()
                    && word.is("EXISTS")
                {
                    selected.exists = small(number).unwrap_or_default();
                }
            }
        };
        let end = self.command(&format!("SELECT {}", folder::quoted(folder)), listen).await?;
        note_code(&mut selected, &end);
        self.grown = false;
        if selected.uid_validity == 0 {
            let words = format!("the server gives the mails of the folder {folder} no lasting numbers");
            return Err(ImapFault::Refused(words));
        }
        Ok(selected)
    }

    /// The UIDs of all mails that match, such as `UNSEEN` or `UID 7:*`, ascending.
    ///
    /// # Errors
    /// As every command: the connection broke, or the server refused.
    pub async fn search(&mut self, criteria: &str) -> Result<Vec<u32>, ImapFault> {
        let mut found = Vec::new();
        let listen = |heard: Heard| {
            if let Heard::Line(values) = heard
                && values.first().is_some_and(|word| word.is("SEARCH"))
            {
                found.extend(values.iter().skip(1).filter_map(small));
            }
        };
        self.command(&format!("UID SEARCH {criteria}"), listen).await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The UIDs from `first` on, ascending.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn uids_from(&mut self, first: u32) -> Result<Vec<u32>, ImapFault> {
        self.end_idle().await?;
        // What was told before is in the answer.
        self.grown = false;
        let mut found = self.search(&format!("UID {first}:*")).await?;
        // `*` is the newest mail, also when it is older than what was asked for (RFC 3501 section 9, seq-range).
        found.retain(|uid| *uid >= first);
        Ok(found)
    }

    /// How large mails are. What is not there any more is missing in the answer.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn sizes(&mut self, uids: &[u32]) -> Result<Vec<Listed>, ImapFault> {
        let mut found = Vec::with_capacity(uids.len());
        let listen = |heard: Heard| {
            if let Some(items) = fetch_items(&heard)
                && let (Some(uid), Some(size)) =
                    (item(items, "UID").and_then(small), item(items, "RFC822.SIZE").and_then(Value::number))
                && uids.contains(&uid)
            {
                found.push(Listed { uid, size });
            }
        };
        self.command(&format!("UID FETCH {} (UID RFC822.SIZE)", set::written(uids)), listen).await?;
        found.sort_unstable_by_key(|listed| listed.uid);
        found.dedup_by_key(|listed| listed.uid);
        Ok(found)
    }

    /// Mails as they are, without marking them as read. What is not there any more is missing in the answer.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn fetch(&mut self, uids: &[u32]) -> Result<Vec<Fetched>, ImapFault> {
        let mut found: Vec<Fetched> = Vec::with_capacity(uids.len());
        let listen = |heard: Heard| {
            let Heard::Line(mut values) = heard else { return };
            let Some(Value::List(items)) = values.get_mut(2) else { return };
            let Some(uid) = item(items, "UID").and_then(small).filter(|uid| uids.contains(uid)) else {
                return;
            };
            let internal_date = match item(items, "INTERNALDATE") {
                Some(Value::Bytes(text)) => Some(String::from_utf8_lossy(text).trim().to_owned()),
                _ => None,
            };
            let Some(place) = items.iter().position(|name| name.is("BODY[]")) else { return };
            let mail = match items.get_mut(place + 1) {
                Some(Value::Bytes(bytes)) => Some(Bytes::from(std::mem::take(bytes))),
                _ => None,
            };
            found.push(Fetched { uid, mail, internal_date });
        };
        let command = format!("UID FETCH {} (UID INTERNALDATE BODY.PEEK[])", set::written(uids));
        self.command(&command, listen).await?;
        found.sort_by_key(|fetched| fetched.uid);
        Ok(found)
    }

    /// Marks mails as read.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), ImapFault> {
        self.store(uids, "\\Seen").await
    }

    async fn store(&mut self, uids: &[u32], flag: &str) -> Result<(), ImapFault> {
        let command = format!("UID STORE {} +FLAGS.SILENT ({flag})", set::written(uids));
        self.command(&command, |_| ()).await?;
        Ok(())
    }

    /// Moves mails into another folder, which is made when it is not there.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn move_to(&mut self, uids: &[u32], folder: &str) -> Result<(), ImapFault> {
        let moves = self.capabilities.has("MOVE");
        let verb = if moves { "MOVE" } else { "COPY" };
        let command = format!("UID {verb} {} {}", set::written(uids), folder::quoted(folder));
        if let Err(fault) = self.command(&command, |_| ()).await {
            if !fault.leaves_connection() {
                return Err(fault);
            }
            // Most servers say TRYCREATE here; where the folder is not the reason, making it fails and so does this.
            self.command(&format!("CREATE {}", folder::quoted(folder)), |_| ()).await.map_err(|_| fault)?;
            self.command(&command, |_| ()).await?;
        }
        if moves {
            return Ok(());
        }
        self.store(uids, "\\Deleted").await?;
        if self.capabilities.has("UIDPLUS") {
            self.command(&format!("UID EXPUNGE {}", set::written(uids)), |_| ()).await?;
        }
        // Without UIDPLUS an EXPUNGE would also remove what somebody else has marked: marked is enough.
        Ok(())
    }

    /// Asks the server to tell of changes in the folder.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn begin_idle(&mut self) -> Result<(), ImapFault> {
        self.end_idle().await?;
        let tag = self.wire.send("IDLE").await?;
        loop {
            match self.wire.prompt_response().await? {
                Response::Continue(_) => break,
                Response::Status(status) if status.tag.as_deref() == Some(tag.as_str()) => {
                    return Err(ImapFault::Refused(status.text));
                }
                Response::Line(values) => self.grown |= tells_of_mail(&values),
                Response::Status(_) => {}
            }
        }
        self.idling = Some(tag);
        Ok(())
    }

    /// Waits for news of the folder, as long as it takes; after [`Imap::begin_idle`]. Can be given up at any moment, and the
    /// next command ends the waiting.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn news(&mut self) -> Result<(), ImapFault> {
        // Told between the last search and the waiting, it would never be told again.
        while !self.grown {
            match self.wire.response().await? {
                Response::Line(values) => self.grown |= tells_of_mail(&values),
                Response::Status(status) if status.tag.is_some() && status.tag == self.idling => {
                    self.idling = None;
                    return Ok(());
                }
                // A farewell is followed by the end of the connection, which the next read tells of.
                Response::Status(_) | Response::Continue(_) => {}
            }
        }
        Ok(())
    }

    /// Ends the waiting; nothing when there is none.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn end_idle(&mut self) -> Result<(), ImapFault> {
        let Some(tag) = self.idling.take() else { return Ok(()) };
        self.wire.write("DONE\r\n").await?;
        loop {
            if let Response::Status(status) = self.wire.prompt_response().await?
                && status.tag.as_deref() == Some(tag.as_str())
            {
                return Ok(());
            }
        }
    }

    /// Makes sure that the connection lives.
    ///
    /// # Errors
    /// As [`Imap::search`].
    pub async fn noop(&mut self) -> Result<(), ImapFault> {
        self.command("NOOP", |_| ()).await?;
        Ok(())
    }

    /// Says good-bye and does not insist on an answer.
    pub async fn logout(mut self) {
        let leaving = async {
            self.end_idle().await?;
            self.wire.command("LOGOUT", |_| ()).await
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), leaving).await;
    }

    async fn command(
        &mut self,
        command: &str,
        mut listen: impl FnMut(Heard) + Send,
    ) -> Result<Status, ImapFault> {
        self.end_idle().await?;
        let grown = &mut self.grown;
        let listen = |heard: Heard| {
            if let Heard::Line(values) = &heard {
                *grown |= tells_of_mail(values);
            }
            listen(heard);
        };
        self.wire.command(command, listen).await
    }
}

fn tells_of_mail(values: &[Value]) -> bool {
    values.get(1).is_some_and(|word| word.is("EXISTS"))
}

fn note_code(selected: &mut Selected, status: &Status) {
    if status.word != StatusWord::Ok {
        return;
    }
    match &status.code {
        Some((code, number)) if code == "UIDVALIDITY" => {
            selected.uid_validity = number.parse().unwrap_or_default();
        }
        Some((code, number)) if code == "UIDNEXT" => selected.uid_next = number.parse().ok(),
        _ => {}
    }
}

fn fetch_items(heard: &Heard) -> Option<&[Value]> {
    match heard {
        Heard::Line(values) => match values.as_slice() {
            [_, word, Value::List(items), ..] if word.is("FETCH") => Some(items),
            _ => None,
        },
        Heard::Status(_) => None,
    }
}

/// The value after a name.
fn item<'a>(items: &'a [Value], name: &str) -> Option<&'a Value> {
    let place = items.iter().position(|value| value.is(name))?;
    items.get(place + 1)
}

fn small(value: &Value) -> Option<u32> {
    value.number()?.try_into().ok()
}
