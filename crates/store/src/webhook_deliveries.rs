//! Deliveries to webhooks: one for each event and webhook, leased while they are under way.

use domain::clock::Timestamp;
use domain::ids::{EpochId, TenantId, WebhookDeliveryId, WebhookId};
use domain::webhook::DeliveryState;

use crate::args;
use crate::db::{Error, Row, Tx, only};

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
    "WHERE tenant_id = $1 AND webhook_id = $2 AND id < $3
ORDER BY id DESC
LIMIT $4"
);

const LIST_IN_STATE: &str = deliveries!(
    "WHERE tenant_id = $1 AND webhook_id = $2 AND state = $3 AND id < $4
ORDER BY id DESC
LIMIT $5"
);

const LIST_OF_TYPE: &str = deliveries!(
    "WHERE tenant_id = $1 AND webhook_id = $2 AND event_type = $3 AND state = $4 AND id < $5
ORDER BY id DESC
LIMIT $6"
);

/// Deliveries of a webhook before an id, newest first; `event_type` is empty for all. Each answer is one step into an index
/// for each state that is asked for, however long the log and however rare the event.
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
    if event_type.is_empty() {
        return match state {
            None => tx.query(LIST, &args![tenant, webhook, before, limit], read),
            Some(state) => {
                tx.query(LIST_IN_STATE, &args![tenant, webhook, state.as_str(), before, limit], read)
            }
        };
    }
    let mut found = Vec::new();
    for state in DeliveryState::ALL.iter().filter(|one| state.is_none_or(|state| state == **one)) {
        let state = state.as_str();
        found.extend(tx.query(
            LIST_OF_TYPE,
            &args![tenant, webhook, event_type, state, before, limit],
            read,
        )?);
    }
    found.sort_by_key(|delivery| std::cmp::Reverse(delivery.id));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
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
