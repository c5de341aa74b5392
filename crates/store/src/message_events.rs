//! What happened to a message, appended once each: our own steps and the providers' reports, in any order.

use domain::clock::Timestamp;
use domain::ids::{MessageId, TenantId};
use domain::message::EventKind;

use crate::args;
use crate::db::{Error, Tx, indexed};

/// One event of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageEvent {
    /// The same event reported twice has the same key.
    pub dedupe_key: String,
    pub at: Timestamp,
    pub kind: EventKind,
    /// `chancery`, or the provider that told us.
    pub source: String,
    pub code: Option<String>,
    pub detail: String,
    pub recipient: Option<String>,
    /// Of an opening or a click: whether it was a program, where that is known.
    pub machine: Option<bool>,
}

const INSERT: &str = "
INSERT INTO message_events (tenant_id, message_id, dedupe_key, at, kind, source, code, detail, recipient,
                            is_machine)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, message_id, dedupe_key) DO NOTHING";

/// Adds an event; gives false when it was known already.
///
/// # Errors
/// Any fault of the database.
pub fn insert(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: MessageId,
    event: &MessageEvent,
) -> Result<bool, Error> {
    let inserted = tx.execute(
        INSERT,
        &args![
            tenant,
            message,
            indexed(&event.dedupe_key),
            event.at,
            event.kind.as_str(),
            event.source,
            event.code,
            event.detail,
            event.recipient,
            event.machine
        ],
    )?;
    Ok(inserted > 0)
}

const OF_MESSAGE: &str = "
SELECT dedupe_key, at, kind, source, code, detail, recipient, is_machine
FROM message_events
WHERE tenant_id = $1 AND message_id = $2
ORDER BY at, dedupe_key";

/// The events of a message, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn of_message(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<Vec<MessageEvent>, Error> {
    tx.query(OF_MESSAGE, &args![tenant, message], |row| {
        Ok(MessageEvent {
            dedupe_key: row.take()?,
            at: row.take()?,
            kind: row.word()?,
            source: row.take()?,
            code: row.take()?,
            detail: row.take()?,
            recipient: row.take()?,
            machine: row.take()?,
        })
    })
}
