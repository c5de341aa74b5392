//! Webhooks to programs outside: addresses, their health, their secrets, and how far the feed was read for them.

use domain::clock::Timestamp;
use domain::ids::{TenantId, WebhookId, WebhookSecretId};

use crate::args;
use crate::db::{Error, Row, Tx, only};

/// An address that is told of events.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    pub tenant: TenantId,
    pub id: WebhookId,
    pub url: String,
    pub description: String,
    /// Patterns of events, as they were written.
    pub events: Vec<String>,
    pub enabled: bool,
    /// Why it was switched off, when no person did it.
    pub disabled_reason: Option<String>,
    /// It gets the events behind this number.
    pub from_seq: i64,
    /// Since when there was nothing but failures.
    pub first_failed_at: Option<Timestamp>,
    /// Deliveries that were given up since something last arrived.
    pub given_up: u32,
    pub last_delivered_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A secret of a webhook, sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookSecret {
    pub id: WebhookSecretId,
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
    /// It signs until then.
    pub expires_at: Option<Timestamp>,
}

macro_rules! webhooks {
    ($rest:literal) => {
        concat!(
            "SELECT tenant_id, id, url, description, events, enabled, disabled_reason, from_seq, first_failed_at,
       given_up, last_delivered_at, last_error, created_at, updated_at
FROM webhooks
",
            $rest
        )
    };
}

fn read(row: &mut Row<'_>) -> Result<Webhook, Error> {
    Ok(Webhook {
        tenant: row.take()?,
        id: row.take()?,
        url: row.take()?,
        description: row.take()?,
        events: row.json()?,
        enabled: row.take()?,
        disabled_reason: row.take()?,
        from_seq: row.take()?,
        first_failed_at: row.take()?,
        given_up: row.take()?,
        last_delivered_at: row.take()?,
        last_error: row.take()?,
        created_at: row.take()?,
        updated_at: row.take()?,
    })
}

const PUT: &str = "
INSERT INTO webhooks (tenant_id, id, url, description, events, enabled, disabled_reason, from_seq, first_failed_at,
                      given_up, last_delivered_at, last_error, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (tenant_id, id) DO UPDATE SET
    url = excluded.url, description = excluded.description, events = excluded.events, enabled = excluded.enabled,
    disabled_reason = excluded.disabled_reason, from_seq = excluded.from_seq, first_failed_at = excluded.first_failed_at,
    given_up = excluded.given_up, last_delivered_at = excluded.last_delivered_at, last_error = excluded.last_error, updated_at = excluded.updated_at";

/// Adds a webhook, or brings it up to date.
///
/// # Errors
/// Any fault of the database.
pub fn put(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<(), Error> {
    tx.run(
        PUT,
        &args![
            webhook.tenant,
            webhook.id,
            webhook.url,
            webhook.description,
            serde_json::json!(webhook.events),
            webhook.enabled,
            webhook.disabled_reason,
            webhook.from_seq,
            webhook.first_failed_at,
            webhook.given_up,
            webhook.last_delivered_at,
            webhook.last_error,
            webhook.created_at,
            webhook.updated_at
        ],
    )
}

const GET: &str = webhooks!("WHERE tenant_id = $1 AND id = $2");

/// One webhook.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, id: WebhookId) -> Result<Option<Webhook>, Error> {
    tx.first(GET, &args![tenant, id], read)
}

const ALL: &str = webhooks!("WHERE tenant_id = $1 ORDER BY id");

/// All webhooks of a tenant, oldest first: there are few.
///
/// # Errors
/// Any fault of the database.
pub fn all(tx: &mut Tx<'_>, tenant: TenantId) -> Result<Vec<Webhook>, Error> {
    tx.query(ALL, &args![tenant], read)
}

const DELETE: &str = "
DELETE FROM webhooks
WHERE tenant_id = $1 AND id = $2";

const DELETE_SECRETS: &str = "
DELETE FROM webhook_secrets
WHERE tenant_id = $1 AND webhook_id = $2";

/// Removes a webhook with its secrets; its deliveries go by strides. Whether there was one.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, id: WebhookId) -> Result<bool, Error> {
    tx.run(DELETE_SECRETS, &args![tenant, id])?;
    Ok(tx.execute(DELETE, &args![tenant, id])? > 0)
}

const ADD_SECRET: &str = "
INSERT INTO webhook_secrets (tenant_id, webhook_id, id, sealed, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)";

/// Adds a secret.
///
/// # Errors
/// Any fault of the database.
pub fn add_secret(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    secret: &WebhookSecret,
) -> Result<(), Error> {
    let WebhookSecret { id, sealed, created_at, expires_at } = secret;
    tx.run(ADD_SECRET, &args![tenant, webhook, id, sealed, created_at, expires_at])
}

const EXPIRE: &str = "
UPDATE webhook_secrets
SET expires_at = $3
WHERE tenant_id = $1 AND webhook_id = $2 AND (expires_at IS NULL OR expires_at > $3)";

/// Lets all secrets of a webhook end at a time; those that end earlier stay as they are.
///
/// # Errors
/// Any fault of the database.
pub fn expire_secrets(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    at: Timestamp,
) -> Result<(), Error> {
    tx.run(EXPIRE, &args![tenant, webhook, at])
}

const FORGET: &str = "
DELETE FROM webhook_secrets
WHERE tenant_id = $1 AND webhook_id = $2 AND expires_at <= $3";

/// Removes secrets that have ended.
///
/// # Errors
/// Any fault of the database.
pub fn forget_secrets(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    now: Timestamp,
) -> Result<(), Error> {
    tx.run(FORGET, &args![tenant, webhook, now])
}

const SECRETS: &str = "
SELECT id, sealed, created_at, expires_at
FROM webhook_secrets
WHERE tenant_id = $1 AND webhook_id = $2 AND (expires_at IS NULL OR expires_at > $3)
ORDER BY id DESC";

/// The secrets that sign now, newest first.
///
/// # Errors
/// Any fault of the database.
pub fn secrets(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    webhook: WebhookId,
    now: Timestamp,
) -> Result<Vec<WebhookSecret>, Error> {
    tx.query(SECRETS, &args![tenant, webhook, now], |row| {
        Ok(WebhookSecret {
            id: row.take()?,
            sealed: row.take()?,
            created_at: row.take()?,
            expires_at: row.take()?,
        })
    })
}

const BEHIND: &str = "
SELECT f.tenant_id, f.last_seq
FROM feeds f
LEFT JOIN webhook_cursors c ON c.tenant_id = f.tenant_id
WHERE f.last_seq > COALESCE(c.seq, 0)
  AND EXISTS (SELECT 1 FROM webhooks w WHERE w.tenant_id = f.tenant_id AND w.enabled = 1)
ORDER BY f.tenant_id";

/// The tenants with webhooks of whose feed there is more than was read for them, each with the number of its newest event.
///
/// # Errors
/// Any fault of the database.
pub fn behind(tx: &mut Tx<'_>) -> Result<Vec<(TenantId, i64)>, Error> {
    tx.query(BEHIND, &[], |row| Ok((row.take()?, row.take()?)))
}

const CURSOR: &str = "
SELECT seq
FROM webhook_cursors
WHERE tenant_id = $1";

/// The number of the last event that was dealt with; 0 before the first.
///
/// # Errors
/// Any fault of the database.
pub fn cursor(tx: &mut Tx<'_>, tenant: TenantId) -> Result<i64, Error> {
    Ok(tx.first(CURSOR, &args![tenant], only)?.unwrap_or(0))
}

const MOVE: &str = "
INSERT INTO webhook_cursors (tenant_id, seq)
VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq";

/// Moves the cursor.
///
/// # Errors
/// Any fault of the database.
pub fn move_cursor(tx: &mut Tx<'_>, tenant: TenantId, seq: i64) -> Result<(), Error> {
    tx.run(MOVE, &args![tenant, seq])
}

/// What waits for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub tenant: TenantId,
    pub webhook: WebhookId,
    /// When the next of those that nobody holds is due.
    pub next: Timestamp,
}

// The least of an index, asked for each webhook: however many wait, it is one step.
const WAITING: &str = "
SELECT w.tenant_id, w.id,
       (SELECT MIN(d.next_attempt_at)
        FROM webhook_deliveries d
        WHERE d.tenant_id = w.tenant_id AND d.webhook_id = w.id
          AND d.next_attempt_at IS NOT NULL AND d.lease IS NULL)
FROM webhooks w
WHERE w.enabled = 1";

/// The webhooks that are on and have something to send, now or later.
///
/// # Errors
/// Any fault of the database.
pub fn waiting(tx: &mut Tx<'_>) -> Result<Vec<Waiting>, Error> {
    let rows = tx.query(WAITING, &[], |row| {
        let (tenant, webhook, next) = (row.take()?, row.take()?, row.take::<Option<Timestamp>>()?);
        Ok(next.map(|next| Waiting { tenant, webhook, next }))
    })?;
    Ok(rows.into_iter().flatten().collect())
}
