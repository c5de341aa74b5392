//! The inbound journal: everything that came in, as it came, before anything was made of it.

use domain::clock::Timestamp;
use domain::ids::{AccountId, ConversationId, EpochId, JournalId, MessageId, TenantId};

use crate::args;
use crate::db::{Error, Row, Sql, Tx, only};

domain::words! {
    /// What became of an entry.
    pub enum JournalState {
        /// Stored; work on it goes on.
        Received = "received",
        Processed = "processed",
        /// Could not be worked on; it can be replayed.
        Failed = "failed",
        /// Understood, and nothing was to be done.
        Ignored = "ignored",
    }
}

/// One entry without its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub tenant: TenantId,
    pub id: JournalId,
    /// `api`, `smtp` or `webhook:<provider>`.
    pub source: String,
    pub account: Option<AccountId>,
    pub dedupe_key: String,
    pub received_at: Timestamp,
    pub state: JournalState,
    pub reason: Option<String>,
    pub attempts: u32,
    pub message: Option<MessageId>,
    pub conversation: Option<ConversationId>,
    /// What came beside the body: envelope, headers that matter.
    pub context: serde_json::Value,
    /// Bytes of the body.
    pub size: i64,
}

macro_rules! columns {
    () => {
        "tenant_id, id, source, account_id, dedupe_key, received_at, state, reason, attempts, message_id, conversation_id,
       context, size"
    };
}

fn read(row: &mut Row<'_>) -> Result<Entry, Error> {
    Ok(Entry {
        tenant: row.take()?,
        id: row.take()?,
        source: row.take()?,
        account: row.take()?,
        dedupe_key: row.take()?,
        received_at: row.take()?,
        state: row.word()?,
        reason: row.take()?,
        attempts: row.take()?,
        message: row.take()?,
        conversation: row.take()?,
        context: row.json()?,
        size: row.take()?,
    })
}

const INSERT: &str = concat!(
    "
INSERT INTO inbound_journal
      (",
    columns!(),
    ", lease, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (tenant_id, dedupe_key) DO NOTHING"
);

/// Adds an entry, leased to the process that will work on it; false when its key is known already.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, entry: &Entry, lease: Option<EpochId>, body: &[u8]) -> Result<bool, Error> {
    let inserted = tx.execute(
        INSERT,
        &args![
            entry.tenant,
            entry.id,
            entry.source,
            entry.account,
            entry.dedupe_key,
            entry.received_at,
            entry.state.as_str(),
            entry.reason,
            entry.attempts,
            entry.message,
            entry.conversation,
            entry.context,
            entry.size,
            lease,
            body
        ],
    )?;
    Ok(inserted > 0)
}

const BY_KEY: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM inbound_journal
WHERE tenant_id = $1 AND dedupe_key = $2"
);

/// The entry with a dedupe key.
///
/// # Errors
/// Any fault of the database.
pub fn by_key(tx: &mut Tx<'_>, tenant: TenantId, key: &str) -> Result<Option<Entry>, Error> {
    tx.first(BY_KEY, &args![tenant, key], read)
}

const GET: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM inbound_journal
WHERE tenant_id = $1 AND id = $2"
);

/// One entry.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: JournalId) -> Result<Option<Entry>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const BODY: &str = "
SELECT body
FROM inbound_journal
WHERE tenant_id = $1 AND id = $2";

/// The raw bytes of an entry.
///
/// # Errors
/// Any fault of the database.
pub fn body(tx: &mut Tx<'_>, tenant: TenantId, id: JournalId) -> Result<Option<Vec<u8>>, Error> {
    tx.first(BODY, &args![tenant, id], only)
}

const FINISH: &str = "
UPDATE inbound_journal
SET state = $3, reason = $4, attempts = $5, message_id = $6, conversation_id = $7, lease = NULL
WHERE tenant_id = $1 AND id = $2 AND state = 'received'";

/// Writes what became of an entry, and gives up its lease. One that has ended stays as it is.
///
/// # Errors
/// Any fault of the database.
pub fn finish(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), Error> {
    tx.run(
        FINISH,
        &args![
            entry.tenant,
            entry.id,
            entry.state.as_str(),
            entry.reason,
            entry.attempts,
            entry.message,
            entry.conversation
        ],
    )
}

const CLAIM: Sql = Sql::Split {
    sqlite: "
UPDATE inbound_journal
SET lease = $1
WHERE (tenant_id, id) IN (
    SELECT tenant_id, id
    FROM inbound_journal
    WHERE state = 'received' AND lease IS NULL AND received_at <= $2
    ORDER BY received_at
    LIMIT $3)
RETURNING tenant_id, id",
    // Materialized: a planner free to evaluate the selection once per row would lease more than the limit.
    postgres: "
WITH waiting AS MATERIALIZED (
    SELECT tenant_id, id
    FROM inbound_journal
    WHERE state = 'received' AND lease IS NULL AND received_at <= $2
    ORDER BY received_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED)
UPDATE inbound_journal AS j
SET lease = $1
FROM waiting
WHERE j.tenant_id = waiting.tenant_id AND j.id = waiting.id
RETURNING j.tenant_id, j.id",
};

/// Leases entries that wait to a process, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    epoch: EpochId,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(TenantId, JournalId)>, Error> {
    let mut claimed = tx.query(CLAIM, &args![epoch, now, limit], |row| Ok((row.take()?, row.take()?)))?;
    // Ids rise with time.
    claimed.sort_by_key(|(_, id)| *id);
    Ok(claimed)
}

const RELEASE: &str = "
UPDATE inbound_journal
SET lease = NULL
WHERE lease = $1";

/// Gives back the entries of a process that ended.
///
/// # Errors
/// Any fault of the database.
pub fn release(tx: &mut Tx<'_>, epoch: EpochId) -> Result<(), Error> {
    tx.run(RELEASE, &args![epoch])
}

const REPLAY: &str = "
UPDATE inbound_journal
SET state = 'received', reason = NULL, lease = $3
WHERE tenant_id = $1 AND id = $2 AND state <> 'received'";

/// Puts an entry back to be worked on; false when it is being worked on already.
///
/// # Errors
/// Any fault of the database.
pub fn replay(tx: &mut Tx<'_>, tenant: TenantId, id: JournalId, lease: EpochId) -> Result<bool, Error> {
    Ok(tx.execute(REPLAY, &args![tenant, id, lease])? > 0)
}

const ANY: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM inbound_journal
WHERE tenant_id = $1 AND id < $2 AND ($3 = '' OR source = $3)
ORDER BY id DESC
LIMIT $4"
);

const PROCESSED: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM inbound_journal
WHERE tenant_id = $1 AND id < $2 AND ($3 = '' OR source = $3) AND state = 'processed'
ORDER BY id DESC
LIMIT $4"
);

const ODD: &str = concat!(
    "SELECT ",
    columns!(),
    "
FROM inbound_journal
WHERE tenant_id = $1 AND id < $2 AND ($3 = '' OR source = $3) AND state <> 'processed' AND state = $4
ORDER BY id DESC
LIMIT $5"
);

/// Entries, newest first, before an id.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    (state, source): (Option<JournalState>, &str),
    before: &str,
    limit: u32,
) -> Result<Vec<Entry>, Error> {
    match state {
        None => tx.query(ANY, &args![tenant, before, source, limit], read),
        Some(JournalState::Processed) => tx.query(PROCESSED, &args![tenant, before, source, limit], read),
        Some(state) => tx.query(ODD, &args![tenant, before, source, state.as_str(), limit], read),
    }
}

const COUNT_ATTEMPT: &str = "
UPDATE inbound_journal
SET attempts = $3
WHERE tenant_id = $1 AND id = $2";

/// Writes how often an entry was tried.
///
/// # Errors
/// Any fault of the database.
pub fn count_attempt(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), Error> {
    tx.run(COUNT_ATTEMPT, &args![entry.tenant, entry.id, entry.attempts])
}

const PUT_ASIDE: &str = "
UPDATE inbound_journal
SET context = $3, message_id = $4
WHERE tenant_id = $1 AND id = $2";

/// Writes what is known of an entry that is not done with: its context, and the message it is about.
///
/// # Errors
/// Any fault of the database.
pub fn put_aside(tx: &mut Tx<'_>, entry: &Entry) -> Result<(), Error> {
    tx.run(PUT_ASIDE, &args![entry.tenant, entry.id, entry.context, entry.message])
}

const DELETE_SETTLED: &str = "
DELETE FROM inbound_journal
WHERE tenant_id = $1
  AND id IN (SELECT id
             FROM inbound_journal
             WHERE tenant_id = $1 AND id < $2 AND state IN ('processed', 'ignored')
             ORDER BY id
             LIMIT $3)";

/// Deletes some entries from before a time that were settled, oldest first; gives how many.
///
/// # Errors
/// Any fault of the database.
pub fn delete_settled(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    before: Timestamp,
    limit: u32,
) -> Result<u64, Error> {
    // Ids rise with time, so no index by time is needed.
    tx.execute(DELETE_SETTLED, &args![tenant, JournalId::least_at(before), limit])
}
