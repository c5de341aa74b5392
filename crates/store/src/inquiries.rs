//! Messages of unknown outcome about which their provider is asked, and messages that nobody has in hand any more.

use domain::clock::Timestamp;
use domain::ids::{AccountId, MessageId, TenantId};

use crate::args;
use crate::db::{Error, Tx, only};

/// How far the asking about one message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inquiry {
    pub message: MessageId,
    /// When the outcome became unknown.
    pub since: Timestamp,
    /// How often the provider was asked.
    pub asked: u32,
    /// When it is asked next; nothing when a person has to decide.
    pub due_at: Option<Timestamp>,
}

const PUT: &str = "
INSERT INTO inquiries (tenant_id, message_id, since, asked, due_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, message_id) DO UPDATE
SET since = excluded.since, asked = excluded.asked, due_at = excluded.due_at";

/// Writes how far the asking has come.
///
/// # Errors
/// Any fault of the database.
pub fn put(tx: &mut Tx<'_>, tenant: TenantId, inquiry: &Inquiry) -> Result<(), Error> {
    let Inquiry { message, since, asked, due_at } = *inquiry;
    tx.run(PUT, &args![tenant, message, since, asked, due_at])
}

const GET: &str = "
SELECT message_id, since, asked, due_at
FROM inquiries
WHERE tenant_id = $1 AND message_id = $2";

/// How far the asking about a message has come.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<Option<Inquiry>, Error> {
    tx.first(GET, &args![tenant, message], |row| {
        Ok(Inquiry { message: row.take()?, since: row.take()?, asked: row.take()?, due_at: row.take()? })
    })
}

const DELETE: &str = "
DELETE FROM inquiries
WHERE tenant_id = $1 AND message_id = $2";

/// Ends the asking: the message is settled.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, message])
}

const FORGET_SETTLED: &str = "
DELETE FROM inquiries
WHERE tenant_id = $1 AND due_at IS NULL
      AND NOT EXISTS (SELECT 1
                      FROM messages m
                      WHERE m.tenant_id = inquiries.tenant_id AND m.id = inquiries.message_id AND m.state = 'unknown')";

/// Forgets inquiries that were given up and whose messages were settled since.
///
/// # Errors
/// Any fault of the database.
pub fn forget_settled(tx: &mut Tx<'_>, tenant: TenantId) -> Result<(), Error> {
    tx.run(FORGET_SETTLED, &args![tenant])
}

const UNASKED: &str = "
SELECT m.id
FROM messages m
LEFT JOIN inquiries i ON i.tenant_id = m.tenant_id AND i.message_id = m.id
WHERE m.tenant_id = $1 AND m.state = 'unknown' AND m.account_id = $2
      AND (i.message_id IS NULL OR i.due_at < $3)
ORDER BY m.id
LIMIT $4";

/// Messages of an account whose outcome is unknown and about which nobody asks: nobody began to, or it was due before
/// `overdue` and nobody came.
///
/// # Errors
/// Any fault of the database.
pub fn unasked(
    tx: &mut Tx<'_>,
    (tenant, account): (TenantId, AccountId),
    overdue: Timestamp,
    limit: usize,
) -> Result<Vec<MessageId>, Error> {
    tx.query(UNASKED, &args![tenant, account, overdue, limit], only)
}

const ABANDONED: &str = "
SELECT m.id
FROM messages m
WHERE m.tenant_id = $1 AND m.state = 'sending'
      AND NOT EXISTS (SELECT 1
                      FROM deliveries d
                      WHERE d.tenant_id = m.tenant_id AND d.message_id = m.id)
ORDER BY m.id
LIMIT $2";

/// Messages that count as being sent although no delivery of them is there.
///
/// # Errors
/// Any fault of the database.
pub fn abandoned(tx: &mut Tx<'_>, tenant: TenantId, limit: usize) -> Result<Vec<MessageId>, Error> {
    tx.query(ABANDONED, &args![tenant, limit], only)
}

const AWAITING: &str = "
SELECT m.id, m.provider_message_id
FROM (SELECT tenant_id, id, state, account_id, provider_message_id
      FROM messages
      WHERE tenant_id = $1 AND id > $3 AND id < $4
      ORDER BY id DESC
      LIMIT $5) AS m
WHERE m.account_id = $2 AND m.state IN ('sent', 'deferred') AND m.provider_message_id IS NOT NULL
ORDER BY m.id";

/// Messages of an account between two others, by their ids, that the provider took and of which nothing final is
/// known, with its ids. Looks at no more than the `newest` of all messages.
///
/// # Errors
/// Any fault of the database.
pub fn awaiting(
    tx: &mut Tx<'_>,
    (tenant, account): (TenantId, AccountId),
    (after, before): (MessageId, MessageId),
    newest: usize,
) -> Result<Vec<(MessageId, String)>, Error> {
    tx.query(AWAITING, &args![tenant, account, after, before, newest], |row| Ok((row.take()?, row.take()?)))
}

const ORPHANED: &str = "
SELECT DISTINCT d.lease
FROM deliveries d
WHERE d.lease IS NOT NULL AND NOT EXISTS (SELECT 1 FROM epochs e WHERE e.id = d.lease)";

/// Processes that hold deliveries and that nobody knows (any more).
///
/// # Errors
/// Any fault of the database.
pub fn orphaned(tx: &mut Tx<'_>) -> Result<Vec<domain::ids::EpochId>, Error> {
    tx.query(ORPHANED, &[], only)
}
