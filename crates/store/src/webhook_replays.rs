//! Replays of webhooks: which events are sent again, and how far that has come.

use domain::clock::Timestamp;
use domain::ids::{TenantId, WebhookId, WebhookReplayId};

use crate::args;
use crate::db::{Error, Row, Tx};

domain::words! {
    /// Where a replay stands.
    pub enum ReplayState {
        /// It goes through the events, by itself, also after a restart.
        Running = "running",
        /// All of it is on its way or has arrived; the log shows which.
        Done = "done",
        /// The webhook was removed or switched off meanwhile.
        Cancelled = "cancelled",
    }
}

/// One replay.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookReplay {
    pub id: WebhookReplayId,
    pub webhook: WebhookId,
    pub state: ReplayState,
    pub since: Timestamp,
    /// Only what did not arrive.
    pub only_failed: bool,
    /// It takes the events behind this number,
    pub first_seq: i64,
    /// up to this one.
    pub last_seq: i64,
    /// The last event that it dealt with.
    pub reached_seq: i64,
    /// Deliveries that it sent again, or for the first time.
    pub replayed: i64,
    /// Why it was given up.
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

macro_rules! replays {
    ($rest:literal) => {
        concat!(
            "SELECT id, webhook_id, state, since, only_failed, first_seq, last_seq, reached_seq, replayed, reason, created_at,
       updated_at
FROM webhook_replays
",
            $rest
        )
    };
}

fn read(row: &mut Row<'_>) -> Result<WebhookReplay, Error> {
    Ok(WebhookReplay {
        id: row.take()?,
        webhook: row.take()?,
        state: row.word()?,
        since: row.take()?,
        only_failed: row.take()?,
        first_seq: row.take()?,
        last_seq: row.take()?,
        reached_seq: row.take()?,
        replayed: row.take()?,
        reason: row.take()?,
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO webhook_replays (tenant_id, id, webhook_id, state, since, only_failed, first_seq, last_seq, reached_seq, replayed,
                             reason, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// Adds a replay.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, replay: &WebhookReplay) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            tenant,
            replay.id,
            replay.webhook,
            replay.state.as_str(),
            replay.since,
            replay.only_failed,
            replay.first_seq,
            replay.last_seq,
            replay.reached_seq,
            replay.replayed,
            replay.reason,
            replay.created_at,
            replay.updated_at
        ],
    )
}

const GET: &str = replays!("WHERE tenant_id = $1 AND id = $2");

/// One replay.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: WebhookReplayId) -> Result<Option<WebhookReplay>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const LIST: &str = replays!(
    "WHERE tenant_id = $1 AND webhook_id = $2 AND id < $3
ORDER BY id DESC
LIMIT $4"
);

/// Replays of a webhook before an id, newest first.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    before: &str,
    limit: u32,
) -> Result<Vec<WebhookReplay>, Error> {
    tx.query(LIST, &args![tenant, webhook, before, limit], read)
}

const RUNNING: &str = "
SELECT tenant_id, id
FROM webhook_replays
WHERE state = 'running'
ORDER BY tenant_id, id";

/// The replays that are not at their end, of all tenants: there are few.
///
/// # Errors
/// Any fault of the database.
pub fn running(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, WebhookReplayId)>, Error> {
    tx.query(RUNNING, &[], |row| Ok((row.take()?, row.take()?)))
}

const RUNNING_OF: &str =
    replays!("WHERE tenant_id = $1 AND webhook_id = $2 AND state = 'running' ORDER BY id LIMIT 1");

/// The replay of a webhook that is not at its end.
///
/// # Errors
/// Any fault of the database.
pub fn running_of(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
) -> Result<Option<WebhookReplay>, Error> {
    tx.first(RUNNING_OF, &args![tenant, webhook], read)
}

const PROGRESS: &str = "
UPDATE webhook_replays
SET state = $3, reached_seq = $4, replayed = $5, reason = $6, updated_at = $7
WHERE tenant_id = $1 AND id = $2";

/// Writes how far a replay came, in the transaction that brought it there.
///
/// # Errors
/// Any fault of the database.
pub fn progress(tx: &mut Tx<'_>, tenant: TenantId, replay: &WebhookReplay) -> Result<(), Error> {
    let WebhookReplay { id, state, reached_seq, replayed, reason, updated_at, .. } = replay;
    tx.run(PROGRESS, &args![tenant, id, state.as_str(), reached_seq, replayed, reason, updated_at])
}

const DELETE_OLD: &str = "
DELETE FROM webhook_replays
WHERE tenant_id = $1 AND id < $2 AND state <> 'running'";

/// Removes replays that were begun before a time and have ended: a person asked for each of them, so there are few.
///
/// # Errors
/// Any fault of the database.
pub fn delete_old(tx: &mut Tx<'_>, tenant: TenantId, before: Timestamp) -> Result<(), Error> {
    tx.run(DELETE_OLD, &args![tenant, WebhookReplayId::least_at(before)])
}
