//! The event feed: appended in the transaction that makes the change, numbered per tenant without gaps.

use domain::clock::Timestamp;
use domain::event::FeedType;
use domain::ids::TenantId;
use serde::{Deserialize, Serialize};

use crate::args;
use crate::db::{Error, Tx, only};

/// Ids and small facts; never text of a message or an address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Facts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Whom it concerns: of a notification, a draft or a reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailbox_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppression_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<String>,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub seq: i64,
    pub kind: FeedType,
    pub at: Timestamp,
    pub facts: Facts,
}

const NEXT: &str = "
INSERT INTO feeds (tenant_id, last_seq)
VALUES ($1, 1)
ON CONFLICT (tenant_id) DO UPDATE SET last_seq = feeds.last_seq + 1";

const APPEND: &str = "
INSERT INTO events (tenant_id, seq, type, at, facts)
VALUES ($1, (SELECT last_seq FROM feeds WHERE tenant_id = $1), $2, $3, $4)";

/// Adds an event. Its number is given inside the database, so that nobody waits for it.
///
/// # Errors
/// Any fault of the database.
pub fn append(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    kind: FeedType,
    at: Timestamp,
    facts: &Facts,
) -> Result<(), Error> {
    let facts = serde_json::to_string(facts).map_err(|error| Error::Unexpected(error.to_string()))?;
    tx.run(NEXT, &args![tenant])?;
    tx.run(APPEND, &args![tenant, kind.as_str(), at, facts])
}

const AFTER: &str = "
SELECT seq, type, at, facts
FROM events
WHERE tenant_id = $1 AND seq > $2
ORDER BY seq
LIMIT $3";

/// The events behind `seq`, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn after(tx: &mut Tx<'_>, tenant: TenantId, seq: i64, limit: u32) -> Result<Vec<Event>, Error> {
    tx.query(AFTER, &args![tenant, seq, limit], |row| {
        Ok(Event { seq: row.take()?, kind: row.word()?, at: row.take()?, facts: row.json()? })
    })
}

const LAST: &str = "
SELECT last_seq
FROM feeds
WHERE tenant_id = $1";

/// The number of the newest event; 0 before the first.
///
/// # Errors
/// Any fault of the database.
pub fn last(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, Error> {
    Ok(tx.first(LAST, &args![tenant], only)?.unwrap_or(0))
}

const TIME_OF: &str = "
SELECT at
FROM events
WHERE tenant_id = $1 AND seq >= $2
ORDER BY seq
LIMIT 1";

/// The number of the last event before a time, by halving: times rise with numbers, but for moments.
///
/// # Errors
/// Any fault of the database.
pub fn last_before(tx: &mut Tx<'_>, tenant: TenantId, time: Timestamp) -> Result<i64, Error> {
    let (mut low, mut high) = (0, last(tx, tenant)?);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        match tx.first(TIME_OF, &args![tenant, middle], only::<Timestamp>)? {
            Some(at) if at < time => low = middle,
            _ => high = middle - 1,
        }
    }
    Ok(low)
}
