//! What is kept of deliveries to webhooks: what was sent, every attempt and its answer; and how old ones leave.

use domain::clock::Timestamp;
use domain::ids::{TenantId, WebhookDeliveryId, WebhookId};

use crate::args;
use crate::db::{Error, Sql, Tx, only};

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
