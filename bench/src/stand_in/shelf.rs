//! Where the stand-in keeps settings and messages: one SQLite file, one commit per change.

use std::path::Path;

use anyhow::{Context, Result};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};

use super::Fault;
use super::mail::Mail;

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, direction TEXT NOT NULL, state TEXT NOT NULL,
    rfc_message_id TEXT, content TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_state ON message (direction, state);
CREATE TABLE IF NOT EXISTS filed (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, rfc_message_id TEXT, subject TEXT NOT NULL,
    conversation INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sign (
    word TEXT NOT NULL, address TEXT NOT NULL, conversation INTEGER NOT NULL, PRIMARY KEY (word, address));
";

pub struct Shelf {
    settings: Mutex<Connection>,
    messages: Mutex<Connection>,
}

/// A filter and a page of `GET /v1/messages`.
#[derive(Debug, Default)]
pub struct Filter {
    pub state: Option<String>,
    pub direction: Option<String>,
    pub below: Option<i64>,
    pub limit: i64,
}

impl Shelf {
    pub fn open(folder: &Path, fault: Fault) -> Result<Self> {
        let path = folder.join("stand-in.db");
        let settings =
            Connection::open(&path).with_context(|| format!("could not open {}", path.display()))?;
        let messages =
            if fault == Fault::Forgets { Connection::open_in_memory()? } else { Connection::open(&path)? };
        for connection in [&settings, &messages] {
            connection.busy_timeout(std::time::Duration::from_secs(5))?;
            connection.execute_batch(SCHEMA)?;
        }
        Ok(Self { settings: Mutex::new(settings), messages: Mutex::new(messages) })
    }

    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
        self.settings.lock().execute(sql, params![name, value])?;
        Ok(())
    }

    pub fn get(&self, name: &str) -> Result<String> {
        let sql = "SELECT value FROM setting WHERE name = ?1";
        self.settings
            .lock()
            .query_row(sql, [name], |row| row.get(0))
            .optional()?
            .with_context(|| format!("the channel has no `{name}`"))
    }

    /// The number of the message, and whether it is new: the same key gives the same number.
    pub fn put(
        &self,
        key: &str,
        direction: &str,
        state: &str,
        id: Option<&str>,
        content: &str,
    ) -> Result<(i64, bool)> {
        let messages = self.messages.lock();
        let sql = "INSERT INTO message (key, direction, state, rfc_message_id, content)
                   VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (key) DO NOTHING RETURNING number";
        let fresh = messages
            .query_row(sql, params![key, direction, state, id, content], |row| row.get(0))
            .optional()?;
        match fresh {
            Some(number) => Ok((number, true)),
            None => {
                let number =
                    messages
                        .query_row("SELECT number FROM message WHERE key = ?1", [key], |row| row.get(0))?;
                Ok((number, false))
            }
        }
    }

    /// Files a mail once; false when it was there. It joins the conversation that knows both its sender and one of
    /// the signs it bears: a Message-ID that it has or names, or its subject.
    pub fn file(&self, key: &str, mail: &Mail<'_>) -> Result<bool> {
        let mut messages = self.messages.lock();
        let tx = messages.transaction()?;
        let known: Option<i64> =
            tx.query_row("SELECT number FROM filed WHERE key = ?1", [key], |row| row.get(0)).optional()?;
        if known.is_some() {
            return Ok(false);
        }
        let mut conversation: Option<i64> = None;
        for word in &mail.signs {
            let sql = "SELECT conversation FROM sign WHERE word = ?1 AND address = ?2";
            let found = tx.query_row(sql, params![word, mail.from], |row| row.get(0)).optional()?;
            conversation = conversation.or(found);
        }
        let next =
            || tx.query_row("SELECT COALESCE(MAX(conversation), 0) + 1 FROM filed", [], |row| row.get(0));
        let conversation = match conversation {
            Some(conversation) => conversation,
            None => next()?,
        };
        for (word, address) in
            mail.signs.iter().flat_map(|word| mail.people.iter().map(move |one| (word, one)))
        {
            let sql =
                "INSERT INTO sign (word, address, conversation) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            tx.execute(sql, params![word, address, conversation])?;
        }
        let sql =
            "INSERT INTO filed (key, rfc_message_id, subject, conversation, raw) VALUES (?1, ?2, ?3, ?4, ?5)";
        tx.execute(sql, params![key, mail.message_id, mail.subject, conversation, mail.raw])?;
        tx.commit()?;
        Ok(true)
    }

    /// A page of filed mails below a number, the newest first.
    pub fn filed(&self, below: Option<i64>, limit: i64) -> Result<Vec<Value>> {
        let messages = self.messages.lock();
        let sql = "SELECT number, rfc_message_id, subject, conversation FROM filed
                   WHERE ?1 IS NULL OR number < ?1 ORDER BY number DESC LIMIT ?2";
        let mut statement = messages.prepare_cached(sql)?;
        let rows = statement
            .query_map(params![below, limit], |row| {
                let number: i64 = row.get(0)?;
                Ok(json!({
                    "id": format!("msg_filed_{number}"),
                    "number": number,
                    "direction": "inbound",
                    "rfc_message_id": row.get::<_, Option<String>>(1)?,
                    "subject": row.get::<_, String>(2)?,
                    "conversation_id": format!("cnv_{}", row.get::<_, i64>(3)?),
                }))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(rows)
    }

    pub fn raw(&self, number: i64) -> Result<Vec<u8>> {
        let sql = "SELECT raw FROM filed WHERE number = ?1";
        Ok(self.messages.lock().query_row(sql, [number], |row| row.get(0))?)
    }

    /// Every conversation with the number of its mails.
    pub fn conversations(&self) -> Result<Vec<Value>> {
        let messages = self.messages.lock();
        let sql = "SELECT conversation, COUNT(*) FROM filed GROUP BY conversation";
        let mut statement = messages.prepare_cached(sql)?;
        let rows = statement
            .query_map([], |row| {
                let (id, count): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok(json!({"id": format!("cnv_{id}"), "message_count": count, "state": "open", "in_tray": false}))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(rows)
    }

    pub fn mark(&self, number: i64, state: &str) -> Result<()> {
        self.messages
            .lock()
            .execute("UPDATE message SET state = ?2 WHERE number = ?1", params![number, state])?;
        Ok(())
    }

    pub fn content(&self, number: i64) -> Result<String> {
        let sql = "SELECT content FROM message WHERE number = ?1";
        Ok(self.messages.lock().query_row(sql, [number], |row| row.get(0))?)
    }

    /// After a start: what was under way becomes `unknown`, or is queued again by a faulty server.
    pub fn wake(&self, fault: Fault) -> Result<Vec<i64>> {
        let messages = self.messages.lock();
        let becomes = if fault == Fault::Doubles { "queued" } else { "unknown" };
        messages.execute("UPDATE message SET state = ?1 WHERE state = 'sending'", [becomes])?;
        let mut statement =
            messages.prepare("SELECT number FROM message WHERE state = 'queued' ORDER BY number")?;
        let numbers = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(numbers)
    }

    pub fn page(&self, filter: &Filter) -> Result<Vec<Value>> {
        let messages = self.messages.lock();
        let sql = "SELECT number, direction, state, rfc_message_id FROM message
                   WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR direction = ?2)
                     AND (?3 IS NULL OR number < ?3)
                   ORDER BY number DESC LIMIT ?4";
        let mut statement = messages.prepare_cached(sql)?;
        let rows = statement
            .query_map(params![filter.state, filter.direction, filter.below, filter.limit], message)?
            .collect::<rusqlite::Result<_>>()?;
        Ok(rows)
    }

    pub fn one(&self, number: i64) -> Result<Option<Value>> {
        let sql = "SELECT number, direction, state, rfc_message_id FROM message WHERE number = ?1";
        Ok(self.messages.lock().query_row(sql, [number], message).optional()?)
    }
}

fn message(row: &Row<'_>) -> rusqlite::Result<Value> {
    let number: i64 = row.get(0)?;
    Ok(json!({
        "id": format!("msg_{number}"),
        "number": number,
        "direction": row.get::<_, String>(1)?,
        "state": row.get::<_, String>(2)?,
        "rfc_message_id": row.get::<_, Option<String>>(3)?,
        "attempts": [],
        "events": [],
    }))
}
