//! Deliveries to webhooks: one for each event and webhook, leased while they are under way, with a log of every attempt.

use domain::clock::Timestamp;
use domain::ids::{EpochId, TenantId, WebhookDeliveryId, WebhookId};
use domain::webhook::DeliveryState;

use crate::args;
use crate::db::{Error, Row, Sql, Tx, only};

/// One event for one webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    pub webhook: WebhookId,
    /// The number of the event; below zero for a test.
    pub seq: i64,
    pub event_type: String,
    pub state: DeliveryState,
    /// Attempts that were begun, in all.
    pub attempts: u32,
    /// Those of them that were before it was sent again by a person.
    pub attempts_before: u32,
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub last_status: Option<u32>,
    pub last_error: Option<String>,
}

/// One attempt, as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookAttempt {
    pub number: u32,
    pub at: Timestamp,
    pub url: String,
    pub signature: String,
    pub status: Option<u32>,
    /// Headers of the answer, as JSON pairs.
    pub headers: serde_json::Value,
    pub body: Option<String>,
    pub error: Option<String>,
    pub took_ms: i64,
}

macro_rules! deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT id, webhook_id, seq, event_type, state, attempts, attempts_before, next_attempt_at, created_at, last_status,
       last_error
FROM webhook_deliveries
",
            $rest
        )
    };
}

fn read(row: &mut Row<'_>) -> Result<WebhookDelivery, Error> {
    Ok(WebhookDelivery {
        id: row.take()?,
        webhook: row.take()?,
        seq: row.take()?,
        event_type: row.take()?,
        state: row.word()?,
        attempts: row.take()?,
        attempts_before: row.take()?,
        next_attempt_at: row.take()?,
        created_at: row.take()?,
        last_status: row.take()?,
        last_error: row.take()?,
    })
}

const PUT_BODY: &str = "
INSERT INTO webhook_bodies (tenant_id, seq, created_at, body)
VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, seq) DO NOTHING";

/// Keeps what is sent for an event. The first form of it stays.
///
/// # Errors
/// Any fault of the database.
pub fn put_body(tx: &mut Tx<'_>, tenant: TenantId, seq: i64, body: &str, at: Timestamp) -> Result<(), Error> {
    tx.run(PUT_BODY, &args![tenant, seq, at, body])
}

const LEAST: &str = "
SELECT MIN(seq)
FROM webhook_bodies
WHERE tenant_id = $1";

/// A number for a test event, below zero and unlike all others.
///
/// # Errors
/// Any fault of the database.
pub fn next_test_seq(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, Error> {
    let least: Option<i64> = tx.one(LEAST, &args![tenant], only)?;
    Ok(least.unwrap_or(0).min(0) - 1)
}

const BODY: &str = "
SELECT body
FROM webhook_bodies
WHERE tenant_id = $1 AND seq = $2";

/// What is sent for an event.
///
/// # Errors
/// Any fault of the database.
pub fn body(tx: &mut Tx<'_>, tenant: TenantId, seq: i64) -> Result<Option<String>, Error> {
    tx.first(BODY, &args![tenant, seq], only)
}

const INSERT: &str = "
INSERT INTO webhook_deliveries (tenant_id, id, webhook_id, seq, event_type, state, attempts, attempts_before,
                                next_attempt_at, created_at, last_status, last_error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (tenant_id, seq, webhook_id) DO NOTHING";

/// Adds a delivery; false when the webhook has one of this event already.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, tenant: TenantId, delivery: &WebhookDelivery) -> Result<bool, Error> {
    let inserted = tx.execute(
        INSERT,
        &args![
            tenant,
            delivery.id,
            delivery.webhook,
            delivery.seq,
            delivery.event_type,
            delivery.state.as_str(),
            delivery.attempts,
            delivery.attempts_before,
            delivery.next_attempt_at,
            delivery.created_at,
            delivery.last_status,
            delivery.last_error
        ],
    )?;
    Ok(inserted > 0)
}

const GET: &str = deliveries!("WHERE tenant_id = $1 AND id = $2");

/// One delivery.
///
/// # Errors
/// Any fault of the database.
pub fn get(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: WebhookDeliveryId,
) -> Result<Option<WebhookDelivery>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const LIST: &str = deliveries!(
    "WHERE tenant_id = $1 AND webhook_id = $2 AND id < $3 AND ($4 = '' OR state = $4) AND ($5 = '' OR event_type = $5)
ORDER BY id DESC
LIMIT $6"
);

const LIST_FAILED: &str = deliveries!(
    "WHERE tenant_id = $1 AND webhook_id = $2 AND id < $3 AND state = 'failed' AND ($4 = '' OR event_type = $4)
ORDER BY id DESC
LIMIT $5"
);

/// Deliveries of a webhook before an id, newest first; `event_type` is empty for all.
///
/// # Errors
/// Any fault of the database.
pub fn list(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    state: Option<DeliveryState>,
    event_type: &str,
    before: &str,
    limit: u32,
) -> Result<Vec<WebhookDelivery>, Error> {
    if state == Some(DeliveryState::Failed) {
        return tx.query(LIST_FAILED, &args![tenant, webhook, before, event_type, limit], read);
    }
    let state = state.map_or("", DeliveryState::as_str);
    tx.query(LIST, &args![tenant, webhook, before, state, event_type, limit], read)
}

const UNDER_WAY: &str = "
SELECT COUNT(*)
FROM webhook_deliveries
WHERE lease IS NOT NULL AND tenant_id = $1 AND webhook_id = $2";

/// How many deliveries of a webhook are under way, in all processes.
///
/// # Errors
/// Any fault of the database.
pub fn under_way(tx: &mut Tx<'_>, tenant: TenantId, webhook: WebhookId) -> Result<u32, Error> {
    tx.one(UNDER_WAY, &args![tenant, webhook], only)
}

const DUE: &str = deliveries!(
    "WHERE tenant_id = $1 AND webhook_id = $2 AND next_attempt_at IS NOT NULL AND lease IS NULL AND next_attempt_at <= $3
ORDER BY next_attempt_at, id
LIMIT $4"
);

const LEASE: &str = "
UPDATE webhook_deliveries
SET lease = $3, attempts = attempts + 1
WHERE tenant_id = $1 AND id = $2";

/// Leases due deliveries of a webhook to a process, in a `write` of the tenant. The attempt is counted before the request
/// leaves, so that a crash in between gives no free one.
///
/// # Errors
/// Any fault of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    epoch: EpochId,
    tenant: TenantId,
    webhook: WebhookId,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<WebhookDelivery>, Error> {
    let mut due = tx.query(DUE, &args![tenant, webhook, now, limit], read)?;
    for delivery in &mut due {
        tx.run(LEASE, &args![tenant, delivery.id, epoch])?;
        delivery.attempts += 1;
    }
    Ok(due)
}

const SETTLE: &str = "
UPDATE webhook_deliveries
SET state = $3, next_attempt_at = $4, last_status = $5, last_error = $6, lease = NULL
WHERE tenant_id = $1 AND id = $2 AND lease = $7";

/// Writes down where a delivery is after an attempt, and gives it free; false when the lease was lost.
///
/// # Errors
/// Any fault of the database.
pub fn settle(
    tx: &mut Tx<'_>,
    epoch: EpochId,
    tenant: TenantId,
    delivery: &WebhookDelivery,
) -> Result<bool, Error> {
    let WebhookDelivery { id, state, next_attempt_at, last_status, last_error, .. } = delivery;
    let settled = tx.execute(
        SETTLE,
        &args![tenant, id, state.as_str(), next_attempt_at, last_status, last_error, epoch],
    )?;
    Ok(settled > 0)
}

const RELEASE: &str = "
UPDATE webhook_deliveries
SET lease = NULL
WHERE lease = $1";

/// Gives back all deliveries of a process that ended.
///
/// # Errors
/// Any fault of the database.
pub fn release(tx: &mut Tx<'_>, epoch: EpochId) -> Result<(), Error> {
    tx.run(RELEASE, &args![epoch])
}

const LOG: &str = "
INSERT INTO webhook_attempts (tenant_id, delivery_id, number, at, url, signature, status, headers, body, error, took_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (tenant_id, delivery_id, number) DO NOTHING";

/// Keeps an attempt.
///
/// # Errors
/// Any fault of the database.
pub fn log(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    delivery: WebhookDeliveryId,
    attempt: &WebhookAttempt,
) -> Result<(), Error> {
    let WebhookAttempt { number, at, url, signature, status, headers, body, error, took_ms } = attempt;
    tx.run(LOG, &args![tenant, delivery, number, at, url, signature, status, headers, body, error, took_ms])
}

const ATTEMPTS: &str = "
SELECT number, at, url, signature, status, headers, body, error, took_ms
FROM webhook_attempts
WHERE tenant_id = $1 AND delivery_id = $2
ORDER BY number";

/// The attempts of a delivery, oldest first.
///
/// # Errors
/// Any fault of the database.
pub fn attempts(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    delivery: WebhookDeliveryId,
) -> Result<Vec<WebhookAttempt>, Error> {
    tx.query(ATTEMPTS, &args![tenant, delivery], |row| {
        Ok(WebhookAttempt {
            number: row.take()?,
            at: row.take()?,
            url: row.take()?,
            signature: row.take()?,
            status: row.take()?,
            headers: row.json()?,
            body: row.take()?,
            error: row.take()?,
            took_ms: row.take()?,
        })
    })
}

const AGAIN: &str = "
UPDATE webhook_deliveries
SET state = 'waiting', next_attempt_at = $3, attempts_before = attempts
WHERE tenant_id = $1 AND id = $2 AND lease IS NULL";

/// Lets a delivery begin anew; false when it is under way at this moment.
///
/// # Errors
/// Any fault of the database.
pub fn again(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    id: WebhookDeliveryId,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.execute(AGAIN, &args![tenant, id, now])? > 0)
}

const OF_EVENTS: &str = "
SELECT seq, id, state
FROM webhook_deliveries
WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 AND webhook_id = $4";

/// Which events of a span a webhook has deliveries of, each with where it is.
///
/// # Errors
/// Any fault of the database.
pub fn of_events(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    after: i64,
    to: i64,
) -> Result<Vec<(i64, WebhookDeliveryId, DeliveryState)>, Error> {
    tx.query(OF_EVENTS, &args![tenant, after, to, webhook], |row| Ok((row.take()?, row.take()?, row.word()?)))
}

const OLD: &str = "
SELECT id
FROM webhook_deliveries
WHERE tenant_id = $1 AND id < $2 AND lease IS NULL AND (next_attempt_at IS NULL OR next_attempt_at < $3)
ORDER BY id
LIMIT $4";

const OF_NOBODY: &str = "
SELECT id
FROM webhook_deliveries
WHERE tenant_id = $1 AND webhook_id = $2
LIMIT $3";

const DELETE: Sql = Sql::Split {
    sqlite: "
DELETE FROM webhook_deliveries
WHERE tenant_id = $1 AND id IN (SELECT value FROM json_each($2))",
    postgres: "
DELETE FROM webhook_deliveries
WHERE tenant_id = $1 AND id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))",
};

const DELETE_ATTEMPTS: Sql = Sql::Split {
    sqlite: "
DELETE FROM webhook_attempts
WHERE tenant_id = $1 AND delivery_id IN (SELECT value FROM json_each($2))",
    postgres: "
DELETE FROM webhook_attempts
WHERE tenant_id = $1 AND delivery_id = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON))))",
};

const DELETE_BODIES: Sql = Sql::Split {
    sqlite: "
DELETE FROM webhook_bodies
WHERE (tenant_id, seq) IN (
    SELECT b.tenant_id, b.seq
    FROM webhook_bodies b
    WHERE b.tenant_id = $1 AND b.created_at < $2
      AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = b.tenant_id AND d.seq = b.seq)
    ORDER BY b.created_at
    LIMIT $3)",
    postgres: "
DELETE FROM webhook_bodies
WHERE (tenant_id, seq) = ANY (
    SELECT b.tenant_id, b.seq
    FROM webhook_bodies b
    WHERE b.tenant_id = $1 AND b.created_at < $2
      AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = b.tenant_id AND d.seq = b.seq)
    ORDER BY b.created_at
    LIMIT $3)",
};

/// Removes some deliveries that were made before a time and do not wait for one after it, with their attempts, and bodies
/// that nobody needs any more. Gives how many rows went.
///
/// # Errors
/// Any fault of the database.
pub fn delete_old(tx: &mut Tx<'_>, tenant: TenantId, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let bound = WebhookDeliveryId::least_at(before);
    let old: Vec<WebhookDeliveryId> = tx.query(OLD, &args![tenant, bound, before, limit], only)?;
    remove(tx, tenant, &old)?;
    let bodies = tx.execute(DELETE_BODIES, &args![tenant, before, limit])?;
    Ok(bodies.max(old.len() as u64))
}

/// Removes some deliveries of a webhook that is gone; gives how many.
///
/// # Errors
/// Any fault of the database.
pub fn delete_of(tx: &mut Tx<'_>, tenant: TenantId, webhook: WebhookId, limit: u32) -> Result<u64, Error> {
    let some: Vec<WebhookDeliveryId> = tx.query(OF_NOBODY, &args![tenant, webhook, limit], only)?;
    remove(tx, tenant, &some)?;
    Ok(some.len() as u64)
}

fn remove(tx: &mut Tx<'_>, tenant: TenantId, ids: &[WebhookDeliveryId]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids = serde_json::json!(ids);
    tx.run(DELETE_ATTEMPTS, &args![tenant, ids])?;
    tx.run(DELETE, &args![tenant, ids])
}
