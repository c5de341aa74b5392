//! A simulated IMAP server with one folder and no IDLE, for what a healthy server never does: mails that it does not give,
//! that break its connection, or that are larger than anybody wants.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What goes wrong with a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends when it is asked for.
    Drop,
    /// The command that asks for it is refused.
    Refuse,
    /// It is left out of the answer.
    LeaveOut,
    /// Its size is said to be above every limit.
    Huge,
}

/// The server, until it is dropped.
pub struct Mailbox {
    address: SocketAddr,
    folder: Arc<Mutex<Folder>>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Folder {
    uid_validity: u32,
    mails: BTreeMap<u32, String>,
    seen: BTreeSet<u32>,
    faults: BTreeMap<u32, Fault>,
    bodies_given: u32,
}

impl Mailbox {
    /// Starts an empty one.
    ///
    /// # Errors
    /// When no port of loopback is free.
    pub async fn start() -> io::Result<Mailbox> {
        let folder = Folder {
            uid_validity: 1,
            mails: BTreeMap::new(),
            seen: BTreeSet::new(),
            faults: BTreeMap::new(),
            bodies_given: 0,
        };
        let folder = Arc::new(Mutex::new(folder));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&folder);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let folder = Arc::clone(&shared);
                connections.spawn(async move {
                    // A client that leaves is none of the server's business.
                    let _ = converse(stream, &folder).await;
                });
            }
        });
        Ok(Mailbox { address, folder, _tasks: tasks })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts a mail into the folder and gives its UID.
    pub fn deliver(&self, raw: impl Into<String>) -> u32 {
        let mut folder = self.folder.lock();
        let uid = folder.mails.keys().last().copied().unwrap_or(0) + 1;
        folder.mails.insert(uid, raw.into());
        uid
    }

    /// Lets something go wrong with a mail, or nothing any more.
    pub fn fail(&self, uid: u32, fault: Option<Fault>) {
        let mut folder = self.folder.lock();
        match fault {
            Some(fault) => folder.faults.insert(uid, fault),
            None => folder.faults.remove(&uid),
        };
    }

    /// How many mails were given, each time counted.
    #[must_use]
    pub fn given(&self) -> u32 {
        self.folder.lock().bodies_given
    }

    /// Numbers all mails anew, from a UID on, in the order in which they came.
    pub fn renumber(&self, first: u32) {
        let mut folder = self.folder.lock();
        folder.uid_validity += 1;
        let mails = std::mem::take(&mut folder.mails);
        folder.mails = (first..).zip(mails.into_values()).collect();
        folder.seen.clear();
    }

    /// The UIDs that are marked as read.
    #[must_use]
    pub fn seen(&self) -> Vec<u32> {
        self.folder.lock().seen.iter().copied().collect()
    }
}

async fn converse(stream: TcpStream, folder: &Mutex<Folder>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] simulated\r\n").await?;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let (tag, command) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        let Some(answer) = answer(&mut folder.lock(), tag, command) else { return Ok(()) };
        stream.get_mut().write_all(answer.as_bytes()).await?;
    }
}

/// Nothing ends the connection.
fn answer(folder: &mut Folder, tag: &str, command: &str) -> Option<String> {
    let words: Vec<&str> = command.split(' ').collect();
    let done = format!("{tag} OK done\r\n");
    let said = match words.as_slice() {
        ["SELECT", ..] => {
            let next = folder.mails.keys().last().copied().unwrap_or(0) + 1;
            format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {next}] x\r\n",
                folder.mails.len(),
                folder.uid_validity
            )
        }
        ["UID", "SEARCH", criteria @ ..] => search(folder, criteria),
        ["UID", "FETCH", set, ..] => return fetch(folder, tag, set, command.contains("BODY.PEEK[]")),
        ["UID", "STORE", set, ..] => {
            let uids = members(folder, set);
            folder.seen.extend(uids);
            String::new()
        }
        ["LOGOUT"] => return None,
        _ => String::new(),
    };
    Some(said + &done)
}

fn search(folder: &Folder, criteria: &[&str]) -> String {
    let found: Vec<String> = match criteria {
        // As real servers do: the newest mail is always in `n:*`.
        ["UID", set] => {
            let mut uids = members(folder, set);
            if set.ends_with('*') && uids.is_empty() {
                uids.extend(folder.mails.keys().last());
            }
            uids.iter().map(u32::to_string).collect()
        }
        ["UNSEEN"] => {
            folder.mails.keys().filter(|uid| !folder.seen.contains(uid)).map(u32::to_string).collect()
        }
        _ => folder.mails.keys().map(u32::to_string).collect(),
    };
    format!("* SEARCH {}\r\n", found.join(" "))
}

fn fetch(folder: &mut Folder, tag: &str, set: &str, with_body: bool) -> Option<String> {
    let mut said = String::new();
    for uid in members(folder, set) {
        let raw = folder.mails.get(&uid).cloned().unwrap_or_default();
        let fault = folder.faults.get(&uid).copied();
        if !with_body {
            let size = if fault == Some(Fault::Huge) { 900 << 20 } else { raw.len() };
            said.push_str(&format!("* {uid} FETCH (UID {uid} RFC822.SIZE {size})\r\n"));
            continue;
        }
        match fault {
            Some(Fault::Drop) => return None,
            Some(Fault::Refuse) => return Some(format!("{tag} NO [SERVERBUG] it is broken\r\n")),
            Some(Fault::LeaveOut) => {}
            Some(Fault::Huge) | None => {
                folder.bodies_given += 1;
                said.push_str(&format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{raw})\r\n", raw.len()));
            }
        }
    }
    Some(format!("{said}{tag} OK done\r\n"))
}

/// The mails that a set such as `1:3,7` or `4:*` names.
fn members(folder: &Folder, set: &str) -> Vec<u32> {
    let ranges: Vec<(u32, u32)> = set
        .split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once(':').unwrap_or((part, part));
            let last = if last == "*" { u32::MAX } else { last.parse().ok()? };
            Some((first.parse().ok()?, last))
        })
        .collect();
    let named = |uid: &u32| ranges.iter().any(|(first, last)| (first..=last).contains(&uid));
    folder.mails.keys().copied().filter(named).collect()
}
