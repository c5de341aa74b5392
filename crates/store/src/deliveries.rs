//! The send queue. A row per message that is still to be sent; its lease says which process has it, its start that bytes
//! may have left.

use domain::clock::Timestamp;
use domain::ids::{AccountId, EpochId, MessageId, TenantId};

use crate::args;
use crate::db::{Error, Row, Sql, Tx, only};

domain::words! {
    /// Which work of an account goes first.
    pub enum Lane {
        Prompt = "normal",
        Bulk = "bulk",
    }
}

impl Lane {
    const fn number(self) -> i64 {
        match self {
            Lane::Prompt => 0,
            Lane::Bulk => 1,
        }
    }

    const fn from_number(number: i64) -> Lane {
        if number == 0 { Lane::Prompt } else { Lane::Bulk }
    }
}

/// One delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub tenant: TenantId,
    pub message: MessageId,
    pub account: AccountId,
    pub lane: Lane,
    pub due_at: Timestamp,
    /// Attempts that were begun.
    pub attempts: u32,
    pub lease: Option<EpochId>,
    pub started_at: Option<Timestamp>,
}

fn read(row: &mut Row<'_>) -> Result<Delivery, Error> {
    Ok(Delivery {
        tenant: row.take()?,
        message: row.take()?,
        account: row.take()?,
        lane: Lane::from_number(row.take()?),
        due_at: row.take()?,
        attempts: row.take()?,
        lease: row.take()?,
        started_at: row.take()?,
    })
}

const INSERT: &str = "
INSERT INTO deliveries (tenant_id, message_id, account_id, lane, due_at, attempts, lease, started_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Adds a delivery.
///
/// # Errors
/// Any fault of the database.
pub fn insert(tx: &mut Tx<'_>, delivery: &Delivery) -> Result<(), Error> {
    tx.run(
        INSERT,
        &args![
            delivery.tenant,
            delivery.message,
            delivery.account,
            delivery.lane.number(),
            delivery.due_at,
            delivery.attempts,
            delivery.lease,
            delivery.started_at
        ],
    )
}

const CLAIM: Sql = Sql::Split {
    sqlite: "
UPDATE deliveries
SET lease = $1
WHERE (tenant_id, message_id) IN (
    SELECT tenant_id, message_id
    FROM deliveries
    WHERE tenant_id = $2 AND account_id = $3 AND lane = $4 AND due_at <= $5 AND lease IS NULL
    ORDER BY due_at
    LIMIT $6)
RETURNING tenant_id, message_id, account_id, lane, due_at, attempts, lease, started_at",
    // Materialized: a planner free to evaluate the selection once per row would lease more than the limit.
    postgres: "
WITH due AS MATERIALIZED (
    SELECT tenant_id, message_id
    FROM deliveries
    WHERE tenant_id = $2 AND account_id = $3 AND lane = $4 AND due_at <= $5 AND lease IS NULL
    ORDER BY due_at
    LIMIT $6
    FOR UPDATE SKIP LOCKED)
UPDATE deliveries AS d
SET lease = $1
FROM due
WHERE d.tenant_id = due.tenant_id AND d.message_id = due.message_id
RETURNING d.tenant_id, d.message_id, d.account_id, d.lane, d.due_at, d.attempts, d.lease, d.started_at",
};

/// Leases up to `limit` due deliveries of an account to a process, those that wait longest first.
///
/// # Errors
/// Any fault of the database.
pub fn claim(
    tx: &mut Tx<'_>,
    epoch: EpochId,
    (tenant, account, lane): (TenantId, AccountId, Lane),
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let mut claimed = tx.query(CLAIM, &args![epoch, tenant, account, lane.number(), now, limit], read)?;
    claimed.sort_by_key(|delivery| (delivery.due_at, delivery.message));
    Ok(claimed)
}

const NEXT_DUE: &str = "
SELECT MIN(due_at)
FROM deliveries
WHERE tenant_id = $1 AND account_id = $2 AND lane = $3 AND lease IS NULL";

/// When the next free delivery of an account is due.
///
/// # Errors
/// Any fault of the database.
pub fn next_due(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    account: AccountId,
    lane: Lane,
) -> Result<Option<Timestamp>, Error> {
    tx.one(NEXT_DUE, &args![tenant, account, lane.number()], only)
}

const START: &str = "
UPDATE deliveries
SET started_at = $3, attempts = attempts + 1
WHERE tenant_id = $1 AND message_id = $2 AND lease = $4 AND started_at IS NULL";

/// Marks that bytes may leave from now on; false when the delivery was taken back meanwhile.
///
/// # Errors
/// Any fault of the database.
pub fn start(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: MessageId,
    at: Timestamp,
    epoch: EpochId,
) -> Result<bool, Error> {
    Ok(tx.execute(START, &args![tenant, message, at, epoch])? > 0)
}

const RETRY: &str = "
UPDATE deliveries
SET lease = NULL, started_at = NULL, due_at = $3
WHERE tenant_id = $1 AND message_id = $2";

/// Gives a delivery back to the queue, due at a time.
///
/// # Errors
/// Any fault of the database.
pub fn retry(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId, due_at: Timestamp) -> Result<(), Error> {
    tx.run(RETRY, &args![tenant, message, due_at])
}

const DELETE: &str = "
DELETE FROM deliveries
WHERE tenant_id = $1 AND message_id = $2";

/// Removes a delivery that is done.
///
/// # Errors
/// Any fault of the database.
pub fn delete(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<(), Error> {
    tx.run(DELETE, &args![tenant, message])
}

const CANCEL: &str = "
DELETE FROM deliveries
WHERE tenant_id = $1 AND message_id = $2 AND started_at IS NULL";

/// Removes a delivery that has not been started; false when it is too late.
///
/// # Errors
/// Any fault of the database.
pub fn cancel(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<bool, Error> {
    Ok(tx.execute(CANCEL, &args![tenant, message])? > 0)
}

const GET: &str = "
SELECT tenant_id, message_id, account_id, lane, due_at, attempts, lease, started_at
FROM deliveries
WHERE tenant_id = $1 AND message_id = $2";

/// The delivery of a message, while there is one.
///
/// # Errors
/// Any fault of the database.
pub fn get(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId) -> Result<Option<Delivery>, Error> {
    tx.first(GET, &args![tenant, message], read)
}

const LEASED_BY: &str = "
SELECT tenant_id, message_id, account_id, lane, due_at, attempts, lease, started_at
FROM deliveries
WHERE lease = $1
LIMIT $2";

/// Deliveries that a process holds; for taking over from one that died.
///
/// # Errors
/// Any fault of the database.
pub fn leased_by(tx: &mut Tx<'_>, epoch: EpochId, limit: usize) -> Result<Vec<Delivery>, Error> {
    tx.query(LEASED_BY, &args![epoch, limit], read)
}

const TAKE_BACK: &str = "
UPDATE deliveries
SET lease = NULL, started_at = NULL, attempts = attempts - 1
WHERE tenant_id = $1 AND message_id = $2 AND lease = $3";

/// Takes the mark that bytes may leave off again: for one of which it is known that nothing left.
///
/// # Errors
/// Any fault of the database.
pub fn take_back(
    tx: &mut Tx<'_>,
    tenant: TenantId,
    message: MessageId,
    epoch: EpochId,
) -> Result<bool, Error> {
    Ok(tx.execute(TAKE_BACK, &args![tenant, message, epoch])? > 0)
}

const RELEASE_UNSTARTED: &str = "
UPDATE deliveries
SET lease = NULL
WHERE lease = $1 AND started_at IS NULL";

/// Gives back what a process holds and has not started; gives how many.
///
/// # Errors
/// Any fault of the database.
pub fn release_unstarted(tx: &mut Tx<'_>, epoch: EpochId) -> Result<u64, Error> {
    tx.execute(RELEASE_UNSTARTED, &args![epoch])
}

const WAITING_SINCE: &str = "
SELECT tenant_id, message_id, account_id, lane, due_at, attempts, lease, started_at
FROM deliveries
WHERE tenant_id = $1 AND account_id = $2 AND lane = $3 AND lease IS NULL AND due_at <= $4
      AND (due_at, message_id) > ($5, $6)
ORDER BY due_at, message_id
LIMIT $7";

/// Deliveries of an account that are due and that no process holds, behind a place in their order.
///
/// # Errors
/// Any fault of the database.
pub fn waiting_behind(
    tx: &mut Tx<'_>,
    (tenant, account, lane): (TenantId, AccountId, Lane),
    now: Timestamp,
    behind: Option<(Timestamp, MessageId)>,
    limit: usize,
) -> Result<Vec<Delivery>, Error> {
    let (due_at, message) = behind.unwrap_or((Timestamp::from_micros(0), MessageId::from_u128(0)));
    tx.query(WAITING_SINCE, &args![tenant, account, lane.number(), now, due_at, message, limit], read)
}

const REROUTE: &str = "
UPDATE deliveries
SET account_id = $4, lease = NULL, started_at = NULL, due_at = $5
WHERE tenant_id = $1 AND message_id = $2 AND account_id = $3";

/// Gives a delivery to another account, due at a time; false when it is not with this account any more.
///
/// # Errors
/// Any fault of the database.
pub fn reroute(
    tx: &mut Tx<'_>,
    (tenant, message): (TenantId, MessageId),
    from: AccountId,
    to: AccountId,
    due_at: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.execute(REROUTE, &args![tenant, message, from, to, due_at])? > 0)
}

const RELEASE: &str = "
UPDATE deliveries
SET lease = NULL
WHERE tenant_id = $1 AND message_id = $2 AND lease = $3 AND started_at IS NULL";

/// Gives one delivery back that a process holds and has not started.
///
/// # Errors
/// Any fault of the database.
pub fn release(tx: &mut Tx<'_>, tenant: TenantId, message: MessageId, epoch: EpochId) -> Result<(), Error> {
    tx.run(RELEASE, &args![tenant, message, epoch])
}

const WAITING: &str = "
SELECT COUNT(*)
FROM (SELECT 1 AS one
      FROM deliveries
      WHERE tenant_id = $1 AND account_id = $2
      LIMIT $3) AS counted";

/// How many deliveries of an account wait, counted up to `most`.
///
/// # Errors
/// Any fault of the database.
pub fn waiting(tx: &mut Tx<'_>, tenant: TenantId, account: AccountId, most: u32) -> Result<i64, Error> {
    tx.one(WAITING, &args![tenant, account, most], only)
}
